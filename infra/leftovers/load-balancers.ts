import { paginateDescribeLoadBalancers as classicBalancers } from "@aws-sdk/client-elastic-load-balancing";
import { paginateDescribeLoadBalancers, paginateDescribeTargetGroups } from "@aws-sdk/client-elastic-load-balancing-v2";
import { type Asking, cli, type Leftover } from "./asking";
import type { Clients } from "./clients";

const describe = { balancers: "elasticloadbalancing:DescribeLoadBalancers", groups: "elasticloadbalancing:DescribeTargetGroups" };

/**
 * Load balancers and target groups that are there, of those with one of these ARNs and those in one of these networks. Listeners go
 * with their load balancer.
 */
export async function loadBalancers(
  { elb, elbv2, region }: Clients,
  asking: Asking,
  arns: ReadonlySet<string>,
  networks: ReadonlySet<string>,
): Promise<Leftover[]> {
  if (arns.size + networks.size === 0) return [];
  // An ARN of a classic one has its name alone: loadbalancer/NAME.
  const names = new Set([...arns].flatMap((arn) => /:loadbalancer\/([^/]+)$/.exec(arn)?.[1] ?? []));
  const isIn = (network: string | undefined) => network !== undefined && networks.has(network);
  const classic = await asking.all(
    describe.balancers,
    () => classicBalancers({ client: elb }, {}),
    ({ LoadBalancerDescriptions }) => LoadBalancerDescriptions,
  );
  const balancers = await asking.all(
    describe.balancers,
    () => paginateDescribeLoadBalancers({ client: elbv2 }, {}),
    ({ LoadBalancers }) => LoadBalancers,
  );
  const groups = await asking.all(
    describe.groups,
    () => paginateDescribeTargetGroups({ client: elbv2 }, {}),
    ({ TargetGroups }) => TargetGroups,
  );
  return [
    ...classic
      .filter(({ LoadBalancerName = "", VPCId }) => names.has(LoadBalancerName) || isIn(VPCId))
      .map(({ LoadBalancerName: id = "" }) => ({
        kind: "loadbalancer",
        id,
        name: "classic",
        commands: [cli("elb", "delete-load-balancer", "--load-balancer-name", id, "--region", region)],
      })),
    ...balancers
      .filter(({ LoadBalancerArn = "", VpcId }) => arns.has(LoadBalancerArn) || isIn(VpcId))
      .map(({ LoadBalancerArn: id = "", LoadBalancerName: name = "" }) => ({
        kind: "loadbalancer",
        id,
        name,
        commands: [
          cli("elbv2", "delete-load-balancer", "--load-balancer-arn", id, "--region", region),
          cli("elbv2", "wait", "load-balancers-deleted", "--load-balancer-arns", id, "--region", region),
        ],
      })),
    ...groups
      .filter(({ TargetGroupArn = "", VpcId }) => arns.has(TargetGroupArn) || isIn(VpcId))
      .map(({ TargetGroupArn: id = "", TargetGroupName: name = "" }) => ({
        kind: "targetgroup",
        id,
        name,
        commands: [cli("elbv2", "delete-target-group", "--target-group-arn", id, "--region", region)],
      })),
  ];
}
