import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { loadSettings, UserMistake } from "../../config";

const auth = Buffer.from("hunter2:hunter3").toString("base64");
const credentials = JSON.stringify({ auths: { "quay.io": { auth } } });
const pullSecret = JSON.stringify({ auths: { "quay.io": { auth }, "registry.redhat.io": { auth } } });
const own = (settings: Record<string, string>) =>
  Object.fromEntries(Object.entries(settings).map(([key, value]) => [`openshift-multiarch:${key}`, value]));
const stack = {
  "aws:region": "eu-west-3",
  ...own({
    cluster: '{"name":"lab","baseDomain":"example.com","version":"4.19.42"}',
    pools: '[{"architecture":"arm64","instanceType":"m7g.2xlarge","zones":[{"name":"eu-west-3b","replicas":1}]}]',
    pullSecret,
    registryCredentials: credentials,
  }),
};
const warn = vi.spyOn(pulumi.log, "warn").mockResolvedValue();
const resolved = <T>(output: pulumi.Output<T> | undefined) => new Promise<T>((resolve) => output?.apply(resolve));

beforeAll(() => pulumi.runtime.setMocks({ newResource: () => ({ id: "", state: {} }), call: () => ({}) }, "openshift-multiarch", "test"));
beforeEach(() => void warn.mockClear());
afterEach(() => void delete process.env.PULUMI_CONFIG_SECRET_KEYS);

it("a stack's configuration becomes settings whose secrets are secret outputs", async () => {
  // A text that JSON would take for something else stays one.
  const others = {
    npmrc: "registry=https://a.example.com",
    mavenSettings: "<settings/>",
    gitCredentials: '{"credentials":"https://me:x@a.example.com"}',
  };
  pulumi.runtime.setAllConfig({ ...stack, ...own(others) });
  const settings = loadSettings();
  expect(settings.cluster).toMatchObject({
    region: "eu-west-3",
    version: "4.19.42",
    zones: ["eu-west-3b"],
    workerInstanceType: "m6a.2xlarge",
  });
  const { registryCredentials, npmrc, mavenSettings, gitCredentials } = settings.namespace;
  const secrets = [settings.cluster.pullSecret, registryCredentials, npmrc, mavenSettings, gitCredentials];
  for (const secret of secrets) expect(await pulumi.isSecret(secret as pulumi.Output<unknown>)).toBe(true);
  const { gitCredentials: _, ...texts } = others;
  const files = { ".git-credentials": "https://me:x@a.example.com" };
  expect(await Promise.all(secrets.map((secret) => resolved(secret as pulumi.Output<unknown>)))).toEqual([
    pullSecret,
    credentials,
    ...Object.values(texts),
    files,
  ]);
  expect(warn).not.toHaveBeenCalled();
});

it("Git credentials of a build are the files of a secret, whether they are a text or an object of parts", async () => {
  const line = "https://me:x@a.example.com";
  pulumi.runtime.setAllConfig({
    ...stack,
    ...own({
      builds: JSON.stringify([
        { name: "one", pipeline: "containerfile", repository: "https://a.example.com/one", image: "quay.io/example/one:1" },
        { name: "two", pipeline: "containerfile", repository: "https://a.example.com/two", image: "quay.io/example/two:1" },
      ]),
      buildGitCredentials: JSON.stringify({ one: line, two: { credentials: line } }),
    }),
  });
  const { buildGitCredentials } = loadSettings().namespace;
  expect(Object.keys(buildGitCredentials)).toEqual(["one", "two"]);
  for (const credentials of Object.values(buildGitCredentials)) {
    expect(await pulumi.isSecret(credentials)).toBe(true);
    expect(await resolved(credentials)).toEqual({ ".git-credentials": line });
  }
});

it("what may be left out is left out", () => {
  pulumi.runtime.setAllConfig(stack);
  expect(loadSettings().namespace).toMatchObject({ npmrc: undefined, mavenSettings: undefined, gitCredentials: undefined });
});

it("registry credentials with user and password are handed on as auth, and are still secret", async () => {
  const written = JSON.stringify({ auths: { "quay.io": { username: "hunter2", password: "hunter3" } } });
  pulumi.runtime.setAllConfig({ ...stack, ...own({ registryCredentials: written }) });
  const { registryCredentials } = loadSettings().namespace;
  expect(await pulumi.isSecret(registryCredentials)).toBe(true);
  expect(JSON.parse(await resolved(registryCredentials))).toEqual({ auths: { "quay.io": { auth } } });
});

it("what Pulumi's AWS provider gets as credentials is handed on: profile and access key, of the rest the names", () => {
  const others = ["accessKey", "secretKey", "token", "assumeRole", "assumeRoles", "assumeRoleWithWebIdentity", "sharedConfigFiles"];
  const aws = Object.fromEntries([...others, "sharedCredentialsFiles", "maxRetries"].map((key) => [`aws:${key}`, "hunter2"]));
  pulumi.runtime.setAllConfig({ ...stack, ...aws, "aws:profile": "work", "aws:accessKey": "x" });
  const { profile, accessKey, others: named } = loadSettings().cluster.credentials;
  expect([profile, accessKey]).toEqual(["work", "x"]);
  expect([...named].sort()).toEqual([...others, "sharedCredentialsFiles"].map((key) => `aws:${key}`).sort());
});

