import { describe, expect, it } from "vitest";
import { exampleAuthority } from "../../config/certificates";
import { Redactor } from "../../config/redact";
import { parseSettings, type RawSettings } from "../../config/settings";
import { entitlement } from "./certificates";
import { put, raw, refusal, type Values } from "./stack";

// Two secrets that no encoding hides: none of their letters is like those of the messages.
const own = "Zq7-hunter2-Wx9vKpQ4";
const foreign = "Jf3xUNSEEN8mVtRb5yQzLw";

/** What shows a secret: the text, its base64 at all three offsets, hex, URL encoding, and every part of ten letters. */
function tracesOf(secret: string): string[] {
  const shifted = [0, 1, 2].map((offset) =>
    Buffer.from(`${"a".repeat(offset)}${secret}`)
      .toString("base64")
      .replace(/=+$/, "")
      .slice(Math.ceil((offset * 4) / 3), -1),
  );
  const parts = Array.from({ length: secret.length - 9 }, (_, i) => secret.slice(i, i + 10));
  return [...parts, ...shifted, Buffer.from(secret).toString("hex"), encodeURIComponent(secret)];
}

function expectSilence(text: string, ...secrets: string[]): void {
  for (const trace of secrets.flatMap(tracesOf)) expect(text).not.toContain(trace);
}

const own64 = Buffer.from(`builder:${own}`).toString("base64");
const stackSecrets = {
  pullSecret: JSON.stringify({ auths: { "quay.io": { auth: own64, email: "you@example.com" }, "registry.redhat.io": { auth: own64 } } }),
  registryCredentials: JSON.stringify({ auths: { "quay.io": { username: "builder", password: own } } }),
  npmrc: `//registry.example.com/:_authToken=${own}\n`,
  mavenSettings: `<settings><servers><server><password>${own}</password></server></servers></settings>`,
  gitCredentials: `https://x:y@a.example.com\nhttps://me:${own}@git.example.com\n`,
  buildGitCredentials: { htop: { credentials: `https://me:${own}@git.example.com` } },
  buildSecrets: { htop: { token: own } },
  rhelEntitlement: entitlement.whole,
};

/** Every setting there is, so that every path can be broken. */
const complete = (values: Values): void => {
  Object.assign(values, structuredClone(stackSecrets));
  Object.assign(values.cluster, {
    controlPlane: { instanceType: "m6a.2xlarge", zone: "eu-west-3a", rootVolume: { type: "gp3", size: 200, iops: 4000 } },
    networks: { machine: "10.0.0.0/16", cluster: "10.128.0.0/14", hostPrefix: 23, service: "172.30.0.0/16" },
    tags: { environment: "dev" },
    sshKey: undefined,
    serviceEndpoints: [{ name: "ec2", url: "https://a.example.com" }],
    credentialsMode: "mint",
    mirror: "https://mirror.example.com",
    protect: true,
    destroyMinutes: 60,
  });
  values.pools[0].rootVolume = { type: "gp3", size: 120, iops: 3000 };
  values.pools[0].zones[0].replicas = 0;
  values.fileSystem = { lifecycle: "NEVER", tags: { owner: "me" } };
  values.pipelines = { channel: "latest", keep: 20, sign: true, sbom: true };
  values.namespace = {
    name: "builds",
    taskImages: { buildah: "quay.io/a:1", nodejs: "quay.io/a:1", maven: "quay.io/a:1", syft: "quay.io/a:1" },
  };
  Object.assign(values.namespace, { trustBundle: exampleAuthority, insecureRegistries: ["registry.example.com:5000"] });
  Object.assign(values.builds[0], {
    revision: "main",
    context: ".",
    containerfile: "Containerfile",
    submodules: true,
    lfs: true,
    gitFolder: false,
    prepare: { image: "quay.io/a:1", script: "true", once: true },
    target: "runtime",
    buildArgs: { VERSION: "1" },
    labels: { title: "htop" },
    environment: { NODE_OPTIONS: "" },
    tags: ["{commit}"],
    cache: "quay.io/example/layers",
    architectures: ["arm64"],
    entitlement: true,
    minutes: { clone: 10, prepare: 20, build: 40, push: 15 },
    resources: { cpu: 4, memory: 8, storage: 20 },
  });
};

