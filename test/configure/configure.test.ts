import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { parseSettings } from "../../config/settings";
import { type Name, problemOf, questions } from "../../configure/questions";
import { stackFile } from "../../configure/stack-file";
import { schemaErrors } from "../config/editor";
import { rules } from "../config/rules";
import { credentials, pullSecret } from "../config/stack";
import { Configure } from "./terminal";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "openshift-multiarch-configure-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const enter = "\r";
const written = (stack: string) => readFileSync(join(folder, `Pulumi.${stack}.yaml`), "utf8");

/** What the program makes of a file that was written; it warns of nothing, and an editor has nothing against it. */
function settingsOf(text: string) {
  const { config } = parse(text) as { config: Record<string, unknown> };
  expect(schemaErrors({ config })).toEqual([]);
  const own = Object.entries(config).flatMap(([key, value]) => (key.startsWith("openshift-multiarch:") ? [[key.slice(20), value]] : []));
  const secrets = { pullSecret, registryCredentials: credentials };
  const { settings, warnings } = parseSettings({ region: config["aws:region"], values: { ...secrets, ...Object.fromEntries(own) } });
  expect(warnings).toEqual([]);
  return { accounts: config["aws:allowedAccountIds"], ...settings };
}

const needed = {
  stack: "prod",
  region: "eu-west-3",
  accounts: "012345678901",
  name: "lab",
  "base-domain": "example.com",
} as const;
const image = {
  build: "nodejs",
  "build-name": "app",
  repository: "https://github.com/example/app.git",
  image: "quay.io/example/app",
} as const;
const options = (answers: Partial<Record<Name, string>>) => Object.entries(answers).map(([name, text]) => `--${name}=${text}`);
const run = (terminal: boolean, ...words: string[]) => new Configure(folder, words, terminal);

describe("at a terminal", () => {
  it("asks for what has no default, says in the program's words what is wrong, and writes a file that the program takes", async () => {
    const session = run(true);
    await session.answer("Name of the stack", `prod${enter}`);
    await session.answer("Region of the cluster", `cn-north-1${enter}`);
    await session.answer("there is no CoreOS image in this one", "\x15");
    await session.answer("Region of the cluster", `eu-west-3${enter}`);
    await session.answer("Accounts that", `012345678901, 123456789012${enter}`);
    await session.answer("Name of the cluster", `Lab${enter}`);
    await session.answer("expected lower-case letters, digits and dashes", "\x15");
    await session.answer("Name of the cluster", `lab${enter}`);
    await session.answer("Public hosted zone", `example.com${enter}`);
    await session.answer("Version of OpenShift", enter);
    await session.answer("Availability zones", `eu-west-3b us-east-1a${enter}`);
    await session.answer("expected a zone of the region eu-west-3 (aws:region)", "\x15");
    await session.answer("Availability zones", `eu-west-3b eu-west-3a${enter}`);
    await session.answer("First image to build", `\x1b[B\x1b[B${enter}`);
    await session.answer("Name of the build", `app${enter}`);
    await session.answer("Git repository", `https://github.com/example/app.git${enter}`);
    await session.answer("Folder of the repository", enter);
    await session.answer("Image that is pushed", `quay.io/example/app${enter}`);
    const { code, text } = await session.ended;
    expect([code, text]).toEqual([
      0,
      expect.stringMatching(/Pulumi\.prod\.yaml is written.*\n\s+pulumi stack init prod\s+pulumi config set --secret pullSecret < /s),
    ]);
    const { accounts, cluster, pools, builds } = settingsOf(written("prod"));
    expect(accounts).toEqual(["012345678901", "123456789012"]);
    expect(cluster).toMatchObject({
      name: "lab",
      baseDomain: "example.com",
      region: "eu-west-3",
      zones: ["eu-west-3a", "eu-west-3b"],
      controlPlane: { zone: "eu-west-3b" },
    });
    const zones = [
      { name: "eu-west-3b", replicas: 1 },
      { name: "eu-west-3a", replicas: 0 },
    ];
    expect(pools.map((pool) => [pool.architecture, pool.zones])).toEqual([
      ["amd64", zones],
      ["arm64", zones],
    ]);
    expect(builds).toEqual([
      expect.objectContaining({ name: "app", pipeline: "nodejs", context: ".", image: "quay.io/example/app:latest" }),
    ]);
  });

  it("asks only for what no option says, and writes a stack without images when none is wanted", async () => {
    const session = run(true, ...options(needed), "--version=4.19.42");
    await session.answer("Availability zones", enter);
    await session.answer("First image to build", enter);
    const { code, text } = await session.ended;
    expect([code, text]).toEqual([0, expect.not.stringContaining("Name of the cluster")]);
    expect(settingsOf(written("prod"))).toMatchObject({ builds: [], cluster: { version: "4.19.42", zones: ["eu-west-3a"] } });
  });

  it("asks when an option is wrong, after it has said what is", async () => {
    const session = run(true, ...options({ ...needed, name: "Lab", zones: "eu-west-3a", build: "none", version: "4.19.42" }));
    await session.answer('--name is "Lab"; expected lower-case letters, digits and dashes', "");
    await session.answer("Name of the cluster", `lab${enter}`);
    expect((await session.ended).code).toBe(0);
    expect(settingsOf(written("prod"))).toMatchObject({ cluster: { name: "lab" } });
  });

  it("Ctrl-C leaves nothing, whenever it comes", async () => {
    for (const question of ["Version of OpenShift", "First image to build"]) {
      const session = run(true, ...options(needed));
      if (question !== "Version of OpenShift") {
        await session.answer("Version of OpenShift", enter);
        await session.answer("Availability zones", enter);
      }
      await session.answer(question, "\x03");
      expect(await session.ended).toEqual({ code: 130, text: expect.stringContaining("Nothing was written.") });
      expect(readdirSync(folder)).toEqual([]);
    }
  });

  it.each([
    ["n", "mine"],
    ["y", "yours"],
  ])("overwrites a file only after a question: %s", async (reply, whose) => {
    const file = join(folder, "Pulumi.prod.yaml");
    writeFileSync(file, "# mine");
    const session = run(true, ...options({ ...needed, version: "4.19.42", zones: "eu-west-3a", build: "none" }));
    await session.answer("Pulumi.prod.yaml is there already. Overwrite all but its secrets?", `${reply}${enter}`);
    expect((await session.ended).code).toBe(0);
    expect(readFileSync(file, "utf8") === "# mine" ? "mine" : "yours").toBe(whose);
  });
});

