import { describe, expect, it } from "vitest";
import { overlap, parseNetwork, subnetsOf, usableAddresses } from "../../config/networks";
import { parseSettings } from "../../config/settings";
import { distance, nearest } from "../../config/suggest";
import { areAccepted, areRefused } from "./refusals";
import { problems, withValues } from "./stack";

it("reads networks, and nothing else", () => {
  expect(parseNetwork("10.128.0.0/14")).toEqual({
    first: 10 * 2 ** 24 + 128 * 2 ** 16,
    last: 10 * 2 ** 24 + 132 * 2 ** 16 - 1,
    prefix: 14,
  });
  expect(parseNetwork("255.255.255.255/32")).toEqual({ first: 2 ** 32 - 1, last: 2 ** 32 - 1, prefix: 32 });
  expect(parseNetwork("0.0.0.0/0")).toEqual({ first: 0, last: 2 ** 32 - 1, prefix: 0 });
  for (const text of [
    "10.0.0.0",
    "10.0.0.0/33",
    "256.0.0.0/8",
    "10.0.0.1/24",
    "fd00::/64",
    "a.b.c.d/8",
    "x10.0.0.0/8",
    "10.0.0.0/8x",
    "10.0.0/8",
  ])
    expect(parseNetwork(text), text).toBeUndefined();
});

it("finds an overlap in both directions, for every pair of neighbouring networks", () => {
  for (let prefix = 8; prefix <= 30; prefix++) {
    const size = 2 ** (32 - prefix);
    const address = (n: number) => [24, 16, 8, 0].map((shift) => Math.floor(n / 2 ** shift) % 256).join(".");
    const base = 10 * 2 ** 24;
    const network = parseNetwork(`${address(base)}/${prefix}`);
    const next = parseNetwork(`${address(base + size)}/${prefix}`);
    const part = parseNetwork(`${address(base + size - 1)}/32`);
    if (!network || !next || !part) throw new Error(`no network at ${prefix}`);
    expect(overlap(network, next)).toBe(false);
    expect(overlap(next, network)).toBe(false);
    expect(overlap(network, part)).toBe(true);
    expect(overlap(part, network)).toBe(true);
  }
});

// Worked out by hand from openshift/installer: pkg/asset/manifests/aws/zones.go (4.16 to 4.22), data/data/aws/cluster/vpc (4.15).
it.each([
  [16, 1, 19, { private: 18, public: 18 }],
  [16, 2, 19, { private: 18, public: 19 }],
  [16, 3, 16, { private: 19, public: 21 }],
  [16, 4, 22, { private: 19, public: 21 }],
  [16, 6, 19, { private: 19, public: 22 }],
  [24, 3, 19, { private: 27, public: 29 }],
  [16, 1, 15, { private: 18, public: 18 }],
  [16, 2, 15, { private: 18, public: 18 }],
  [16, 3, 15, { private: 19, public: 19 }],
  [24, 5, 15, { private: 28, public: 28 }],
])("a /%i over %i zones by the installer of 4.%i", (prefix, zones, minor, subnets) => {
  expect(subnetsOf(prefix, zones, minor)).toEqual(subnets);
});

it("AWS keeps five addresses of each subnet", () => expect([28, 24].map(usableAddresses)).toEqual([11, 251]));

const cidr = 'an IPv4 network such as "10.0.0.0/16"';
const without = (network: string) => `a network that shares no address with ${network}`;
const serviceSize = "a prefix from 12 (the installer takes no larger network) to 24 (room for the services of OpenShift itself)";
const hostPrefix = "the prefix of one node's part of the cluster network, from 16 to 25 (128 addresses for the pods of a node)";

areRefused("networks", [
  ["cluster.networks", "an object with machine, cluster, hostPrefix and service", ["10.0.0.0/16", []]],
  ...["machine", "cluster", "service"].flatMap((name): [string, string, unknown[]][] => [
    [`cluster.networks.${name}`, cidr, [10, []]],
    [`cluster.networks.${name}`, `${cidr}, with no bit set behind the prefix`, ["10.0.0.1/16", "fd00::/48", "10.0.0.0", ""]],
  ]),
  ["cluster.networks.machine", "a prefix of at least 16, the most that a VPC takes", ["10.0.0.0/15", "192.0.0.0/8"]],
  ["cluster.networks.cluster", without("machine (10.0.0.0/16)"), ["10.0.0.0/14"]],
  ["cluster.networks.service", without("machine (10.0.0.0/16)"), ["10.0.0.0/20"]],
  ["cluster.networks.service", without("cluster (10.128.0.0/14)"), ["10.131.255.0/24"]],
  ["cluster.networks.service", without("100.64.0.0/16, the cluster's own join network"), ["100.64.0.0/16", "100.64.255.0/24"]],
  ["cluster.networks.cluster", without("100.88.0.0/16, the cluster's own transit network"), ["100.88.0.0/14"]],
  ["cluster.networks.service", without('0.0.0.0/8, the network that means "this host"'), ["0.0.0.0/16"]],
  ["cluster.networks.machine", without("127.0.0.0/8, the loopback network"), ["127.255.0.0/16"]],
  [
    "cluster.networks.cluster",
    without("169.254.0.0/16, the link-local network, where AWS answers its machines and OVN-Kubernetes masquerades"),
    ["169.254.0.0/16", "169.252.0.0/14"],
  ],
  ["cluster.networks.service", without("224.0.0.0/4, the multicast network"), ["224.0.0.0/16", "239.255.0.0/16"]],
  ["cluster.networks.service", without("240.0.0.0/4, a network that is not in use"), ["240.0.0.0/16", "255.255.255.0/24"]],
  ["cluster.networks.service", serviceSize, ["172.0.0.0/11", "172.30.0.0/25", "172.30.0.0/32"]],
  ["cluster.networks.hostPrefix", hostPrefix, [15, 26, 28, 23.5, "23"]],
]);

