import { describe, expect, it } from "vitest";
import { UserMistake } from "../../config/mistake";
import { parseSettings, type RawSettings } from "../../config/settings";

const auth = Buffer.from("user:secret-password").toString("base64");
const pullSecret = JSON.stringify({ auths: { "quay.io": { auth } } });
const registryCredentials = JSON.stringify({ auths: { "quay.io": { auth } } });

/** The smallest configuration that is right, with changes. */
function raw(change: (values: Values) => void = () => {}, region: unknown = "eu-west-3"): RawSettings {
  const values: Values = {
    cluster: { name: "multiarch", baseDomain: "example.com", version: "4.19.42" },
    pools: [
      { architecture: "amd64", instanceType: "m6a.2xlarge", zones: [{ name: "eu-west-3a" }] },
      { architecture: "arm64", instanceType: "m7g.2xlarge", zones: [{ name: "eu-west-3b", replicas: 1 }] },
    ],
    builds: [
      { name: "htop", pipeline: "containerfile", repository: "https://github.com/example/htop.git", image: "quay.io/example/htop:1" },
    ],
    pullSecret,
    registryCredentials,
  };
  change(values);
  return { region, values };
}
// biome-ignore lint/suspicious/noExplicitAny: the tests break this object on purpose.
type Values = Record<string, any>;

const mistakes = (input: RawSettings): string => {
  try {
    parseSettings(input);
  } catch (error) {
    expect(error).toBeInstanceOf(UserMistake);
    return (error as Error).message;
  }
  return "no mistake";
};

describe("a right configuration", () => {
  it("gets the defaults of everything that it leaves out", () => {
    const { settings, warnings } = parseSettings(raw());
    expect(warnings).toEqual([]);
    expect(settings.cluster).toMatchObject({
      region: "eu-west-3",
      zones: ["eu-west-3a", "eu-west-3b"],
      controlPlane: { instanceType: "m6a.2xlarge", zone: "eu-west-3a", rootVolume: { type: "gp3" } },
      workerInstanceType: "m6a.2xlarge",
      networks: { machine: "10.0.0.0/16", cluster: "10.128.0.0/14", hostPrefix: 23, service: "172.30.0.0/16" },
      mirror: "https://mirror.openshift.com/pub",
    });
    expect(settings.architectures).toEqual(["amd64", "arm64"]);
    expect(settings.pools[0]?.zones).toEqual([{ name: "eu-west-3a", replicas: 0 }]);
    expect(settings.fileSystem.zones).toEqual(["eu-west-3a", "eu-west-3b"]);
    expect(settings.builds[0]).toMatchObject({ revision: "main", context: ".", containerfile: "Containerfile" });
  });

  it("keeps secrets out of the plain settings", () => {
    expect(JSON.stringify(parseSettings(raw()))).not.toContain(auth);
  });

  it("counts the control plane's zone among the zones, once and sorted", () => {
    const input = raw((values) => {
      values.cluster.controlPlane = { zone: "eu-west-3c" };
      values.pools[1].zones.push({ name: "eu-west-3a", replicas: 0 });
    });
    expect(parseSettings(input).settings.cluster.zones).toEqual(["eu-west-3a", "eu-west-3b", "eu-west-3c"]);
  });

  it("accepts a registry and a Git server that are addresses with a port", () => {
    const input = raw((values) => {
      values.builds[0].repository = "git://10.213.0.1/examples.git";
      values.builds[0].image = "10.213.0.1:5000/builds/htop";
    });
    expect(parseSettings(input).settings.builds[0]?.image).toBe("10.213.0.1:5000/builds/htop:latest");
  });

  it("warns about more nodes than a single-node control plane was tested with", () => {
    const input = raw((values) => {
      values.pools[0].zones[0].replicas = 2;
    });
    expect(parseSettings(input).warnings).toEqual([expect.stringContaining("3 nodes")]);
  });

  it("warns about an image for whose registry there are no credentials", () => {
    const input = raw((values) => {
      values.builds[0].image = "ghcr.io/example/htop:1";
    });
    expect(parseSettings(input).warnings).toEqual([expect.stringContaining("builds[0].image goes to ghcr.io")]);
  });
});

