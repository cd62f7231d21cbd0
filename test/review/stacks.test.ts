import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { chosenStacks, committedStacks, stacksOf } from "../../review/stacks";

it("stacks are those of the files in the checkout, but for ignored ones and the rehearsal's", () => {
  const folder = mkdtempSync(join(tmpdir(), "openshift-multiarch-stacks-"));
  try {
    execFileSync("git", ["init", "-q"], { cwd: folder });
    for (const file of [
      "Pulumi.yaml",
      "Pulumi.prod.yaml",
      "Pulumi.dev.yaml",
      "Pulumi.rehearsal.yaml",
      "Pulumi.mine.yaml",
      "Pulumi.dev.yml",
    ])
      writeFileSync(join(folder, file), "");
    writeFileSync(join(folder, ".gitignore"), "Pulumi.mine.yaml\n");
    expect(committedStacks(folder)).toEqual(["dev", "prod"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it("this repository's stack is found", () => expect(committedStacks()).toContain("dev"));

it("a folder that is no checkout is refused in words", () => {
  expect(() => committedStacks("/proc")).toThrow("/proc is no checkout of git");
});

it("files in folders and of other names are no stacks", () => {
  expect(stacksOf(["a/Pulumi.dev.yaml", "Pulumi.yaml", "Pulumi.a.b.yaml", "Pulumi.dev.yaml.orig"])).toEqual(["a.b"]);
});

it("a stack has no name under which the previews of another one run, whose environment it would share", () => {
  expect(() => chosenStacks([], () => ["dev", "dev-preview"])).toThrow("dev-preview is where the previews of dev run");
  expect(chosenStacks([], () => ["dev", "prod-preview"])).toEqual(["dev", "prod-preview"]);
});

it("named stacks are taken as they are, each once; none means all; what is no name is refused", () => {
  const all = () => ["dev", "prod"];
  expect(chosenStacks(["x", "org/p/dev", "x"], all)).toEqual(["x", "org/p/dev"]);
  expect(chosenStacks([], all)).toEqual(["dev", "prod"]);
  expect(() => chosenStacks(["--x;"], all)).toThrow('"--x;" is no name of a stack');
  expect(() => chosenStacks(["-x"], all)).toThrow("is no name of a stack");
  expect(() => chosenStacks([], () => ["-x"])).toThrow('"-x" is no name of a stack');
  expect(() => chosenStacks([], () => [])).toThrow("no stack is committed");
});
