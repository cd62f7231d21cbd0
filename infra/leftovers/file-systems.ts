import {
  type AccessPointDescription,
  DescribeMountTargetsCommand,
  type EFSClient,
  type MountTargetDescription,
  paginateDescribeAccessPoints,
  paginateDescribeFileSystems,
} from "@aws-sdk/client-efs";
import { type Asking, cli, isOwned, type Leftover, tagOf } from "./asking";

/** Those that are not being deleted: EFS User Guide, `LifeCycleState`. */
export const staying = <T extends { readonly LifeCycleState?: string | undefined }>(things: readonly T[] | undefined): T[] =>
  (things ?? []).filter(({ LifeCycleState }) => LifeCycleState !== "deleted");

export const accessPointsOf = (client: EFSClient, asking: Asking, FileSystemId?: string): Promise<AccessPointDescription[]> =>
  asking.all(
    "elasticfilesystem:DescribeAccessPoints",
    () => paginateDescribeAccessPoints({ client }, { FileSystemId }),
    ({ AccessPoints }) => staying(AccessPoints),
  );

/** A file system has one in a zone at most: one answer has them all. */
export const mountTargetsOf = (client: EFSClient, asking: Asking, FileSystemId: string): Promise<MountTargetDescription[]> =>
  asking.ask(
    "elasticfilesystem:DescribeMountTargets",
    async () => staying((await client.send(new DescribeMountTargetsCommand({ FileSystemId }))).MountTargets),
    [],
  );

/**
 * File systems of a cluster, which have its tag or a name that begins with its infra ID, as this program's have; and access points, which
 * the CSI driver tags as the cluster's.
 */
export async function fileSystems(client: EFSClient, asking: Asking, region: string, infraId: string): Promise<Leftover[]> {
  const all = await asking.all(
    "elasticfilesystem:DescribeFileSystems",
    () => paginateDescribeFileSystems({ client }, {}),
    ({ FileSystems }) => staying(FileSystems),
  );
  const own = all.filter(({ Tags }) => isOwned(Tags, infraId) || tagOf(Tags, "Name")?.startsWith(`${infraId}-`));
  const points = await accessPointsOf(client, asking);
  const ids = new Set(own.map(({ FileSystemId }) => FileSystemId));
  const command = (operation: string, option: string, id = "") => cli("efs", operation, option, id, "--region", region);
  const isGoing = (state: string | undefined) => (state === "deleting" ? { going: state } : {});
  const found: Leftover[] = points
    .filter(({ FileSystemId, Tags }) => ids.has(FileSystemId) || isOwned(Tags, infraId))
    .map(({ AccessPointId: id = "", Name = "", LifeCycleState, FileSystemId = "" }) => ({
      kind: "access-point",
      id,
      name: Name || `of ${FileSystemId}`,
      ...isGoing(LifeCycleState),
      commands: [command("delete-access-point", "--access-point-id", id)],
    }));
  for (const { FileSystemId: id = "", Name: name = "", LifeCycleState, CreationTime, SizeInBytes } of own) {
    const targets = await mountTargetsOf(client, asking, id);
    for (const target of targets) {
      found.push({
        kind: "mount-target",
        id: target.MountTargetId ?? "",
        name: `of ${id}`,
        ...isGoing(target.LifeCycleState),
        commands: [command("delete-mount-target", "--mount-target-id", target.MountTargetId)],
      });
    }
    found.push({
      kind: "file-system",
      id,
      name,
      ...isGoing(LifeCycleState),
      made: CreationTime,
      size: (SizeInBytes?.Value ?? 0) / 2 ** 30,
      commands: [
        ...(targets.length > 0 ? [untilNone("mount-targets", "MountTargets", id, region)] : []),
        ...(points.some(({ FileSystemId }) => FileSystemId === id) ? [untilNone("access-points", "AccessPoints", id, region)] : []),
        command("delete-file-system", "--file-system-id", id),
      ],
    });
  }
  return found;
}

/** The AWS CLI has no `efs wait`. */
const untilNone = (things: string, key: string, id: string, region: string) =>
  `until [ "$(${cli("efs", `describe-${things}`, "--file-system-id", id, "--query", `length(${key})`, "--region", region)})" = 0 ]; do sleep 5; done`;
