import {
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeImagesCommand,
  DescribeInstanceTypeOfferingsCommand,
  RunInstancesCommand,
} from "@aws-sdk/client-ec2";
import {
  CreateFileSystemCommand,
  CreateMountTargetCommand,
  DescribeFileSystemsCommand,
  DescribeMountTargetSecurityGroupsCommand,
  ModifyMountTargetSecurityGroupsCommand,
  PutFileSystemPolicyCommand,
} from "@aws-sdk/client-efs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { awsProvider } from "../../../rehearsal/plugins/aws/provider";
import { type Emulator, eventually, region, startEmulator } from "./emulator";

let emulator: Emulator;
let vpc: string;
let subnet: string;
const lacking = { nothing: "m7g.large", quota: "m7g.xlarge", count: "m7g.2xlarge" };

beforeAll(async () => {
  emulator = await startEmulator({
    EMULATOR_DELAY: "0",
    EMULATOR_LACKS: `${lacking.nothing}, ${lacking.quota}=VcpuLimitExceeded,${lacking.count}=InstanceLimitExceeded`,
  });
  const { ec2 } = emulator;
  vpc = (await ec2.send(new CreateVpcCommand({ CidrBlock: "10.0.0.0/16" }))).Vpc?.VpcId ?? "";
  const made = await ec2.send(new CreateSubnetCommand({ VpcId: vpc, CidrBlock: "10.0.0.0/28", AvailabilityZone: "eu-west-3a" }));
  subnet = made.Subnet?.SubnetId ?? "";
}, 60_000);
afterAll(() => emulator?.stop());

const description = "Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*";
const reserved = "Tag keys starting with 'aws:' are reserved for internal use";
const trust = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }],
});
const group = (more: object) => ({ GroupName: "nfs", Description: "NFS", VpcId: vpc, ...more });
const tagged = (...Tags: object[]) => ({ TagSpecifications: [{ ResourceType: "vpc", Tags }] });
const many = (count: number) => Array.from({ length: count }, (_, index) => ({ Key: `key-${index}`, Value: "" }));
const rule = (permission: object) => ({
  GroupId: "sg-1",
  IpPermissions: [{ IpProtocol: "tcp", FromPort: 22, ToPort: 22, ...permission }],
});
const record = (Action: string) => ({
  HostedZoneId: "Z1",
  ChangeBatch: {
    Changes: [{ Action, ResourceRecordSet: { Name: "a.test", Type: "A", TTL: 60, ResourceRecords: [{ Value: "192.0.2.1" }] } }],
  },
});

/** Service, operation, parameters (when asked for: the VPC is made first), code, text. */
type Case = readonly [service: string, operation: string, params: () => object, code: string, text: string];

function refuse(...cases: Case[]): void {
  for (const [service, operation, params, code, text] of cases) {
    it(`refuse ${service} ${operation} with ${code}: ${text}`, async () => {
      expect(await emulator.ask(service, operation, params())).toEqual({ code, message: expect.stringContaining(text), status: 400 });
    });
  }
}

