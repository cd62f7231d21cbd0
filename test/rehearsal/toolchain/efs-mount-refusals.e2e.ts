import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeImagesCommand,
  RevokeSecurityGroupEgressCommand,
  RunInstancesCommand,
} from "@aws-sdk/client-ec2";
import {
  CreateAccessPointCommand,
  CreateFileSystemCommand,
  CreateMountTargetCommand,
  DeleteAccessPointCommand,
  DeleteFileSystemPolicyCommand,
  PutFileSystemPolicyCommand,
} from "@aws-sdk/client-efs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../../../rehearsal/machine/exec";
import { type Emulator, region, startEmulator } from "../aws/emulator";
import { asPod, buildMountProgram, canMount } from "./efs-mount";

/** The texts are those of aws/efs-utils v3.2.0 (src/mount_efs/dns_resolver.py, src/efs_utils_common) and of mount.nfs4 as users report them. */
describe.skipIf(!canMount())("mount -t efs", () => {
  let aws: Emulator;
  let program = "";
  let fileSystem = "";
  let accessPoint = "";
  let nodes: { inZone: string; elsewhere: string; stranger: string; shutIn: string };

  const group = async (VpcId: string, GroupName: string) =>
    (await aws.ec2.send(new CreateSecurityGroupCommand({ VpcId, GroupName, Description: GroupName }))).GroupId ?? "";

  beforeAll(async () => {
    [program, aws] = await Promise.all([buildMountProgram(), startEmulator({ EMULATOR_DELAY: "0" })]);
    const { ec2, efs } = aws;
    const vpc = (await ec2.send(new CreateVpcCommand({ CidrBlock: "10.0.0.0/16" }))).Vpc?.VpcId ?? "";
    const subnet = async (AvailabilityZone: string, CidrBlock: string) =>
      (await ec2.send(new CreateSubnetCommand({ VpcId: vpc, CidrBlock, AvailabilityZone }))).Subnet?.SubnetId ?? "";
    const [a, b] = [await subnet("eu-west-3a", "10.0.0.0/24"), await subnet("eu-west-3b", "10.0.1.0/24")];
    const [storage, node, other, shut] = [
      await group(vpc, "efs"),
      await group(vpc, "node"),
      await group(vpc, "other"),
      await group(vpc, "shut"),
    ];
    const everything = [{ IpProtocol: "-1", IpRanges: [{ CidrIp: "0.0.0.0/0" }] }];
    await ec2.send(new RevokeSecurityGroupEgressCommand({ GroupId: shut, IpPermissions: everything }));
    const nfs = (GroupId: string) => ({ IpProtocol: "tcp", FromPort: 2049, ToPort: 2049, UserIdGroupPairs: [{ GroupId }] });
    await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId: storage, IpPermissions: [nfs(node), nfs(shut)] }));
    const image = (await ec2.send(new DescribeImagesCommand({}))).Images?.find(({ Architecture }) => Architecture === "x86_64")?.ImageId;
    const instance = async (SubnetId: string, group: string) =>
      (
        await ec2.send(
          new RunInstancesCommand({
            ImageId: image,
            InstanceType: "m6i.large",
            MinCount: 1,
            MaxCount: 1,
            NetworkInterfaces: [{ DeviceIndex: 0, SubnetId, Groups: [group] }],
          }),
        )
      ).Instances?.[0]?.InstanceId ?? "";
    nodes = {
      inZone: await instance(a, node),
      elsewhere: await instance(b, node),
      stranger: await instance(a, other),
      shutIn: await instance(a, shut),
    };
    fileSystem = (await efs.send(new CreateFileSystemCommand({ CreationToken: "one", Encrypted: true }))).FileSystemId ?? "";
    await efs.send(new CreateMountTargetCommand({ FileSystemId: fileSystem, SubnetId: a, SecurityGroups: [storage] }));
    const point = await efs.send(
      new CreateAccessPointCommand({
        ClientToken: "one",
        FileSystemId: fileSystem,
        PosixUser: { Uid: 0, Gid: 0 },
        RootDirectory: { Path: "/pv/one", CreationInfo: { OwnerUid: 0, OwnerGid: 0, Permissions: "700" } },
      }),
    );
    accessPoint = point.AccessPointId ?? "";
  }, 180_000);
  afterAll(async () => {
    await run(["umount", "--lazy", join(program, "target")]).catch(() => "");
    aws?.stop();
    rmSync(program, { recursive: true, force: true });
  });

  /** Mounts as the driver's mount-utils do. Ends early when `until` is said: what goes on for minutes has said enough by then. */
  const mount = (node: string, source: string, options: string, until?: string) => {
    const target = join(program, "target");
    mkdirSync(target, { recursive: true });
    const env = {
      PATH: process.env.PATH,
      AWS_ENDPOINT_URL: aws.endpoint,
      AWS_REGION: region,
      EFS_INSTANCE: node,
      EFS_VOLUMES: join(program, "volumes"),
      EFS_DELAYS: join(program, "delays"),
    };
    return new Promise<{ code: number | null; said: string; target: string }>((resolve) => {
      const child = spawn(join(program, "mount"), ["-t", "efs", ...(options ? ["-o", options] : []), source, target], { env });
      let said = "";
      child.stderr.on("data", (chunk) => {
        said += chunk;
        if (until && said.includes(until)) child.kill("SIGKILL");
      });
      child.on("close", (code) => resolve({ code, said: said.trim(), target }));
    });
  };
  const usual = () => `accesspoint=${accessPoint},tls`;

  it("mounts an access point, makes its folder as it says, and lets a pod write as root", async () => {
    const { code, said, target } = await mount(nodes.inZone, `${fileSystem}:/`, usual());
    expect({ code, said }).toEqual({ code: 0, said: "" });
    const folder = statSync(join(program, "volumes", fileSystem, "pv", "one"));
    expect([folder.uid, folder.gid, (folder.mode & 0o7777).toString(8)]).toEqual([0, 0, "700"]);
    const answers = await asPod(target, `open("file", "w").close()\nshow("owner", lambda: os.stat("file").st_uid)`);
    expect(answers).toEqual({ owner: 0 });
    await run(["umount", target]);
  });

  it("mounts the file system itself for the controller, with IAM, so that it can remove an access point's folder", async () => {
    const { code, said, target } = await mount(nodes.inZone, fileSystem, "tls,iam");
    expect({ code, said }).toEqual({ code: 0, said: "" });
    expect(readdirSync(join(target, "pv"))).toEqual(["one"]);
    await run(["umount", target]);
  });

  it("fails where the node's zone has no mount target, and names the zones that have", async () => {
    const { code, said } = await mount(nodes.elsewhere, `${fileSystem}:/`, usual());
    expect(code).toBe(1);
    expect(said).toBe(
      `Failed to resolve "${fileSystem}.efs.eu-west-3.amazonaws.com" - check that your file system ID is correct, and ensure that the VPC has an EFS mount target for this file system ID.
See https://docs.aws.amazon.com/console/efs/mount-dns-name for more detail.
Attempting to lookup mount target ip address using botocore. No matching mount target in the az eu-west-3b. Please create one mount target in eu-west-3b, or try the mount target in another AZ by passing the availability zone name option. Available mount target(s) are in az ['eu-west-3a']`,
    );
  });

  it("fails for a file system that does not exist", async () => {
    const { code, said } = await mount(nodes.inZone, "fs-0123456789abcdef0:/", usual());
    expect(code).toBe(1);
    expect(said).toContain(
      "Attempting to lookup mount target ip address using botocore. The file system fs-0123456789abcdef0 is not found",
    );
  });

  it.each([
    ["the mount target's security group does not let the node in", "stranger"],
    ["the node's security group does not let NFS out", "shutIn"],
  ] as const)(
    "gets no answer where %s",
    async (_, node) => {
      const first = "Mount attempt 1/3 failed due to timeout after 15 sec, wait 0 sec before next attempt.";
      const { code, said } = await mount(nodes[node], `${fileSystem}:/`, usual(), first);
      expect({ code, said }).toEqual({ code: null, said: first });
    },
    60_000,
  );

  it("is denied without TLS where the policy demands it, and by a policy that allows nothing", async () => {
    const denied = { code: 32, said: "b'mount.nfs4: access denied by server while mounting 127.0.0.1:/'" };
    const put = (...Statement: object[]) =>
      aws.efs.send(
        new PutFileSystemPolicyCommand({ FileSystemId: fileSystem, Policy: JSON.stringify({ Version: "2012-10-17", Statement }) }),
      );
    const all = ["ClientMount", "ClientWrite", "ClientRootAccess"].map((action) => `elasticfilesystem:${action}`);
    const viaTarget = { Bool: { "elasticfilesystem:AccessedViaMountTarget": "true" } };
    const allow = (Action: string[]) => ({ Effect: "Allow", Principal: { AWS: "*" }, Action, Condition: viaTarget });
    const insecure = { Effect: "Deny", Principal: "*", Action: "*", Condition: { Bool: { "aws:SecureTransport": "false" } } };
    await put(allow(all), insecure);
    expect(await mount(nodes.inZone, `${fileSystem}:/`, "")).toMatchObject(denied);
    const secure = await mount(nodes.inZone, `${fileSystem}:/`, usual());
    expect(secure.code).toBe(0);
    await run(["umount", secure.target]);
    await put(insecure);
    expect(await mount(nodes.inZone, fileSystem, "tls,iam")).toMatchObject(denied);
    // A user of root who may not be root.
    await put(allow(all.slice(0, 2)));
    expect((await mount(nodes.inZone, `${fileSystem}:/`, usual())).said).toContain("access denied by server");
    await put(allow([all[0] ?? "", all[2] ?? ""]));
    const reading = await mount(nodes.inZone, `${fileSystem}:/`, usual());
    expect(await asPod(reading.target, `show("write", lambda: open("new", "w"))`)).toEqual({ write: "EROFS" });
    await run(["umount", reading.target]);
    await aws.efs.send(new DeleteFileSystemPolicyCommand({ FileSystemId: fileSystem }));
  }, 60_000);

  it.each([
    ["accesspoint=fsap-0123456789abcdef0", 'The "tls" option is required when mounting via "accesspoint"'],
    ["accesspoint=fsap-1,tls", "Access Point ID fsap-1 is malformed"],
    ["iam", 'The "tls" option is required when mounting via "iam"'],
  ])("refuses the options %s", async (options, message) => {
    const { code, said } = await mount(nodes.inZone, `${fileSystem}:/`, options);
    expect({ code, said }).toEqual({ code: 1, said: message });
  });

  it("looks anew at each attempt: what was denied at first is mounted once it may be", async () => {
    const nobody = { Effect: "Deny", Principal: "*", Action: "*" };
    const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [nobody] });
    await aws.efs.send(new PutFileSystemPolicyCommand({ FileSystemId: fileSystem, Policy }));
    const mounting = mount(nodes.inZone, `${fileSystem}:/`, usual());
    await new Promise((done) => setTimeout(done, 700));
    await aws.efs.send(new DeleteFileSystemPolicyCommand({ FileSystemId: fileSystem }));
    const { code, said, target } = await mounting;
    await run(["umount", target]);
    expect({ code, said }).toEqual({
      code: 0,
      said: expect.stringMatching(/^Mount attempt 1\/3 failed due to b'mount\.nfs4: access denied[^\n]*$/),
    });
  });

  // API_CreateAccessPoint
  it("finds access points as AWS makes them: ids of 17 digits, one for each token, whose other use is refused", async () => {
    expect(accessPoint).toMatch(/^fsap-[0-9a-f]{17}$/);
    const again = (path: string) =>
      aws.efs.send(
        new CreateAccessPointCommand({
          ClientToken: "one",
          FileSystemId: fileSystem,
          PosixUser: { Uid: 0, Gid: 0 },
          RootDirectory: { Path: path, CreationInfo: { OwnerUid: 0, OwnerGid: 0, Permissions: "700" } },
        }),
      );
    expect((await again("/pv/one")).AccessPointId).toBe(accessPoint);
    await expect(again("/pv/other")).rejects.toMatchObject({ name: "AccessPointAlreadyExists" });
  });

  it("takes delays from their file, and refuses one that holds something else", async () => {
    writeFileSync(join(program, "delays"), "soon");
    expect((await mount(nodes.inZone, `${fileSystem}:/`, usual())).said).toContain("must hold two durations");
    rmSync(join(program, "delays"));
  });

  it("is denied, after more attempts, once the access point is gone; who is connected stays so", async () => {
    const { target } = await mount(nodes.inZone, `${fileSystem}:/`, usual());
    await aws.efs.send(new DeleteAccessPointCommand({ AccessPointId: accessPoint }));
    await asPod(target, `open("later", "w").close()`);
    expect(existsSync(join(program, "volumes", fileSystem, "pv", "one", "later"))).toBe(true);
    await run(["umount", target]);
    const { code, said } = await mount(nodes.inZone, `${fileSystem}:/`, usual());
    expect(code).toBe(32);
    expect(said.split("\n")).toEqual([
      expect.stringMatching(
        /^Mount attempt 1\/3 failed due to b'mount\.nfs4: access denied by server while mounting 127\.0\.0\.1:\/', wait 1 sec/,
      ),
      expect.stringMatching(/^Mount attempt 2\/3 failed/),
      "b'mount.nfs4: access denied by server while mounting 127.0.0.1:/'",
    ]);
  }, 60_000);
});
