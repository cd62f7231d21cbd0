import { of, type Point } from "../point";

const files = of("file system", "named", "up");
const creating = /aws:efs:FileSystem shared creating/;

/** What goes wrong while the shared file system is made. */
export const fileSystem: readonly Point[] = [
  files("EFS answers 500", { aws: ["efs CreateFileSystem InternalFailure"] }, /FileSystem shared.*fail|InternalFailure/, "up"),
  files("killed while it is made", { aws: ["efs CreateFileSystem none delay=3"], killAt: creating }, creating, "up"),
  files("killed while it is made, then removal", { aws: ["efs CreateFileSystem none delay=3"], killAt: creating }, creating, "destroy"),
  files("no right for its mount targets", { aws: ["efs CreateMountTarget UnauthorizedOperation"] }, /MountTarget/, "destroy"),
  files("killed while its mount targets are made", { killAt: /MountTarget shared-\S+ creating/ }, /MountTarget/, "destroy"),
];