describe("the models of the services", () => {
  refuse(
    ["ec2", "create_security_group", () => ({ GroupName: "nfs" }), "MissingParameter", "must contain the parameter Description"],
    ["ec2", "create_volume", () => ({ Size: 1, VolumeType: "gp9" }), "InvalidParameterValue", "Invalid value 'gp9' for VolumeType."],
    ["ec2", "describe_vpcs", () => ({ MaxResults: 2 }), "InvalidParameterValue", "greater than or equal to 5"],
    ["ec2", "describe_vpcs", () => ({ MaxResults: "many" }), "InvalidParameterValue", "cannot be read as DescribeVpcs"],
    [
      "efs",
      "create_file_system",
      () => ({ CreationToken: "x".repeat(65) }),
      "ValidationException",
      "at 'creationToken' failed to satisfy constraint: Member must have length less than or equal to 64",
    ],
    [
      "efs",
      "create_file_system",
      () => ({ CreationToken: "a", PerformanceMode: "fast" }),
      "ValidationException",
      "1 validation error detected: Value 'fast' at 'performanceMode' failed to satisfy constraint: Member must satisfy enum value set: [generalPurpose, maxIO]",
    ],
    [
      "efs",
      "describe_file_systems",
      () => ({ FileSystemId: "fake-id" }),
      "ValidationException",
      "1 validation error detected: Value 'fake-id' at 'fileSystemId' failed to satisfy constraint: Member must satisfy regular expression pattern: ^",
    ],
    [
      "efs",
      "create_file_system",
      () => ({ CreationToken: "a", Tags: [{ Key: "team", Value: "it's" }] }),
      "ValidationException",
      "Value 'it's' at 'tags.1.member.value' failed",
    ],
    [
      "efs",
      "create_file_system",
      () => ({ CreationToken: "a", Tags: [{ Key: "aws:team", Value: "a" }] }),
      "ValidationException",
      "Value 'aws:team' at 'tags.1.member.key' failed",
    ],
    [
      "iam",
      "create_role",
      () => ({ RoleName: "a b", AssumeRolePolicyDocument: trust }),
      "ValidationError",
      "Value 'a b' at 'roleName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]+",
    ],
    [
      "iam",
      "create_role",
      () => ({ RoleName: "a", AssumeRolePolicyDocument: trust, Tags: [{ Key: "it's", Value: "" }] }),
      "ValidationError",
      "Value 'it's' at 'tags.1.member.key' failed",
    ],
    [
      "iam",
      "create_role",
      () => ({ RoleName: "a" }),
      "ValidationError",
      "1 validation error detected: Value null at 'assumeRolePolicyDocument' failed to satisfy constraint: Member must not be null",
    ],
    ["route53", "change_resource_record_sets", () => record("REPLACE"), "InvalidInput", "enum value set: [CREATE, DELETE, UPSERT]"],
    [
      "elbv2",
      "describe_load_balancers",
      () => ({ PageSize: 1000 }),
      "ValidationError",
      "Value '1000' at 'pageSize' failed to satisfy constraint: Member must have value less than or equal to 400",
    ],
    [
      "resourcegroupstaggingapi",
      "get_resources",
      () => ({ TagFilters: [{ Key: "x".repeat(129) }] }),
      "InvalidParameterException",
      "at 'tagFilters.1.member.key' failed",
    ],
    [
      "s3",
      "create_bucket",
      () => ({ Bucket: "a-bucket", CreateBucketConfiguration: { LocationConstraint: "mars" } }),
      "InvalidArgument",
      "enum value set",
    ],
  );

  it("refuse a parameter of EC2 that is misspelt, and not one of IAM", async () => {
    const query = (service: string, text: string) =>
      fetch(emulator.endpoint, {
        method: "POST",
        body: text,
        headers: {
          "Content-Type": "application/x-www-form-urlencoded",
          Authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/${region}/${service}/aws4_request, SignedHeaders=host, Signature=0`,
        },
      });
    const ec2 = await query("ec2", "Action=DescribeVpcs&Version=2016-11-15&VpcIds.1=vpc-1");
    expect([ec2.status, await ec2.text()]).toEqual([
      400,
      expect.stringContaining("<Code>UnknownParameter</Code><Message>The parameter VpcIds.1 is not recognized</Message>"),
    ]);
    expect((await query("iam", "Action=ListRoles&Version=2010-05-08&Colour=red")).status).toBe(200);
  });

  it("refuse a value of another type than the member's", async () => {
    const answer = await fetch(`${emulator.endpoint}/2015-02-01/file-systems`, {
      method: "POST",
      body: JSON.stringify({ CreationToken: "typed", Encrypted: "yes" }),
      headers: {
        "Content-Type": "application/json",
        Authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/${region}/elasticfilesystem/aws4_request, SignedHeaders=host, Signature=0`,
      },
    });
    expect([answer.status, answer.headers.get("x-amzn-errortype")]).toEqual([400, "SerializationException"]);
  });
});

