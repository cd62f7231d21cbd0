import { mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { compareVersions, folderKey, garbage, linkFolder } from "../../../rehearsal/toolchain";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rehearsal-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

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
    const modules = (component: string) => {
      const file = readFileSync(join(__dirname, "..", "..", "..", "rehearsal", "toolchain", component, "go.mod"), "utf8");
      return new Map([...file.matchAll(/^\t(\S+) (v\S+)/gm)].map(([, name = "", version]) => [name, version]));
    };
    const compiled = modules("cluster");
    const shared = [...modules("openshift-crds")].filter(([name]) => compiled.has(name));
    expect(shared.map(([name]) => name)).toContain("github.com/openshift/api");
    expect(shared.filter(([name, version]) => compiled.get(name) !== version)).toEqual([]);
  });

  it("has compilers collect their garbage where each of the cores has less than 3 GiB", () => {
    const GiB = 2 ** 30;
    expect(garbage(8 * GiB, 2)).toEqual({ GOGC: "off", GOMEMLIMIT: "2GiB" });
    expect(garbage(16 * GiB, 8)).toEqual({});
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
