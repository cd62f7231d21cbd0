import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { totalmem } from "node:os";
import { dirname, join } from "node:path";
import { CommandError, lastLines, run } from "../machine/exec";
import { isOurBridge, ownProcesses } from "../machine/leftovers";
import { missingPackages, pythonReady } from "../machine/packages";
import { network, places, ports } from "../machine/places";
import { recordedPrograms, runningPid } from "../machine/process";
import { say, UserError } from "../machine/progress";
import { registryPrograms } from "../services/registry";
import { recordedResources } from "../stack/state";
import { components, neededCompiler } from "../toolchain";

const GiB = 2 ** 30;

/**
 * Checks, before anything is changed, that this machine can hold the environment.
 *
 * @throws UserError that lists everything that is wrong, each with what to do.
 */
export async function preflight(): Promise<void> {
  const toolchainReady = (await components()).every(({ ready }) => ready);
  const missing = await missingPackages();
  const running = recordedPrograms().some((name) => runningPid(name) !== undefined);
  const problems = (
    await Promise.all([
      disk(toolchainReady),
      running ? [] : memory(),
      cgroups(),
      binfmt(),
      addresses(),
      listeners(),
      compilerProblem(),
      registries({ go: !toolchainReady, debian: missing.length > 0, python: !pythonReady(), npm: recordedResources() === 0 }),
    ])
  ).flat();
  if (problems.length > 0)
    throw new UserError(`this machine cannot hold the rehearsal yet:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`);
}

function disk(toolchainReady: boolean): string[] {
  let folder = places.home;
  while (!existsSync(folder)) folder = dirname(folder);
  const { bavail, bsize } = statfsSync(folder);
  const [free, needed] = [(bavail * bsize) / GiB, toolchainReady ? 6 : 25];
  if (free >= needed) return [];
  return [
    `${needed} GiB of free disk are needed at ${folder}${toolchainReady ? "" : " (the toolchain is built first, and its build cache removed afterwards)"}; ` +
      `there are ${free.toFixed(1)}. Free some, or set OPENSHIFT_MULTIARCH_HOME to a folder on a larger disk`,
  ];
}

function memory(): string[] {
  const available = Number(/^MemAvailable:\s+(\d+) kB/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1] ?? 0) * 1024;
  const limit = memoryLimit();
  const free = Math.min(available, limit) / GiB;
  return free >= 6 ? [] : [`6 GiB of available memory are needed; there are ${free.toFixed(1)} of ${(totalmem() / GiB).toFixed(1)}`];
}

/** What a container that the rehearsal runs in may use, in bytes; without a limit more than any machine has. */
function memoryLimit(): number {
  for (const file of ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]) {
    if (!existsSync(file)) continue;
    const text = readFileSync(file, "utf8").trim();
    if (/^\d+$/.test(text)) return Number(text);
  }
  return Number.MAX_SAFE_INTEGER;
}

/** Containers need cgroups of their own, on either version. */
function cgroups(): string[] {
  const root = "/sys/fs/cgroup";
  const version2 = existsSync(join(root, "cgroup.controllers"));
  const wanted = version2 ? ["cpu", "memory", "pids"] : ["cpu", "cpuset", "devices", "freezer", "memory", "pids"];
  const offered = version2
    ? readFileSync(join(root, "cgroup.controllers"), "utf8").split(/\s+/)
    : existsSync(root)
      ? readdirSync(root)
      : [];
  const lacking = wanted.filter((controller) => !offered.includes(controller));
  if (lacking.length > 0)
    return [`cgroup controllers ${lacking.join(", ")} are not there (looked for cgroup v${version2 ? 2 : 1} in ${root}); mount them`];
  const probe = join(version2 ? root : join(root, "memory"), `openshift-multiarch-${process.pid}`);
  try {
    mkdirSync(probe);
    rmdirSync(probe);
    return [];
  } catch (error) {
    return [`cgroups cannot be made in ${dirname(probe)} (${(error as Error).message}): in a container, it must be a privileged one`];
  }
}

