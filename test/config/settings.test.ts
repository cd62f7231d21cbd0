import { describe, expect, it } from "vitest";
import { parseSettings } from "../../config/settings";
import { expectAgreement } from "./editor";
import { auth, problems, raw, refusal, withValues } from "./stack";

const parsed = (changes: Record<string, unknown> = {}, region?: unknown) => {
  const input = withValues(changes, region);
  expectAgreement(input, []);
  return parseSettings(input);
};

describe("a right configuration", () => {
  it("gets the defaults of everything that it leaves out", () => {
    expect(parsed()).toEqual({
      warnings: [],
      settings: {
        cluster: {
          name: "multiarch",
          baseDomain: "example.com",
          version: "4.19.42",
          region: "eu-west-3",
          zones: ["eu-west-3a", "eu-west-3b"],
          controlPlane: { instanceType: "m6a.2xlarge", zone: "eu-west-3a", rootVolume: { type: "gp3", size: 200, iops: 4000 } },
          workerInstanceType: "m6a.2xlarge",
          networks: { machine: "10.0.0.0/16", cluster: "10.128.0.0/14", hostPrefix: 23, service: "172.30.0.0/16" },
          tags: {},
          credentialsMode: "mint",
          mirror: "https://mirror.openshift.com/pub",
          destroyMinutes: 60,
          protect: true,
        },
        pools: [
          { architecture: "amd64", instanceType: "m6a.2xlarge", zones: [{ name: "eu-west-3a", replicas: 0 }] },
          { architecture: "arm64", instanceType: "m7g.2xlarge", zones: [{ name: "eu-west-3b", replicas: 1 }] },
        ],
        architectures: ["amd64", "arm64"],
        fileSystem: { lifecycle: "AFTER_30_DAYS", zones: ["eu-west-3a", "eu-west-3b"], version: "4.19.42", tags: {} },
        pipelines: { channel: "latest", keep: 20, sign: true, sbom: true },
        namespace: {
          name: "build-multiarch",
          taskImages: {
            buildah: "registry.access.redhat.com/ubi9/buildah:9.8",
            nodejs: "registry.access.redhat.com/ubi9/nodejs-22:9.8",
            maven: "registry.access.redhat.com/ubi9/openjdk-21:1.24",
            syft: "ghcr.io/anchore/syft:v1.57.1",
          },
          insecureRegistries: [],
        },
        builds: [
          {
            name: "htop",
            pipeline: "containerfile",
            repository: "https://github.com/example/htop.git",
            revision: "main",
            context: ".",
            containerfile: "Containerfile",
            submodules: true,
            lfs: true,
            gitFolder: false,
            buildArgs: {},
            labels: {},
            environment: {},
            image: "quay.io/example/htop:1",
            tags: [],
            cache: "quay.io/example/htop-cache",
            downloads: true,
            entitlement: false,
            minutes: { clone: 10, prepare: 20, build: 40, push: 15 },
            retries: 1,
          },
        ],
      },
    });
  });

  it("needs no builds", () => expect(parsed({ builds: undefined }).settings.builds).toEqual([]));

  it("keeps secrets out of the plain settings", () => {
    expect(JSON.stringify(parsed({ npmrc: "token", mavenSettings: "<settings/>" }))).not.toMatch(new RegExp(`${auth}|token|<settings`));
  });

  it("counts the control plane's zone among the zones, once and sorted", () => {
    const zones = [{ name: "eu-west-3b", replicas: 1 }, { name: "eu-west-3a" }];
    const { settings } = parsed({ "cluster.controlPlane.zone": "eu-west-3c", "pools[1].zones": zones });
    expect(settings.cluster.zones).toEqual(["eu-west-3a", "eu-west-3b", "eu-west-3c"]);
    expect(settings.fileSystem.zones).toEqual(["eu-west-3a", "eu-west-3b", "eu-west-3c"]);
  });

  it("has its architectures in one order, whatever that of the pools: builds are named after their inputs", () => {
    const { pools } = raw().values as { pools: unknown[] };
    const { settings } = parsed({ pools: pools.toReversed() });
    expect(settings.architectures).toEqual(["amd64", "arm64"]);
    expect(settings.pools.map((pool) => pool.architecture)).toEqual(["arm64", "amd64"]);
    // The control plane goes where the amd64 pool begins.
    expect(settings.cluster.controlPlane.zone).toBe("eu-west-3a");
    expect(parsed({ pools: pools.slice(1) }).settings).toMatchObject({
      architectures: ["arm64"],
      cluster: { controlPlane: { zone: "eu-west-3b" }, workerInstanceType: "m6a.2xlarge" },
    });
  });

  it("gives the installer's worker pool the type of the amd64 pool, else the control plane's", () => {
    expect(parsed({ "pools[0].instanceType": "r6a.large" }).settings.cluster.workerInstanceType).toBe("r6a.large");
    const { pools } = raw().values as { pools: unknown[] };
    const changes = { pools: pools.slice(1), "cluster.controlPlane": { instanceType: "m5.4xlarge" } };
    expect(parsed(changes).settings.cluster.workerInstanceType).toBe("m5.4xlarge");
  });

  it("tags the file system as the cluster, and with tags of its own, which win", () => {
    const { settings } = parsed({ "cluster.tags": { a: "1", b: "2" }, "fileSystem.tags": { b: "3", c: "" } });
    expect(settings.fileSystem.tags).toEqual({ a: "1", b: "3", c: "" });
    expect(settings.cluster.tags).toEqual({ a: "1", b: "2" });
  });

  it("accepts a registry and a Git server that are addresses with a port", () => {
    const { settings } = parsed({
      "builds[0].repository": "git://10.213.0.1/examples.git",
      "builds[0].image": "10.213.0.1:5000/builds/htop",
    });
    expect(settings.builds[0]?.image).toBe("10.213.0.1:5000/builds/htop:latest");
  });

  it("keeps layers beside the image, or where one says; without a word only those of sources that anybody may read", () => {
    const downloads = (cache?: unknown, more: Record<string, unknown> = {}) =>
      parsed({ "builds[0].cache": cache, ...more }).settings.builds[0]?.downloads;
    expect([downloads(), downloads(true), downloads("quay.io/example/layers"), downloads(false)]).toEqual([true, true, true, false]);
    expect(downloads(undefined, { gitCredentials: "https://me:token@github.com" })).toBe(true);
    const keeper = (cache?: unknown, more: Record<string, unknown> = {}) =>
      parsed({ "builds[0].cache": cache, ...more }).settings.builds[0]?.cache;
    expect(keeper()).toBe("quay.io/example/htop-cache");
    expect(keeper(true, { "builds[0].image": "quay.io:8443/example/htop" })).toBe("quay.io:8443/example/htop-cache");
    // Credentials of another build say nothing about this one's sources.
    const own = (build: string) => ({ buildGitCredentials: { [build]: "https://me:x@a.example.com" } });
    expect(keeper(undefined, own("htop"))).toBeUndefined();
    expect(keeper(undefined, { ...own("htop"), "builds[0].submodules": false })).toBe("quay.io/example/htop-cache");
    const second = { name: "other", pipeline: "containerfile", repository: "https://b.example.com/b", image: "quay.io/example/other:1" };
    expect(keeper(undefined, { ...own("other"), "builds[1]": second })).toBe("quay.io/example/htop-cache");
    expect(keeper("quay.io/example/layers")).toBe("quay.io/example/layers");
    expect(keeper(false)).toBeUndefined();
  });

  it("has the architectures of a build in the order of all", () => {
    const of = (architectures?: string[]) => parsed({ "builds[0].architectures": architectures }).settings.builds[0]?.architectures;
    expect([of(["arm64", "amd64"]), of(["arm64"]), of()]).toEqual([["amd64", "arm64"], ["arm64"], undefined]);
  });

  it("takes aws:profile as a text only", () => {
    expect(parseSettings({ ...raw(), aws: { profile: "work" } }).warnings).toEqual([]);
    expect(problems({ ...raw(), aws: { profile: 1 } })).toEqual(["aws:profile is not a text; expected the name of a profile"]);
  });
});

