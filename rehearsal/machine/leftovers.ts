import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "./exec";
import { network, places } from "./places";
import { bootId, programMarker, recordedPrograms } from "./process";
import { say } from "./progress";

/** A process that belongs to the running environment. */
export interface OwnProcess {
  readonly pid: number;
  readonly command: string;
  /** Recorded program in whose session it runs; undefined for containers and their shims. */
  readonly program?: string;
}

const read = (file: string): string | undefined => {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
};

/** Session leaders of the programs recorded on this boot, living or dead: pid -> name. */
function sessions(): Map<number, string> {
  const found = new Map<number, string>();
  for (const name of recordedPrograms()) {
    try {
      const record = JSON.parse(readFileSync(`${places.pids}/${name}.json`, "utf8"));
      if (record.boot === bootId()) found.set(record.pid, name);
    } catch {
      // A record that was cut off while it was written names nobody.
    }
  }
  return found;
}

/**
 * All processes of the environment, whoever their parents are by now: those in the sessions of recorded programs, those that
 * write our logs, those whose executable is one of the toolchain's (kubelets, shims), those that one of our programs started, and
 * everything in a container whose root file system lies in our folder. The caller and its ancestors never count.
 */
export function ownProcesses(): OwnProcess[] {
  const ancestors = new Set<number>();
  for (let pid = process.pid; pid > 1; ) {
    ancestors.add(pid);
    const stat = read(`/proc/${pid}/stat`);
    pid = stat ? Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]) : 0;
  }
  const leaders = sessions();
  const found: OwnProcess[] = [];
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || ancestors.has(pid)) continue;
    const stat = read(`/proc/${pid}/stat`);
    if (!stat) continue;
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z") continue;
    const command = (read(`/proc/${pid}/cmdline`) ?? "").split("\0").join(" ").trim();
    const program = leaders.get(Number(fields[3]));
    if (program !== undefined || isOurs(pid)) found.push({ pid, command, ...(program === undefined ? {} : { program }) });
  }
  return found;
}

/** Set for `pulumi` when it is run by this program, so that what it started can be told when it was killed. */
export const updateMarker = "OPENSHIFT_MULTIARCH_UPDATE";

/** pulumi, its plugins and their commands, left by a rehearsal that was killed; long-lived programs that they started are not among them. */
function updateProcesses(): OwnProcess[] {
  const own = new Set(ownProcesses().map(({ pid }) => pid));
  return readdirSync("/proc").flatMap((entry) => {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid || own.has(pid)) return [];
    if (!read(`/proc/${pid}/environ`)?.includes(`${updateMarker}=`)) return [];
    return [{ pid, command: (read(`/proc/${pid}/cmdline`) ?? "").split("\0").join(" ").trim() }];
  });
}

/**
 * Ends an update whose rehearsal was killed. pulumi is interrupted first, as by Ctrl-C, so that its state is complete.
 *
 * @param patience seconds that pulumi gets.
 */
export async function endOrphanedUpdate(patience: number): Promise<void> {
  const ending = [
    { signal: "SIGINT", seconds: patience, only: /^(\S*\/)?pulumi / },
    // The installer removes what it has half made when it is told to end; stages wait a minute for it.
    { signal: "SIGTERM", seconds: Math.min(patience, 70), only: /./ },
    { signal: "SIGKILL", seconds: 10, only: /./ },
  ] as const;
  for (const { signal, seconds: wait, only } of ending) {
    const present = () => updateProcesses().filter(({ command }) => only.test(command));
    const found = present();
    if (found.length === 0) continue;
    say(`An update of an earlier command is still at work (${found.length} processes): ending it first (${signal}).`);
    for (const { pid } of found) {
      try {
        process.kill(pid, signal);
      } catch {
        // It ended meanwhile.
      }
    }
    for (const deadline = Date.now() + wait * 1000; present().length > 0 && Date.now() < deadline; ) await sleep(200);
  }
}

/** What one of our programs started has its environment; a user's own `git log` or `node` that looks at our files does not. */
const startedByOurs = (pid: number) => read(`/proc/${pid}/environ`)?.split("\0").includes(`${programMarker}=${places.run}`) === true;

function isOurs(pid: number): boolean {
  let executable = "";
  try {
    executable = readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, "");
  } catch {
    return false;
  }
  if (executable.startsWith(`${places.cache}/toolchain/`) || executable.startsWith(`${places.cache}/bin/`)) return isLongLived(executable);
  if (writesOurLog(pid)) return true;
  if (startedByOurs(pid)) return true;
  const root = read(`/proc/${pid}/mountinfo`)
    ?.split("\n")
    .find((line) => line.split(" ")[4] === "/");
  return root?.includes(`upperdir=${places.run}/`) === true;
}