describe("without a terminal", () => {
  it("options are enough", async () => {
    const { code, text } = await run(false, ...options({ ...needed, ...image, zones: "eu-west-3c" })).ended;
    expect([code, text]).toEqual([0, expect.stringContaining("pulumi stack init prod")]);
    expect(settingsOf(written("prod"))).toMatchObject({ cluster: { zones: ["eu-west-3c"] }, builds: [{ pipeline: "nodejs" }] });
  });

  it("says which are missing, and which are wrong, all at once", async () => {
    const { code, text } = await run(false, "--stack=a/b", "--accounts=1", "--image=x", "--region=us-east-1", "--zones=eu-west-3a").ended;
    const lines = text
      .split("\n")
      .filter((line) => line.startsWith("  - "))
      .map((line) => /--([\w-]+)(?: is missing|=\S+ is missing| is)/.exec(line)?.[1]);
    expect([code, lines, text]).toEqual([
      1,
      ["stack", "accounts", "name", "base-domain", "zones", "image"],
      expect.stringMatching(/no terminal to ask at.*expected a zone of the region us-east-1.*--image is for a build/s),
    ]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("--force is needed for a file that is there; what only Pulumi can write stays in it", async () => {
    const words = options(needed);
    const file = join(folder, "Pulumi.prod.yaml");
    const secret = { secure: "v1:abc:def+/=" };
    const config = {
      "openshift-multiarch:pullSecret": secret,
      "aws:token": secret,
      "aws:region": secret,
      "openshift-multiarch:pipelines": { keep: 3 },
    };
    const old = { config, encryptionsalt: "v1:x:y", secretsprovider: "passphrase" };
    writeFileSync(file, JSON.stringify(old));
    expect(await run(false, ...words).ended).toEqual({ code: 1, text: expect.stringContaining("--force overwrites") });
    expect(readFileSync(file, "utf8")).toBe(JSON.stringify(old));
    expect((await run(false, ...words, "--force").ended).code).toBe(0);
    const { config: now, ...own } = parse(written("prod"));
    expect(own).toEqual({ encryptionsalt: "v1:x:y", secretsprovider: "passphrase" });
    expect(now).toMatchObject({ "openshift-multiarch:pullSecret": secret, "aws:token": secret, "aws:region": "eu-west-3" });
    expect(Object.keys(now)).not.toContain("openshift-multiarch:pipelines");
  });

  it("a secret in plain text stays, and a file whose secrets cannot be read is not overwritten", async () => {
    const file = join(folder, "Pulumi.prod.yaml");
    writeFileSync(file, JSON.stringify({ config: { "openshift-multiarch:npmrc": "//npm.example.com/:_authToken=abc" } }));
    expect((await run(false, ...options(needed), "--force").ended).code).toBe(0);
    expect(parse(written("prod")).config["openshift-multiarch:npmrc"]).toBe("//npm.example.com/:_authToken=abc");
    for (const broken of ["config: {a: [", "some text", "- a"]) {
      writeFileSync(file, broken);
      const { code, text } = await run(false, ...options(needed), "--force").ended;
      expect([code, text.split("\n").length, text]).toEqual([1, 2, expect.stringContaining("no YAML of a stack")]);
      expect(readFileSync(file, "utf8")).toBe(broken);
    }
  });

  it("--help has every option, and an option that is none is refused", async () => {
    const { code, text } = await run(false, "--help").ended;
    expect([code, questions.filter(({ name }) => !text.includes(`--${name}=`))]).toEqual([0, []]);
    expect(await run(false, "--bogus").ended).toEqual({ code: 1, text: expect.stringMatching(/^Unknown option '--bogus'[^\n]*\n$/) });
    expect(existsSync(join(folder, "Pulumi.prod.yaml"))).toBe(false);
  });
});

it.each(["prod", "1.0", "null"])("the tag environment of what is written is the name of the stack: %s", (stack) => {
  const text = stackFile({ ...needed, stack, version: "4.19.42", zones: "eu-west-3a", build: "none" });
  expect(settingsOf(text).cluster.tags).toEqual({ environment: stack });
});

it("the comments of what is written are those of the example, Pulumi.dev.yaml, but for whose it is", () => {
  const comments = (text: string) =>
    text.split("\n").flatMap((line) => /^( *)(?:[^#"]|"[^"]*")*(#.*)$/.exec(line)?.slice(1).join("") ?? []);
  const mine = comments(stackFile({ ...needed, ...image, stack: "dev", version: "4.19.42", zones: "eu-west-3a", context: "." }));
  const example = comments(readFileSync(resolve(__dirname, "../../Pulumi.dev.yaml"), "utf8"));
  expect(mine.length).toBeGreaterThan(25);
  expect(mine.toSpliced(1, 1)).toEqual(example.toSpliced(1, 1));
});

describe("answers are refused with the texts of the program", () => {
  const settings: Partial<Record<Name, string>> = {
    name: "cluster.name",
    "base-domain": "cluster.baseDomain",
    version: "cluster.version",
    zones: "pools[0].zones[0].name",
    "build-name": "builds[0].name",
    repository: "builds[0].repository",
    context: "builds[0].context",
    image: "builds[0].image",
  };
  const earlier = { ...needed, version: "4.19.42", zones: "eu-west-3a", ...image, context: "." };
  it.each(Object.entries(settings))("%s", (name, setting) => {
    const question = questions.find((one) => one.name === name);
    const rule = rules[setting];
    if (!question || !rule) throw new Error(`no question ${name}, or no rule ${setting}`);
    // In a list, blanks end an entry.
    const wrong = rule.wrong.filter((value): value is string => typeof value === "string" && value !== "");
    expect(wrong.length).toBeGreaterThan(5);
    for (const value of wrong)
      expect([value, problemOf(question, value, earlier)]).toEqual([value, expect.stringContaining(`expected ${rule.says}`)]);
    for (const value of rule.right) expect([value, problemOf(question, String(value), earlier)]).toEqual([value, undefined]);
  });
});
