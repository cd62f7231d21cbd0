import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

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
