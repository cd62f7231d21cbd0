import { existsSync, readdirSync, readFileSync, readlinkSync, rmdirSync, rmSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../machine/exec";
import { network } from "../machine/places";

interface Shim {
  readonly pid: number;
  readonly id: string;
}

/** The shims of this node's containerd: they outlive it, and are known by its socket. */
export function shims(folder: string): Shim[] {
  const socket = join(folder, "containerd.sock");
  return processes().flatMap(({ pid, command }) => {
    const option = (name: string) => command[command.indexOf(name) + 1];
    if (!command[0]?.endsWith("containerd-shim-runc-v2") || option("-address") !== socket) return [];
    return [{ pid, id: option("-id") ?? "" }];
  });
}

interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly command: readonly string[];
}

function processes(): ProcessEntry[] {
  return readdirSync("/proc").flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
      const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
      return [{ pid: Number(entry), parent, command: readFileSync(`/proc/${entry}/cmdline`, "utf8").split("\0") }];
    } catch {
      return []; // It ended meanwhile.
    }
  });
}

/** Kills all containers of a node with their shims and removes what they leave in /run. Returns the ids of the containers. */
export async function killContainers(folder: string): Promise<string[]> {
  const ids = new Set<string>();
  const deadline = Date.now() + 30_000;
  for (let alive = shims(folder); alive.length > 0; alive = shims(folder)) {
    if (Date.now() > deadline) throw new Error(`containers of ${folder} do not end: shims ${alive.map(({ pid }) => pid).join(", ")}`);
    const all = processes();
    const doomed = alive.map(({ pid }) => pid);
    for (const pid of doomed) doomed.push(...all.filter(({ parent }) => parent === pid).map((child) => child.pid));
    // Children first: what a dead shim leaves behind would go to the machine's init, and be found no more.
    for (const pid of doomed.reverse()) kill(pid);
    await sleep(100);
  }
  const tasks = join(folder, "state", "io.containerd.runtime.v2.task", "k8s.io");
  for (const id of existsSync(tasks) ? readdirSync(tasks) : []) {
    ids.add(id);
    removeShimSocket(join(tasks, id));
  }
  for (const id of existsSync(join(folder, "runc", "k8s.io")) ? readdirSync(join(folder, "runc", "k8s.io")) : []) ids.add(id);
  return [...ids];
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended meanwhile.
  }
}

/** A shim's socket lies in /run/containerd/s whatever the configuration says (containerd: pkg/shim/util_unix.go). */
function removeShimSocket(bundle: string): void {
  try {
    const { address } = JSON.parse(readFileSync(join(bundle, "bootstrap.json"), "utf8")) as { address: string };
    rmSync(address.replace(/^unix:\/\//, ""), { force: true });
  } catch {
    // It ended before it had one.
  }
  removeIfEmpty("/run/containerd/s", "/run/containerd");
}

/** The kubelet links every log from a fixed folder (kubernetes: pkg/kubelet/kuberuntime/legacy.go). */
export function removeLogLinks(folder: string): void {
  const links = "/var/log/containers";
  if (!existsSync(links)) return;
  for (const name of readdirSync(links)) {
    const link = join(links, name);
    try {
      if (readlinkSync(link).startsWith(`${folder}/`)) unlinkSync(link);
    } catch {
      // Not a link: not ours.
    }
  }
  removeIfEmpty(links);
}

/** libcni keeps each pod's result in a fixed folder; those of pods that were killed stay. */
export function removeCniResults(index: number): void {
  const results = "/var/lib/cni/results";
  if (!existsSync(results)) return;
  const names = readdirSync(results);
  // <network>-<pod sandbox>-<interface>; the loopback's network is called the same on every node.
  const own = names.filter((name) => name.startsWith(`${network.nodeBridge(index)}-`)).map((name) => name.split("-")[1] ?? "");
  for (const name of names) if (own.some((sandbox) => sandbox !== "" && name.includes(sandbox))) rmSync(join(results, name));
  removeIfEmpty(results, "/var/lib/cni");
}

/** The kubelet's folder for device plugins is fixed too (kubernetes: pkg/kubelet/cm/devicemanager). */
export function removeDevicePluginFolder(): void {
  const folder = "/var/lib/kubelet/device-plugins";
  for (const name of ["kubelet.sock", "kubelet_internal_checkpoint"]) rmSync(join(folder, name), { force: true });
  removeIfEmpty(folder, "/var/lib/kubelet");
}

export function removeIfEmpty(...folders: readonly string[]): void {
  try {
    for (const folder of folders) rmdirSync(folder);
  } catch {
    // Not there, or holds things of others.
  }
}

/** Mount points in `folder`, the newest first, as /proc/self/mountinfo lists them. Pure. */
export function mountsBelow(mountinfo: string, folder: string): string[] {
  return mountinfo
    .split("\n")
    .map((line) => (line.split(" ")[4] ?? "").replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))))
    .filter((point) => point === folder || point.startsWith(`${folder}/`))
    .reverse();
}

export async function unmountBelow(folder: string): Promise<void> {
  for (const point of mountsBelow(readFileSync("/proc/self/mountinfo", "utf8"), folder)) {
    await run(["umount", point]).catch(() => run(["umount", "--lazy", point]));
  }
}
