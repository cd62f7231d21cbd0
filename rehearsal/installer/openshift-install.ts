/**
 * The program `openshift-install` of the rehearsal: the product's own for everything, except that the infrastructure part of
 * `create cluster` and `destroy bootstrap` are a stand-in (create-cluster/), and that the machines which `destroy cluster`
 * terminates are processes here.
 */

import { parseCommandLine } from "./command-line";
import { InstallDirectory } from "./create-cluster/install-directory";
import { runInstaller } from "./create-cluster/installer";
import { faultAt } from "./faults";

/**
 * The real destruction. The cluster's machines end when the installer says that it has deleted something: it does not go on to
 * that before all instances are terminated (pkg/destroy/aws/aws.go).
 */
async function destroyCluster(args: readonly string[], directory: string): Promise<number> {
  const { removeRunningCluster, runningCluster } =
    require("./create-cluster/running-cluster") as typeof import("./create-cluster/running-cluster");
  const install = new InstallDirectory(directory);
  const infraId = install.has("metadata.json") ? install.metadata.infraID : undefined;
  const ours = infraId !== undefined && runningCluster()?.infraId === infraId;
  if (infraId !== undefined) {
    // The installer would delete it too, under a host name made of the bucket's and the emulator's, which is an address.
    const { leftoversOf, removeBucket } = require("./create-cluster/infrastructure") as typeof import("./create-cluster/infrastructure");
    await removeBucket(leftoversOf(install.metadata));
  }
  let removal: Promise<void> | undefined;
  const remove = () => {
    removal ??= removeRunningCluster();
    // The error is for the one who awaits it, below.
    removal.catch(() => {});
  };
  const killed = new AbortController();
  const code = await runInstaller(args, {
    killed: killed.signal,
    rewrite: (line) => {
      if (/msg=Deleted\b/.test(line)) void faultAt("destroy cluster: half", () => killed.abort());
      if (ours && /msg=(Deleted|Disassociated|Released)\b/.test(line)) remove();
      return line;
    },
  });
  if (code === 0 && ours) remove();
  await removal;
  return code;
}

async function main(): Promise<number> {
  const args = process.argv.slice(2);
  const line = parseCommandLine(args);
  const command = line.words.join(" ");
  if (!line.help) await faultAt(command);
  // Most commands are handed over at once; what only these need is loaded for them alone.
  if (!line.help && command === "create cluster") {
    const { createCluster } = require("./create-cluster") as typeof import("./create-cluster");
    return createCluster(line);
  }
  if (!line.help && command === "destroy bootstrap") {
    const { destroyBootstrap } = require("./create-cluster/bootstrap") as typeof import("./create-cluster/bootstrap");
    return destroyBootstrap(line);
  }
  if (!line.help && command === "destroy cluster") return destroyCluster(args, line.directory);
  return runInstaller(args);
}

if (require.main === module) {
  main().then(
    (code) => process.exit(code),
    (error) => {
      process.stderr.write(`level=fatal msg=${error instanceof Error ? error.message : error}\n`);
      process.exit(1);
    },
  );
}
