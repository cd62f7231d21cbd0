import type { Architecture } from "./architecture";
import { architectureOfInstanceType, architectures, cpusOfInstanceType, isInstanceType } from "./architecture";
import { defaults } from "./defaults";
import { overlap, parseNetwork, reservedNetworks } from "./networks";
import { at, isObject, keyOf, list, unique } from "./paths";
import { zoneName } from "./schema";
import { authsOf } from "./secrets";

/** Rules between several values. They look at the raw values, so that they also hold where another value is wrong. */
export function crossCheck(
  values: Readonly<Record<string, unknown>>,
  region: string | undefined,
  problem: (path: PropertyKey[], right: string) => void,
  warnings: string[],
): void {
  const pools = list(values.pools);
  const control = at(values.cluster, ["controlPlane"]);

  const zonePaths: PropertyKey[][] = [["cluster", "controlPlane", "zone"]];
  pools.forEach((candidate, i) => {
    for (const j of list(at(candidate, ["zones"])).keys()) zonePaths.push(["pools", i, "zones", j, "name"]);
  });
  for (const path of zonePaths) {
    const zone = at(values, path);
    if (region && typeof zone === "string" && zoneName.safeParse(zone).success && zone.slice(0, -1) !== region) {
      problem(path, `a zone of the region ${region} (aws:region), such as "${region}a"`);
    }
  }

  unique(
    pools.map((candidate, i) => [["pools", i, "architecture"], at(candidate, ["architecture"])]),
    (path, first) => problem(path, `an architecture that no other pool has (${keyOf(first)}); one pool may span many zones`),
  );
  pools.forEach((candidate, i) => {
    unique(
      list(at(candidate, ["zones"])).map((zone, j) => [["pools", i, "zones", j, "name"], at(zone, ["name"])]),
      (path, first) =>
        problem(path, `a zone that the pool does not have yet (${keyOf(first)}); one entry with more replicas does the same`),
    );
    const architecture = at(candidate, ["architecture"]);
    const type = at(candidate, ["instanceType"]);
    if (
      typeof type === "string" &&
      isInstanceType(type) &&
      architectures.includes(architecture as Architecture) &&
      architectureOfInstanceType(type) !== architecture
    ) {
      problem(["pools", i, "instanceType"], wrongArchitecture(architecture as Architecture));
    }
    checkVolume(candidate, ["pools", i, "rootVolume"], ["rootVolume"], problem);
  });

  const controlType = at(control, ["instanceType"]);
  if (typeof controlType === "string" && isInstanceType(controlType)) {
    if (architectureOfInstanceType(controlType) !== "amd64")
      problem(["cluster", "controlPlane", "instanceType"], wrongArchitecture("amd64"));
    const cpus = cpusOfInstanceType(controlType);
    if (cpus !== undefined && cpus < 8) {
      problem(
        ["cluster", "controlPlane", "instanceType"],
        `a 2xlarge or larger: a single-node control plane needs 8 vCPUs, this type has ${cpus}`,
      );
    }
  }
  checkVolume(control, ["cluster", "controlPlane", "rootVolume"], ["rootVolume"], problem);

  const nodes = pools
    .flatMap((candidate) => list(at(candidate, ["zones"])))
    .reduce((sum: number, zone) => {
      const replicas = at(zone, ["replicas"]);
      return sum + (typeof replicas === "number" ? replicas : 0);
    }, 0);
  if (nodes > 2) {
    warnings.push(
      `The pools have ${nodes} nodes together. Red Hat has tested a single-node control plane with two; give cluster.controlPlane a larger type and watch it.`,
    );
  }

  checkNetworks(at(values.cluster, ["networks"]), problem);

  const builds = list(values.builds);
  unique(
    builds.map((candidate, i) => [["builds", i, "name"], at(candidate, ["name"])]),
    (path, first) => problem(path, `a name that no other build has (${keyOf(first)})`),
  );
  unique(
    builds.map((candidate, i) => [["builds", i, "image"], at(candidate, ["image"])]),
    (path, first) => problem(path, `an image that no other build pushes (${keyOf(first)})`),
  );
  warnAboutRegistries(values.registryCredentials, builds, warnings);
}

