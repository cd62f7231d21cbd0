import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { expectAnswer } from "../../rehearsal/commands/proof";

const folder = join(__dirname, "../../examples");
const read = (...path: string[]) => readFileSync(join(folder, ...path), "utf8");

describe.each(readdirSync(folder))("example %s", (name) => {
  const containerfile = existsSync(join(folder, name, "Containerfile")) ? read(name, "Containerfile") : "";

  it("names its base image completely, and not by a tag that means something else every week", () => {
    for (const [, image] of containerfile.matchAll(/^FROM (\S+)/gm)) expect(image).toMatch(/^[a-z.]+\.[a-z]+\/.+:(?!latest)/);
    expect(containerfile).toContain("FROM ");
  });
  it("does not run as root, and says so by number, which is what Kubernetes can check", () => {
    expect(containerfile).toMatch(/^USER [1-9]\d*$/m);
  });
});

it("builds Node.js and Quarkus images by copying alone, so that they need nothing of the base but its runtime", () => {
  for (const name of ["nodejs", "quarkus"]) expect(read(name, "Containerfile")).not.toMatch(/^RUN/m);
});

it("locks the versions of the Node.js application without naming a registry", () => {
  const lock = JSON.parse(read("nodejs", "package-lock.json"));
  expect(lock.lockfileVersion).toBe(3);
  const packages = Object.entries<{ resolved?: string; integrity?: string }>(lock.packages).filter(([path]) => path !== "");
  for (const [path, { resolved, integrity }] of packages) {
    expect([path, resolved]).toEqual([path, undefined]);
    expect(integrity).toMatch(/^sha512-/);
  }
});

describe("the Node.js example, asked for its version", () => {
  /** Runs it with modules in the place of those that npm would install. */
  function version(crc32: string) {
    const copy = mkdtempSync(join(tmpdir(), "example-"));
    cpSync(join(folder, "nodejs"), copy, { recursive: true });
    const modules = {
      "express/index.js": "module.exports = () => { throw new Error('a server was started'); };",
      "@node-rs/crc32/index.js": crc32,
    };
    for (const [file, content] of Object.entries(modules)) {
      mkdirSync(dirname(join(copy, "node_modules", file)), { recursive: true });
      writeFileSync(join(copy, "node_modules", file), content);
    }
    const result = spawnSync(process.execPath, ["server.js", "--version"], { cwd: copy, encoding: "utf8" });
    rmSync(copy, { recursive: true });
    return result;
  }

  it("prints its architecture, which the proof of the images takes for right on that architecture alone", () => {
    const { status, stdout } = version("exports.crc32 = () => 7;");
    expect(status).toBe(0);
    const [here, other] = process.arch === "x64" ? ["amd64", "arm64"] : ["arm64", "amd64"];
    expect(() => expectAnswer("nodejs", here, stdout.trim())).not.toThrow();
    expect(() => expectAnswer("nodejs", other, stdout.trim())).toThrow();
  });

  it("fails with a compiled module of another architecture", () => {
    // As napi-rs' loader does when node_modules holds no module for this machine.
    const { status, stdout } = version("throw new Error('Cannot find native binding');");
    expect(status).toBe(1);
    expect(stdout).toBe("");
  });
});