function pathsOf(value: unknown, path = ""): string[] {
  if (typeof value !== "object" || value === null) return path === "" ? [] : [path];
  const inside = Object.entries(value).flatMap(([key, part]) =>
    pathsOf(part, Array.isArray(value) ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`),
  );
  return path === "" ? inside : [path, ...inside];
}

/** Odd values that hold a secret in some way. */
const holders = (secret: string): unknown[] => [
  `https://me:${secret}@git.example.com/a.git`,
  `https://${secret}@git.example.com/a.git`,
  `https://me:x/${secret}@git.example.com/a.git`,
  `https://me:x?${secret}@git.example.com/a.git`,
  `https:me:${secret}@git.example.com/a.git`,
  `me:${secret}@quay.io/a/b:1`,
  `${secret}@quay.io/a`,
  `https://git.example.com/a.git?token=${secret}`,
  `https://git.example.com/a.git#access_token=${secret}`,
  `git.example.com/a?x=${secret}`,
  JSON.stringify({ auths: { "quay.io": { auth: Buffer.from(`u:${secret}`).toString("base64") } } }),
  `\n{"password": "${secret}"}`,
  `[${secret}]`,
  `<settings><password>${secret}</password></settings>`,
  `-----BEGIN OPENSSH PRIVATE KEY-----\n${secret}\n`,
  `//registry.example.com/:_authToken=${secret}\nalways-auth=true`,
  `${secret} `.repeat(8),
  { password: secret },
  { [`https://me:${secret}@git.example.com`]: "x" },
  [secret],
  [[{ deep: secret }]],
];

/** And as it is: told from other texts when it is one of the stack's own, or looks like a token. */
const bare = (secret: string): unknown[] => [
  secret,
  `x${secret}y`,
  { [secret]: 1 },
  { [`a b ${secret}`]: 1 },
  ...["", "a", "ab"].map((before) => Buffer.from(`${before}${secret}`).toString("base64")),
  Buffer.from(secret).toString("hex"),
  encodeURIComponent(`${secret}/ü`),
];

const told = (input: RawSettings) => {
  const text = refusal(input);
  return text === "no mistake" ? parseSettings(input).warnings.join("\n") : text;
};

const paths = [
  ...pathsOf(raw(complete).values),
  "cluster.sshKey",
  "unknown",
  "cluster.unknown",
  "pools[0].unknown",
  "builds[0].unknown",
  "cluster.tags.x",
  "builds[0].buildArgs.x",
  "builds[0].labels.x",
  "builds[0].environment.x",
];

it("every setting is tried", () => {
  expect(paths.length).toBeGreaterThan(95);
  expect(told(raw(complete))).toBe("builds[0].cache keeps no layers: a build with secrets (buildSecrets) takes and leaves none.");
});

describe("no message holds a secret that was put into", () => {
  it.each(paths)("%s", (path) => {
    const values = [...holders(foreign), ...holders(own), ...bare(own), foreign, { [foreign]: 1 }];
    for (const value of values) {
      const input = raw((all) => {
        complete(all);
        put(all, path, value);
      });
      expectSilence(told(input), own, foreign);
    }
  });
  it("aws:region", () => {
    for (const value of [...holders(foreign), ...holders(own), ...bare(own), foreign]) {
      expectSilence(told(raw(complete, value)), own, foreign);
    }
  });
  it("the settings of Pulumi's AWS provider", () => {
    const aws = { secretKey: own, token: own, assumeRoles: `[{"roleArn":"${own}"}]`, profile: { x: own } };
    const input = raw((values) => {
      complete(values);
      values.cluster.name = own;
      for (const key of Object.keys(stackSecrets)) delete values[key];
    });
    expectSilence(told({ ...input, aws }), own);
    expect(refusal({ ...input, aws })).toContain("cluster.name is (secret); expected lower-case letters");
  });
});

it("nothing of a setting that is encrypted is shown, neither a value nor a key that is none of ours", () => {
  const input = raw((values) => {
    values.cluster = { name: "Plain", [`x-${foreign}`]: 1, tags: { "my,key": "my;text" }, version: "4.19.42", baseDomain: "example.com" };
  });
  expect(refusal({ ...input, encrypted: ["cluster"] })).toBe(
    [
      "The stack's configuration has 3 problems:",
      '  - cluster.name is (secret); expected lower-case letters, digits and dashes, with a letter first, at most 54 characters, such as "multiarch"',
      "  - cluster.tags.(secret) is (secret); expected a tag key of 1 to 128 letters (A to Z), digits, blanks between them and _.:/=+-@",
      "  - cluster.(secret) is not a setting; known here: name, baseDomain, version, controlPlane, networks, tags, sshKey, serviceEndpoints, credentialsMode, mirror, protect, destroyMinutes",
    ].join("\n"),
  );
});

it("a name that looks like a secret's is warned of, but not shown where it is one itself", () => {
  const input = raw((values) => {
    complete(values);
    values.buildSecrets = { htop: { token: "a_secret_token_of_30_characters" } };
    values.builds[0].buildArgs = { a_secret_token_of_30_characters: "x" };
  });
  expect(told(input)).toMatch(/^builds\[0\]\.buildArgs\.<\(secret\)> has the name of a secret, and is in plain text/m);
});

describe("what is shown of a value", () => {
  const redactor = new Redactor([own, 1234567, JSON.stringify({ username: "builder", password: "short" })]);
  it.each([
    ["plain", '"plain"'],
    ['with "quotes"', '"with \\"quotes\\""'],
    [1.5, "1.5"],
    [true, "true"],
    [null, "null"],
    [[], "[]"],
    [[1], "a list"],
    [{}, "{}"],
    [{ a: 1 }, "an object"],
    ["x".repeat(120), `"${"x".repeat(120)}"`],
    ["x".repeat(121), "a text of 121 characters"],
    ["a\nb", "a text of 3 characters"],
    [" {}", "a text of 3 characters"],
    ["{commit}-x", '"{commit}-x"'],
    ["{password: x}", "a text of 13 characters"],
    ["{passwords}", "a text of 11 characters"],
    ["<a", "a text of 2 characters"],
    ["-----BEGIN", "a text of 10 characters"],
    ["ghp_abcdefgh", "a text of 12 characters"],
    ["AKIAABCDEFGH", "a text of 12 characters"],
    ["https://a.example.com/glpat-abcdefgh/x", "a text of 38 characters"],
    ["Aa1".repeat(6), '"Aa1Aa1Aa1Aa1Aa1Aa1"'],
    ["Aa1".repeat(7), "a text of 21 characters"],
    ["a1".repeat(15), `"${"a1".repeat(15)}"`],
    ["git@github.com:a/b", '"git@github.com:a/b"'],
    ["ssh://git@github.com/a", '"ssh://git@github.com/a"'],
    ["me@github.com:a/b", '"***@github.com:a/b"'],
    ["https://me:pw@a.example.com/b?c#d", '"https://***@a.example.com/b?***"'],
    ["https://a.example.com/b#c?d", '"https://a.example.com/b#***"'],
    ["a@b@c", '"***@c"'],
    [`me:pw@quay.io/a@sha256:${"0".repeat(64)}`, `"***@quay.io/a@sha256:${"0".repeat(64)}"`],
    [`quay.io/a@sha256:${"0".repeat(64)}`, `"quay.io/a@sha256:${"0".repeat(64)}"`],
    [own, "(secret)"],
    [`x ${own} y`, "(secret)"],
    [own.slice(2, 10), "(secret)"],
    [own.slice(2, 9), `"${own.slice(2, 9)}"`],
    [1234567, "(secret)"],
    ["builder", '"builder"'],
    ["short", '"short"'],
  ])("%j", (value, shown) => expect(redactor.value(value)).toBe(shown));

  it("knows the tokens of gitCredentials, as they are written and as they are meant, and each line of a key, also a part of another text", () => {
    const lines = [`https://me:to%2Fken-to%40ken@a.example.com`, "https://you:other-token@b.example.com/team"].join("\n");
    const key = [
      "-----BEGIN OPENSSH PRIVATE KEY-----",
      "b3BlbnNzaC1rZXk",
      "Zm9yIG5vYm9keSBhdCBhbGw=",
      "-----END OPENSSH PRIVATE KEY-----",
    ].join("\n");
    for (const secret of [lines, JSON.stringify({ credentials: lines, sshKey: key, knownHosts: "x" })]) {
      const redactor = new Redactor([secret]);
      for (const shown of ["to%2Fken-to%40ken", "to/ken-to@ken", "other-token"]) expect(redactor.value(`a/${shown}/b`)).toBe("(secret)");
    }
    const redactor = new Redactor([JSON.stringify({ sshKey: key })]);
    for (const shown of ["b3BlbnNzaC1rZXk", "Zm9yIG5vYm9keSBhdCBhbGw="]) expect(redactor.value(`a/${shown}/b`)).toBe("(secret)");
  });

  it.each([
    ["plain", "plain"],
    ["a b", '"a b"'],
    ["ü", '"ü"'],
    ["", '""'],
    ["https://me:pw@a", "https://***@a"],
    ["x".repeat(121), "<a text of 121 characters>"],
    [own, "<(secret)>"],
  ])("key %j", (key, shown) => expect(redactor.key(key)).toBe(shown));
});