describe("keys that are no settings", () => {
  const cluster =
    "name, baseDomain, version, controlPlane, networks, tags, sshKey, serviceEndpoints, credentialsMode, mirror, protect, destroyMinutes";
  const top =
    "cluster, pools, fileSystem, pipelines, namespace, builds, pullSecret, registryCredentials, npmrc, mavenSettings, buildSecrets, rhelEntitlement, gitCredentials, buildGitCredentials, signingPrivateKey";
  it.each([
    ["pols", "did you mean pools?"],
    ["pullsecret", "did you mean pullSecret?"],
    ["mavensetting", "did you mean mavenSettings?"],
    ["zzzzzz", `known here: ${top}`],
    ["toString", `known here: ${top}`],
    ["constructor", `known here: ${top}`],
    ["hasOwnProperty", `known here: ${top}`],
    ["__proto__", `known here: ${top}`],
    ["cluster.baseDomian", "did you mean baseDomain?"],
    ["cluster.toString", `known here: ${cluster}`],
    ["cluster.__proto__", `known here: ${cluster}`],
    ["cluster.controlPlane.zones", "did you mean zone?"],
    ["cluster.networks.machines", "did you mean machine?"],
    ["pools[0].zones[0].replica", "did you mean replicas?"],
    ["pools[0].zones[0].constructor", "known here: name, replicas"],
    ["pools[0].zone", "did you mean zones?"],
    ["fileSystem.version", "known here: lifecycle, tags"],
    ["pipelines.zzzzzz", "known here: channel, keep, sign, sbom"],
    ["namespace.taskImages.node", "did you mean nodejs?"],
    [
      "builds[0].url",
      "known here: name, pipeline, repository, revision, context, containerfile, submodules, lfs, gitFolder, prepare, target, buildArgs, labels, environment, image, tags, cache, architectures, entitlement, trigger, rebuild, minutes, resources, retries",
    ],
    ["builds[0].minutes.clones", "did you mean clone?"],
    ["builds[0].resources.disk", "known here: cpu, memory, storage"],
    ["builds[0].args", "did you mean tags?"],
    ["namespace.trustbundle", "did you mean trustBundle?"],
  ])("%s", (path, answer) => {
    expect(problems(withValues({ [path]: "x" }))).toEqual([`${path} is not a setting; ${answer}`]);
  });
});