const wrongArchitecture = (wanted: Architecture) =>
  wanted === "amd64"
    ? 'an amd64 (x86_64) type, such as "m6a.2xlarge": this is a Graviton type, whose processor is arm64'
    : 'an arm64 (Graviton) type, such as "m7g.2xlarge", told by the g behind the generation number: this type\'s processor is amd64';

function checkVolume(
  parent: unknown,
  path: PropertyKey[],
  inside: PropertyKey[],
  problem: (path: PropertyKey[], right: string) => void,
): void {
  const volume = at(parent, inside);
  if (!isObject(volume)) return;
  const { type = "gp3", size, iops } = volume;
  if ((type === "io1" || type === "io2") && iops === undefined) problem([...path, "iops"], `a number: ${type} volumes have no default`);
  if (type === "gp2" && iops !== undefined) problem([...path, "iops"], "nothing: gp2 volumes get theirs from the size; gp3 takes a number");
  if (type === "gp3" && typeof iops === "number" && (iops < 3000 || iops > 16000)) problem([...path, "iops"], "3000 to 16000 for gp3");
  const perGiB = { io1: 50, io2: 500, gp3: 500 }[String(type)];
  if (perGiB && typeof iops === "number" && typeof size === "number" && iops > size * perGiB) {
    problem([...path, "iops"], `at most ${perGiB} for each GiB of size, here ${size * perGiB}`);
  }
}

function checkNetworks(raw: unknown, problem: (path: PropertyKey[], right: string) => void): void {
  const networks = { ...defaults.networks, ...(isObject(raw) ? raw : {}) } as Record<string, unknown>;
  const known = (["machine", "cluster", "service"] as const).flatMap((name) => {
    const value = networks[name];
    const network = typeof value === "string" ? parseNetwork(value) : undefined;
    return network ? [{ name, value, network }] : [];
  });
  known.forEach((one, i) => {
    for (const other of known.slice(0, i)) {
      if (overlap(one.network, other.network))
        problem(["cluster", "networks", one.name], `a network that shares no address with ${other.name} (${other.value})`);
    }
    for (const [use, text] of Object.entries(reservedNetworks)) {
      const reserved = parseNetwork(text);
      if (reserved && overlap(one.network, reserved)) {
        problem(["cluster", "networks", one.name], `a network that shares no address with ${text}, the cluster's own ${use} network`);
      }
    }
    if (one.name === "machine" && (one.network.prefix < 16 || one.network.prefix > 24)) {
      problem(
        ["cluster", "networks", "machine"],
        "a prefix from 16 (the most that a VPC takes) to 24 (room for the subnets of three zones)",
      );
    }
    if (one.name === "cluster" && typeof networks.hostPrefix === "number" && networks.hostPrefix < one.network.prefix + 2) {
      problem(["cluster", "networks", "hostPrefix"], `at least ${one.network.prefix + 2}, so that ${one.value} has parts for four nodes`);
    }
  });
}

function warnAboutRegistries(credentials: unknown, builds: unknown[], warnings: string[]): void {
  const parsed = typeof credentials === "string" ? authsOf(credentials) : undefined;
  if (!parsed || !("value" in parsed)) return;
  const hosts = new Set(Object.keys(parsed.value).map((key) => key.replace(/^https?:\/\//, "").split("/")[0]));
  builds.forEach((candidate, i) => {
    const image = at(candidate, ["image"]);
    const host = typeof image === "string" ? image.split("/")[0] : undefined;
    if (host && !hosts.has(host) && !(host === "docker.io" && hosts.has("index.docker.io"))) {
      warnings.push(`builds[${i}].image goes to ${host}, for which registryCredentials has no entry: the push will be anonymous.`);
    }
  });
}