describe("a mistake is named with its key, its value and what would be right", () => {
  const cases: [string, (values: Values) => void, RegExp[]][] = [
    [
      "an unknown architecture",
      (v) => (v.pools[0].architecture = "x86_64"),
      [/pools\[0\]\.architecture is "x86_64"; expected one of amd64, arm64/],
    ],
    [
      "a zone outside the region",
      (v) => (v.pools[1].zones[0].name = "eu-west-1b"),
      [/pools\[1\]\.zones\[0\]\.name is "eu-west-1b"; expected a zone of the region eu-west-3/],
    ],
    [
      "a control-plane zone outside the region",
      (v) => (v.cluster.controlPlane = { zone: "us-east-1a" }),
      [/cluster\.controlPlane\.zone is "us-east-1a"/],
    ],
    [
      "a Graviton type in the amd64 pool",
      (v) => (v.pools[0].instanceType = "m7gd.2xlarge"),
      [/pools\[0\]\.instanceType is "m7gd.2xlarge"; expected an amd64 .* Graviton/],
    ],
    [
      "an x86 type in the arm64 pool",
      (v) => (v.pools[1].instanceType = "g5.2xlarge"),
      [/pools\[1\]\.instanceType is "g5.2xlarge"; expected an arm64 \(Graviton\)/],
    ],
    [
      "a Graviton control plane",
      (v) => (v.cluster.controlPlane = { instanceType: "m6g.2xlarge" }),
      [/controlPlane\.instanceType is "m6g.2xlarge"; expected an amd64/],
    ],
    [
      "a control plane that is too small",
      (v) => (v.cluster.controlPlane = { instanceType: "m6a.xlarge" }),
      [/needs 8 vCPUs, this type has 4/],
    ],
    [
      "two pools of one architecture",
      (v) => (v.pools[1] = { ...v.pools[0] }),
      [/pools\[1\]\.architecture is "amd64"; expected an architecture that no other pool has \(pools\[0\]/],
    ],
    ["no pool", (v) => (v.pools = []), [/pools is \[\]; expected at least one pool/]],
    ["a zone twice in a pool", (v) => v.pools[0].zones.push({ name: "eu-west-3a" }), [/pools\[0\]\.zones\[1\]\.name/]],
    [
      "two builds of one name",
      (v) => v.builds.push({ ...v.builds[0], image: "quay.io/example/other:1" }),
      [/builds\[1\]\.name is "htop"; expected a name that no other build has \(builds\[0\]\.name\)/],
    ],
    [
      "two builds of one image",
      (v) => v.builds.push({ ...v.builds[0], name: "other" }),
      [/builds\[1\]\.image is .* expected an image that no other build pushes/],
    ],
    [
      "a version before the first known",
      (v) => (v.cluster.version = "4.14.3"),
      [/cluster\.version is "4.14.3"; expected .* from 4.15 to 4.22/],
    ],
    ["a version after the last known", (v) => (v.cluster.version = "5.0.0"), [/cluster\.version is "5.0.0"/]],
    ["a version that YAML reads as a number", (v) => (v.cluster.version = 4.2), [/cluster\.version is 4.2; expected .* in quotes/]],
    ["a missing version", (v) => delete v.cluster.version, [/cluster\.version is missing; expected a full OpenShift version/]],
    ["a missing pull secret", (v) => delete v.pullSecret, [/pullSecret is missing; .*pulumi config set --secret pullSecret/]],
    ["missing registry credentials", (v) => delete v.registryCredentials, [/registryCredentials is missing/]],
    ["a pull secret that is no JSON", (v) => (v.pullSecret = "hunter2"), [/pullSecret is \(secret\), but it is not JSON/]],
    [
      "a pull secret without registries",
      (v) => (v.pullSecret = "{}"),
      [/pullSecret is \(secret\), but it has no registries under "auths"/],
    ],
    [
      "registry credentials without a password",
      (v) => (v.registryCredentials = '{"auths":{"quay.io":{"auth":"aHVudGVyMg=="}}}'),
      [/registryCredentials is \(secret\), but its entry for quay.io/],
    ],
    ["an empty .npmrc", (v) => (v.npmrc = ""), [/npmrc is \(secret\), but it is empty/]],
    ["Maven settings of another kind", (v) => (v.mavenSettings = "<project/>"), [/mavenSettings .* no <settings> element/]],
    [
      "an image without a registry",
      (v) => (v.builds[0].image = "example/htop"),
      [/builds\[0\]\.image is "example\/htop"; expected registry/],
    ],
    ["an image in capitals", (v) => (v.builds[0].image = "quay.io/Example/htop"), [/builds\[0\]\.image/]],
    [
      "an image with a digest",
      (v) => (v.builds[0].image = `quay.io/example/htop@sha256:${"0".repeat(64)}`),
      [/builds\[0\]\.image .* without a digest/],
    ],
    [
      "an SSH Git URL",
      (v) => (v.builds[0].repository = "git@github.com:example/htop.git"),
      [/builds\[0\]\.repository is "git@github.com:example\/htop.git"; expected an https/],
    ],
    [
      "a Git URL with a password",
      (v) => (v.builds[0].repository = "https://user:pw@github.com/example/htop.git"),
      [/builds\[0\]\.repository/],
    ],
    ["a revision that is an option", (v) => (v.builds[0].revision = "--upload-pack=x"), [/builds\[0\]\.revision/]],
    ["a context outside of the repository", (v) => (v.builds[0].context = "../other"), [/builds\[0\]\.context is "..\/other"/]],
    [
      "an unknown pipeline",
      (v) => (v.builds[0].pipeline = "maven"),
      [/builds\[0\]\.pipeline is "maven"; expected one of containerfile, nodejs, quarkus/],
    ],
    [
      "networks that overlap",
      (v) => (v.cluster.networks = { service: "10.0.128.0/17" }),
      [/cluster\.networks\.service is "10.0.128.0\/17"; expected a network that shares no address with machine \(10.0.0.0\/16\)/],
    ],
    ["a network of OVN-Kubernetes", (v) => (v.cluster.networks = { service: "100.64.0.0/16" }), [/the cluster's own join network/]],
    [
      "a network with bits behind its prefix",
      (v) => (v.cluster.networks = { machine: "10.0.0.1/16" }),
      [/cluster\.networks\.machine is "10.0.0.1\/16"/],
    ],
    [
      "a host prefix that leaves no nodes",
      (v) => (v.cluster.networks = { cluster: "10.128.0.0/23", hostPrefix: 23 }),
      [/cluster\.networks\.hostPrefix is 23; expected at least 25/],
    ],
    [
      "io1 without a number of operations",
      (v) => (v.pools[0].rootVolume = { type: "io1", size: 120 }),
      [/pools\[0\]\.rootVolume\.iops is missing; expected a number/],
    ],
    [
      "a control-plane disk that is too small",
      (v) => (v.cluster.controlPlane = { rootVolume: { size: 60 } }),
      [/cluster\.controlPlane\.rootVolume\.size is 60; expected the size in GiB, from 120/],
    ],
    [
      "a tag that the destroyer looks for",
      (v) => (v.cluster.tags = { "kubernetes.io/cluster/x": "owned" }),
      [/cluster\.tags\.kubernetes\.io\/cluster\/x is "owned"; expected another key/],
    ],
    [
      "an endpoint without TLS",
      (v) => (v.cluster.serviceEndpoints = [{ name: "ec2", url: "http://127.0.0.1:5000" }]),
      [/cluster\.serviceEndpoints\[0\]\.url .* expected an https/],
    ],
    ["a cluster name in capitals", (v) => (v.cluster.name = "MultiArch"), [/cluster\.name is "MultiArch"; expected lower-case/]],
    ["a namespace of the cluster itself", (v) => (v.namespace = { name: "openshift-builds" }), [/namespace\.name is "openshift-builds"/]],
    ["a text where an object belongs", (v) => (v.cluster = "multiarch"), [/cluster is "multiarch"; expected an object with at least name/]],
    ["a misspelt key", (v) => (v.cluster.baseDomian = "example.com"), [/cluster\.baseDomian is not a setting; did you mean baseDomain\?/]],
    [
      "a misspelt key in a list",
      (v) => (v.pools[0].zones[0].replica = 1),
      [/pools\[0\]\.zones\[0\]\.replica is not a setting; did you mean replicas\?/],
    ],
    ["a misspelt key at the top", (v) => (v.pullsecret = "x"), [/pullsecret is not a setting; did you mean pullSecret\?/]],
    ["a key that resembles none", (v) => (v.pipelines = { zzzzzz: 1 }), [/pipelines\.zzzzzz is not a setting; known here: channel, keep/]],
  ];
  it.each(cases)("%s", (_, change, expected) => {
    const message = mistakes(raw(change));
    for (const pattern of expected) expect(message).toMatch(pattern);
    expect(message).toContain("has a problem:");
  });

  it.each([undefined, "eu-west", 3])("a region that is %s", (region) => {
    const message = mistakes({ ...raw(), region });
    expect(message).toContain("aws:region");
  });
});

it("lists all problems at once", () => {
  const message = mistakes(
    raw((values) => {
      values.cluster.name = "Nope";
      values.pools[0] = { architecture: "x86", instanceType: "m7g.2xlarge", zones: [{ name: "us-east-1a" }] };
      values.builds[0].image = "htop";
      values.builds[0].url = "x";
      delete values.pullSecret;
      values.cluster.networks = { machine: "10.128.0.0/16" };
    }),
  );
  for (const key of [
    "cluster.name",
    "pools[0].architecture",
    "pools[0].zones[0].name",
    "builds[0].image",
    "builds[0].url",
    "pullSecret",
    "cluster.networks.cluster",
  ]) {
    expect(message).toContain(`- ${key} `);
  }
  expect(message).toMatch(/has 7 problems/);
});

it("never prints a secret's value", () => {
  const message = mistakes(
    raw((values) => {
      values.pullSecret = '{"auths":{"quay.io":{"auth":"not base64, hunter2"}}}';
      values.registryCredentials = "hunter3";
      values.npmrc = " ";
    }),
  );
  expect(message).not.toMatch(/hunter/);
  expect(message).toMatch(/has 3 problems/);
});
