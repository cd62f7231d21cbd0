import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stopCluster } from "../../cluster";
import { places } from "../../machine/places";

/** The one cluster that this machine can run. */
export interface RunningCluster {
  readonly infraId: string;
  readonly apiHost: string;
}

const record = join(places.run, "cluster.json");

/** The cluster that was started and not removed, whether its processes live or not. */
export function runningCluster(): RunningCluster | undefined {
  return existsSync(record) ? JSON.parse(readFileSync(record, "utf8")) : undefined;
}

/** To be called before the first process starts, so that whatever comes of it can be found and removed. */
export function recordCluster(cluster: RunningCluster): void {
  mkdirSync(places.run, { recursive: true });
  writeFileSync(`${record}.new`, JSON.stringify(cluster));
  renameSync(`${record}.new`, record);
}

/** Stops the cluster's processes and removes their data. The emulated account, the registry and the bridge stay. */
export async function removeRunningCluster(): Promise<void> {
  await stopCluster();
  for (const folder of ["cluster-policy-controller", "coredns", "etcd", "node", "volumes"])
    rmSync(join(places.run, folder), { recursive: true, force: true });
  // The emulator's certificates lie in the same folder.
  for (const entry of existsSync(places.pki) ? readdirSync(places.pki) : []) {
    if (entry !== "aws") rmSync(join(places.pki, entry), { recursive: true, force: true });
  }
  rmSync(record, { force: true });
}
