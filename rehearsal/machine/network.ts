import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { removeEmulation } from "./binfmt";
import { run } from "./exec";
import { hostState, recordHostState } from "./host-state";
import { network } from "./places";

/** The rehearsal's own nftables table. */
const table = "openshift-multiarch";
const comment = "openshift-multiarch";
const ipForward = "/proc/sys/net/ipv4/ip_forward";

interface Link {
  readonly ifname: string;
  readonly addr_info?: readonly { readonly local: string; readonly prefixlen: number }[];
}

async function links(): Promise<Link[]> {
  return JSON.parse(await run(["ip", "-json", "address", "show"]));
}

/** Pods reach the world with the machine's address, and each other, nodes and services with their own. */
export function masqueradeRules(): string {
  const inside = [network.subnet, network.podSubnets, network.serviceSubnet].join(", ");
  return [
    `add table ip ${table}`,
    `delete table ip ${table}`,
    `table ip ${table} {`,
    "  chain postrouting {",
    "    type nat hook postrouting priority srcnat; policy accept;",
    `    ip saddr ${network.podSubnets} ip daddr != { ${inside} } ip daddr != 224.0.0.0/4 masquerade`,
    "  }",
    "}",
    "",
  ].join("\n");
}

/**
 * Makes the bridge with the machine's own address, switches forwarding on, and hides pods behind the machine's address.
 * What is there already stays. `removeNetwork` takes all of it back.
 */
export async function ensureNetwork(): Promise<void> {
  const forwarding = readFileSync(ipForward, "utf8").trim();
  if (hostState().ipForward === undefined) recordHostState({ ipForward: forwarding });
  if (forwarding !== "1") writeFileSync(ipForward, "1");
  const bridge = (await links()).find((link) => link.ifname === network.bridge);
  if (!bridge) await run(["ip", "link", "add", network.bridge, "type", "bridge"]);
  if (!bridge?.addr_info?.some(({ local }) => local === network.host)) {
    await run(["ip", "address", "add", `${network.host}/${network.subnet.split("/")[1]}`, "dev", network.bridge]);
  }
  await run(["ip", "link", "set", network.bridge, "up"]);
  await run(["nft", "-f", "-"], { input: masqueradeRules() });
  await openForwarding();
}

/** Gives the bridge a node's address; does nothing when it is there. */
export async function addNodeAddress(index: number): Promise<void> {
  await run(["ip", "address", "replace", `${network.nodeAddress(index)}/32`, "dev", network.bridge]);
}

/** Takes a node's address and the bridge of its pods away, if they are there. */
export async function removeNodeNetwork(index: number): Promise<void> {
  const present = await links();
  const has = (name: string) => present.some((link) => link.ifname === name);
  if (has(network.nodeBridge(index))) await run(["ip", "link", "delete", network.nodeBridge(index)]);
  const address = network.nodeAddress(index);
  if (present.some((link) => link.ifname === network.bridge && link.addr_info?.some(({ local }) => local === address))) {
    await run(["ip", "address", "delete", `${address}/32`, "dev", network.bridge]);
  }
}

/** Removes the bridges, the rules and the emulation, and puts the machine's settings back. Stop what listens on the bridge first. */
export async function removeNetwork(): Promise<void> {
  const bridges = readdirSync("/sys/class/net").filter(
    (name) => name === network.bridge || new RegExp(`^${network.nodeBridge(0).slice(0, -1)}\\d+$`).test(name),
  );
  for (const name of bridges) await run(["ip", "link", "delete", name]);
  await deleteTables(["ip", table]);
  await closeForwarding();
  await removeEmulation();
  const { ipForward: before } = hostState();
  if (before !== undefined) {
    if (readFileSync(ipForward, "utf8").trim() !== before) writeFileSync(ipForward, before);
    recordHostState({ ipForward: undefined });
  }
}

/** Deletes nftables tables, given as [family, name]; those that are not there are no error. */
export async function deleteTables(...tables: readonly [family: string, name: string][]): Promise<void> {
  // "add" first, because deleting a missing table is an error and "destroy" needs a newer nft than Debian 12 has.
  const input = tables.map(([family, name]) => `add table ${family} ${name}\ndelete table ${family} ${name}\n`).join("");
  await run(["nft", "-f", "-"], { input });
}

/** Biggest packet of pods: that of the way out, because path MTU discovery is often broken between a machine and the world. */
export async function podMtu(): Promise<number> {
  const routes: { dev?: string; metric?: number }[] = JSON.parse((await run(["ip", "-json", "-4", "route", "show", "default"])) || "[]");
  const device = routes.sort((a, b) => (a.metric ?? 0) - (b.metric ?? 0))[0]?.dev;
  return device ? Number(readFileSync(`/sys/class/net/${device}/mtu`, "utf8")) : 1500;
}

interface ForwardChain {
  readonly family: string;
  readonly table: string;
  readonly name: string;
  readonly hook?: string;
  readonly policy?: string;
}

async function forwardChains(): Promise<ForwardChain[]> {
  const listed: { nftables: { chain?: ForwardChain }[] } = JSON.parse(await run(["nft", "-j", "list", "chains"]));
  return listed.nftables.flatMap(({ chain }) =>
    chain?.hook === "forward" && (chain.family === "ip" || chain.family === "inet") ? [chain] : [],
  );
}

/** Docker and firewalls drop what is forwarded unless a rule lets it pass: an accept in a table of ours would not help against that. */
async function openForwarding(): Promise<void> {
  await closeForwarding();
  for (const { family, table: owner, name, policy } of await forwardChains()) {
    if (policy !== "drop") continue;
    const prefix = `${network.nodeBridge(0).slice(0, -1)}*`;
    for (const direction of ["iifname", "oifname"]) {
      await run(["nft", "insert", "rule", family, owner, name, direction, `"${prefix}"`, "accept", "comment", `"${comment}"`]);
    }
  }
}

async function closeForwarding(): Promise<void> {
  for (const { family, table: owner, name } of await forwardChains()) {
    const listed: { nftables: { rule?: { handle: number; comment?: string } }[] } = JSON.parse(
      await run(["nft", "-j", "-a", "list", "chain", family, owner, name]),
    );
    for (const { rule } of listed.nftables) {
      if (rule?.comment === comment) await run(["nft", "delete", "rule", family, owner, name, "handle", String(rule.handle)]);
    }
  }
}
