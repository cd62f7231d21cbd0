import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DeleteNetworkInterfaceCommand,
  DeleteSecurityGroupCommand,
  DeleteSubnetCommand,
  DeleteVpcCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSecurityGroupsCommand,
  type EC2Client,
  RevokeSecurityGroupIngressCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import {
  CreateAccessPointCommand,
  CreateFileSystemCommand,
  CreateMountTargetCommand,
  DeleteAccessPointCommand,
  DeleteFileSystemCommand,
  DeleteFileSystemPolicyCommand,
  DeleteMountTargetCommand,
  DescribeBackupPolicyCommand,
  DescribeFileSystemPolicyCommand,
  DescribeFileSystemsCommand,
  DescribeMountTargetsCommand,
  type EFSClient,
  PutBackupPolicyCommand,
  PutFileSystemPolicyCommand,
  UpdateFileSystemCommand,
  UpdateFileSystemProtectionCommand,
} from "@aws-sdk/client-efs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Emulator, eventually, startEmulator } from "./emulator";

describe("the emulator", () => {
  let emulator: Emulator;
  let ec2: EC2Client;
  let efs: EFSClient;

  beforeAll(async () => {
    emulator = await startEmulator({ EMULATOR_DELAY: "0.4" });
    ({ ec2, efs } = emulator);
  }, 60_000);
  afterAll(() => emulator?.stop());

  const network = async (cidr: string) => {
    const vpc = (await ec2.send(new CreateVpcCommand({ CidrBlock: `${cidr}.0.0/16` }))).Vpc?.VpcId ?? "";
    const subnet =
      (await ec2.send(new CreateSubnetCommand({ VpcId: vpc, CidrBlock: `${cidr}.0.0/24`, AvailabilityZone: "eu-west-3a" }))).Subnet
        ?.SubnetId ?? "";
    const group = async (name: string) =>
      (await ec2.send(new CreateSecurityGroupCommand({ GroupName: name, Description: name, VpcId: vpc }))).GroupId ?? "";
    return { vpc, subnet, group };
  };

  it("refuses to delete what a mount target needs, and takes the target's interface along with it", async () => {
    const { vpc, subnet, group } = await network("10.1");
    const nfs = await group("nfs");
    const system =
      (await efs.send(new CreateFileSystemCommand({ CreationToken: "one", Encrypted: true, ThroughputMode: "elastic" }))).FileSystemId ??
      "";
    await expect(efs.send(new CreateMountTargetCommand({ FileSystemId: system, SubnetId: subnet }))).rejects.toThrow(
      /not in the available state/,
    );
    await eventually(async () => (await stateOf(system)) === "available");
    const made = await efs.send(new CreateMountTargetCommand({ FileSystemId: system, SubnetId: subnet, SecurityGroups: [nfs] }));
    expect(made.LifeCycleState).toBe("creating");
    const target = made.MountTargetId ?? "";
    const held = { name: "DependencyViolation" };
    await expect(ec2.send(new DeleteSecurityGroupCommand({ GroupId: nfs }))).rejects.toMatchObject(held);
    await expect(ec2.send(new DeleteSubnetCommand({ SubnetId: subnet }))).rejects.toMatchObject(held);
    await expect(ec2.send(new DeleteVpcCommand({ VpcId: vpc }))).rejects.toMatchObject(held);
    await expect(ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: made.NetworkInterfaceId }))).rejects.toThrow(/in use/);
    await expect(efs.send(new DeleteFileSystemCommand({ FileSystemId: system }))).rejects.toMatchObject({ name: "FileSystemInUse" });

    await efs.send(new DeleteMountTargetCommand({ MountTargetId: target }));
    const left = await efs.send(new DescribeMountTargetsCommand({ MountTargetId: target }));
    expect(left.MountTargets?.[0]?.LifeCycleState).toBe("deleting");
    await expect(efs.send(new DeleteFileSystemCommand({ FileSystemId: system }))).rejects.toMatchObject({ name: "FileSystemInUse" });
    await eventually(async () =>
      efs.send(new DescribeMountTargetsCommand({ MountTargetId: target })).then(
        () => false,
        (error) => error.name === "MountTargetNotFound",
      ),
    );
    const interfaces = await ec2.send(new DescribeNetworkInterfacesCommand({ Filters: [{ Name: "vpc-id", Values: [vpc] }] }));
    expect(interfaces.NetworkInterfaces).toEqual([]);
    await efs.send(new DeleteFileSystemCommand({ FileSystemId: system }));
    expect(await stateOf(system)).toBe("deleting");
    await eventually(async () => (await stateOf(system)) === undefined);
    await ec2.send(new DeleteSecurityGroupCommand({ GroupId: nfs }));
    await ec2.send(new DeleteSubnetCommand({ SubnetId: subnet }));
    await ec2.send(new DeleteVpcCommand({ VpcId: vpc }));
  });

  const stateOf = (system: string) =>
    efs.send(new DescribeFileSystemsCommand({ FileSystemId: system })).then(
      ({ FileSystems }) => FileSystems?.[0]?.LifeCycleState,
      () => undefined,
    );

  it("keeps a file system with access points, and refuses one for a file system that is not there", async () => {
    const system = (await efs.send(new CreateFileSystemCommand({ CreationToken: "two" }))).FileSystemId ?? "";
    await eventually(async () => (await stateOf(system)) === "available");
    await expect(efs.send(new CreateAccessPointCommand({ FileSystemId: "fs-00000000", ClientToken: "a" }))).rejects.toMatchObject({
      name: "FileSystemNotFound",
    });
    const { AccessPointId } = await efs.send(new CreateAccessPointCommand({ FileSystemId: system, ClientToken: "a" }));
    await expect(efs.send(new DeleteFileSystemCommand({ FileSystemId: system }))).rejects.toMatchObject({ name: "FileSystemInUse" });
    await efs.send(new DeleteAccessPointCommand({ AccessPointId }));
    await eventually(async () =>
      efs.send(new DeleteAccessPointCommand({ AccessPointId })).then(
        () => false,
        (error) => error.name === "AccessPointNotFound",
      ),
    );
    await efs.send(new DeleteFileSystemCommand({ FileSystemId: system }));
  });

  it("has the calls of EFS that moto lacks", async () => {
    const FileSystemId = (await efs.send(new CreateFileSystemCommand({ CreationToken: "three", Encrypted: true }))).FileSystemId ?? "";
    expect((await efs.send(new UpdateFileSystemCommand({ FileSystemId, ThroughputMode: "elastic" }))).ThroughputMode).toBe("elastic");
    await efs.send(new PutBackupPolicyCommand({ FileSystemId, BackupPolicy: { Status: "ENABLED" } }));
    expect((await efs.send(new DescribeBackupPolicyCommand({ FileSystemId }))).BackupPolicy?.Status).toBe("ENABLED");
    await efs.send(new UpdateFileSystemProtectionCommand({ FileSystemId, ReplicationOverwriteProtection: "DISABLED" }));
    const { FileSystems } = await efs.send(new DescribeFileSystemsCommand({ FileSystemId }));
    expect(FileSystems?.[0]?.FileSystemProtection?.ReplicationOverwriteProtection).toBe("DISABLED");
    expect(FileSystems?.[0]?.KmsKeyId).toMatch(/^arn:aws:kms:eu-west-3:123456789012:key\//);
    const Policy = JSON.stringify({ Statement: { Effect: "Allow", Principal: "*", Action: "elasticfilesystem:ClientMount" } });
    await efs.send(new PutFileSystemPolicyCommand({ FileSystemId, Policy }));
    await efs.send(new DeleteFileSystemPolicyCommand({ FileSystemId }));
    await expect(efs.send(new DescribeFileSystemPolicyCommand({ FileSystemId }))).rejects.toMatchObject({ name: "PolicyNotFound" });
  });

  it("keeps a rule's description, and deletes no group that a rule of another one names", async () => {
    const { group } = await network("10.2");
    const [nfs, node] = [await group("nfs"), await group("node")];
    const pair = { GroupId: node, Description: "NFS of the nodes" };
    const permission = { IpProtocol: "tcp", FromPort: 2049, ToPort: 2049, UserIdGroupPairs: [pair] };
    await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId: nfs, IpPermissions: [permission] }));
    const rules = await ec2.send(new DescribeSecurityGroupRulesCommand({ Filters: [{ Name: "group-id", Values: [nfs] }] }));
    expect(rules.SecurityGroupRules?.find(({ IsEgress }) => !IsEgress)?.Description).toBe(pair.Description);
    await expect(ec2.send(new DeleteSecurityGroupCommand({ GroupId: node }))).rejects.toMatchObject({ name: "DependencyViolation" });
    const { SecurityGroups } = await ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: [nfs] }));
    await ec2.send(new RevokeSecurityGroupIngressCommand({ GroupId: nfs, IpPermissions: SecurityGroups?.[0]?.IpPermissions }));
    await ec2.send(new DeleteSecurityGroupCommand({ GroupId: node }));
  });

  it("frees an instance's network when it is terminated", async () => {
    const { subnet, group } = await network("10.3");
    const node = await group("node");
    const image = (await ec2.send(new DescribeImagesCommand({ Owners: ["amazon"] }))).Images?.[0]?.ImageId;
    const launched = await ec2.send(
      new RunInstancesCommand({
        ImageId: image,
        InstanceType: "m6a.2xlarge",
        MinCount: 1,
        MaxCount: 1,
        SubnetId: subnet,
        SecurityGroupIds: [node],
      }),
    );
    await expect(ec2.send(new DeleteSubnetCommand({ SubnetId: subnet }))).rejects.toMatchObject({ name: "DependencyViolation" });
    const InstanceIds = [launched.Instances?.[0]?.InstanceId ?? ""];
    await ec2.send(new TerminateInstancesCommand({ InstanceIds }));
    const described = (await ec2.send(new DescribeInstancesCommand({ InstanceIds }))).Reservations?.[0]?.Instances?.[0];
    expect(described).toMatchObject({ State: { Name: "terminated" }, NetworkInterfaces: [] });
    await ec2.send(new DeleteSubnetCommand({ SubnetId: subnet }));
    await ec2.send(new DeleteSecurityGroupCommand({ GroupId: node }));
  });
});
