import type { Architecture } from "./architecture";
import { architectureOfInstanceType, architectures, controlPlanePattern, cpusOfInstanceType, isInstanceType } from "./architecture";
import { regionProblem, regionWarning } from "./aws";
import {
  checkBuilds,
  type Problem,
  type Shown,
  warnAboutKeys,
  warnAboutOpenTokens,
  warnAboutRegistries,
  warnAboutRepositories,
  warnAboutSecretNames,
} from "./build-checks";
import { warnAboutIdleSettings } from "./idle-settings";
import { checkNetworks } from "./network-checks";
import { at, isObject, keyOf, list, unique } from "./paths";
import { controlPlaneType, minorOf, wrongArchitecture, zoneName } from "./schema";
import { blanksInTags, mostFileSystemTags } from "./tags";

/** Rules between several values. They look at the raw values, so that they also hold where another value is wrong. */
export function crossCheck(
  values: Readonly<Record<string, unknown>>,
  region: string | undefined,
  problem: Problem,
  shown: Shown,
  warnings: string[],
): void {
  const pools = list(values.pools);
  const builds = list(values.builds);
  const minor = minorOf(at(values.cluster, ["version"]));
  if (region) checkRegion(values, region, problem, warnings);
  checkPools(pools, problem);
  checkControlPlane(at(values.cluster, ["controlPlane"]), problem);
  checkTags(values, minor, problem);
  unique(
    list(at(values.cluster, ["serviceEndpoints"])).map((endpoint, i) => [
      ["cluster", "serviceEndpoints", i, "name"],
      at(endpoint, ["name"]),
    ]),
    (path, first) => problem(path, `a service that no other endpoint is for (${keyOf(first)})`),
  );
  checkNetworks(at(values.cluster, ["networks"]), { minor, nodes: nodesInZones(values) }, problem, warnings);
  checkBuilds(values, problem);
  warnAboutNodes(pools, builds, warnings);
  warnAboutIdleSettings(values, warnings);
  warnAboutRepositories(builds, warnings);
  warnAboutKeys(values, builds, warnings);
  warnAboutOpenTokens(values, warnings);
  warnAboutSecretNames(builds, shown, warnings);
  warnAboutRegistries(values.registryCredentials, builds, warnings);
}

const zonePaths = (pools: unknown[]): PropertyKey[][] =>
  pools.flatMap((pool, i) => list(at(pool, ["zones"])).map((_, j) => ["pools", i, "zones", j, "name"]));

function checkRegion(values: unknown, region: string, problem: Problem, warnings: string[]): void {
  const wrong = regionProblem(region);
  if (wrong) {
    problem(["aws:region"], wrong);
    return;
  }
  const warning = regionWarning(region);
  if (warning) warnings.push(warning);
  for (const path of [["cluster", "controlPlane", "zone"], ...zonePaths(list(at(values, ["pools"])))]) {
    const zone = at(values, path);
    if (typeof zone === "string" && zoneName.safeParse(zone).success && zone.slice(0, -1) !== region) {
      problem(path, `a zone of the region ${region} (aws:region), such as "${region}a"`);
    }
  }
}

function checkPools(pools: unknown[], problem: Problem): void {
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
    checkVolume(at(candidate, ["rootVolume"]), ["pools", i, "rootVolume"], problem);
  });
}

function checkControlPlane(control: unknown, problem: Problem): void {
  const path = ["cluster", "controlPlane", "instanceType"];
  const type = at(control, ["instanceType"]);
  if (typeof type === "string" && isInstanceType(type)) {
    if (architectureOfInstanceType(type) !== "amd64") problem(path, wrongArchitecture("amd64"));
    const cpus = cpusOfInstanceType(type);
    if (cpus !== undefined && cpus < 8) {
      problem(path, `a 2xlarge or larger: a single-node control plane needs 8 vCPUs, this type has ${cpus}`);
    }
    if (!controlPlanePattern.test(type)) problem(path, controlPlaneType);
  }
  checkVolume(at(control, ["rootVolume"]), ["cluster", "controlPlane", "rootVolume"], problem);
}