function binfmt(): string[] {
  if (existsSync("/proc/sys/fs/binfmt_misc/register") || /\bbinfmt_misc$/m.test(readFileSync("/proc/filesystems", "utf8"))) return [];
  // On most machines it is a module, which the mount loads.
  if (existsSync("/proc/sys/fs/binfmt_misc") && existsSync("/lib/modules")) return [];
  return ["the kernel has no binfmt_misc, which runs arm64 programs on this machine"];
}

async function compilerProblem(): Promise<string[]> {
  const version = await neededCompiler();
  return version === undefined
    ? []
    : [`Go ${version} or later is needed for the toolchain (here: ${(await run(["go", "version"])).trim()})`];
}

interface Addresses {
  readonly ifname: string;
  readonly addr_info: readonly { readonly family: string; readonly local: string; readonly prefixlen: number }[];
}

/** Networks of this machine that overlap with ours: a device's own, and routes. */
async function addresses(): Promise<string[]> {
  // On a fresh machine iproute2 may be missing; then the check comes too early to say anything.
  const devices: Addresses[] = JSON.parse((await run(["ip", "-json", "-4", "address", "show"]).catch(() => "[]")) || "[]");
  const routes: { dst: string; dev?: string }[] = JSON.parse((await run(["ip", "-json", "-4", "route", "show"]).catch(() => "[]")) || "[]");
  const used = [
    ...devices.flatMap(({ ifname, addr_info }) =>
      addr_info.map(({ local, prefixlen }) => ({ device: ifname, subnet: `${local}/${prefixlen}` })),
    ),
    ...routes
      .filter(({ dst }) => dst !== "default")
      .map(({ dst, dev }) => ({ device: dev ?? "", subnet: dst.includes("/") ? dst : `${dst}/32` })),
  ].filter(({ device }) => !isOurBridge(device));
  const clashes = new Map<string, string>();
  for (const ours of [network.subnet, network.podSubnets, network.serviceSubnet]) {
    for (const { device, subnet } of used)
      if (overlaps(ours, subnet)) clashes.set(`${ours} ${device}`, `${ours}, which the rehearsal uses, is in use by ${device} (${subnet})`);
  }
  return [...clashes.values()].map((clash) => `${clash}; stop what uses it`);
}

/** Whether two IPv4 networks, as `a.b.c.d/n`, share an address. */
export function overlaps(a: string, b: string): boolean {
  const [first, second] = [a, b].map((text) => {
    const [address = "", prefix = "32"] = text.split("/");
    return { bits: address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0), prefix: Number(prefix) };
  }) as [{ bits: number; prefix: number }, { bits: number; prefix: number }];
  const size = 2 ** (32 - Math.min(first.prefix, second.prefix));
  return Math.floor(first.bits / size) === Math.floor(second.bits / size);
}

/** Ports that the rehearsal listens on: address -> ports. */
const listened: Readonly<Record<string, readonly number[]>> = {
  [network.host]: [ports.api, ports.registry, ports.git],
  "127.0.0.1": [ports.etcd, ports.etcdPeer, ports.registryBackend, ports.aws, ports.awsTls, ports.machineApiWebhook],
};

interface Listener {
  readonly address: string;
  readonly port: number;
  readonly inode: string;
}

/** The listening sockets in the form of /proc/net/tcp (IPv4) or tcp6; of IPv6 only those that take IPv4 as well count. */
export function parseListeners(text: string): Listener[] {
  return text
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === "0A")
    .flatMap((fields) => {
      const [hex = "", port = "0"] = (fields[1] ?? "").split(":");
      const inode = fields[9] ?? "";
      if (hex.length === 32) {
        if (/^0+$/.test(hex)) return [{ address: "0.0.0.0", port: Number.parseInt(port, 16), inode }];
        if (!hex.startsWith("0000000000000000FFFF0000")) return [];
      }
      const bytes = hex.slice(-8).match(/../g) ?? [];
      return [
        {
          address: bytes
            .reverse()
            .map((byte) => Number.parseInt(byte, 16))
            .join("."),
          port: Number.parseInt(port, 16),
          inode,
        },
      ];
    });
}

