import { DescribeFileSystemsCommand, DescribeMountTargetsCommand, EFSClient } from "@aws-sdk/client-efs";
import { awsEndpoint } from "../../../rehearsal/machine/places";
import { region } from "../../../rehearsal/stack/environment";
import { of, type Point } from "../point";
import type { Faults } from "../pulumi";

const files = of("file system", "named", "up");
const creating = /aws:efs:FileSystem shared creating/;
const creatingTargets = /MountTarget shared-\S+ creating/;

const efs = () => new EFSClient({ endpoint: awsEndpoint, region, credentials: { accessKeyId: "test", secretAccessKey: "test" } });
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
const theFileSystem = { unheard: /FileSystem::shared$/ };
const theTargets = { unheard: /MountTarget::shared-/ };

/** What goes wrong while the shared file system is made. */
export const fileSystem: readonly Point[] = [
  files("EFS answers 500", { aws: ["efs CreateFileSystem InternalFailure"] }, /FileSystem shared.*fail|InternalFailure/, "up"),
  files("killed while it is made", unheardFileSystem, creating, "up", theFileSystem),
  files("killed while it is made, then removal", unheardFileSystem, creating, "destroy", theFileSystem),
  files("no right for its mount targets", { aws: ["efs CreateMountTarget UnauthorizedOperation"] }, /MountTarget/, "destroy"),
  files("killed while its mount targets are made", unheardTargets, creatingTargets, "up", theTargets),
  files("killed while its mount targets are made, then removal", unheardTargets, creatingTargets, "destroy", theTargets),
];
