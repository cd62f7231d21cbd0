import {
  DescribeAddressesCommand,
  type EC2Client,
  type Filter,
  paginateDescribeDhcpOptions,
  paginateDescribeImages,
  paginateDescribeInstances,
  paginateDescribeInternetGateways,
  paginateDescribeNatGateways,
  paginateDescribeNetworkInterfaces,
  paginateDescribeRouteTables,
  paginateDescribeSnapshots,
  paginateDescribeSubnets,
  paginateDescribeVolumes,
  paginateDescribeVpcEndpoints,
  paginateDescribeVpcPeeringConnections,
  paginateDescribeVpcs,
  type Tag,
} from "@aws-sdk/client-ec2";
import { type Asking, cli, type Leftover, tagOf } from "./asking";
import { securityGroups } from "./security-groups";

/** What a kind of objects is asked by, and how one that is there goes. */
interface Kind<Item> {
  /** EC2's filter by id. */
  readonly filter: string;
  readonly action: string;
  find(client: EC2Client, filters: Filter[]): AsyncIterable<readonly Item[] | undefined>;
  id(item: Item): string | undefined;
  tags(item: Item): readonly Tag[] | undefined;
  /** Undefined where there is no state, or none that counts. */
  state?(item: Item): string | undefined;
  made?(item: Item): Date | undefined;
  size?(item: Item): string | number | undefined;
  /** Words of the commands, without `aws ec2`. */
  remove(id: string, item: Item): readonly (readonly string[])[];
}

/** States in which an object is gone, though it is still listed, and those in which it is going. API reference of EC2, by data type. */
const gone = /^(?:terminated|deleted|deregistered|rejected|expired|failed-deleted)$/;
const going = /^(?:shutting-down|deleting|pending-deletion)$/;

const kind = <Item>(one: Kind<Item>) => one as unknown as Kind<unknown>;
async function* pages<Page, Item>(found: AsyncIterable<Page>, items: (page: Page) => readonly Item[] | undefined) {
  for await (const page of found) yield items(page);
}

