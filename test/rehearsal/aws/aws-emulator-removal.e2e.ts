import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { allBut, type Emulator, type Keys, startEmulator, userWith } from "./emulator";

/** What the emulator adds to moto for removals: refusals of what is in use, and what lists tags. */

// biome-ignore lint/suspicious/noExplicitAny: answers of several services
type Answer = any;
let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator({ EMULATOR_DELAY: "0" });
}, 60_000);
afterAll(() => emulator?.stop());

const ask = (service: string, operation: string, params: object): Promise<Answer> => emulator.ask(service, operation, params);
const Tags = [{ Key: "kubernetes.io/cluster/a", Value: "owned" }];
const tagged = (ResourceType: string) => ({ TagSpecifications: [{ ResourceType, Tags }] });

describe("a NAT gateway", () => {
  it("keeps its address and its interface until it is deleted, and no longer", async () => {
    const { VpcId } = (await ask("ec2", "create_vpc", { CidrBlock: "10.0.0.0/16" })).Vpc;
    const { SubnetId } = (await ask("ec2", "create_subnet", { VpcId, CidrBlock: "10.0.0.0/24" })).Subnet;
    const { AllocationId } = await ask("ec2", "allocate_address", { Domain: "vpc", ...tagged("elastic-ip") });
    const { NatGatewayId } = (await ask("ec2", "create_nat_gateway", { SubnetId, AllocationId, ...tagged("natgateway") })).NatGateway;
    const interfaces = async () =>
      (await ask("ec2", "describe_network_interfaces", { Filters: [{ Name: "vpc-id", Values: [VpcId] }] })).NetworkInterfaces;
    expect(await interfaces()).toMatchObject([{ InterfaceType: "nat_gateway", RequesterManaged: true }]);
    expect(await ask("ec2", "release_address", { AllocationId })).toMatchObject({ code: "InvalidIPAddress.InUse" });
    const { Tags: listed } = await ask("ec2", "describe_tags", { Filters: [{ Name: "key", Values: ["kubernetes.io/cluster/a"] }] });
    expect(listed.map((tag: Answer) => [tag.ResourceType, tag.ResourceId]).sort()).toEqual([
      ["elastic-ip", AllocationId],
      ["natgateway", NatGatewayId],
    ]);
    const { ResourceTagMappingList } = await ask("resourcegroupstaggingapi", "get_resources", {
      TagFilters: [{ Key: "kubernetes.io/cluster/a" }],
    });
    expect(ResourceTagMappingList.map((one: Answer) => one.ResourceARN.split(":").at(-1)).sort()).toEqual([
      `elastic-ip/${AllocationId}`,
      `natgateway/${NatGatewayId}`,
    ]);
    await ask("ec2", "delete_nat_gateway", { NatGatewayId });
    expect(await interfaces()).toEqual([]);
    expect(await ask("ec2", "release_address", { AllocationId })).toEqual({});
  });
});

describe("a gateway endpoint", () => {
  it("is no longer listed when it is deleted, whatever has become of its route table", async () => {
    const { VpcId } = (await ask("ec2", "create_vpc", { CidrBlock: "10.1.0.0/16" })).Vpc;
    const { RouteTableId } = (await ask("ec2", "create_route_table", { VpcId })).RouteTable;
    const wanted = { VpcId, VpcEndpointType: "Gateway", ServiceName: "com.amazonaws.eu-west-3.s3", RouteTableIds: [RouteTableId] };
    const { VpcEndpointId } = (await ask("ec2", "create_vpc_endpoint", wanted)).VpcEndpoint;
    const Filters = [{ Name: "vpc-endpoint-id", Values: [VpcEndpointId] }];
    expect((await ask("ec2", "describe_vpc_endpoints", { Filters })).VpcEndpoints).toHaveLength(1);
    await ask("ec2", "delete_route_table", { RouteTableId });
    expect(await ask("ec2", "delete_vpc_endpoints", { VpcEndpointIds: [VpcEndpointId] })).not.toHaveProperty("code");
    expect((await ask("ec2", "describe_vpc_endpoints", { Filters })).VpcEndpoints).toEqual([]);
  });
});

it("a user is deleted only without access keys", async () => {
  await ask("iam", "create_user", { UserName: "a" });
  const { AccessKeyId } = (await ask("iam", "create_access_key", { UserName: "a" })).AccessKey;
  expect(await ask("iam", "delete_user", { UserName: "a" })).toMatchObject({ code: "DeleteConflict" });
  await ask("iam", "delete_access_key", { UserName: "a", AccessKeyId });
  expect(await ask("iam", "delete_user", { UserName: "a" })).toEqual({});
});

it("Route 53 writes an asterisk as \\052, and takes both", async () => {
  const { HostedZone } = await ask("route53", "create_hosted_zone", { Name: "a.test", CallerReference: "a" });
  const record = (Name: string) => ({ Name, Type: "A", TTL: 60, ResourceRecords: [{ Value: "192.0.2.1" }] });
  const change = (Action: string, Name: string) =>
    ask("route53", "change_resource_record_sets", {
      HostedZoneId: HostedZone.Id,
      ChangeBatch: { Changes: [{ Action, ResourceRecordSet: record(Name) }] },
    });
  await change("CREATE", "*.a.test.");
  const { ResourceRecordSets } = await ask("route53", "list_resource_record_sets", { HostedZoneId: HostedZone.Id });
  expect(ResourceRecordSets.map(({ Name }: Answer) => Name)).toContain("\\052.a.test.");
  expect(await change("DELETE", "\\052.a.test.")).not.toHaveProperty("code");
});

describe("a right that a policy denies", () => {
  let keys: Keys;
  beforeAll(async () => {
    keys = await userWith(emulator, allBut("iam:ListRoles", "ec2:DescribeSnapshots", "tag:GetTagKeys", "s3:ListBucket"));
  });

  it.each([
    ["iam", "list_roles", {}, "AccessDenied", 403],
    ["ec2", "describe_snapshots", {}, "UnauthorizedOperation", 403],
    ["resourcegroupstaggingapi", "get_tag_keys", {}, "AccessDeniedException", 400],
    ["s3", "head_bucket", { Bucket: "a-bucket" }, "403", 403],
  ])("is refused as %s does it", async (service, operation, params, code, status) => {
    expect(await emulator.ask(service, operation, params, keys)).toMatchObject({ code, status });
  });

  it("is no other", async () => {
    expect(await emulator.ask("iam", "list_users", {}, keys)).toMatchObject({ Users: [{ UserName: "builder" }] });
    expect(await emulator.ask("resourcegroupstaggingapi", "get_resources", {}, keys)).not.toHaveProperty("code");
  });
});
