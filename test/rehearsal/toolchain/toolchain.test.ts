import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { measuredParts } from "../../../rehearsal/machine/first-run";
import { buildPart, moduleArchives, toolchainParts } from "../../../rehearsal/toolchain";
import { buildRecord, garbage, recordedProcessor } from "../../../rehearsal/toolchain/build";
import { compareVersions, folderKey } from "../../../rehearsal/toolchain/components";
import { linkFolder } from "../../../rehearsal/toolchain/links";

const toolchain = join(__dirname, "..", "..", "..", "rehearsal", "toolchain");
const scripts = readdirSync(toolchain)
  .filter((name) => existsSync(join(toolchain, name, "build.sh")))
  .map((name) => ({ name, text: readFileSync(join(toolchain, name, "build.sh"), "utf8") }));
const missing = scripts.map(({ name }) => ({ name, key: "", result: "", ready: false }));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rehearsal-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Versions by module, of a component's go.mod. */
function modules(component: string): Map<string, string | undefined> {
  const file = readFileSync(join(toolchain, component, "go.mod"), "utf8");
  return new Map([...file.matchAll(/^\t(\S+) (v\S+)/gm)].map(([, name = "", version]) => [name, version]));
}

describe("toolchain", () => {
  it("names a result by the content of the folder and by the compiler", () => {
    mkdirSync(join(folder, "sub"));
    writeFileSync(join(folder, "sub", "a"), "1");
    const key = folderKey(folder, "go1");
    expect(folderKey(folder, "go1")).toBe(key);
    expect(folderKey(folder, "go2")).not.toBe(key);
    writeFileSync(join(folder, "sub", "a"), "2");
    expect(folderKey(folder, "go1")).not.toBe(key);
  });

  it("has the CRDs of the very modules whose code works with them", () => {
    const compiled = modules("cluster");
    const shared = [...modules("openshift-crds")].filter(([name]) => compiled.has(name));
    expect(shared.map(([name]) => name)).toContain("github.com/openshift/api");
    expect(shared.filter(([name, version]) => compiled.get(name) !== version)).toEqual([]);
  });

  it("has Chains made of the modules of the cluster, but for the two that it needs an older one of: what both have is compiled once", () => {
    const cluster = modules("cluster");
    const replaced = new Map(
      [...readFileSync(join(toolchain, "cluster", "go.mod"), "utf8").matchAll(/^\t(\S+) => \1 (v\S+)/gm)].map(([, name = "", version]) => [
        name,
        version,
      ]),
    );
    const other = [...modules("chains")].filter(([name, version]) => (replaced.get(name) ?? cluster.get(name) ?? version) !== version);
    expect(other.map(([name]) => name).sort()).toEqual(["github.com/tektoncd/pipeline", "knative.dev/pkg"]);
  });

  it("has compilers collect their garbage where each of the cores has less than 3 GiB", () => {
    const GiB = 2 ** 30;
    expect(garbage(8 * GiB, 2)).toEqual({ GOGC: "off", GOMEMLIMIT: "2GiB" });
    expect(garbage(16 * GiB, 8)).toEqual({});
  });

  it("has an expectation for each component, and for none that is gone", () => {
    expect(measuredParts("compile").sort()).toEqual(scripts.map(({ name }) => name).sort());
    const withModules = scripts.map(({ name }) => name).filter((name) => existsSync(join(toolchain, name, "go.sum")));
    expect(measuredParts("modules").sort()).toEqual(withModules.sort());
  });

  it("asks for the folder of a module only after it was downloaded, as an empty module cache has none", () => {
    for (const { name, text } of scripts) {
      const folder = text.search(/^[^#\n]*\{\{\.Dir\}\}/m);
      if (folder >= 0) expect(text.slice(0, folder), name).toMatch(/^ *go (mod download|build) /m);
    }
  });

  it("builds after Debian's packages what calls one of them, and only that", async () => {
    const parts = await toolchainParts(missing);
    const waiting = parts.filter(({ lane, after }) => lane === "compile" && after.includes("Debian packages")).map(({ name }) => name);
    const callers = scripts.filter(({ text }) => /^jq |^[^#\n]*\bCGO_ENABLED=1/m.test(text)).map(({ name }) => buildPart(name));
    expect(waiting.sort()).toEqual(callers.sort());
  });

  it("finds a module's archive in the module cache by a name without capital letters, and no archive of a go.mod alone", () => {
    const sums =
      "github.com/BurntSushi/toml v1.6.0 h1:a=\ngithub.com/BurntSushi/toml v1.6.0/go.mod h1:b=\ngolang.org/x/mod v0.20.0/go.mod h1:c=\n";
    expect(moduleArchives(sums)).toEqual(["github.com/!burnt!sushi/toml/@v/v1.6.0.zip"]);
  });

  it("records what a build took, and reads the process seconds of it; earlier records have none", () => {
    const record = buildRecord({ at: new Date("2026-11-29T09:14:45.175Z"), seconds: 45, processor: 61.23 });
    expect(record).toBe("2026-11-29T09:14:45.175Z in 45 s, 61.2 process seconds\n");
    expect(recordedProcessor(record)).toBe(61.2);
    expect(recordedProcessor("2026-11-29T09:14:45.175Z in 45 s\n")).toBeUndefined();
  });

  it("compares versions by number", () => {
    expect(compareVersions("1.26.8", "1.26.10")).toBeLessThan(0);
    expect(compareVersions("1.26", "1.25.9")).toBeGreaterThan(0);
    expect(compareVersions("1.26.0", "1.26")).toBe(0);
  });

  it("makes a folder hold exactly the links that are wanted", () => {
    symlinkSync("/old", join(folder, "a"));
    symlinkSync("/gone", join(folder, "b"));
    writeFileSync(join(folder, "kept"), "script");
    const links = new Map([
      ["a", "/new"],
      ["c", "/c"],
    ]);
    linkFolder(folder, links, ["kept"]);
    expect(readlinkSync(join(folder, "a"))).toBe("/new");
    expect(readlinkSync(join(folder, "c"))).toBe("/c");
    expect(() => readlinkSync(join(folder, "b"))).toThrow();
    expect(readFileSync(join(folder, "kept"), "utf8")).toBe("script");
  });
});
