import { defaults } from "./defaults";
import { overlap, parseNetwork, reservedNetworks, subnetsOf, usableAddresses } from "./networks";
import { isObject } from "./paths";

type Problem = (path: PropertyKey[], right: string) => void;

export interface NetworkUse {
  /** Of OpenShift 4; undefined when the version is wrong. */
  readonly minor: number | undefined;
  /** Nodes of the pools in each zone, the control plane's zone among them. */
  readonly nodes: ReadonlyMap<string, number>;
}

/** Prefixes of networks that may be as large or small as they are whatever else is configured, as a pattern and in words. */
export const machinePrefixes = { pattern: "/(?:1[6-9]|2\\d|3[0-2])$", right: "a prefix of at least 16, the most that a VPC takes" };
export const servicePrefixes = {
  pattern: "/(?:1[2-9]|2[0-4])$",
  right: "a prefix from 12 (the installer takes no larger network) to 24 (room for the services of OpenShift itself)",
};

/** openshift/assisted-service, internal/network/cidr_validations.go, asks for 128 addresses a node; openshift-install for none. */
export const longestHostPrefix = 25;

/** AWS makes no subnet smaller. */
const smallestSubnet = 28;
/** Elastic Load Balancing asks for a /27 with eight addresses left, "to ensure that your load balancer can scale properly". */
const smallestForLoadBalancer = 27;
/** In a zone's private subnet, beside the pool's nodes: control plane, load balancer of the API, file system, a node being replaced. */
const othersInZone = 4;

/** Rules of openshift/installer (pkg/types/validation/installconfig.go, pkg/validate), of AWS, and for the nodes of this stack. */
export function checkNetworks(raw: unknown, use: NetworkUse, problem: Problem, warnings: string[]): void {
  const networks = { ...defaults.networks, ...(isObject(raw) ? raw : {}) } as Record<string, unknown>;
  const known = (["machine", "cluster", "service"] as const).flatMap((name) => {
    const value = networks[name];
    const network = typeof value === "string" ? parseNetwork(value) : undefined;
    const shown = value === defaults.networks[name] ? `${name} (${value})` : name;
    return network ? [{ name, network, shown }] : [];
  });
  known.forEach(({ name, network }, i) => {
    const wrong = (right: string) => problem(["cluster", "networks", name], right);
    for (const other of known.slice(0, i)) {
      if (overlap(network, other.network)) wrong(`a network that shares no address with ${other.shown}`);
    }
    for (const [text, what] of Object.entries(reservedNetworks)) {
      const reserved = parseNetwork(text);
      if (reserved && overlap(network, reserved)) wrong(`a network that shares no address with ${text}, ${what}`);
    }
    if (name === "machine") {
      const right = machineNetworkProblem(network.prefix, use);
      if (right) wrong(right);
      else warnAboutSubnets(network.prefix, use, warnings);
    }
    if (name === "service" && (network.prefix < 12 || network.prefix > 24)) {
      wrong(servicePrefixes.right);
    }
    if (name === "cluster") checkHostPrefix(isObject(raw) ? raw.hostPrefix : undefined, network.prefix, use, problem);
  });
}

function machineNetworkProblem(prefix: number, { minor, nodes }: NetworkUse): string | undefined {
  if (prefix < 16) return machinePrefixes.right;
  if (minor === undefined || nodes.size === 0) return undefined;
  const subnets = subnetsOf(prefix, nodes.size, minor);
  const excess = Math.max(subnets.private, subnets.public) - smallestSubnet;
  if (excess > 0) {
    const zones = nodes.size === 1 ? "one zone" : `${nodes.size} zones`;
    return `a prefix of at most ${prefix - excess}: the installer cuts it into subnets for ${zones}, and AWS makes none smaller than /28`;
  }
  const [zone, most] = [...nodes].reduce((a, b) => (b[1] > a[1] ? b : a));
  const addresses = usableAddresses(subnets.private);
  return addresses < most + othersInZone
    ? `a larger network: the private subnet of ${zone} is a /${subnets.private}, whose ${addresses} addresses are too few for ${most} nodes and what else is there`
    : undefined;
}

function warnAboutSubnets(prefix: number, { minor, nodes }: NetworkUse, warnings: string[]): void {
  if (minor === undefined || nodes.size === 0) return;
  const excess = subnetsOf(prefix, nodes.size, minor).public - smallestForLoadBalancer;
  if (excess > 0) {
    warnings.push(
      `cluster.networks.machine gives public subnets of /${smallestForLoadBalancer + excess}; Elastic Load Balancing asks for /${smallestForLoadBalancer} or larger: a prefix of at most ${prefix - excess} gives that.`,
    );
  }
}

/** @param raw as it was written: undefined for the default. */
function checkHostPrefix(raw: unknown, prefix: number, { nodes }: NetworkUse, problem: Problem): void {
  const hostPrefix = raw ?? defaults.networks.hostPrefix;
  // The control plane's node and, while one is replaced, a node more than there should be.
  const parts = Math.max(4, [...nodes.values()].reduce((sum, count) => sum + count, 0) + 2);
  const bits = Math.ceil(Math.log2(parts));
  // Below 16 it is wrong whatever the network.
  if (typeof hostPrefix !== "number" || hostPrefix < 16 || hostPrefix >= prefix + bits) return;
  const least = prefix + bits;
  if (raw === undefined || least > longestHostPrefix) {
    const most = (raw === undefined ? hostPrefix : longestHostPrefix) - bits;
    problem(["cluster", "networks", "cluster"], `a prefix of at most ${most}, so that each of ${parts} nodes has a part of it`);
  } else
    problem(["cluster", "networks", "hostPrefix"], `at least ${least}, so that the cluster network has a part for each of ${parts} nodes`);
}
