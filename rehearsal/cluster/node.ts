import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
  statfsSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ensureEmulation } from "../machine/binfmt";
import { ensureCgroups, removeContainerCgroups } from "../machine/cgroups";
import { run } from "../machine/exec";
import { addNodeAddress, podMtu, removeNodeNetwork } from "../machine/network";
import { network, places } from "../machine/places";
import { runningPid, stop } from "../machine/process";
import { startAndWait } from "../machine/programs";
import { ApiError, api } from "./api";
import { architectureLabel } from "./architecture-policy";
import { baseRuntimeSpec, cniConfig, containerdConfig, kubeletConfig, registryHosts } from "./node-config";
import { ensureNodeCertificate } from "./pki";
import { ensureProxy, leaveNode, stopProxy } from "./proxy";

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
}

export interface NodeOptions {
  /** Name of the Node object. */
  readonly name: string;
  /** Chooses the node's address and its pods' subnet. @default the lowest free one, from 1 */
  readonly index?: number;
  /** What the node stands for: images of this architecture run on it, under emulation if need be. */
  readonly architecture: "amd64" | "arm64";
  readonly labels: Readonly<Record<string, string>>;
  /** @default none */
  readonly taints?: readonly Taint[];
  /** As a cloud provider would set it, e.g. `aws:///eu-west-3b/i-0123456789abcdef0`. @default none */
  readonly providerId?: string;
}

/** A node that was started and not stopped, whether its programs live or not. */
export interface NodeRecord extends NodeOptions {
  readonly index: number;
  readonly address: string;
  /** Whether kubelet and containerd run. */
  readonly running: boolean;
}

interface NodeObject {
  readonly metadata: { readonly labels?: Record<string, string> };
  readonly status?: {
    readonly nodeInfo?: { readonly architecture?: string };
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

const nodesFolder = join(places.run, "node");
const folderOf = (index: number) => join(nodesFolder, String(index));
const recordOf = (index: number) => join(folderOf(index), "node.json");
const containerd = (index: number) => `containerd-${index}`;
const kubelet = (index: number) => `kubelet-${index}`;
const isMissing = (error: unknown) => error instanceof ApiError && error.status === 404;

/** All nodes that were started and not stopped, by index. */
export function listNodes(): NodeRecord[] {
  return indexes().flatMap((index) => {
    if (!existsSync(recordOf(index))) return [];
    const options: NodeOptions = JSON.parse(readFileSync(recordOf(index), "utf8"));
    const running = [containerd(index), kubelet(index)].every((name) => runningPid(name) !== undefined);
    return [{ ...options, index, address: network.nodeAddress(index), running }];
  });
}

function indexes(): number[] {
  if (!existsSync(nodesFolder)) return [];
  return readdirSync(nodesFolder)
    .map(Number)
    .filter((index) => index > 0)
    .sort((a, b) => a - b);
}

/** Takes an index by making its folder, which only one process can. */
function takeIndex(wanted: number | undefined): number {
  mkdirSync(nodesFolder, { recursive: true });
  for (let index = wanted ?? 1; index < 200; index++) {
    try {
      mkdirSync(folderOf(index), { mode: 0o711 });
      return index;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      if (wanted !== undefined) throw new Error(`node ${wanted} exists already; leave \`index\` out to get a free one`);
    }
  }
  throw new Error("no free address for another node");
}

/**
 * Starts a node: containerd, kubelet, and kube-proxy with the first one. Returns when its Node is Ready and says the wanted
 * architecture. A node of this name that was started before is brought up again, as it was.
 */
export async function startNode(options: NodeOptions): Promise<NodeRecord> {
  const { name, architecture } = options;
  const index = listNodes().find((node) => node.name === name)?.index ?? takeIndex(options.index);
  const folder = folderOf(index);
  writeFileSync(`${recordOf(index)}.new`, JSON.stringify({ ...options, index }, null, 1));
  renameSync(`${recordOf(index)}.new`, recordOf(index));
  if (architecture === "arm64") await ensureEmulation();
  ensureCgroups();
  await addNodeAddress(index);
  await ensureNodeCertificate(name, network.nodeAddress(index), folder);
  await configure(options, index, folder);
  await register(options);
  await startContainerd(index, folder, architecture);
  await startAndWait(kubeletProgram(name, index, folder), 120, async () => {
    const node = await api<NodeObject>("GET", `/api/v1/nodes/${name}`);
    const ready = node.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
    const architectures = [node.metadata.labels?.["kubernetes.io/arch"], node.status?.nodeInfo?.architecture];
    return ready && architectures.every((seen) => seen === architecture);
  });
  await ensureProxy(name);
  return { ...options, index, address: network.nodeAddress(index), running: true };
}

async function configure({ providerId }: NodeOptions, index: number, folder: string): Promise<void> {
  const write = (name: string, content: string | object) =>
    writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content, null, 1));
  for (const part of ["cni", "registries", "kubelet"]) mkdirSync(join(folder, part), { recursive: true });
  write("containerd.toml", containerdConfig(folder, snapshotter()));
  write("runtime-spec.json", baseRuntimeSpec());
  for (const [host, toml] of Object.entries(registryHosts())) {
    mkdirSync(join(folder, "registries", host), { recursive: true });
    write(join("registries", host, "hosts.toml"), toml);
  }
  write("cni/10-rehearsal.conflist", cniConfig(index, folder, await podMtu()));
  write("kubelet.json", kubeletConfig(index, folder, providerId, resolvConf()));
}

