// Prints what AWS has of the cluster INFRA_ID, its argument: a line `machine NAME ID STATE` for each machine that is not gone or going, a
// line `ssh ID NAME` for each security group that lets the whole world in by SSH, and a line `network ID` for each VPC, which an install
// makes first. In: see aws-client.ts.
import {
  DescribeSecurityGroupsCommand,
  DescribeVpcsCommand,
  EC2Client,
  type IpPermission,
  paginateDescribeInstances,
  type Tag,
} from "@aws-sdk/client-ec2";
import { clientSettings } from "./aws-client";
import { main } from "./program";

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
  const { Vpcs } = await client.send(new DescribeVpcsCommand({ Filters: [owned] }));
  for (const { VpcId } of Vpcs ?? []) lines.push(`network ${VpcId}\n`);
  return lines.join("");
});
