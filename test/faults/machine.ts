import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseDocument } from "yaml";
import { everything, seedAccount, startAws } from "../../rehearsal/aws";
import { removeRunningCluster } from "../../rehearsal/installer/create-cluster/running-cluster";
import { ensureNetwork } from "../../rehearsal/machine/network";
import { places } from "../../rehearsal/machine/places";
import { stop } from "../../rehearsal/machine/process";
import { installPlugins } from "../../rehearsal/plugins";
import { prepareStack } from "../../rehearsal/stack/configuration";
import { configFile } from "../../rehearsal/stack/environment";
import { recordedResources } from "../../rehearsal/stack/state";
import { linkPath } from "../../rehearsal/toolchain";
import { makeOtherAccount } from "./other-account";
import { up } from "./pulumi";

/** States in which a point can begin: an empty stack; a cluster with a name and nothing in AWS; one that is there, with its file system. */
export type Start = "nothing" | "named" | "whole";

const rules = join(places.home, "run", "faults");
const cache = join(places.run, "cache");
const kept = (start: Start) => join(places.run, "kept", start);

/** What AWS is to do wrong from now on; nothing without rules. See rehearsal/aws/faults.py. */
export function awsFaults(lines: readonly string[] = []): void {
  rmSync(`${rules}.fired`, { force: true });
  writeFileSync(`${rules}.new`, lines.join("\n"));
  renameSync(`${rules}.new`, rules);
}

/** Those of the rules that nothing has come of since `awsFaults`. */
export function withoutEffect(lines: readonly string[] = []): string[] {
  const fired = existsSync(`${rules}.fired`) ? readFileSync(`${rules}.fired`, "utf8").split("\n") : [];
  return lines.filter((line) => !fired.includes(line));
}

/** Programs, plugins, account and an empty stack, in the namespaces that enter.sh makes. */
export async function prepare(): Promise<void> {
  if (existsSync(configFile)) throw new Error(`${places.stack} is not empty: this runs by npm run test:faults alone`);
  process.env.EMULATOR_FAULTS = rules;
  process.env.EMULATOR_DELAY = "0";
  mkdirSync(join(places.run, "tmp"), { recursive: true });
  linkPath();
  await Promise.all([installPlugins(), ensureNetwork()]);
  await startAccount();
  await prepareStack();
  // Pulumi would refuse another account before the program's own checks do.
  const config = parseDocument(readFileSync(configFile, "utf8"));
  config.deleteIn(["config", "aws:allowedAccountIds"]);
  // None is tried here, and each is asked for before an install.
  config.deleteIn(["config", "openshift-multiarch:builds"]);
  writeFileSync(configFile, config.toString({ lineWidth: 0 }));
  keep("nothing");
}

async function startAccount(): Promise<void> {
  await startAws();
  await seedAccount();
  await makeOtherAccount();
}

function keep(start: Start): void {
  mkdirSync(kept(start), { recursive: true });
  for (const [name, folder] of [
    ["stack", places.stack],
    ["cache", cache],
  ] as const)
    if (existsSync(folder)) execFileSync("cp", ["-a", folder, join(kept(start), name)]);
}

function restore(start: Start): void {
  rmSync(cache, { recursive: true, force: true });
  // The folder itself is a mount.
  for (const entry of readdirSync(places.stack)) rmSync(join(places.stack, entry), { recursive: true, force: true });
  execFileSync("cp", ["-a", `${join(kept(start), "stack")}/.`, places.stack]);
  if (existsSync(join(kept(start), "cache"))) cpSync(join(kept(start), "cache"), cache, { recursive: true, preserveTimestamps: true });
}

/** Brings the machine into a state in which a point begins. */
export async function begin(start: Start): Promise<void> {
  if (!existsSync(kept("named")) && start !== "nothing") {
    restore("nothing");
    // It ends with an error: the engine does not leave out the cluster's provider, which comes of a stage that is not among these.
    const { output } = await up({}, [
      "OpenShiftCluster::cluster",
      ...["tools", "identity", "guard", "assets"].map((stage) => `::cluster-${stage}`),
    ]);
    if (!output.includes("cluster-assets created")) throw new Error(`no cluster got a name:\n${output}`);
    keep("named");
  }
  restore(start === "whole" ? "named" : start);
  if (start !== "whole") return;
  const { code, output } = await up();
  if (code !== 0) throw new Error(`there is no cluster to begin with:\n${output}`);
}

/** The stack goes on on another machine, which has its state and nothing else. */
export const moveToOtherMachine = (): void => rmSync(cache, { recursive: true, force: true });

/** Processes of stages and installers that nobody waits for any more, as command lines. */
export function orphans(): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
        return /infra\/stages\/|openshift-install/.test(line) ? [`${pid} ${line}`] : [];
      } catch {
        return [];
      }
    });
}

/** Waits until none is left. @returns seconds; or what still runs after `limit` seconds */
export async function untilNoOrphans(limit: number): Promise<number | string[]> {
  const started = Date.now();
  for (;;) {
    const left = orphans();
    const seconds = (Date.now() - started) / 1000;
    if (left.length === 0) return seconds;
    if (seconds > limit) return left;
    await sleep(200);
  }
}

/** What a point has left: in AWS, in the state and among the processes. */
export async function remains(): Promise<string[]> {
  const left = await untilNoOrphans(70);
  const resources = recordedResources();
  const folder = join(cache, "openshift-multiarch");
  // Of no cluster are the installer and the client; logs say why there is no cluster, and are kept on purpose.
  const files = (existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : [])
    .filter((entry) => entry.isFile() && entry.name !== "identity.log")
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
    .filter((name) => !/^(tools|logs)\//.test(name));
  return [
    ...(await everything()),
    ...(resources > 0 ? [`${resources} resources in the state`] : []),
    ...(Array.isArray(left) ? left.map((line) => `process ${line}`) : []),
    ...files.map((name) => `file ${name} of the machine`),
  ];
}

/** Empties what a command has left. @param start also the stack, which a point does by itself */
export async function wipe(start?: Start): Promise<void> {
  for (const line of orphans()) {
    try {
      process.kill(Number(line.split(" ")[0]), "SIGKILL");
    } catch {
      // It ended meanwhile.
    }
  }
  await removeRunningCluster();
  await stop("aws", 1);
  await startAccount();
  if (start !== undefined) restore(start);
}
