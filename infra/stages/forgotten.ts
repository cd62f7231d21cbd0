// Deletes the file systems of the cluster INFRA_ID, its argument, that an update has made which was killed before the engine heard of them: those of the
// name that this program gives (../shared-file-system.ts) which nothing can be in, for want of mount targets and access points. In: see aws-client.ts.
import { DeleteFileSystemCommand, EFSClient, paginateDescribeFileSystems } from "@aws-sdk/client-efs";
import { Asking, tagOf } from "../leftovers/asking";
import { accessPointsOf } from "../leftovers/file-systems";
import { clientSettings } from "./aws-client";
import { main } from "./program";

main(async () => {
  const [, , infraId] = process.argv;
  if (!infraId) throw new Error("forgotten.ts needs an infra ID");
  const client = new EFSClient(clientSettings("elasticfilesystem", "efs"));
  // What there is no right to ask for is told by leftovers.ts.
  const asking = new Asking();
  const all = await asking.all(
    "elasticfilesystem:DescribeFileSystems",
    () => paginateDescribeFileSystems({ client }, {}),
    ({ FileSystems }) => FileSystems,
  );
  const unused = all.filter(
    ({ Tags, LifeCycleState, NumberOfMountTargets }) =>
      tagOf(Tags, "Name") === `${infraId}-shared` && LifeCycleState === "available" && NumberOfMountTargets === 0,
  );
  for (const { FileSystemId = "" } of unused) {
    const points = await accessPointsOf(client, asking, FileSystemId);
    if (points.length > 0 || asking.refused.size > 0) continue;
    process.stderr.write(
      `deleting the file system ${FileSystemId}, which is in no state and has neither a mount target nor an access point\n`,
    );
    await asking.ask("elasticfilesystem:DeleteFileSystem", () => client.send(new DeleteFileSystemCommand({ FileSystemId })), undefined);
  }
  return "";
});