/** Children of our programs keep the log as stdout or stderr, whatever they call themselves (nginx' workers show no path). */
function writesOurLog(pid: number): boolean {
  return [1, 2].some((descriptor) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${descriptor}`).startsWith(`${places.logs}/`);
    } catch {
      return false;
    }
  });
}

/** A user's own kubectl or pulumi is not the environment's to end. */
const isLongLived = (executable: string) => !/\/(kubectl|oc|pulumi[^/]*|openshift-install)$/.test(executable);

/** Mount points below the running environment's folder, and of the EFS CSI driver's controller, innermost first. */
export const ownMounts = (): string[] => parseMounts(read("/proc/self/mountinfo") ?? "");

/** The pure part of `ownMounts`. The driver of a cluster that is none of ours mounts in the same folder, by NFS. */
export function parseMounts(mountinfo: string): string[] {
  return mountinfo
    .split("\n")
    .map((line) => ({
      point: (line.split(" ")[4] ?? "").replace(/\\040/g, " "),
      type: / - (\S+)/.exec(line)?.[1],
    }))
    .filter(({ point, type }) => point.startsWith(`${places.run}/`) || (type === "fuse.efs" && point.startsWith("/var/lib/csi/pv/fsap-")))
    .map(({ point }) => point)
    .reverse();
}

export const isOurBridge = (name: string) => name === network.bridge || /^omarch\d+$/.test(name);

/** Bridges of the environment, and the pods' ends that hang on them. */
export function ownLinks(): string[] {
  const folder = "/sys/class/net";
  const master = (name: string) => {
    try {
      return basename(readlinkSync(`${folder}/${name}/master`));
    } catch {
      return "";
    }
  };
  return readdirSync(folder).filter((name) => isOurBridge(name) || isOurBridge(master(name)));
}

/** Network namespaces that containerd made for our pods: those with an address of the pods' subnets. */
export async function ownNamespaces(): Promise<string[]> {
  const prefix = network.podSubnets.split(".").slice(0, 2).join(".");
  const found: string[] = [];
  let names: string[] = [];
  try {
    names = readdirSync("/run/netns").filter((name) => name.startsWith("cni-"));
  } catch {
    return found;
  }
  for (const name of names) {
    const path = `/run/netns/${name}`;
    const addresses = await run(["nsenter", `--net=${path}`, "ip", "-4", "-oneline", "address", "show"]).catch(() => "");
    // A namespace file that cannot be entered is a mount that a killed containerd left half made.
    if (addresses.includes(` ${prefix}.`) || addresses === "") found.push(path);
  }
  return found;
}

/** Firewall tables that kube-proxy made ("ip kube-proxy"); none when nft is not installed. */
export async function ownTables(): Promise<string[]> {
  const tables = await run(["nft", "list", "tables"]).catch(() => "");
  return tables
    .split("\n")
    .map((line) => line.replace(/^table /, "").trim())
    .filter((table) => /^(ip|ip6|inet) (kube-proxy|openshift-multiarch\S*|omarch\S*)$/.test(table));
}

/**
 * Rules that the CNI plugins put into the firewall for our pods and that no CNI DEL took away, as arguments of `iptables`.
 * Chains are named by a hash, so they are found through the rules that mention our pods' subnets or bridges.
 */
export async function ownRules(): Promise<{ rules: string[][]; chains: string[] }> {
  const saved = await run(["iptables-save", "-t", "nat"]).catch(() => "");
  return parseRules(saved);
}

/** The pure part of `ownRules`: from what `iptables-save -t nat` prints. */
export function parseRules(saved: string): { rules: string[][]; chains: string[] } {
  const prefix = network.podSubnets.split(".").slice(0, 2).join("\\.");
  const ours = new RegExp(`\\b${prefix}\\.\\d+\\.\\d+|\\bomarch\\d+\\b`);
  const lines = saved.split("\n").filter((line) => line.startsWith("-A "));
  const chains = new Set<string>();
  for (const line of lines) {
    const chain = line.split(" ")[1] ?? "";
    const target = / -j (CNI-\S+)/.exec(line)?.[1];
    if (!ours.test(line)) continue;
    if (chain.startsWith("CNI-") && !chain.startsWith("CNI-HOSTPORT-M") && !chain.startsWith("CNI-HOSTPORT-S")) chains.add(chain);
    if (target?.startsWith("CNI-") && !target.startsWith("CNI-HOSTPORT-M") && !target.startsWith("CNI-HOSTPORT-S")) chains.add(target);
  }
  const rules = lines
    .filter((line) => {
      const chain = line.split(" ")[1] ?? "";
      const target = / -j (\S+)/.exec(line)?.[1] ?? "";
      return !chains.has(chain) && (chains.has(target) || ours.test(line));
    })
    .map((line) => (line.match(/"(?:\\.|[^"\\])*"|\S+/g) ?? []).map((word) => word.replace(/^"|"$/g, "").replaceAll('\\"', '"')));
  return { rules, chains: [...chains] };
}

/** Everything of the environment that is still there, in words; empty when nothing is. */
export async function leftovers(): Promise<string[]> {
  const { rules, chains } = await ownRules();
  return [
    ...ownProcesses().map(({ pid, command }) => `process ${pid}: ${command.slice(0, 120)}`),
    ...ownMounts().map((point) => `mount ${point}`),
    ...(await ownNamespaces()).map((path) => `network namespace ${path}`),
    ...ownLinks().map((link) => `network device ${link}`),
    ...(await ownTables()).map((table) => `firewall table ${table}`),
    ...rules.map((rule) => `firewall rule ${rule.join(" ")}`),
    ...chains.map((chain) => `firewall chain ${chain}`),
  ];
}
