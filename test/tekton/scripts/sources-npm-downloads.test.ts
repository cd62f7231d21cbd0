import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { at, read, run, write } from "./harness";
import { commitPackage, npmRegistry } from "./npm-registry";
import { unpacked } from "./tree";

const modules = "sources/tree/app/node_modules";
let registry: Awaited<ReturnType<typeof npmRegistry>>;
beforeAll(async () => {
  registry = await npmRegistry({
    "dep@1.0.0": { files: { "index.js": "good" } },
    "other@1.0.0": { files: { "index.js": "other" } },
    // As code of a package may: npm's own cache is within its reach.
    "nosy@1.0.0": {
      manifest: { scripts: { install: "node nosy.js" } },
      files: {
        "nosy.js":
          'const fs = require("fs"), cache = process.env.HOME + "/.npm"; fs.mkdirSync(cache + "/_npx"); fs.writeFileSync(cache + "/_npx/x", ""); fs.mkdirSync(cache + "/_cacache/content-v2/sha512/zz"); fs.writeFileSync(cache + "/_cacache/content-v2/sha512/zz/x", "");',
      },
    },
  });
});
afterAll(() => registry.close());

const commit = (dependencies: object) => commitPackage("app", { dependencies }, registry.url);
/** What the registry was asked for. */
let asked: () => string[];
/** A run in a new pod, with what an earlier one has left. */
async function build(more: Record<string, string> = {}) {
  rmSync(at("kept"), { recursive: true, force: true });
  if (existsSync(at("sources/downloads"))) renameSync(at("sources/downloads"), at("kept"));
  const environment = unpacked("app");
  if (existsSync(at("kept"))) renameSync(at("kept"), at("sources/downloads"));
  rmSync(at("home"), { recursive: true });
  mkdirSync(at("home"));
  const before = registry.requests.length;
  asked = () => registry.requests.slice(before);
  return run("npm-build", { ...environment, ...more }, ["NPM_CONFIG_FETCH_RETRIES=0"]);
}
const kept = () =>
  execFileSync("find", [".", "-type", "f"], { cwd: at("sources/downloads"), encoding: "utf8" })
    .trim()
    .split("\n")
    .filter(Boolean);
const tarballs = (...names: string[]) => names.map((name) => `/${name}/-/${name}-1.0.0.tgz`);

beforeEach(() => commit({ dep: "1.0.0", nosy: "1.0.0" }));

describe("what npm has downloaded", () => {
  it("is asked for by no later run, whose files are those of a run without", async () => {
    expect(await build()).toMatchObject({ status: 0 });
    expect(asked().sort()).toEqual(tarballs("dep", "nosy"));
    cpSync(at(modules), at("without"), { recursive: true, verbatimSymlinks: true });
    expect(await build()).toMatchObject({ status: 0 });
    expect(asked()).toEqual([]);
    execFileSync("diff", ["-r", "--no-dereference", at("without"), at(modules)], { stdio: "pipe" });
  });

  it("stays as far as the lock names it, whatever a package has written beside it", async () => {
    await build();
    expect(kept()).toHaveLength(2);
    await commit({ other: "1.0.0" });
    expect(await build()).toMatchObject({ status: 0 });
    expect(asked()).toEqual(tarballs("other"));
    expect(kept()).toHaveLength(1);
  });

  it("is downloaded again where it is not what the lock says", async () => {
    await build();
    for (const file of kept()) writeFileSync(at("sources/downloads", file), "poison");
    expect(await build()).toMatchObject({ status: 0 });
    expect([read(`${modules}/dep/index.js`), asked().sort()]).toEqual(["good", tarballs("dep", "nosy")]);
    expect(await build()).toMatchObject({ status: 0 });
    expect(asked()).toEqual([]);
  });

  it("stops no run, whatever is in its place", async () => {
    await build();
    const [file] = kept();
    const spoilt: [string, (path: string) => void][] = [
      [file, (path) => mkdirSync(path)],
      [file, (path) => symlinkSync("/dev/zero", path)],
      [file.slice(0, "./sha512/00".length), (path) => writeFileSync(path, "")],
      ["sha512", (path) => symlinkSync("/nowhere", path)],
      ["../downloads", (path) => mkdirSync(path)],
    ];
    for (const [path, put] of spoilt) {
      rmSync(at("sources/downloads", path), { recursive: true });
      put(at("sources/downloads", path));
      expect([path, await build()]).toMatchObject([path, { status: 0 }]);
      expect([read(`${modules}/dep/index.js`), kept().length]).toEqual(["good", 2]);
    }
  });

  it("is not kept where the lock does not say where it is from, as npm asks the registry in any case", async () => {
    const lock = JSON.parse(read("repository/app/package-lock.json"));
    for (const entry of Object.values<{ resolved?: string }>(lock.packages)) delete entry.resolved;
    write("repository/app/package-lock.json", JSON.stringify(lock));
    for (const _ of ["first", "second"]) {
      expect(await build()).toMatchObject({ status: 0 });
      expect(asked()).toEqual(expect.arrayContaining(tarballs("dep", "nosy")));
      expect(readdirSync(at("sources/downloads"))).toEqual([]);
    }
  });
});