describe("the rules that the models lack", () => {
  refuse(
    [
      "ec2",
      "create_security_group",
      () => group({ Description: "the cluster's" }),
      "InvalidParameterValue",
      `Invalid security group description. ${description}`,
    ],
    ["ec2", "create_security_group", () => group({ Description: "x".repeat(256) }), "InvalidParameterValue", description],
    [
      "ec2",
      "create_security_group",
      () => group({ Description: "für NFS" }),
      "InvalidParameterValue",
      "Value (für NFS) for parameter GroupDescription is invalid. Character sets beyond ASCII are not supported.",
    ],
    [
      "ec2",
      "create_security_group",
      () => group({ GroupName: "sg-nfs" }),
      "InvalidParameterValue",
      "Value (sg-nfs) for parameter GroupName is invalid. Group names may not be in the format sg-*.",
    ],
    ["ec2", "create_security_group", () => group({ GroupName: "n".repeat(256) }), "InvalidParameterValue", "less than 256 characters"],
    [
      "ec2",
      "authorize_security_group_ingress",
      () => rule({ IpRanges: [{ CidrIp: "10.0.0.0/8", Description: "it's" }] }),
      "InvalidParameterValue",
      `Invalid rule description. ${description}`,
    ],
    [
      "ec2",
      "authorize_security_group_egress",
      () => rule({ UserIdGroupPairs: [{ GroupId: "sg-2", Description: "a -> b" }] }),
      "InvalidParameterValue",
      "Invalid rule description.",
    ],
    [
      "ec2",
      "modify_security_group_rules",
      () => ({ GroupId: "sg-1", SecurityGroupRules: [{ SecurityGroupRuleId: "sgr-1", SecurityGroupRule: { Description: "it's" } }] }),
      "InvalidParameterValue",
      "Invalid rule description.",
    ],
    [
      "ec2",
      "update_security_group_rule_descriptions_ingress",
      () => rule({ Ipv6Ranges: [{ CidrIpv6: "::/0", Description: '"all"' }] }),
      "InvalidParameterValue",
      "Invalid rule description.",
    ],
    ["ec2", "create_vpc", () => ({ CidrBlock: "10.0.0.0/15" }), "InvalidVpc.Range", "The CIDR '10.0.0.0/15' is invalid."],
    ["ec2", "create_vpc", () => ({ CidrBlock: "10.0.0.0/29" }), "InvalidVpc.Range", "The CIDR '10.0.0.0/29' is invalid."],
    ["ec2", "create_vpc", () => ({ CidrBlock: "10.0.0.0" }), "InvalidVpc.Range", "The CIDR '10.0.0.0' is invalid."],
    ["ec2", "create_vpc", () => ({ CidrBlock: "ten" }), "InvalidParameterValue", "This is not a valid CIDR block."],
    ["ec2", "create_subnet", () => ({ VpcId: vpc, CidrBlock: "10.0.1.0/29" }), "InvalidSubnet.Range", "The CIDR '10.0.1.0/29' is invalid."],
    ["ec2", "create_vpc", () => ({ CidrBlock: "10.1.0.0/16", ...tagged({ Key: "aws:a", Value: "" }) }), "InvalidParameterValue", reserved],
    [
      "ec2",
      "create_tags",
      () => ({ Resources: [vpc], Tags: [{ Key: "AWS:a", Value: "" }] }),
      "InvalidParameterValue",
      `Value ( AWS:a ) for parameter key is invalid. ${reserved}`,
    ],
    [
      "ec2",
      "create_tags",
      () => ({ Resources: [vpc], Tags: [{ Key: "k".repeat(129), Value: "" }] }),
      "InvalidParameterValue",
      "Tag key exceeds the maximum length of 128 characters",
    ],
    [
      "ec2",
      "create_tags",
      () => ({ Resources: [vpc], Tags: [{ Key: "k", Value: "v".repeat(257) }] }),
      "InvalidParameterValue",
      "Tag value exceeds the maximum length of 256 characters",
    ],
    [
      "ec2",
      "create_tags",
      () => ({ Resources: [vpc], Tags: [{ Key: "", Value: "v" }] }),
      "InvalidParameterValue",
      "Tag key cannot be null or empty",
    ],
    [
      "ec2",
      "create_vpc",
      () => ({
        CidrBlock: "10.1.0.0/16",
        ...tagged({ Key: "k", Value: "1" }, { Key: "k", Value: "2" }),
      }),
      "InvalidParameterValue",
      "Duplicate tag key 'k' specified.",
    ],
    ["ec2", "create_tags", () => ({ Resources: [vpc], Tags: many(51) }), "TagLimitExceeded", "maximum number of Tags"],
    ["efs", "create_file_system", () => ({ CreationToken: "a", Tags: many(51) }), "BadRequest", "More than 50 tags"],
    [
      "efs",
      "create_file_system",
      () => ({
        CreationToken: "a",
        Tags: [
          { Key: "k", Value: "1" },
          { Key: "k", Value: "2" },
        ],
      }),
      "BadRequest",
      "a key twice",
    ],
    [
      "iam",
      "create_role",
      () => ({
        RoleName: "a",
        AssumeRolePolicyDocument: trust,
        Tags: [
          { Key: "name", Value: "" },
          { Key: "Name", Value: "" },
        ],
      }),
      "InvalidInput",
      "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
    ],
    [
      "iam",
      "create_role",
      () => ({ RoleName: "a", AssumeRolePolicyDocument: trust, Tags: [{ Key: "aws:a", Value: "" }] }),
      "InvalidInput",
      "reserved for system use",
    ],
    [
      "route53",
      "change_tags_for_resource",
      () => ({ ResourceType: "hostedzone", ResourceId: "Z1", AddTags: [{ Key: "aws:a", Value: "" }] }),
      "InvalidInput",
      "reserved",
    ],
    ["s3", "create_bucket", () => ({ Bucket: "My_Bucket" }), "InvalidBucketName", "The specified bucket is not valid."],
    ["s3", "create_bucket", () => ({ Bucket: "192.168.0.1" }), "InvalidBucketName", "The specified bucket is not valid."],
  );

  it("let pass what is at their edge", async () => {
    const { ec2, efs, ask } = emulator;
    const text = " ._-:/()#,@[]+=&;{}!$*".padEnd(255, "x");
    expect((await ec2.send(new CreateSecurityGroupCommand({ GroupName: "edge", Description: text, VpcId: vpc }))).GroupId).toMatch(/^sg-/);
    const longest = { Key: "k".repeat(128), Value: "ü'\"<>".padEnd(256, "v") };
    const TagSpecifications = [{ ResourceType: "vpc" as const, Tags: [...many(49), longest] }];
    expect((await ec2.send(new CreateVpcCommand({ CidrBlock: "10.3.0.0/28", TagSpecifications }))).Vpc?.CidrBlock).toBe("10.3.0.0/28");
    const token = { CreationToken: "t".repeat(64), Tags: [{ Key: "k".repeat(128), Value: "v".repeat(256) }] };
    expect((await efs.send(new CreateFileSystemCommand(token))).FileSystemId).toMatch(/^fs-/);
    expect(await ask("s3", "create_bucket", { Bucket: "openshift-bootstrap-data-c-x7k2p", ...location })).toHaveProperty("Location");
  });
  const location = { CreateBucketConfiguration: { LocationConstraint: region } };
});

