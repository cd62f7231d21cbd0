/** An IPv4 network: its first and last address as numbers. */
export interface Network {
  readonly first: number;
  readonly last: number;
  readonly prefix: number;
}

/** Reads `a.b.c.d/n`; undefined when it is no network or when bits behind the prefix are set. */
export function parseNetwork(text: string): Network | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  if (!match) return undefined;
  const [octets, prefix] = [match.slice(1, 5).map(Number), Number(match[5])];
  if (octets.some((octet) => octet > 255) || prefix > 32) return undefined;
  const first = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const size = 2 ** (32 - prefix);
  return first % size === 0 ? { first, last: first + size - 1, prefix } : undefined;
}

/** Whether two networks share an address. */
export function overlap(a: Network, b: Network): boolean {
  return a.first <= b.last && b.first <= a.last;
}

/** Networks that OVN-Kubernetes uses inside of every cluster: its join and its transit switch. */
export const reservedNetworks = { join: "100.64.0.0/16", transit: "100.88.0.0/16" } as const;
