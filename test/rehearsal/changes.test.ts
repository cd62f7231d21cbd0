import { expect, it } from "vitest";
import { parseSettings } from "../../config/settings";
import { changes } from "./changes";

const secret = '{"auths":{"quay.io":{"auth":"dTpw"},"registry.redhat.io":{"auth":"dTpw"}}}';
const nothing = "xxxxxxxxxxxxxxxxxxxx";
/** A configuration with a key that is none, in every object. */
const values = {
  [nothing]: 1,
  pullSecret: secret,
  registryCredentials: secret,
  cluster: {
    [nothing]: 1,
    name: "lab",
    baseDomain: "example.com",
    version: "4.19.42",
    controlPlane: { [nothing]: 1, rootVolume: { [nothing]: 1, size: 200 } },
    networks: { [nothing]: 1 },
    serviceEndpoints: [{ [nothing]: 1, name: "ec2", url: "https://ec2.example.com" }],
  },
  pools: [
    {
      [nothing]: 1,
      architecture: "amd64",
      instanceType: "m6a.2xlarge",
      zones: [{ [nothing]: 1, name: "eu-west-3a" }],
      rootVolume: { [nothing]: 1, size: 120 },
    },
  ],
  fileSystem: { [nothing]: 1 },
  pipelines: { [nothing]: 1 },
  namespace: { [nothing]: 1, taskImages: { [nothing]: 1 } },
  builds: [
    {
      [nothing]: 1,
      name: "a",
      pipeline: "containerfile",
      repository: "https://example.com/a.git",
      image: "quay.io/a/a:1",
      prepare: { [nothing]: 1, image: "quay.io/a/b:1", script: "true" },
      minutes: { [nothing]: 1 },
      resources: { [nothing]: 1 },
    },
  ],
};

/** Every key that the program knows: it names them all to who uses another one. */
function knownKeys(): string[] {
  try {
    parseSettings({ region: "eu-west-3", values });
  } catch (error) {
    const lines = [...(error as Error).message.matchAll(/ {2}- (\S*?)\.?x{20} is not a setting; known here: (.*)/g)];
    return lines.flatMap(([, path, keys]) => (keys ?? "").split(", ").map((key) => (path ? `${path}.${key}` : key)));
  }
  throw new Error("a key that is none was accepted");
}

it("every key of the configuration has its row: what becomes of a change to a running stack", () => {
  const known = knownKeys();
  expect(known.length).toBeGreaterThan(40);
  // An object has rows for its keys.
  const leaves = known.filter((key) => !known.some((other) => other.startsWith(`${key}.`) || other.startsWith(`${key}[`)));
  const plain = (key: string) => key.replace(/\[\d*\]/g, "[]");
  const rows = new Set(changes.map(({ setting }) => plain(setting)));
  expect([...new Set(leaves.map(plain))].filter((key) => !rows.has(key))).toEqual([]);
});

it("every row says what it shows: what is touched, or which message one gets", () => {
  for (const { setting, outcome, touches, says } of changes) {
    expect([setting, touches === undefined], setting).toEqual([setting, outcome === "refused"]);
    // A change that is carried out may be warned of as well.
    if (outcome !== "carried out") expect([setting, typeof says]).toEqual([setting, "string"]);
  }
});
