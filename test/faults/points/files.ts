import { DescribeSecurityGroupsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { DescribeFileSystemsCommand, DescribeMountTargetsCommand, EFSClient } from "@aws-sdk/client-efs";
import { awsEndpoint } from "../../../rehearsal/machine/places";
import { region } from "../../../rehearsal/stack/environment";
import { withoutEffect } from "../machine";
import { of, type Point } from "../point";
import type { Faults } from "../pulumi";

const files = of("file system", "named", "up");
const creating = /aws:efs:FileSystem shared creating/;
const creatingTargets = /MountTarget shared-\S+ creating/;

const account = { endpoint: awsEndpoint, region, credentials: { accessKeyId: "test", secretAccessKey: "test" } } as const;
const efs = () => new EFSClient(account);
/** Its security group, as EC2 knows it. */
const group = async () => {
  const { SecurityGroups = [] } = await new EC2Client(account).send(new DescribeSecurityGroupsCommand({}));
  return SecurityGroups.find(({ GroupName }) => GroupName?.startsWith("shared-nfs"));
};
const fileSystems = async () => (await efs().send(new DescribeFileSystemsCommand({}))).FileSystems ?? [];

/** EFS has made it, and Pulumi does not hear of it: the provider asks for its state two seconds later. */
const unheardFileSystem: Faults = { killAt: creating, killWhen: async () => (await fileSystems()).length > 0 };
/** The same of the mount targets. */
const unheardTargets: Faults = {
  killAt: creatingTargets,
  killWhen: async () => {
    const [{ FileSystemId } = {}] = await fileSystems();
    return ((await efs().send(new DescribeMountTargetsCommand({ FileSystemId }))).MountTargets ?? []).length > 0;
  },
};
/** Killed in the call that the provider makes next, which takes long here. */
const killedIn = (rule: string, killAt: RegExp, isMade: (rules: number) => boolean): Faults => ({
  aws: [rule],
  killAt,
  killWhen: async () => withoutEffect([rule]).length === 0 && isMade((await group())?.IpPermissions?.length ?? -1),
});
/** It takes the rule that lets all out from a new group. */
const unheardGroup = killedIn("ec2 RevokeSecurityGroupEgress none delay=5", /SecurityGroup shared-nfs creating/, (rules) => rules === 0);
const creatingRule = /SecurityGroupIngressRule shared-nfs-node creating/;
/** The first call is the hook's, before it is made. */
const unheardRule = killedIn("ec2 DescribeSecurityGroupRules none after=1 delay=5", creatingRule, (rules) => rules === 1);
const theFileSystem = { unheard: /FileSystem::shared$/ };
const theRule = { unheard: /IngressRule::shared-nfs-node$/ };
const theTargets = { unheard: /MountTarget::shared-/ };

/** What goes wrong while the shared file system is made. */
export const fileSystem: readonly Point[] = [
  files("EFS answers 500", { aws: ["efs CreateFileSystem InternalFailure"] }, /FileSystem shared.*fail|InternalFailure/, "up"),
  files("killed while its security group is made", unheardGroup, /SecurityGroup shared-nfs creating/, "up", {
    unheard: /SecurityGroup::shared-nfs$/,
  }),
  files("killed while the rule of its group is made", unheardRule, creatingRule, "up", theRule),
  files("killed while the rule of its group is made, then removal", unheardRule, creatingRule, "destroy", theRule),
  files("killed while it is made", unheardFileSystem, creating, "up", theFileSystem),
  files("killed while it is made, then removal", unheardFileSystem, creating, "destroy", theFileSystem),
  files("no right for its mount targets", { aws: ["efs CreateMountTarget UnauthorizedOperation"] }, /MountTarget/, "destroy"),
  files("killed while its mount targets are made", unheardTargets, creatingTargets, "up", theTargets),
  files("killed while its mount targets are made, then removal", unheardTargets, creatingTargets, "destroy", theTargets),
];