/** The kernel refuses an overlay on top of an overlay, so a machine that is a container itself gets plain copies. */
function snapshotter(): string {
  const overlayMagic = 0x794c7630;
  return statfsSync(places.run).type === overlayMagic ? "native" : "overlayfs";
}

/** The machine's resolver, as pods can use it: a stub on loopback (systemd-resolved) cannot be reached from them. */
function resolvConf(): string {
  const behindStub = "/run/systemd/resolve/resolv.conf";
  const servers = (existsSync("/etc/resolv.conf") ? readFileSync("/etc/resolv.conf", "utf8") : "").match(/^nameserver .*$/gm) ?? [];
  return servers.every((line) => line.startsWith("nameserver 127.")) && existsSync(behindStub) ? behindStub : "/etc/resolv.conf";
}

/** Makes the Node object before the kubelet does, because a kubelet may not give itself labels such as node-role.kubernetes.io/worker. */
async function register({ name, architecture, labels, taints = [], providerId }: NodeOptions): Promise<void> {
  const metadata = {
    name,
    labels: {
      "kubernetes.io/os": "linux",
      "beta.kubernetes.io/os": "linux",
      "kubernetes.io/hostname": name,
      ...labels,
      [architectureLabel]: architecture,
    },
  };
  try {
    await api("POST", "/api/v1/nodes", { apiVersion: "v1", kind: "Node", metadata, spec: { providerID: providerId, taints } });
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 409)) throw error;
    await api("PATCH", `/api/v1/nodes/${name}`, { metadata });
  }
}

async function startContainerd(index: number, folder: string, architecture: string): Promise<void> {
  if (runningPid(containerd(index)) === undefined && shims(folder).length === 0) {
    // Left by a machine that went down: with no shim alive there is nothing in it to take up.
    await unmountBelow(join(folder, "state"));
    rmSync(join(folder, "state"), { recursive: true, force: true });
  }
  const socket = join(folder, "containerd.sock");
  await startAndWait(
    {
      name: containerd(index),
      command: [join(places.bin, "containerd"), `--config=${join(folder, "containerd.toml")}`],
      environment: { CONTAINERD_ARCH: architecture, PATH: `${places.bin}:/usr/sbin:/usr/bin:/sbin:/bin` },
    },
    60,
    () => connects(socket),
  );
}

