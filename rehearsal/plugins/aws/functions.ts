import {
  DescribeInstanceTypeOfferingsCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcAttributeCommand,
  DescribeVpcsCommand,
  type Filter,
  type InstanceTypeOffering,
  LocationType,
  type SecurityGroup,
  type Subnet,
  type Vpc,
} from "@aws-sdk/client-ec2";
import type { Properties, Value } from "../values";
import type { Api } from "./api";
import { fromAwsTags, type Tags } from "./tags";

/** A function of the provider, by its token. */
export type AwsFunction = (api: Api, args: Properties) => Promise<Properties>;

/** Filters of the AWS call from the arguments `filters`, `tags` and others that have a filter of their own. */
export function toFilters({ filters, tags, ...others }: Properties): Filter[] | undefined {
  const list: Filter[] = [
    ...((filters ?? []) as Properties[]).map(({ name, values }) => ({ Name: String(name), Values: (values as Value[]).map(String) })),
    ...Object.entries((tags ?? {}) as Tags).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] })),
    ...Object.entries(others).flatMap(([name, value]) => (value === undefined ? [] : [{ Name: name, Values: [String(value)] }])),
  ];
  return list.length > 0 ? list : undefined;
}

/** The only one of a list. */
function single<T>(what: string, found: readonly T[]): T {
  const [first, second] = found;
  if (first === undefined) throw new Error(`no matching ${what} found`);
  if (second !== undefined) throw new Error(`multiple ${what}s matched; use additional constraints to reduce matches to a single ${what}`);
  return first;
}

/** All pages of a listing. */
async function all<T>(page: (token: string | undefined) => Promise<{ items: T[] | undefined; next: string | undefined }>): Promise<T[]> {
  const found: T[] = [];
  let token: string | undefined;
  do {
    const { items, next } = await page(token);
    found.push(...(items ?? []));
    token = next || undefined;
  } while (token !== undefined);
  return found;
}

const ids = (id: Value | undefined): string[] | undefined => (id === undefined ? undefined : [String(id)]);

const findVpcs = (api: Api, id: Value | undefined, filters: Properties) =>
  all<Vpc>(async (NextToken) => {
    const answer = await api.ec2.send(new DescribeVpcsCommand({ VpcIds: ids(id), Filters: toFilters(filters), NextToken }));
    return { items: answer.Vpcs, next: answer.NextToken };
  });
const findSubnets = (api: Api, id: Value | undefined, filters: Properties) =>
  all<Subnet>(async (NextToken) => {
    const answer = await api.ec2.send(new DescribeSubnetsCommand({ SubnetIds: ids(id), Filters: toFilters(filters), NextToken }));
    return { items: answer.Subnets, next: answer.NextToken };
  });
const findGroups = (api: Api, id: Value | undefined, filters: Properties) =>
  all<SecurityGroup>(async (NextToken) => {
    const answer = await api.ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: ids(id), Filters: toFilters(filters), NextToken }));
    return { items: answer.SecurityGroups, next: answer.NextToken };
  });

const arn = (api: Api, owner: string | undefined, kind: string, id: string | undefined) =>
  `arn:aws:ec2:${api.region}:${owner}:${kind}/${id}`;

const getVpc: AwsFunction = async (api, { id, filters, tags, cidrBlock, dhcpOptionsId, state, default: isDefault }) => {
  const search = { filters, tags, cidr: cidrBlock, "dhcp-options-id": dhcpOptionsId, state, "is-default": isDefault || undefined };
  const vpc = single("EC2 VPC", await findVpcs(api, id, search));
  const attribute = (Attribute: "enableDnsHostnames" | "enableDnsSupport") =>
    api.ec2.send(new DescribeVpcAttributeCommand({ VpcId: vpc.VpcId, Attribute }));
  return {
    arn: arn(api, vpc.OwnerId, "vpc", vpc.VpcId),
    cidrBlock: vpc.CidrBlock,
    cidrBlockAssociations: (vpc.CidrBlockAssociationSet ?? []).map((association) => ({
      associationId: association.AssociationId ?? "",
      cidrBlock: association.CidrBlock ?? "",
      state: association.CidrBlockState?.State ?? "",
    })),
    default: vpc.IsDefault ?? false,
    dhcpOptionsId: vpc.DhcpOptionsId ?? "",
    enableDnsHostnames: (await attribute("enableDnsHostnames")).EnableDnsHostnames?.Value ?? false,
    enableDnsSupport: (await attribute("enableDnsSupport")).EnableDnsSupport?.Value ?? true,
    filters,
    id: vpc.VpcId,
    instanceTenancy: vpc.InstanceTenancy ?? "default",
    ownerId: vpc.OwnerId,
    region: api.region,
    state: vpc.State,
    tags: fromAwsTags(vpc.Tags),
  };
};

