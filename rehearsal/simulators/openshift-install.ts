import { InstallDirectory } from "./create-cluster/install-directory";
import { runInstaller } from "./create-cluster/installer";

/**
 * The program `openshift-install` of the rehearsal: the product's own for everything, except that the infrastructure part of
 * `create cluster` is a stand-in (create-cluster/), and that the machines which `destroy cluster` terminates are processes here.
 */
export interface CommandLine {
  /** Words that are no flags and no values of flags: `["create", "cluster"]`. */
  readonly words: readonly string[];
  /** @default "." */
  readonly directory: string;
  /** @default "info" */
  readonly logLevel: string;
  readonly skipPasswordPrint: boolean;
  readonly help: boolean;
  /** The first flag that `create cluster` does not have, as it was written. */
  readonly unknown?: string;
}

/** Reads a command line as cobra reads it for `create cluster` and `destroy cluster`. Pure. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const words: string[] = [];
  let [directory, logLevel, skipPasswordPrint, help] = [".", "info", false, false];
  let unknown: string | undefined;
  for (let index = 0; index < args.length; index++) {
    const argument = args[index] ?? "";
    if (!argument.startsWith("-") || argument === "-") {
      words.push(argument);
      continue;
    }
    const [flag = "", inline] = argument.split(/=(.*)/s, 2);
    if (flag === "--dir" || flag === "--log-level") {
      const value = inline ?? args[++index] ?? "";
      if (flag === "--dir") directory = value;
      else logLevel = value;
    } else if (flag === "--skip-password-print") skipPasswordPrint = inline !== "false";
    else if (flag === "--help" || flag === "-h") help = true;
    else unknown ??= argument;
  }
  return { words, directory, logLevel, skipPasswordPrint, help, ...(unknown === undefined ? {} : { unknown }) };
}

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
  let removal: Promise<void> | undefined;
  const remove = () => {
    removal ??= removeRunningCluster();
    // The error is for the one who awaits it, below.
    removal.catch(() => {});
  };
  const code = await runInstaller(args, {
    rewrite: (line) => {
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
  const { words, directory, help } = parseCommandLine(args);
  const command = words.join(" ");
  // Most commands are handed over at once; what only these two need is loaded for them alone.
  if (!help && command === "create cluster") {
    const { createCluster } = require("./create-cluster") as typeof import("./create-cluster");
    return createCluster(parseCommandLine(args));
  }
  if (!help && command === "destroy cluster") return destroyCluster(args, directory);
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