/** By the type that an ARN of the object has. */
const kinds: Readonly<Record<string, Kind<unknown>>> = {
  instance: kind({
    filter: "instance-id",
    action: "ec2:DescribeInstances",
    find: (client, Filters) =>
      pages(paginateDescribeInstances({ client }, { Filters }), ({ Reservations }) =>
        Reservations?.flatMap(({ Instances }) => Instances ?? []),
      ),
    id: ({ InstanceId }) => InstanceId,
    tags: ({ Tags }) => Tags,
    state: ({ State }) => State?.Name,
    made: ({ LaunchTime }) => LaunchTime,
    size: ({ InstanceType }) => InstanceType,
    // A volume or an address in use goes when the machine is gone, not when it begins to go.
    remove: (id) => [
      ["terminate-instances", "--instance-ids", id],
      ["wait", "instance-terminated", "--instance-ids", id],
    ],
  }),
  natgateway: kind({
    filter: "nat-gateway-id",
    action: "ec2:DescribeNatGateways",
    find: (client, Filter) => pages(paginateDescribeNatGateways({ client }, { Filter }), ({ NatGateways }) => NatGateways),
    id: ({ NatGatewayId }) => NatGatewayId,
    tags: ({ Tags }) => Tags,
    state: ({ State }) => State,
    made: ({ CreateTime }) => CreateTime,
    remove: (id) => [
      ["delete-nat-gateway", "--nat-gateway-id", id],
      ["wait", "nat-gateway-deleted", "--nat-gateway-ids", id],
    ],
  }),
  "vpc-endpoint": kind({
    filter: "vpc-endpoint-id",
    action: "ec2:DescribeVpcEndpoints",
    find: (client, Filters) => pages(paginateDescribeVpcEndpoints({ client }, { Filters }), ({ VpcEndpoints }) => VpcEndpoints),
    id: ({ VpcEndpointId }) => VpcEndpointId,
    tags: ({ Tags }) => Tags,
    // API_VpcEndpoint writes them small, the answers of some regions do not.
    state: ({ State }) => State?.toLowerCase(),
    remove: (id) => [["delete-vpc-endpoints", "--vpc-endpoint-ids", id]],
  }),
  "vpc-peering-connection": kind({
    filter: "vpc-peering-connection-id",
    action: "ec2:DescribeVpcPeeringConnections",
    find: (client, Filters) =>
      pages(paginateDescribeVpcPeeringConnections({ client }, { Filters }), ({ VpcPeeringConnections }) => VpcPeeringConnections),
    id: ({ VpcPeeringConnectionId }) => VpcPeeringConnectionId,
    tags: ({ Tags }) => Tags,
    state: ({ Status }) => Status?.Code,
    remove: (id) => [["delete-vpc-peering-connection", "--vpc-peering-connection-id", id]],
  }),
  "elastic-ip": kind({
    filter: "allocation-id",
    action: "ec2:DescribeAddresses",
    async *find(client, Filters) {
      yield (await client.send(new DescribeAddressesCommand({ Filters }))).Addresses;
    },
    id: ({ AllocationId }) => AllocationId,
    tags: ({ Tags, PublicIp }) => [...(Tags ?? []), { Key: "Name", Value: PublicIp }],
    remove: (id) => [["release-address", "--allocation-id", id]],
  }),
  "network-interface": kind({
    filter: "network-interface-id",
    action: "ec2:DescribeNetworkInterfaces",
    find: (client, Filters) => pages(paginateDescribeNetworkInterfaces({ client }, { Filters }), (page) => page.NetworkInterfaces),
    id: ({ NetworkInterfaceId }) => NetworkInterfaceId,
    tags: ({ TagSet, Description }) => (Description ? [{ Key: "Name", Value: Description }] : TagSet),
    remove: (id, { Attachment, Description }) => removeInterface(id, Attachment?.AttachmentId, Description),
  }),
  volume: kind({
    filter: "volume-id",
    action: "ec2:DescribeVolumes",
    find: (client, Filters) => pages(paginateDescribeVolumes({ client }, { Filters }), ({ Volumes }) => Volumes),
    id: ({ VolumeId }) => VolumeId,
    tags: ({ Tags }) => Tags,
    state: ({ State }) => State,
    made: ({ CreateTime }) => CreateTime,
    size: ({ Size }) => Size,
    remove: (id) => [["delete-volume", "--volume-id", id]],
  }),
  snapshot: kind({
    filter: "snapshot-id",
    action: "ec2:DescribeSnapshots",
    find: (client, Filters) => pages(paginateDescribeSnapshots({ client }, { Filters, OwnerIds: ["self"] }), ({ Snapshots }) => Snapshots),
    id: ({ SnapshotId }) => SnapshotId,
    tags: ({ Tags }) => Tags,
    remove: (id) => [["delete-snapshot", "--snapshot-id", id]],
  }),
  image: kind({
    filter: "image-id",
    action: "ec2:DescribeImages",
    find: (client, Filters) => pages(paginateDescribeImages({ client }, { Filters, Owners: ["self"] }), ({ Images }) => Images),
    id: ({ ImageId }) => ImageId,
    tags: ({ Tags }) => Tags,
    state: ({ State }) => State,
    remove: (id) => [["deregister-image", "--image-id", id]],
  }),
  "internet-gateway": kind({
    filter: "internet-gateway-id",
    action: "ec2:DescribeInternetGateways",
    find: (client, Filters) => pages(paginateDescribeInternetGateways({ client }, { Filters }), (page) => page.InternetGateways),
    id: ({ InternetGatewayId }) => InternetGatewayId,
    tags: ({ Tags }) => Tags,
    remove: (id, { Attachments = [] }) => [
      ...Attachments.map(({ VpcId = "" }) => ["detach-internet-gateway", "--internet-gateway-id", id, "--vpc-id", VpcId]),
      ["delete-internet-gateway", "--internet-gateway-id", id],
    ],
  }),
  "route-table": kind({
    filter: "route-table-id",
    action: "ec2:DescribeRouteTables",
    // The main one goes with its network, and in no other way.
    find: (client, Filters) =>
      pages(paginateDescribeRouteTables({ client }, { Filters }), ({ RouteTables }) =>
        RouteTables?.filter(({ Associations }) => !Associations?.some(({ Main }) => Main)),
      ),
    id: ({ RouteTableId }) => RouteTableId,
    tags: ({ Tags }) => Tags,
    remove: (id, { Associations = [] }) => [
      ...Associations.map(({ RouteTableAssociationId = "" }) => ["disassociate-route-table", "--association-id", RouteTableAssociationId]),
      ["delete-route-table", "--route-table-id", id],
    ],
  }),
  subnet: kind({
    filter: "subnet-id",
    action: "ec2:DescribeSubnets",
    find: (client, Filters) => pages(paginateDescribeSubnets({ client }, { Filters }), ({ Subnets }) => Subnets),
    id: ({ SubnetId }) => SubnetId,
    tags: ({ Tags }) => Tags,
    remove: (id) => [["delete-subnet", "--subnet-id", id]],
  }),
  vpc: kind({
    filter: "vpc-id",
    action: "ec2:DescribeVpcs",
    find: (client, Filters) => pages(paginateDescribeVpcs({ client }, { Filters }), ({ Vpcs }) => Vpcs),
    id: ({ VpcId }) => VpcId,
    tags: ({ Tags }) => Tags,
    remove: (id) => [["delete-vpc", "--vpc-id", id]],
  }),
  "dhcp-options": kind({
    filter: "dhcp-options-id",
    action: "ec2:DescribeDhcpOptions",
    find: (client, Filters) => pages(paginateDescribeDhcpOptions({ client }, { Filters }), ({ DhcpOptions }) => DhcpOptions),
    id: ({ DhcpOptionsId }) => DhcpOptionsId,
    tags: ({ Tags }) => Tags,
    remove: (id) => [["delete-dhcp-options", "--dhcp-options-id", id]],
  }),
};

