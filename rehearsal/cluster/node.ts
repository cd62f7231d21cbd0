import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureEmulation } from "../machine/binfmt";
import { ensureCgroups, removeContainerCgroups } from "../machine/cgroups";
import { addNodeAddress, podMtu, removeNodeNetwork } from "../machine/network";
import { network, places } from "../machine/places";
import { runningPid, stop } from "../machine/process";
import { frugal, startAndWait } from "../machine/programs";
import { ApiError, api, create } from "./api";
import { architectureLabel } from "./architecture-policy";
import { baseRuntimeSpec, cniConfig, containerdConfig, kubeletConfig, registryHosts } from "./node-config";
import { killContainers, removeCniResults, removeDevicePluginFolder, removeLogLinks, shims, unmountBelow } from "./node-remains";
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
/** Where a node keeps its own. */
export const nodeFolder = (index: number): string => join(nodesFolder, String(index));
const recordOf = (index: number) => join(nodeFolder(index), "node.json");
export const containerd = (index: number) => `containerd-${index}`;
export const kubelet = (index: number) => `kubelet-${index}`;
/** Name of the program that mounts EFS volumes on a node. */
export const nodePlugin = (index: number | ""): string => `efs-csi-node-${index}`;
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
      mkdirSync(nodeFolder(index), { mode: 0o711 });
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
  const folder = nodeFolder(index);
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
  write("kubelet.json", kubeletConfig(index, folder, providerId));
}

/** The kernel refuses an overlay on top of an overlay, so a machine that is a container itself gets plain copies. */
function snapshotter(): string {
  const overlayMagic = 0x794c7630;
  return statfsSync(places.run).type === overlayMagic ? "native" : "overlayfs";
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
  const created = await create("/api/v1/nodes", { apiVersion: "v1", kind: "Node", metadata, spec: { providerID: providerId, taints } });
  if (!created) await api("PATCH", `/api/v1/nodes/${name}`, { metadata });
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
      environment: { ...frugal, CONTAINERD_ARCH: architecture, PATH: `${places.bin}:/usr/sbin:/usr/bin:/sbin:/bin` },
    },
    60,
    () => connects(socket),
  );
}

/** Whether somebody listens on a Unix socket: one whose program was killed is still a file. */
export async function connects(socket: string): Promise<boolean> {
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
    environment: { ...frugal, PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
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
  const folder = nodeFolder(index);
  // The plugin second: as long as the kubelet runs, the operator would start it again.
  for (const program of [kubelet(index), nodePlugin(index)]) await stop(program);
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
