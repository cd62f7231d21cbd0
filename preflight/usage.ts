import {
  DescribeAddressesCommand,
  type EC2Client,
  paginateDescribeInstances,
  paginateDescribeNatGateways,
  paginateDescribeSubnets,
  paginateDescribeVpcs,
} from "@aws-sdk/client-ec2";
import { type EFSClient, paginateDescribeFileSystems } from "@aws-sdk/client-efs";
import { collect } from "../infra/leftovers/asking";
import { answered } from "./aws";

/** What of an account's quotas is taken. */

const all = <Page, Item>(right: string, pages: AsyncIterable<Page>, items: (page: Page) => Item[] | undefined): Promise<Item[]> =>
  answered(right, collect(pages, items));

/**
 * Running on-demand machines by instance type. Others do not count ("On-Demand Instance quotas", EC2 User Guide): stopped ones, those of the
 * spot market, those on dedicated hosts.
 */
export async function typesInUse(client: EC2Client): Promise<Map<string, number>> {
  // One that is pending runs in a moment.
  const Filters = [{ Name: "instance-state-name", Values: ["pending", "running"] }];
  const reservations = await all(
    "ec2:DescribeInstances",
    paginateDescribeInstances({ client }, { Filters }),
    ({ Reservations }) => Reservations,
  );
  const types = new Map<string, number>();
  for (const { InstanceType = "", InstanceLifecycle, Placement } of reservations.flatMap(({ Instances }) => Instances ?? [])) {
    if (InstanceLifecycle === undefined && Placement?.Tenancy !== "host") types.set(InstanceType, (types.get(InstanceType) ?? 0) + 1);
  }
  return types;
}

export async function addressesInUse(client: EC2Client): Promise<number> {
  const { Addresses = [] } = await answered("ec2:DescribeAddresses", client.send(new DescribeAddressesCommand({})));
  return Addresses.length;
}

export async function networksInUse(client: EC2Client): Promise<number> {
  return (await all("ec2:DescribeVpcs", paginateDescribeVpcs({ client }, {}), ({ Vpcs }) => Vpcs)).length;
}

/** By zone. Those that are being deleted still count ("Gateways" in "Amazon VPC quotas", VPC User Guide). */
export async function natGatewaysInUse(client: EC2Client): Promise<Map<string, number>> {
  const Filter = [{ Name: "state", Values: ["pending", "available", "deleting"] }];
  const gateways = await all(
    "ec2:DescribeNatGateways",
    paginateDescribeNatGateways({ client }, { Filter }),
    ({ NatGateways }) => NatGateways,
  );
  const zones = new Map<string, number>();
  if (gateways.length === 0) return zones;
  const subnets = await all("ec2:DescribeSubnets", paginateDescribeSubnets({ client }, {}), ({ Subnets }) => Subnets);
  for (const { SubnetId } of gateways) {
    const zone = subnets.find((subnet) => subnet.SubnetId === SubnetId)?.AvailabilityZone;
    if (zone !== undefined) zones.set(zone, (zones.get(zone) ?? 0) + 1);
  }
  return zones;
}

export async function fileSystemsInUse(client: EFSClient): Promise<number> {
  const pages = paginateDescribeFileSystems({ client }, {});
  return (await all("elasticfilesystem:DescribeFileSystems", pages, ({ FileSystems }) => FileSystems)).length;
}