describe("EFS", () => {
  let FileSystemId: string;
  beforeAll(async () => {
    const { efs } = emulator;
    FileSystemId = (await efs.send(new CreateFileSystemCommand({ CreationToken: "policies" }))).FileSystemId ?? "";
    await eventually(
      async () => (await efs.send(new DescribeFileSystemsCommand({ FileSystemId }))).FileSystems?.[0]?.LifeCycleState === "available",
    );
  });
  const statement = { Effect: "Allow", Principal: { AWS: "*" }, Action: ["elasticfilesystem:ClientMount"] };
  const put = (policy: unknown) =>
    emulator.efs.send(
      new PutFileSystemPolicyCommand({ FileSystemId, Policy: typeof policy === "string" ? policy : JSON.stringify(policy) }),
    );

  it.each<[string, unknown]>([
    ["no JSON", "{"],
    ["nothing", {}],
    ["no statement", { Version: "2012-10-17", Statement: [] }],
    ["another version", { Version: "2020-01-01", Statement: [statement] }],
    ["an element that IAM does not have", { Version: "2012-10-17", Statement: [{ ...statement, Principals: "*" }] }],
    ["no effect", { Version: "2012-10-17", Statement: [{ ...statement, Effect: "allow" }] }],
    ["no principal", { Version: "2012-10-17", Statement: [{ ...statement, Principal: undefined }] }],
    ["a principal that is none", { Version: "2012-10-17", Statement: [{ ...statement, Principal: { AWS: "me" } }] }],
    ["an action of nobody", { Version: "2012-10-17", Statement: [{ ...statement, Action: "elasticfilesystem:ClientRead" }] }],
    ["an action of another service", { Version: "2012-10-17", Statement: [{ ...statement, Action: "efs:ClientMount" }] }],
    ["a condition without keys", { Version: "2012-10-17", Statement: [{ ...statement, Condition: { Bool: "true" } }] }],
  ])("refuses a policy with %s", async (_, policy) => {
    await expect(put(policy)).rejects.toMatchObject({ name: "InvalidPolicyException", $metadata: { httpStatusCode: 400 } });
  });

  it("takes policies of which every element is one", async () => {
    const deny = {
      Sid: "tls",
      Effect: "Deny",
      Principal: "*",
      Action: "*",
      Condition: { Bool: { "aws:SecureTransport": "false" } },
    };
    const role = {
      ...statement,
      Principal: { AWS: "arn:aws:iam::123456789012:role/a" },
      Action: ["elasticfilesystem:Client*", "elasticfilesystem:DescribeMountTargets"],
    };
    await expect(put({ Version: "2012-10-17", Statement: [deny, role] })).resolves.toMatchObject({ FileSystemId });
  });

  it("makes no mount target with a security group that is not in the subnet's VPC, and changes none to it", async () => {
    const { ec2, efs } = emulator;
    const other = (await ec2.send(new CreateVpcCommand({ CidrBlock: "10.9.0.0/16" }))).Vpc?.VpcId;
    const made = async (VpcId: string | undefined, GroupName: string) =>
      (await ec2.send(new CreateSecurityGroupCommand({ GroupName, Description: "a", VpcId }))).GroupId ?? "";
    const [near, far] = [await made(vpc, "near"), await made(other, "far")];
    const target = (SecurityGroups: string[]) => efs.send(new CreateMountTargetCommand({ FileSystemId, SubnetId: subnet, SecurityGroups }));
    for (const missing of ["sg-00000000", far]) {
      await expect(target([near, missing])).rejects.toMatchObject({
        name: "SecurityGroupNotFound",
        message: `The SecurityGroup ID '${missing}' does not exist`,
      });
    }
    const { MountTargetId } = await target([near]);
    const change = new ModifyMountTargetSecurityGroupsCommand({ MountTargetId, SecurityGroups: [far] });
    await expect(efs.send(change)).rejects.toMatchObject({ name: "SecurityGroupNotFound" });
    const { SecurityGroups } = await efs.send(new DescribeMountTargetSecurityGroupsCommand({ MountTargetId }));
    expect(SecurityGroups).toEqual([near]);
  });
});