describe("secrets in plain text", () => {
  const all = {
    ...stack,
    ...own({ npmrc: "a=b", mavenSettings: "<settings/>", gitCredentials: "https://me:x@a.example.com" }),
    "aws:secretKey": "x",
    "aws:token": "y",
  };
  const plain = () => warn.mock.calls.map(([message]) => message).filter((message) => /in plain text/.test(message));
  it("are warned about, each", () => {
    pulumi.runtime.setAllConfig(all);
    process.env.PULUMI_CONFIG_SECRET_KEYS = "[]";
    loadSettings();
    expect(plain()).toEqual(
      ["pullSecret", "registryCredentials", "npmrc", "mavenSettings", "gitCredentials", "aws:secretKey", "aws:token"].map(
        (key) => `${key} is in plain text in the stack's file: set it with pulumi config set --secret ${key}`,
      ),
    );
  });
  it("but not when they are encrypted, or not there", () => {
    pulumi.runtime.setAllConfig(all);
    const keys = ["pullSecret", "registryCredentials", "mavenSettings", "gitCredentials"].map((key) => `openshift-multiarch:${key}`);
    process.env.PULUMI_CONFIG_SECRET_KEYS = JSON.stringify([...keys, "aws:secretKey", "aws:token"]);
    loadSettings();
    expect(plain()).toEqual(["npmrc is in plain text in the stack's file: set it with pulumi config set --secret npmrc"]);
    warn.mockClear();
    pulumi.runtime.setAllConfig(stack);
    loadSettings();
    expect(plain()).toEqual([]);
  });
  it("are warned about beside encrypted ones in one setting, which Pulumi calls a secret as a whole; known hosts are none", () => {
    const folder = mkdtempSync(join(tmpdir(), "openshift-multiarch-config-"));
    const cwd = vi.spyOn(process, "cwd").mockReturnValue(folder);
    const secure = { secure: "v1:x" };
    const buildSecrets = { one: { token: secure, other: "hunter2" }, two: { third: "hunter3" } };
    const buildGitCredentials = { one: { sshKey: secure, knownHosts: "a" }, two: "https://me:x@a.example.com" };
    const config = { ...own({ npmrc: "a=b" }), "openshift-multiarch:buildSecrets": buildSecrets, "openshift-multiarch:pullSecret": secure };
    writeFileSync(
      join(folder, "Pulumi.test.yaml"),
      JSON.stringify({ config: { ...config, "openshift-multiarch:buildGitCredentials": buildGitCredentials } }),
    );
    const build = (name: string) => ({
      name,
      pipeline: "containerfile",
      repository: "https://a.example.com/b",
      image: `quay.io/e/${name}:1`,
    });
    pulumi.runtime.setAllConfig({
      ...stack,
      ...own({
        builds: JSON.stringify([build("one"), build("two")]),
        buildSecrets: JSON.stringify({ one: { token: "hunter1", other: "hunter2" }, two: { third: "hunter3" } }),
        buildGitCredentials: JSON.stringify({ one: "https://me:x@a.example.com", two: "https://me:x@a.example.com" }),
      }),
    });
    const keys = ["pullSecret", "registryCredentials", "buildSecrets", "buildGitCredentials"];
    process.env.PULUMI_CONFIG_SECRET_KEYS = JSON.stringify(keys.map((key) => `openshift-multiarch:${key}`));
    loadSettings();
    cwd.mockRestore();
    rmSync(folder, { recursive: true });
    expect(plain()).toEqual(
      ["buildSecrets.one.other", "buildSecrets.two.third", "buildGitCredentials.two"].map(
        (part) =>
          `${part} is in plain text in the stack's file, beside what is encrypted: set it with pulumi config set --secret --path ${part}`,
      ),
    );
  });
  it("nor when the engine does not say what is encrypted", () => {
    pulumi.runtime.setAllConfig(all);
    loadSettings();
    expect(plain()).toEqual([]);
  });
});

it("a setting that is encrypted is not shown", () => {
  pulumi.runtime.setAllConfig({ ...stack, ...own({ pipelines: '{"channel":"mine"}', namespace: '{"name":"Yours"}' }) });
  process.env.PULUMI_CONFIG_SECRET_KEYS = JSON.stringify(["openshift-multiarch:pipelines"]);
  expect(loadSettings).toThrow(/pipelines.channel is \(secret\); expected .*\n.*namespace.name is "Yours"; expected /);
});

it("a mistake is an error that Pulumi prints without a stack trace", () => {
  pulumi.runtime.setAllConfig({ ...stack, ...own({ cluster: '{"name":"lab"}', pols: "[]", "a:b": "x" }), "other:pools": "x" });
  expect(loadSettings).toThrow(UserMistake);
  expect(loadSettings).toThrow(
    /cluster.baseDomain is missing.*cluster.version is missing.*pols is not a setting; did you mean pools\?.*a:b is not a setting/s,
  );
  try {
    loadSettings();
  } catch (error) {
    expect(pulumi.RunError.isInstance(error)).toBe(true);
    expect((error as Error).name).toBe("UserMistake");
  }
});

it("a setting called __proto__ is not one", () => {
  pulumi.runtime.setAllConfig({ ...stack, "openshift-multiarch:__proto__": "{}" });
  expect(loadSettings).toThrow("__proto__ is not a setting");
});

it("a value that is no JSON is a text", () => {
  pulumi.runtime.setAllConfig({ ...stack, ...own({ pools: "[{" }) });
  expect(loadSettings).toThrow("pools is a text of 2 characters; expected a list with one object for each architecture");
});