function listeners(): string[] {
  const sockets = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((file) =>
    existsSync(file) ? parseListeners(readFileSync(file, "utf8")) : [],
  );
  const wanted = Object.entries(listened).flatMap(([address, list]) => list.map((port) => ({ address, port })));
  const taken = sockets.filter(({ address, port }) =>
    wanted.some((socket) => socket.port === port && (address === "0.0.0.0" || address === socket.address)),
  );
  if (taken.length === 0) return [];
  const own = new Set(ownProcesses().map(({ pid }) => pid));
  const owners = socketOwners(new Set(taken.map(({ inode }) => inode)));
  return taken.flatMap(({ address, port, inode }) => {
    const pid = owners.get(inode);
    if (pid !== undefined && own.has(pid)) return [];
    return [
      `port ${port} on ${address} is in use by ${pid === undefined ? "a process of another namespace" : `${commandName(pid)} (process ${pid})`}; stop it`,
    ];
  });
}

const commandName = (pid: number) => {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return "a process that has just ended";
  }
};

function socketOwners(inodes: ReadonlySet<string>): Map<string, number> {
  const owners = new Map<string, number>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      for (const descriptor of readdirSync(`/proc/${entry}/fd`)) {
        const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${entry}/fd/${descriptor}`))?.[1];
        if (inode !== undefined && inodes.has(inode)) owners.set(inode, Number(entry));
      }
    } catch {
      // The process or the descriptor is gone.
    }
  }
  return owners;
}

/** Asks each package registry that is going to be needed for one thing, through its own client. */
async function registries(needed: { go: boolean; debian: boolean; python: boolean; npm: boolean }): Promise<string[]> {
  const folder = mkdtempSync("/tmp/openshift-multiarch-");
  try {
    writeFileSync(join(folder, "go.mod"), "module probe\n");
    const probes = [
      needed.go && { what: "the Go module proxy (go env GOPROXY)", command: ["go", "list", "-m", "-mod=mod", "golang.org/x/mod@v0.20.0"] },
      needed.npm && {
        what: "the npm registry (npm config get registry)",
        command: ["npm", "view", "--prefer-online", "zod@4.6.7", "version"],
      },
      needed.python && {
        what: "the Python package index (pip config list)",
        command: ["python3", "-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir", "-d", folder, "xmltodict"],
      },
    ].filter((probe) => probe !== false);
    // apt-get update is both the question and the first step of the installation; packages.ts says so when it fails.
    const answers = await Promise.all(
      probes.map(async ({ what, command }) => {
        // On a fresh machine Python's pip comes with the packages; then its own error is clear enough.
        if (command[0] === "python3" && !existsSync("/usr/lib/python3/dist-packages/pip")) return [];
        try {
          await run(["timeout", "60", ...command], {
            cwd: folder,
            env: { GOFLAGS: "-modcacherw", GOMODCACHE: join(folder, "modules"), GOTOOLCHAIN: "local" },
          });
          return [];
        } catch (error) {
          const reason =
            error instanceof CommandError && error.code === 124 ? "no answer within 60 s" : lastLines((error as Error).message, 1);
          return [`${what} does not answer as it should: ${reason}`];
        }
      }),
    );
    return answers.flat();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Programs without whose memory the rest makes no sense are all but these, which are started again by every run. */
const restartable: readonly string[] = [...registryPrograms, "git", "aws-front"];

/**
 * Looks at what earlier runs left, and clears all of it when it cannot be gone on from: when a program that held the state of
 * the emulated account or the cluster is gone, or when Pulumi's state speaks of things of which nothing runs. Caches stay.
 *
 * @param clear stops and removes everything that runs, and Pulumi's state with it.
 */
export async function recover(clear: () => Promise<void>): Promise<void> {
  const reason = unusable();
  if (reason === undefined) return;
  say(`${reason}: what is left of that environment is cleared, and a new one made (the caches stay).`);
  await clear();
}

function unusable(): string | undefined {
  const recorded = recordedPrograms().filter((name) => !restartable.includes(name));
  const dead = recorded.filter((name) => runningPid(name) === undefined);
  if (dead.length > 0) return `An earlier environment's ${dead.slice(0, 3).join(", ")}${dead.length > 3 ? " ..." : ""} ended`;
  if (recorded.length === 0 && recordedResources() > 0) return "An earlier environment is gone (a reboot?)";
  const strays = ownProcesses().filter(({ program }) => program === undefined);
  if (recorded.length === 0 && strays.length > 0) return `An earlier environment left ${strays.length} processes`;
  return undefined;
}