describe("RunInstances", () => {
  let images: Record<string, string>;
  beforeAll(async () => {
    const found = (await emulator.ec2.send(new DescribeImagesCommand({ Owners: ["amazon"] }))).Images ?? [];
    images = Object.fromEntries(found.map(({ Architecture, ImageId }) => [Architecture, ImageId ?? ""]));
  });
  const launch = (InstanceType: string, more: object = {}) =>
    emulator.ec2.send(
      new RunInstancesCommand({
        ImageId: images.x86_64,
        InstanceType: InstanceType as "m6a.large",
        MinCount: 1,
        MaxCount: 1,
        SubnetId: subnet,
        ...more,
      }),
    );

  it("lacks capacity for the instance types that EMULATOR_LACKS names, with EC2's code, text and status", async () => {
    await expect(launch(lacking.nothing)).rejects.toMatchObject({
      name: "InsufficientInstanceCapacity",
      message: expect.stringMatching(
        /^We currently do not have sufficient m7g\.large capacity in the Availability Zone you requested \(eu-west-3a\)\. .* or choosing eu-west-3b, eu-west-3c\.$/,
      ),
      $metadata: { httpStatusCode: 500 },
    });
    await expect(launch(lacking.quota)).rejects.toMatchObject({
      name: "VcpuLimitExceeded",
      message: expect.stringMatching(/^You have requested more vCPU capacity than your current vCPU limit of 32 allows/),
      $metadata: { httpStatusCode: 400 },
    });
    await expect(launch(lacking.count)).rejects.toMatchObject({ name: "InstanceLimitExceeded", $metadata: { httpStatusCode: 400 } });
    expect((await launch("m6a.large")).Instances).toHaveLength(1);
  });

  it("refuses a type that the zone does not have, an unknown image and an unknown type", async () => {
    const zone = { SubnetId: undefined, Placement: { AvailabilityZone: "us-east-1e" } };
    const { ec2 } = await startUsEast();
    const ImageId = images.x86_64;
    const request = { ImageId, InstanceType: "m7g.2xlarge" as const, MinCount: 1, MaxCount: 1, ...zone };
    await expect(ec2.send(new RunInstancesCommand(request))).rejects.toMatchObject({
      name: "InstanceLimitExceeded",
    });
    await expect(ec2.send(new RunInstancesCommand({ ...request, InstanceType: "m7g.4xlarge" }))).rejects.toMatchObject({
      name: "Unsupported",
      message: expect.stringMatching(
        /^Your requested instance type \(m7g\.4xlarge\) is not supported in your requested Availability Zone \(us-east-1e\)\./,
      ),
    });
    await expect(launch("m6a.large", { ImageId: "ami-00000000" })).rejects.toMatchObject({ name: "InvalidAMIID.NotFound" });
    await expect(launch("m9z.large")).rejects.toMatchObject({
      name: "InvalidParameterValue",
      message: "Invalid value 'm9z.large' for InstanceType.",
    });
  });

  const startUsEast = async () => {
    const { EC2Client } = await import("@aws-sdk/client-ec2");
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    return { ec2: new EC2Client({ endpoint: emulator.endpoint, region: "us-east-1", credentials, maxAttempts: 1 }) };
  };

  it("can be asked about beforehand: the zones that offer an instance type are those of AWS", async () => {
    const { ec2 } = await startUsEast();
    const offered = await ec2.send(
      new DescribeInstanceTypeOfferingsCommand({
        LocationType: "availability-zone",
        Filters: [{ Name: "instance-type", Values: ["m7g.4xlarge"] }],
      }),
    );
    const zones = offered.InstanceTypeOfferings?.map(({ Location }) => Location);
    expect(zones).toContain("us-east-1a");
    expect(zones).not.toContain("us-east-1e");
  });
});

