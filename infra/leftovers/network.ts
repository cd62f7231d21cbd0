import {
  type EC2Client,
  paginateDescribeNetworkInterfaces,
  paginateDescribeSecurityGroups,
  paginateDescribeSubnets,
  paginateDescribeVpcEndpoints,
  paginateDescribeVpcs,
} from "@aws-sdk/client-ec2";
import type { Asking } from "./asking";

/**
 * What is in a network that stays, tagged or not, by kind: the destroyer waits for all of it (deleteEC2VPC in openshift/installer,
 * pkg/destroy/aws/ec2helpers.go), and often it is somebody else's.
 * @param ids of networks
 */
export async function inNetworks(client: EC2Client, asking: Asking, ids: readonly string[]): Promise<Map<string, string[]>> {
  if (ids.length === 0) return new Map();
  const Filters = [{ Name: "vpc-id", Values: [...ids] }];
  const networks = await asking.all(
    "ec2:DescribeVpcs",
    () => paginateDescribeVpcs({ client }, { Filters }),
    ({ Vpcs }) => Vpcs,
  );
  if (networks.length === 0) return new Map();
  const interfaces = await asking.all(
    "ec2:DescribeNetworkInterfaces",
    () => paginateDescribeNetworkInterfaces({ client }, { Filters }),
    ({ NetworkInterfaces }) => NetworkInterfaces,
  );
  const endpoints = await asking.all(
    "ec2:DescribeVpcEndpoints",
    () => paginateDescribeVpcEndpoints({ client }, { Filters }),
    ({ VpcEndpoints }) => VpcEndpoints,
  );
  const groups = await asking.all(
    "ec2:DescribeSecurityGroups",
    () => paginateDescribeSecurityGroups({ client }, { Filters }),
    ({ SecurityGroups }) => SecurityGroups,
  );
  const subnets = await asking.all(
    "ec2:DescribeSubnets",
    () => paginateDescribeSubnets({ client }, { Filters }),
    ({ Subnets }) => Subnets,
  );
  // One of a machine, a NAT gateway or a load balancer goes with it; of EFS's and others' nothing else is known.
  const alone = interfaces.filter(
    ({ Attachment, InterfaceType }) =>
      Attachment?.InstanceId === undefined && !/nat_gateway|load_balancer|vpc_endpoint/.test(InterfaceType ?? ""),
  );
  return new Map([
    ["network-interface", alone.flatMap(({ NetworkInterfaceId }) => NetworkInterfaceId ?? [])],
    ["vpc-endpoint", endpoints.flatMap(({ VpcEndpointId }) => VpcEndpointId ?? [])],
    ["security-group", groups.flatMap(({ GroupId }) => GroupId ?? [])],
    ["subnet", subnets.flatMap(({ SubnetId }) => SubnetId ?? [])],
  ]);
}
