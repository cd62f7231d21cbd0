// Deletes the access points and the mount targets of a file system, its first argument, and waits until they are gone; with the id of a subnet as the
// second, only the mount target there. In: see aws-client.ts.
import { setTimeout as sleep } from "node:timers/promises";
import { DeleteAccessPointCommand, DeleteMountTargetCommand, EFSClient } from "@aws-sdk/client-efs";
import { Asking } from "../leftovers/asking";
import { accessPointsOf, mountTargetsOf } from "../leftovers/file-systems";
import { emptyMinutes } from "../limits";
import { clientSettings } from "./aws-client";
import { main } from "./program";

main(async () => {
  const [, , fileSystem, subnet] = process.argv;
  if (!fileSystem) throw new Error("empty.ts needs the id of a file system");
  const client = new EFSClient(clientSettings("elasticfilesystem", "efs"));
  const asking = new Asking();
  const say = (text: string) => process.stderr.write(`${text}\n`);
  const end = Date.now() + emptyMinutes * 60_000;
  const told = new Set<string>();
  const once = async (state: string | undefined, what: string, action: string, remove: () => Promise<unknown>) => {
    // One that is being made lasts until it is there.
    if (state === "deleting" || state === "creating" || told.has(what)) return;
    told.add(what);
    say(`deleting ${what}`);
    await asking.ask(action, remove, undefined);
  };
  for (;;) {
    const points = subnet ? [] : await accessPointsOf(client, asking, fileSystem);
    const targets = (await mountTargetsOf(client, asking, fileSystem)).filter(({ SubnetId }) => !subnet || SubnetId === subnet);
    // In each round: a pipeline that runs may have had one made meanwhile.
    for (const { LifeCycleState, AccessPointId } of points)
      await once(LifeCycleState, `the access point ${AccessPointId}`, "elasticfilesystem:DeleteAccessPoint", () =>
        client.send(new DeleteAccessPointCommand({ AccessPointId })),
      );
    for (const { LifeCycleState, MountTargetId } of targets)
      await once(LifeCycleState, `the mount target ${MountTargetId}`, "elasticfilesystem:DeleteMountTarget", () =>
        client.send(new DeleteMountTargetCommand({ MountTargetId })),
      );
    if (asking.refused.size > 0) {
      say(
        `Warning: whatever is left of ${fileSystem} stays, as the credentials have no right to ask for it or to delete it: ${[...asking.refused].sort().join(", ")}`,
      );
      return "";
    }
    const left = [...points.map(({ AccessPointId }) => AccessPointId), ...targets.map(({ MountTargetId }) => MountTargetId)];
    if (left.length === 0) return "";
    if (Date.now() > end) throw new Error(`${left.join(", ")} of ${fileSystem} are still there after ${emptyMinutes} minutes`);
    await sleep(2000);
  }
});
