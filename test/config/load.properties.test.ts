import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { loadSettings } from "../../config";
import { resolved } from "../graph";
import { testSecret } from "../leaks";

const login = (name: string) => {
  const auth = Buffer.from(`user:${testSecret(name)}`).toString("base64");
  return JSON.stringify({ auths: { "quay.io": { auth }, "registry.redhat.io": { auth } } });
};
const secrets = {
  pullSecret: login("pull secret"),
  registryCredentials: login("registry password"),
  npmrc: `//npm.example.com/:_authToken=${testSecret("npm token")}`,
  mavenSettings: `<settings><password>${testSecret("maven password")}</password></settings>`,
};
const prefixed = (values: Record<string, string>) =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [`openshift-multiarch:${key}`, value]));
const stack = {
  "aws:region": "eu-west-3",
  ...prefixed({
    cluster: '{"name":"lab","baseDomain":"example.com","version":"4.19.42"}',
    pools: '[{"architecture":"amd64","instanceType":"m6a.2xlarge","zones":[{"name":"eu-west-3b","replicas":3}]}]',
    ...secrets,
  }),
};

let warned: string[];
beforeAll(() => pulumi.runtime.setMocks({ newResource: () => ({ id: "", state: {} }), call: () => ({}) }, "openshift-multiarch", "test"));
beforeEach(() => {
  warned = [];
  vi.spyOn(pulumi.log, "warn").mockImplementation(async (message) => void warned.push(message));
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** As the engine starts the program: with the names of the encrypted keys in a variable. */
function load(encrypted: readonly string[], change: Record<string, string> = {}) {
  const keys = encrypted.map((key) => `openshift-multiarch:${key}`);
  vi.stubEnv("PULUMI_CONFIG_SECRET_KEYS", JSON.stringify(keys));
  pulumi.runtime.setAllConfig({ ...stack, ...change }, keys);
  return loadSettings();
}

describe("a stack's secrets", () => {
  it("are secret outputs with the text as it is", async () => {
    const { cluster, namespace } = load(Object.keys(secrets));
    const outputs = {
      pullSecret: cluster.pullSecret,
      registryCredentials: namespace.registryCredentials,
      npmrc: namespace.npmrc,
      mavenSettings: namespace.mavenSettings,
    };
    for (const [name, output] of Object.entries(outputs)) {
      expect([name, output && (await pulumi.isSecret(output))]).toEqual([name, true]);
      expect([name, output && (await resolved(output))]).toEqual([name, secrets[name as keyof typeof secrets]]);
    }
  });

  it("are text even where they look like JSON", async () => {
    for (const npmrc of ["1", "[]", '{"a":1}'])
      expect(await resolved(load(Object.keys(secrets), prefixed({ npmrc })).namespace.npmrc ?? pulumi.output(""))).toBe(npmrc);
  });

  it.each(["pullSecret", "registryCredentials"])("%s in plain text in the stack's file is warned about, and only that", (key) => {
    load(Object.keys(secrets).filter((other) => other !== key));
    const about = warned.filter((message) => message.includes("plain text"));
    expect(about).toEqual([expect.stringMatching(new RegExp(`^${key} is in plain text .* pulumi config set --secret ${key}`))]);
  });

  it("are not warned about when all are encrypted", () => {
    load(Object.keys(secrets));
    expect(warned.filter((message) => message.includes("plain text"))).toEqual([]);
  });
});

it("warnings about settings reach the user", () => {
  load(Object.keys(secrets));
  expect(warned).toContainEqual(expect.stringContaining("The pools have 3 nodes together"));
});

it("a value that is no JSON is taken as the text that it is", () => {
  expect(() => load(Object.keys(secrets), prefixed({ cluster: "{broken" }))).toThrow(
    /cluster is a text of 7 characters; expected an object/,
  );
});
