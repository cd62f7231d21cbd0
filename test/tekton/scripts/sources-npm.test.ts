import { execFileSync } from "node:child_process";
import { cpSync, readdirSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { privateAuthority } from "./authority";
import { at, calls, has, misbehaves, noted, read, run, write } from "./harness";
import { commitPackage, npmRegistry } from "./npm-registry";
import { unpacked } from "./tree";

const app = "sources/tree/app";
let registry: Awaited<ReturnType<typeof npmRegistry>>;
const program = (text: string) => `#!/usr/bin/env node\n${text}\n`;

beforeAll(async () => {
  registry = await npmRegistry({
    "dep@1.0.0": {},
    "dep@1.1.0": {},
    "native@1.0.0": {
      manifest: { scripts: { install: "node build.js" } },
      files: { "build.js": 'require("fs").writeFileSync("built", process.arch)' },
    },
    "compiler@1.0.0": {
      manifest: { bin: { compile: "compile.js" } },
      files: {
        "compile.js": program(
          'const fs = require("fs"); fs.mkdirSync("dist"); fs.writeFileSync("dist/main.js", process.env.GREETING ?? "compiled")',
        ),
      },
    },
    "husky@1.0.0": { manifest: { bin: { husky: "husky.js" } }, files: { "husky.js": program('console.log("husky was here")') } },
  });
});
afterAll(() => registry.close());

const commit = (folder: string, manifest: object, url = registry.url, more: Record<string, string> = {}) =>
  commitPackage(folder, manifest, url, more);
const build = (more: Record<string, string> = {}, environment: string[] = [], context = "app") =>
  run("npm-build", { ...unpacked(context), ...more }, environment);
const installed = (folder = app) => readdirSync(at(folder, "node_modules")).filter((name) => !name.startsWith("."));

beforeEach(() => noted("npm"));

it("installs the locked run-time dependencies of a package without scripts, and calls npm once", async () => {
  await commit("app", { dependencies: { dep: "1.0.0" }, devDependencies: { compiler: "1.0.0" } });
  misbehaves("npm", "*", `env | grep -iE '^npm_config|^NODE_ENV|COLOR|EPOCH' | sort >"${at("settings")}"; exec "$real" "$@"`);
  expect(await build({ FORCE_COLOR: "1" })).toMatchObject({ status: 0 });
  expect(calls()).toEqual(["npm ci --omit=dev --no-audit --no-fund"]);
  expect(installed()).toEqual(["dep"]);
  expect(read(`${app}/package-lock.json`)).toBe(read("repository/app/package-lock.json"));
  expect(read("settings").trim().split("\n")).toEqual([
    "NODE_ENV=production",
    "NO_COLOR=1",
    `NPM_CONFIG_CACHE=${at("home/.npm")}`,
    "NPM_CONFIG_COLOR=false",
    `NPM_CONFIG_GLOBALCONFIG=${at("no-npmrc")}`,
    "NPM_CONFIG_UPDATE_NOTIFIER=false",
    "SOURCE_DATE_EPOCH=1700000000",
  ]);
});

it("runs a prepare script that needs a development dependency, and leaves what `npm ci --omit=dev` of the package without it leaves", async () => {
  const manifest = { dependencies: { dep: "1.0.0", native: "1.0.0" }, devDependencies: { husky: "1.0.0" } };
  await commit("app", manifest);
  expect(await build()).toMatchObject({ status: 0 });
  cpSync(at(app, "node_modules"), at("simple"), { recursive: true, verbatimSymlinks: true });
  await commit("app", { ...manifest, scripts: { prepare: "husky" } });
  const { status, log } = await build();
  expect([status, log]).toEqual([0, expect.stringContaining("husky was here")]);
  expect(installed()).toEqual(["dep", "native"]);
  execFileSync("diff", ["-r", "--no-dereference", at("simple"), at(app, "node_modules")], { stdio: "pipe" });
  expect(read(`${app}/node_modules/native/built`)).toBe(process.arch);
});

it("builds by the script `build`, with compilers that are development dependencies, in the build's environment", async () => {
  const scripts = { build: "compile", prepare: "compile --version && rm -r dist" };
  await commit("app", { scripts, dependencies: { dep: "1.0.0" }, devDependencies: { compiler: "1.0.0" } });
  expect(await build()).toMatchObject({ status: 0 });
  expect(read(`${app}/dist/main.js`)).toBe("compiled");
  expect(installed()).toEqual(["dep"]);
  expect(read(`${app}/package-lock.json`)).toBe(read("repository/app/package-lock.json"));
  // `tree` is a variable of the script, and stays what it is.
  expect(await build({}, ["GREETING=a b = c", "tree=/"])).toMatchObject({ status: 0 });
  expect(read(`${app}/dist/main.js`)).toBe("a b = c");
});

it("shows a build script's own words and exit code, and its environment's names alone when one is wrong", async () => {
  await commit("app", { scripts: { build: "echo broken here >&2; exit 7" } });
  const { status, log } = await build();
  expect(status).toBe(1);
  expect(log).toContain("broken here\n");
  expect(log.trim().split("\n").pop()).toMatch(/^npm-build: npm run build of 'app' failed with exit code 7 on /);
  expect((await build({}, ["NO-NAME=hidden"])).log).toBe(
    "npm-build: 'NO-NAME' in the environment is no name of a variable with a value: NAME=value, the name of letters, digits and _\n",
  );
});

it("builds every workspace that has a build script from the root, or the one that the environment names", async () => {
  const member = (name: string) =>
    JSON.stringify({ name, version: "1.0.0", scripts: { build: "compile" }, dependencies: { dep: "1.0.0" } });
  write("repository/packages/one/package.json", member("one"));
  write("repository/packages/two/package.json", member("two"));
  write("repository/packages/plain/package.json", '{"name": "plain", "version": "1.0.0"}');
  await commit(".", { workspaces: ["packages/*"], devDependencies: { compiler: "1.0.0" } });
  expect(await build({}, [], ".")).toMatchObject({ status: 0 });
  const dist = (name: string) => has(`sources/tree/packages/${name}/dist/main.js`);
  expect([dist("one"), dist("two"), dist("plain")]).toEqual([true, true, false]);
  expect(installed("sources/tree")).toEqual(["dep", "one", "plain", "two"]);
  const chosen = ["NPM_CONFIG_WORKSPACE=packages/one", "NPM_CONFIG_INCLUDE_WORKSPACE_ROOT=true"];
  expect(await build({}, chosen, ".")).toMatchObject({ status: 0 });
  expect([dist("one"), dist("two")]).toEqual([true, false]);
});

it("trusts a registry's authority that the trust bundle has, and names the bundle where it is missing", async () => {
  const { bundle, key, cert } = privateAuthority(at("authority"));
  const secured = await npmRegistry({ "dep@1.0.0": {} }, { key, cert });
  try {
    write("trust/ca-bundle.crt", bundle);
    await commit("app", { dependencies: { dep: "1.0.0" } }, secured.url, { NODE_EXTRA_CA_CERTS: at("trust/ca-bundle.crt") });
    expect(await build({ TRUST: at("trust") })).toMatchObject({ status: 0 });
    expect(installed()).toEqual(["dep"]);
    const fast = ["NPM_CONFIG_FETCH_RETRIES=0"];
    execFileSync("rm", ["-rf", at("home/.npm")]);
    expect((await build({}, fast)).log).toContain("is of an authority that is not trusted: give it in the trust bundle");
  } finally {
    await secured.close();
  }
});
