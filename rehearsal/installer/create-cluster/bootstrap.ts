import { rmSync } from "node:fs";
import { join } from "node:path";
import type { CommandLine } from "../command-line";
import { leftoversOf, removeBootstrap } from "./infrastructure";
import { etcd, InstallDirectory } from "./install-directory";
import { InstallerLog, type Level, parseLevel } from "./log";

/** What cobra and logrus refuse before a command begins, as a line on stderr; undefined when there is nothing. Pure. */
export function refusalOf({ refusal, logLevel }: CommandLine): string | undefined {
  if (refusal !== undefined) return `level=fatal msg=Error executing openshift-install: ${refusal}\n`;
  if (parseLevel(logLevel) === undefined)
    return `level=fatal msg=invalid log-level: not a valid logrus Level: ${JSON.stringify(logLevel)}\n`;
  return undefined;
}

/** The stand-in for `openshift-install destroy bootstrap`. @returns the exit code. */
export async function destroyBootstrap(line: CommandLine): Promise<number> {
  const refusal = refusalOf(line);
  if (refusal !== undefined) {
    process.stderr.write(refusal);
    return 1;
  }
  const log = new InstallerLog(line.directory, parseLevel(line.logLevel) as Level);
  try {
    await removeBootstrapOf(new InstallDirectory(line.directory), log);
    return 0;
  } catch (error) {
    log.fatal(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

/**
 * Removes what a cluster has for its bootstrap only, as pkg/destroy/bootstrap does: what is to be removed is known to the local
 * control plane alone, whose data are in the directory, and which ends with this, also when it fails.
 */
export async function removeBootstrapOf(install: InstallDirectory, log: InstallerLog, fails = false): Promise<void> {
  if (!install.has("metadata.json")) throw new Error(`open ${join(install.path, "metadata.json")}: no such file or directory`);
  const leftovers = leftoversOf(install.metadata);
  const failed = "error destroying bootstrap resources failed during the destroy bootstrap hook:";
  if (!install.has(etcd)) {
    const resource = `awsclusters.infrastructure.cluster.x-k8s.io ${JSON.stringify(leftovers.infraId)} not found`;
    throw new Error(`${failed} failed to get AWSCluster: ${resource}`);
  }
  try {
    if (fails) throw new Error(`${failed} unable to remove bootstrap ssh rule: bootstrap ssh rule was not removed within 15m0s`);
    log.info(`Waiting up to 5m0s for bootstrap machine deletion openshift-cluster-api-guests/${leftovers.infraId}-bootstrap...`);
    await removeBootstrap(leftovers);
    log.info("Shutting down local Cluster API controllers...");
    log.info("Shutting down local Cluster API control plane...");
    log.info("Local Cluster API system has completed operations");
    log.info("Finished destroying bootstrap resources");
  } finally {
    rmSync(join(install.path, etcd), { recursive: true, force: true });
  }
}