async function connects(socket: string): Promise<boolean> {
  const { connect } = await import("node:net");
  return new Promise((resolve) => {
    const connection = connect(socket, () => {
      connection.destroy();
      resolve(true);
    });
    connection.on("error", () => resolve(false));
  });
}

function kubeletProgram(name: string, index: number, folder: string) {
  return {
    name: kubelet(index),
    command: [
      join(places.bin, "kubelet"),
      `--config=${join(folder, "kubelet.json")}`,
      `--kubeconfig=${join(folder, "kubelet.kubeconfig")}`,
      `--root-dir=${join(folder, "kubelet")}`,
      `--cert-dir=${join(folder, "kubelet", "pki")}`,
      `--hostname-override=${name}`,
      `--node-ip=${network.nodeAddress(index)}`,
    ],
    environment: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
  } as const;
}

/**
 * Ends a node and everything on it, without grace for its pods, and removes its data. Does nothing for an unknown name.
 *
 * @param options.deleteObject also deletes the Node object. @default false
 */
export async function stopNode(name: string, { deleteObject = false }: { deleteObject?: boolean } = {}): Promise<void> {
  const nodes = listNodes();
  for (const { index } of nodes.filter((node) => node.name === name)) await clear(index, name);
  if (deleteObject) {
    await api("DELETE", `/api/v1/nodes/${name}`).catch((error) => {
      if (!isMissing(error)) throw error;
    });
  }
}

/** Ends all nodes, also half-made ones; the Node objects stay, as the control plane goes next. */
export async function stopAllNodes(): Promise<void> {
  await stopProxy();
  await Promise.all(indexes().map((index) => clear(index, undefined)));
  removeDevicePluginFolder();
}

async function clear(index: number, name: string | undefined): Promise<void> {
  const folder = folderOf(index);
  await stop(kubelet(index));
  if (name !== undefined) await leaveNode(name, () => listNodes().find((node) => node.index !== index && node.running)?.name);
  const containers = await killContainers(folder);
  await stop(containerd(index));
  await removeContainerCgroups(containers);
  await unmountBelow(folder);
  removeLogLinks(folder);
  removeCniResults(index);
  await removeNodeNetwork(index);
  rmSync(folder, { recursive: true, force: true });
}

interface Shim {
  readonly pid: number;
  readonly id: string;
}

/** The shims of this node's containerd: they outlive it, and are known by its socket. */
function shims(folder: string): Shim[] {
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
async function killContainers(folder: string): Promise<string[]> {
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
function removeLogLinks(folder: string): void {
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
function removeCniResults(index: number): void {
  const results = "/var/lib/cni/results";
  if (!existsSync(results)) return;
  const names = readdirSync(results);
  // <network>-<pod sandbox>-<interface>; the loopback's network is called the same on every node.
  const own = names.filter((name) => name.startsWith(`${network.nodeBridge(index)}-`)).map((name) => name.split("-")[1] ?? "");
  for (const name of names) if (own.some((sandbox) => sandbox !== "" && name.includes(sandbox))) rmSync(join(results, name));
  removeIfEmpty(results, "/var/lib/cni");
}

/** The kubelet's folder for device plugins is fixed too (kubernetes: pkg/kubelet/cm/devicemanager). */
function removeDevicePluginFolder(): void {
  const folder = "/var/lib/kubelet/device-plugins";
  for (const name of ["kubelet.sock", "kubelet_internal_checkpoint"]) rmSync(join(folder, name), { force: true });
  removeIfEmpty(folder, "/var/lib/kubelet");
}

function removeIfEmpty(...folders: readonly string[]): void {
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

async function unmountBelow(folder: string): Promise<void> {
  for (const point of mountsBelow(readFileSync("/proc/self/mountinfo", "utf8"), folder)) {
    await run(["umount", point]).catch(() => run(["umount", "--lazy", point]));
  }
}