describe("the region", () => {
  const right = 'a region such as "eu-west-3": pulumi config set aws:region eu-west-3';
  it.each([
    [undefined, "is missing"],
    ["", 'is ""'],
    ["eu-west", 'is "eu-west"'],
    ["eu-west-3a", 'is "eu-west-3a"'],
    ["EU-WEST-3", 'is "EU-WEST-3"'],
    [3, "is 3"],
  ])("%j is none", (region, is) => expect(problems({ ...raw(), region })).toEqual([`aws:region ${is}; expected ${right}`]));

  const inRegion = (region: string) =>
    withValues({ "pools[0].zones[0].name": `${region}a`, "pools[1].zones[0].name": `${region}b` }, region);

  it.each(["cn-north-1", "cn-northwest-1", "us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1"])("%s has no CoreOS image", (region) => {
    expect(problems(inRegion(region))).toEqual([
      `aws:region is "${region}"; expected a region of another partition: there is no CoreOS image in this one, and the program has no setting for one of your own`,
    ]);
  });

  it.each([
    [
      "us-gov-west-1",
      "GovCloud was not tried. Route 53 has no public zones there, says Red Hat's documentation, and this program makes only clusters with a public name.",
    ],
    ["eusc-de-east-1", "the European Sovereign Cloud was not tried."],
  ])("%s is warned about", (region, warning) => {
    expect(parseSettings(inRegion(region)).warnings).toEqual([`aws:region is ${region}: ${warning}`]);
  });

  it.each(["us-east-1", "ap-southeast-5", "mx-central-1", "il-central-1"])("%s is right", (region) => {
    expect(parseSettings(inRegion(region)).warnings).toEqual([]);
  });
});

it("lists all problems at once, also those between values where another value is wrong", () => {
  const input = withValues({
    "cluster.name": "Nope",
    "pools[0]": { architecture: "x86", instanceType: "m7g.2xlarge", zones: [{ name: "us-east-1a" }] },
    "builds[0].image": "htop",
    "builds[0].url": "x",
    pullSecret: undefined,
    "cluster.networks": { machine: "10.128.0.0/16" },
  });
  expect(problems(input).map((line) => line.split(" ")[0])).toEqual([
    "cluster.name",
    "pools[0].architecture",
    "builds[0].image",
    "builds[0].url",
    "pullSecret",
    "pools[0].zones[0].name",
    "cluster.networks.cluster",
  ]);
  expect(refusal(input)).toMatch(/^The stack's configuration has 7 problems:\n {2}- cluster\.name is "Nope"; expected /);
});