const getSubnet: AwsFunction = async (api, { id, filters, tags, vpcId, availabilityZone, availabilityZoneId, cidrBlock, state }) => {
  const search = {
    filters,
    tags,
    "vpc-id": vpcId,
    "availability-zone": availabilityZone,
    "availability-zone-id": availabilityZoneId,
    "cidr-block": cidrBlock,
    state,
  };
  const subnet = single("EC2 Subnet", await findSubnets(api, id, search));
  return {
    arn: subnet.SubnetArn ?? arn(api, subnet.OwnerId, "subnet", subnet.SubnetId),
    availabilityZone: subnet.AvailabilityZone,
    availabilityZoneId: subnet.AvailabilityZoneId ?? "",
    availableIpAddressCount: subnet.AvailableIpAddressCount ?? 0,
    cidrBlock: subnet.CidrBlock,
    defaultForAz: subnet.DefaultForAz ?? false,
    filters,
    id: subnet.SubnetId,
    mapPublicIpOnLaunch: subnet.MapPublicIpOnLaunch ?? false,
    ownerId: subnet.OwnerId,
    region: api.region,
    state: subnet.State,
    tags: fromAwsTags(subnet.Tags),
    vpcId: subnet.VpcId,
  };
};

const getSecurityGroup: AwsFunction = async (api, { id, name, vpcId, filters, tags }) => {
  const group = single("EC2 Security Group", await findGroups(api, id, { filters, tags, "group-name": name, "vpc-id": vpcId }));
  return {
    arn: arn(api, group.OwnerId, "security-group", group.GroupId),
    description: group.Description,
    filters,
    id: group.GroupId,
    name: group.GroupName,
    region: api.region,
    tags: fromAwsTags(group.Tags),
    vpcId: group.VpcId,
  };
};

/** Three lists of one length and order (terraform-provider-aws, internal/service/ec2/ec2_instance_type_offerings_data_source.go). */
const getInstanceTypeOfferings: AwsFunction = async (api, { filters, locationType }) => {
  if (locationType !== undefined && !(Object.values(LocationType) as Value[]).includes(locationType)) {
    throw new Error(`expected location_type to be one of ${JSON.stringify(Object.values(LocationType))}, got ${locationType}`);
  }
  const offerings = await all<InstanceTypeOffering>(async (NextToken) => {
    const request = { Filters: toFilters({ filters }), LocationType: locationType as LocationType | undefined, NextToken };
    const answer = await api.ec2.send(new DescribeInstanceTypeOfferingsCommand(request));
    return { items: answer.InstanceTypeOfferings, next: answer.NextToken };
  });
  return {
    filters,
    id: api.region,
    instanceTypes: offerings.map(({ InstanceType }) => InstanceType ?? ""),
    locationType,
    locationTypes: offerings.map((offering) => offering.LocationType ?? ""),
    locations: offerings.map(({ Location }) => Location ?? ""),
    region: api.region,
  };
};

const getCallerIdentity: AwsFunction = async (api) => {
  const { Account, Arn, UserId } = await api.callerIdentity();
  return { accountId: Account, arn: Arn, id: Account, userId: UserId };
};

export const functions: Readonly<Record<string, AwsFunction>> = {
  "aws:ec2/getVpc:getVpc": getVpc,
  "aws:ec2/getSubnet:getSubnet": getSubnet,
  "aws:ec2/getSecurityGroup:getSecurityGroup": getSecurityGroup,
  "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": getInstanceTypeOfferings,
  "aws:index/getCallerIdentity:getCallerIdentity": getCallerIdentity,
};
