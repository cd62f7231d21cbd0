// Takes away the rule of a security group, its first argument, that lets another one, its second, in at a port, its third. In: see aws-client.ts.
import { EC2Client, paginateDescribeSecurityGroupRules, RevokeSecurityGroupIngressCommand } from "@aws-sdk/client-ec2";
import { collect } from "../leftovers/asking";
import { clientSettings } from "./aws-client";
import { main } from "./program";

main(async () => {
  const [, , GroupId, source, port] = process.argv;
  if (!GroupId || !source || !port) throw new Error("rule.ts needs the ids of two security groups and a port");
  const client = new EC2Client(clientSettings("ec2", "ec2"));
  const rules = await collect(
    paginateDescribeSecurityGroupRules({ client }, { Filters: [{ Name: "group-id", Values: [GroupId] }] }),
    ({ SecurityGroupRules }) => SecurityGroupRules,
  );
  // These are what EC2 tells two rules apart by (AuthorizeSecurityGroupIngress, InvalidPermission.Duplicate).
  const found = rules.filter(
    ({ IsEgress, IpProtocol, FromPort, ToPort, ReferencedGroupInfo }) =>
      !IsEgress && IpProtocol === "tcp" && FromPort === Number(port) && ToPort === Number(port) && ReferencedGroupInfo?.GroupId === source,
  );
  const SecurityGroupRuleIds = found.flatMap(({ SecurityGroupRuleId }) => SecurityGroupRuleId ?? []);
  if (SecurityGroupRuleIds.length === 0) return "";
  process.stderr.write(`taking away ${SecurityGroupRuleIds.join(", ")} of ${GroupId}, in the place of the rule that is made now\n`);
  await client.send(new RevokeSecurityGroupIngressCommand({ GroupId, SecurityGroupRuleIds }));
  return "";
});
