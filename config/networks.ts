/** An IPv4 network: its first and last address as numbers. */
export interface Network {
  readonly first: number;
  readonly last: number;
  readonly prefix: number;
}

const octet = "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
/** As Go reads it (net.ParseCIDR): no number begins with a zero that means nothing. */
export const networkPattern = `^${octet}\\.${octet}\\.${octet}\\.${octet}/(3[0-2]|[12]?\\d)$`;

/** Reads `a.b.c.d/n`; undefined when it is no network or when bits behind the prefix are set. */
export function parseNetwork(text: string): Network | undefined {
  const match = new RegExp(networkPattern).exec(text);
  if (!match) return undefined;
  const [octets, prefix] = [match.slice(1, 5).map(Number), Number(match[5])];
  const first = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const size = 2 ** (32 - prefix);
  return first % size === 0 ? { first, last: first + size - 1, prefix } : undefined;
}

/** Whether two networks share an address. */
export function overlap(a: Network, b: Network): boolean {
  return a.first <= b.last && b.first <= a.last;
}

/** Networks that no setting may touch, with what they are for. */
export const reservedNetworks = {
  // OVN-Kubernetes: openshift/installer pkg/validate/validate.go. Its masquerade network is part of the link-local one.
  "100.64.0.0/16": "the cluster's own join network",
  "100.88.0.0/16": "the cluster's own transit network",
  "0.0.0.0/8": 'the network that means "this host"',
  "127.0.0.0/8": "the loopback network",
  "169.254.0.0/16": "the link-local network, where AWS answers its machines and OVN-Kubernetes masquerades",
  "224.0.0.0/4": "the multicast network",
  "240.0.0.0/4": "a network that is not in use",
} as const;

/** Prefixes of the subnets, one of each kind a zone, that the installer makes of a machine network. */
export interface Subnets {
  readonly private: number;
  readonly public: number;
}

const bits = (blocks: number) => Math.ceil(Math.log2(blocks));

/** How the installer of an OpenShift 4 minor version divides the machine network of a public cluster. */
export function subnetsOf(machinePrefix: number, zones: number, minor: number): Subnets {
  if (minor === 15) {
    // data/data/aws/cluster/vpc/common.tf: a half for each kind; with one zone only half of it, for zones to come.
    const half = machinePrefix + 1 + (zones === 1 ? 1 : 0) + bits(zones);
    return { private: half, public: half };
  }
  // pkg/asset/manifests/aws/zones.go, 4.16 to 4.22: a block for each zone, one for zones to come, and one that all public subnets share.
  const block = machinePrefix + bits(zones + 2);
  return { private: block, public: block + bits(zones) };
}

/** Addresses of a subnet that machines can have: AWS keeps five of each. */
export const usableAddresses = (prefix: number) => 2 ** (32 - prefix) - 5;