/** Limits of EBS. */
function checkVolume(volume: unknown, path: PropertyKey[], problem: Problem): void {
  if (!isObject(volume)) return;
  const { type = "gp3", size, iops } = volume;
  const wrong = (right: string) => problem([...path, "iops"], right);
  if ((type === "io1" || type === "io2") && iops === undefined) wrong(`a number: ${type} volumes have no default`);
  if (type === "gp2" && iops !== undefined) wrong("nothing: gp2 volumes get theirs from the size; gp3 takes a number");
  if (type === "gp3" && typeof iops === "number" && (iops < 3000 || iops > 16000)) wrong("3000 to 16000 for gp3");
  const perGiB = type === "io1" ? 50 : type === "io2" || type === "gp3" ? 500 : undefined;
  if (perGiB && typeof iops === "number" && typeof size === "number" && iops > size * perGiB) {
    wrong(`at most ${perGiB} for each GiB of size, here ${size * perGiB}`);
  }
}

function checkTags(values: Readonly<Record<string, unknown>>, minor: number | undefined, problem: Problem): void {
  const ofCluster = at(values.cluster, ["tags"]);
  const ofFileSystem = at(values.fileSystem, ["tags"]);
  if (minor !== undefined && !blanksInTags(minor) && isObject(ofCluster)) {
    for (const [key, value] of Object.entries(ofCluster)) {
      if (`${key}${value}`.includes(" "))
        problem(["cluster", "tags", key], `key and text without blanks: the installer of 4.${minor} takes none`);
    }
  }
  // IAM, whose roles the installer tags, takes them for one ("Tags for IAM resources"); moto says what it answers: "Duplicate tag keys found".
  unique(
    Object.keys(isObject(ofCluster) ? ofCluster : {}).map((key) => [["cluster", "tags", key], key.toLowerCase()]),
    (path, first) =>
      problem(path, `a key that differs from ${String(first[2])} by more than small and capital letters: IAM knows no difference`),
  );
  for (const [path, tags] of [
    [["cluster", "tags", "__proto__"], ofCluster],
    [["fileSystem", "tags", "__proto__"], ofFileSystem],
  ] as const) {
    // What copies objects drops it without a word.
    if (isObject(tags) && Object.hasOwn(tags, "__proto__")) problem([...path], "another key");
  }
  const together = isObject(ofCluster) && isObject(ofFileSystem) ? Object.keys({ ...ofCluster, ...ofFileSystem }).length : 0;
  const alone = isObject(ofFileSystem) ? Object.keys(ofFileSystem).length : 0;
  const count = Math.max(together, alone);
  if (count > mostFileSystemTags) {
    problem(
      ["fileSystem", "tags"],
      `at most ${mostFileSystemTags} tags together with those of cluster.tags, which the file system gets too, and these are ${count}`,
    );
  }
}

/** Nodes of the pools in each zone that the installer makes a subnet in; without those that have a wrong name. */
function nodesInZones(values: Readonly<Record<string, unknown>>): Map<string, number> {
  const nodes = new Map<string, number>();
  const control = at(values.cluster, ["controlPlane", "zone"]);
  const zones = list(values.pools).flatMap((pool) => list(at(pool, ["zones"])));
  for (const [name, replicas] of [[control, 0], ...zones.map((zone) => [at(zone, ["name"]), at(zone, ["replicas"])])]) {
    if (typeof name === "string" && zoneName.safeParse(name).success) {
      nodes.set(name, (nodes.get(name) ?? 0) + (typeof replicas === "number" ? replicas : 0));
    }
  }
  return nodes;
}

const replicasOf = (pool: unknown): number =>
  list(at(pool, ["zones"])).reduce<number>((sum, zone) => sum + Number(at(zone, ["replicas"]) ?? 0), 0);

function warnAboutNodes(pools: unknown[], builds: unknown[], warnings: string[]): void {
  const nodes = pools.reduce<number>((sum, pool) => sum + replicasOf(pool), 0);
  if (nodes > 2) {
    warnings.push(
      `The pools have ${nodes} nodes together. Red Hat has tested a single-node control plane with two; give cluster.controlPlane a larger type and watch it.`,
    );
  }
  pools.forEach((pool, i) => {
    const architecture = at(pool, ["architecture"]);
    const wanted = builds
      .map((build) => at(build, ["architectures"]))
      .filter((only) => only === undefined || list(only).includes(architecture));
    // Builds for amd64 run on the control plane then.
    if (wanted.length > 0 && architecture !== "amd64" && replicasOf(pool) === 0) {
      warnings.push(
        `pools[${i}] has no node in any zone, so every build for ${architecture} waits for one and fails when the time of its task is over: set replicas of one zone to 1.`,
      );
    }
  });
}