areAccepted("networks", [
  [
    "cluster.networks",
    [{}, { machine: "192.168.0.0/16" }, { cluster: "10.128.0.0/14", hostPrefix: 25 }, { cluster: "10.128.0.0/14", hostPrefix: 16 }],
  ],
  ["cluster.networks.service", ["172.16.0.0/12", "172.30.0.0/24", "100.65.0.0/16", "223.255.0.0/16", "1.0.0.0/16"]],
]);

/** A stack over some zones, with nodes in the first one. */
const over = (zones: number, machine: string, { version = "4.19.42", nodes = 0 } = {}) =>
  withValues({
    "cluster.version": version,
    "cluster.networks": { machine },
    "cluster.controlPlane.zone": "eu-west-3a",
    pools: [
      {
        architecture: "amd64",
        instanceType: "m6a.2xlarge",
        zones: [..."abcdefg"].slice(0, zones).map((letter, i) => ({ name: `eu-west-3${letter}`, replicas: i === 0 ? nodes : 0 })),
      },
    ],
  });

describe("the machine network has room for the subnets that the installer makes", () => {
  it.each([
    [1, "4.19.42", 26],
    [2, "4.16.0", 25],
    [3, "4.19.42", 23],
    [4, "4.22.0", 23],
    [5, "4.19.42", 22],
    [6, "4.19.42", 22],
    [7, "4.19.42", 21],
    [1, "4.15.0", 26],
    [2, "4.15.0", 26],
    [3, "4.15.0", 25],
    [5, "4.15.0", 24],
  ])("of %i zones by %s: a /%i has, the next smaller has not", (zones, version, prefix) => {
    expect(problems(over(zones, `10.0.0.0/${prefix}`, { version }))).toEqual([]);
    expect(problems(over(zones, `10.0.0.0/${prefix + 1}`, { version }))).toEqual([
      `cluster.networks.machine is "10.0.0.0/${prefix + 1}"; expected a prefix of at most ${prefix}: the installer cuts it into subnets for ${zones === 1 ? "one zone" : `${zones} zones`}, and AWS makes none smaller than /28`,
    ]);
    expect(problems(over(zones, "10.0.0.0/30", { version }))[0]).toContain(`a prefix of at most ${prefix}:`);
  });

  it("and addresses for the nodes of each zone", () => {
    expect(problems(over(1, "10.0.0.0/26", { nodes: 7 }))).toEqual([]);
    expect(problems(over(1, "10.0.0.0/26", { nodes: 8 }))).toEqual([
      'cluster.networks.machine is "10.0.0.0/26"; expected a larger network: the private subnet of eu-west-3a is a /28, whose 11 addresses are too few for 8 nodes and what else is there',
    ]);
  });

  it("and a warning when its load balancers have little", () => {
    const warning =
      "cluster.networks.machine gives public subnets of /28; Elastic Load Balancing asks for /27 or larger: a prefix of at most 22 gives that.";
    expect(parseSettings(over(3, "10.0.0.0/23")).warnings).toEqual([warning]);
    expect(parseSettings(over(3, "10.0.0.0/22")).warnings).toEqual([]);
  });

  it("which nobody can tell while version or zones are wrong", () => {
    expect(problems(over(3, "10.0.0.0/24", { version: "4.1" }))).toHaveLength(1);
    expect(problems(withValues({ "cluster.networks": { machine: "10.0.0.0/30" }, pools: [] }))).toEqual([
      "pools is []; expected at least one pool",
    ]);
  });
});

it("the cluster network has a part for each node, and for one that takes another's place", () => {
  const withNodes = (replicas: number, hostPrefix: number) =>
    problems(withValues({ "pools[1].zones[0].replicas": replicas, "cluster.networks": { cluster: "10.128.0.0/20", hostPrefix } }));
  const line = (prefix: number, least: number, parts: number) => [
    `cluster.networks.hostPrefix is ${prefix}; expected at least ${least}, so that the cluster network has a part for each of ${parts} nodes`,
  ];
  expect(withNodes(0, 22)).toEqual([]);
  expect(withNodes(0, 21)).toEqual(line(21, 22, 4));
  expect(withNodes(6, 23)).toEqual([]);
  expect(withNodes(7, 23)).toEqual(line(23, 24, 9));
  expect(problems(withValues({ "cluster.networks": { cluster: "10.128.0.0/22" } }))).toEqual([
    'cluster.networks.cluster is "10.128.0.0/22"; expected a prefix of at most 21, so that each of 4 nodes has a part of it',
  ]);
});

it("counts the steps from one word to another", () => {
  expect(["", "a", "ab", "ba", "abc", "xyz"].map((word) => distance(word, "abc"))).toEqual([3, 2, 1, 2, 0, 3]);
});

it("suggests the nearest word, and none when all are far", () => {
  expect(nearest("baseDomian", ["name", "baseDomain", "version"])).toBe("baseDomain");
  expect(nearest("replica", ["name", "replicas"])).toBe("replicas");
  expect(nearest("REPLICAS", ["replicas"])).toBe("replicas");
  expect(nearest("colour", ["channel", "keep"])).toBeUndefined();
  expect(nearest("ab", ["abcd"])).toBe("abcd");
  expect(nearest("a", ["abcd"])).toBeUndefined();
  expect(nearest("abcdef", ["abcdefghi"])).toBe("abcdefghi");
  expect(nearest("abcde", ["abcdefghi"])).toBeUndefined();
  expect(nearest("x", [])).toBeUndefined();
});
