import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { controlPlanePorts } from "../cluster/control-plane";
import { dnsPorts } from "../cluster/dns";
import { policyControllerPort } from "../cluster/policy-controller";
import { run } from "../machine/exec";
import { isOurBridge, ownProcesses } from "../machine/leftovers";
import { network, ports } from "../machine/places";

interface Addresses {
  readonly ifname: string;
  readonly addr_info: readonly { readonly family: string; readonly local: string; readonly prefixlen: number }[];
}

/** Networks of this machine that overlap with ours: a device's own, and routes. */
export async function addresses(): Promise<string[]> {
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
  [network.host]: [ports.api, ports.registry, ports.git, ports.dns],
  "127.0.0.1": [
    ...[ports.etcd, ports.etcdPeer, ports.registryBackend, ports.aws, ports.awsTls, ports.machineApiWebhook],
    ...[...Object.values(controlPlanePorts), ...Object.values(dnsPorts), policyControllerPort],
  ],
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

export function listeners(): string[] {
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