/** Types of EC2's objects that this can tell whether they are there. Rules of security groups go with their group. */
export const ec2Kinds: readonly string[] = [...Object.keys(kinds), "security-group", "security-group-rule"];

/** The interface of a mount target belongs to EFS, which alone can delete it (EFS User Guide, API_DeleteMountTarget). */
function removeInterface(id: string, attachment: string | undefined, description = ""): string[][] {
  const target = /\bfsmt-[0-9a-f]+/.exec(description)?.[0];
  if (target !== undefined) return [["efs", "delete-mount-target", "--mount-target-id", target]];
  const free = [
    ["detach-network-interface", "--force", "--attachment-id", attachment ?? ""],
    ["wait", "network-interface-available", "--network-interface-ids", id],
  ];
  return [...(attachment === undefined ? [] : free), ["delete-network-interface", "--network-interface-id", id]];
}

/** Those of the objects that are there. @param ids of a kind of `ec2Kinds` */
async function there(client: EC2Client, asking: Asking, region: string, type: string, ids: readonly string[]): Promise<Leftover[]> {
  if (type === "security-group") return securityGroups(client, asking, region, ids);
  const of = kinds[type];
  if (of === undefined) return [];
  // EC2 takes 200 values for a filter, and says nothing of an id that there is not.
  const chunks = Array.from({ length: Math.ceil(ids.length / 200) }, (_, index) => ids.slice(index * 200, (index + 1) * 200));
  const found: Leftover[] = [];
  for (const chunk of chunks) {
    const items = await asking.all(
      of.action,
      () => of.find(client, [{ Name: of.filter, Values: [...chunk] }]),
      (page) => page,
    );
    for (const item of items) {
      const id = of.id(item);
      const state = of.state?.(item) ?? "";
      if (id === undefined || gone.test(state)) continue;
      const commands = of.remove(id, item).map((words) => cli(...(words[0] === "efs" ? words : ["ec2", ...words]), "--region", region));
      found.push({
        kind: type,
        id,
        name: tagOf(of.tags(item), "Name") ?? "",
        ...(going.test(state) ? { going: state } : {}),
        made: of.made?.(item),
        size: of.size?.(item),
        commands,
      });
    }
  }
  return found;
}

/** Those of EC2's objects that are there. @param ids by kind */
export async function ec2Objects(
  client: EC2Client,
  asking: Asking,
  region: string,
  ids: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<Leftover[]> {
  const found: Leftover[] = [];
  for (const type of ec2Kinds) found.push(...(await there(client, asking, region, type, [...(ids.get(type) ?? [])])));
  return found;
}
