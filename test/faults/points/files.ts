import { of, type Point } from "../point";
import type { Faults } from "../pulumi";

const files = of("file system", "named", "up");
const creating = /aws:efs:FileSystem shared creating/;
/** EFS has made it, and Pulumi does not hear of it. */
const unheard: Faults = { aws: ["efs DescribeFileSystems none delay=5"], killAt: creating, killAfter: 3000 };

/** What goes wrong while the shared file system is made. */
export const fileSystem: readonly Point[] = [
  files("EFS answers 500", { aws: ["efs CreateFileSystem InternalFailure"] }, /FileSystem shared.*fail|InternalFailure/, "up"),
  files("killed while it is made", unheard, creating, "up"),
  files("killed while it is made, then removal", unheard, creating, "destroy"),
  files("no right for its mount targets", { aws: ["efs CreateMountTarget UnauthorizedOperation"] }, /MountTarget/, "destroy"),
  files("killed while its mount targets are made", { killAt: /MountTarget shared-\S+ creating/ }, /MountTarget/, "destroy"),
];
