import { InstallDirectory } from "./create-cluster/install-directory";
import { runInstaller } from "./create-cluster/installer";

/**
 * The program `openshift-install` of the rehearsal: the product's own for everything, except that the infrastructure part of
 * `create cluster` and `destroy bootstrap` are a stand-in (create-cluster/), and that the machines which `destroy cluster`
 * terminates are processes here.
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
  /** What cobra says about the first flag that it does not take. */
  readonly refusal?: string;
}

/** Flags with a value, of all commands: newRootCmd in cmd/openshift-install/main.go. */
const valueFlags = ["dir", "log-level"];
/** The one flag of `create cluster` alone (create.go); no other command of the stand-in takes it. */
const passwordFlag = "skip-password-print";
/** What Go's strconv.ParseBool takes. */
const booleans: Readonly<Record<string, boolean>> = Object.fromEntries([
  ...["1", "t", "T", "true", "TRUE", "True"].map((text) => [text, true]),
  ...["0", "f", "F", "false", "FALSE", "False"].map((text) => [text, false]),
]);

/** Reads a command line as cobra reads it for `create cluster`, `destroy cluster` and `destroy bootstrap`, and refuses in its words. Pure. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const words: string[] = [];
  const values: Record<string, string> = { dir: ".", "log-level": "info" };
  const set: Record<string, boolean> = { [passwordFlag]: false, help: false };
  let refusal: string | undefined;
  const refuse = (text: string) => {
    refusal ??= text;
  };
  for (let index = 0; index < args.length; index++) {
    const argument = args[index] ?? "";
    if (argument === "--") {
      words.push(...args.slice(index + 1));
      break;
    }
    const [, name, inline] = /^--([^=]+)(?:=(.*))?$/s.exec(argument) ?? [];
    if (name === undefined) {
      if (argument === "-h") set.help = true;
      else if (argument.startsWith("-") && argument !== "-") refuse(`unknown shorthand flag: '${argument[1]}' in ${argument}`);
      else words.push(argument);
    } else if (valueFlags.includes(name)) {
      const value = inline ?? args[++index];
      if (value === undefined) refuse(`flag needs an argument: --${name}`);
      else values[name] = value;
    } else if (name in set) {
      const value = booleans[inline ?? "true"];
      if (value === undefined) {
        const text = JSON.stringify(inline);
        refuse(`invalid argument ${text} for "--${name}" flag: strconv.ParseBool: parsing ${text}: invalid syntax`);
      } else set[name] = value;
    } else refuse(`unknown flag: --${name}`);
  }
  if (set[passwordFlag] && words.join(" ") !== "create cluster") refuse(`unknown flag: --${passwordFlag}`);
  return {
    words,
    directory: values.dir ?? "",
    logLevel: values["log-level"] ?? "",
    skipPasswordPrint: set[passwordFlag] ?? false,
    help: set.help ?? false,
    ...(refusal === undefined ? {} : { refusal }),
  };
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
  const line = parseCommandLine(args);
  const command = line.words.join(" ");
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
