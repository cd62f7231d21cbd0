// Prints what AWS has of the machines of the cluster INFRA_ID, its argument: a line `machine NAME ID STATE` for each that is not gone or
// going, and a line `ssh ID NAME` for each security group that lets the whole world in by SSH. In: see aws-client.ts.
import { DescribeSecurityGroupsCommand, EC2Client, type IpPermission, paginateDescribeInstances, type Tag } from "@aws-sdk/client-ec2";
import { clientSettings, main } from "./aws-client";

const nameOf = (tags: readonly Tag[] | undefined) => tags?.find(({ Key }) => Key === "Name")?.Value ?? "-";

const letsTheWorldIn = ({ IpProtocol, FromPort = 0, ToPort = 65535, IpRanges }: IpPermission) =>
  (IpProtocol === "tcp" || IpProtocol === "-1") && FromPort <= 22 && ToPort >= 22 && IpRanges?.some(({ CidrIp }) => CidrIp === "0.0.0.0/0");

main(async () => {
  const [, , infraId] = process.argv;
  if (!infraId) throw new Error("machines.ts needs an infra ID");
  const client = new EC2Client(clientSettings("ec2"));
  const owned = { Name: `tag:kubernetes.io/cluster/${infraId}`, Values: ["owned"] };
  const lines: string[] = [];
  const states = { Name: "instance-state-name", Values: ["pending", "running", "stopping", "stopped"] };
  for await (const { Reservations } of paginateDescribeInstances({ client }, { Filters: [owned, states] })) {
    for (const { InstanceId, State, Tags } of Reservations?.flatMap(({ Instances }) => Instances ?? []) ?? []) {
      lines.push(`machine ${nameOf(Tags)} ${InstanceId} ${State?.Name}\n`);
    }
  }
  const { SecurityGroups } = await client.send(new DescribeSecurityGroupsCommand({ Filters: [owned] }));
  for (const { GroupId, Tags, IpPermissions } of SecurityGroups ?? []) {
    if (IpPermissions?.some(letsTheWorldIn)) lines.push(`ssh ${GroupId} ${nameOf(Tags)}\n`);
  }
  return lines.join("");
});