describe("the plugin that stands in for aws", () => {
  it("hands AWS's refusal of a description to the engine, and leaves nothing behind", async () => {
    const provider = awsProvider("7.48.0");
    const environment = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" };
    Object.assign(process.env, environment);
    const endpoints = JSON.stringify(["ec2", "efs", "sts"].map((service) => ({ [service]: emulator.endpoint })));
    await provider.configure?.({ region, endpoints });
    const inputs = { name: "quoted", description: "NFS from the cluster's nodes", vpcId: vpc, tagsAll: {} };
    const about = { urn: "urn:pulumi:dev::p::aws:ec2/securityGroup:SecurityGroup::g", name: "g" };
    const context = { signal: new AbortController().signal, log: () => {} };
    const creation = provider.resources["aws:ec2/securityGroup:SecurityGroup"]?.create({ ...about, ...context, inputs, preview: false });
    await expect(creation).rejects.toThrow(
      `creating EC2 security group: InvalidParameterValue: Invalid security group description. ${description}`,
    );
    const groups = (await emulator.ask("ec2", "describe_security_groups", {
      Filters: [{ Name: "group-name", Values: ["quoted"] }],
    })) as { SecurityGroups: unknown[] };
    expect(groups.SecurityGroups).toEqual([]);
  });
});
