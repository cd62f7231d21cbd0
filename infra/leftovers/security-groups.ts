import {
  type EC2Client,
  paginateDescribeSecurityGroupRules,
  paginateDescribeSecurityGroups,
  type SecurityGroupRule,
} from "@aws-sdk/client-ec2";
import { type Asking, cli, type Leftover } from "./asking";

/**
 * Those of the security groups that are there. EC2 does not delete one that a rule of another names (API_DeleteSecurityGroup), so these
 * rules go first.
 */
export async function securityGroups(client: EC2Client, asking: Asking, region: string, ids: readonly string[]): Promise<Leftover[]> {
  if (ids.length === 0) return [];
  const found = await asking.all(
    "ec2:DescribeSecurityGroups",
    () => paginateDescribeSecurityGroups({ client }, { Filters: [{ Name: "group-id", Values: [...ids] }] }),
    ({ SecurityGroups }) => SecurityGroups,
  );
  if (found.length === 0) return [];
  const networks = [...new Set(found.flatMap(({ VpcId }) => VpcId ?? []))];
  const neighbours = await asking.all(
    "ec2:DescribeSecurityGroups",
    () => paginateDescribeSecurityGroups({ client }, { Filters: [{ Name: "vpc-id", Values: networks }] }),
    ({ SecurityGroups }) => SecurityGroups,
  );
  const rules = await asking.all(
    "ec2:DescribeSecurityGroupRules",
    () =>
      paginateDescribeSecurityGroupRules(
        { client },
        { Filters: [{ Name: "group-id", Values: neighbours.flatMap(({ GroupId }) => GroupId ?? []) }] },
      ),
    ({ SecurityGroupRules }) => SecurityGroupRules,
  );
  const groups = found.filter(({ GroupName }) => GroupName !== "default");
  return groups.map(({ GroupId: id = "", GroupName: name = "" }, index) => {
    // Those before it in the list are gone with their rules when its own turn comes.
    const before = groups.slice(0, index).map(({ GroupId }) => GroupId);
    const commands = revocations(
      rules.filter(({ GroupId }) => !before.includes(GroupId)),
      id,
      region,
    );
    return {
      kind: "security-group",
      id,
      name,
      commands: [...commands, cli("ec2", "delete-security-group", "--group-id", id, "--region", region)],
    };
  });
}

/** Commands that take away the rules of other groups that name this one. */
function revocations(rules: readonly SecurityGroupRule[], id: string, region: string): string[] {
  const naming = rules.filter(({ GroupId, ReferencedGroupInfo }) => ReferencedGroupInfo?.GroupId === id && GroupId !== id);
  const ways = [...new Set(naming.map(({ GroupId, IsEgress }) => `${GroupId} ${IsEgress ? "egress" : "ingress"}`))];
  return ways.map((way) => {
    const [group = "", direction = ""] = way.split(" ");
    const of = naming.filter((rule) => rule.GroupId === group && rule.IsEgress === (direction === "egress"));
    const ids = of.flatMap(({ SecurityGroupRuleId }) => SecurityGroupRuleId ?? []);
    return cli("ec2", `revoke-security-group-${direction}`, "--group-id", group, "--security-group-rule-ids", ...ids, "--region", region);
  });
}
