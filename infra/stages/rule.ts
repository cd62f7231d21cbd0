// Takes away the rules of a security group, its first argument, that let another one in, its second. In: see aws-client.ts.
import { EC2Client, paginateDescribeSecurityGroupRules, RevokeSecurityGroupIngressCommand } from "@aws-sdk/client-ec2";
import { collect } from "../leftovers/asking";
import { clientSettings } from "./aws-client";
import { main } from "./program";

main(async () => {
  const [, , GroupId, source] = process.argv;
  if (!GroupId || !source) throw new Error("rule.ts needs the ids of two security groups");
  const client = new EC2Client(clientSettings("ec2", "ec2"));
  const rules = await collect(
    paginateDescribeSecurityGroupRules({ client }, { Filters: [{ Name: "group-id", Values: [GroupId] }] }),
    ({ SecurityGroupRules }) => SecurityGroupRules,
  );
  const found = rules.filter(({ IsEgress, ReferencedGroupInfo }) => !IsEgress && ReferencedGroupInfo?.GroupId === source);
  const SecurityGroupRuleIds = found.flatMap(({ SecurityGroupRuleId }) => SecurityGroupRuleId ?? []);
  if (SecurityGroupRuleIds.length === 0) return "";
  process.stderr.write(`taking away ${SecurityGroupRuleIds.join(", ")} of ${GroupId}, which an update has left that was killed\n`);
  await client.send(new RevokeSecurityGroupIngressCommand({ GroupId, SecurityGroupRuleIds }));
  return "";
});
