import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { run } from "../../../rehearsal/machine/exec";
import { publish } from "../../../rehearsal/services/git";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rehearsal-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("Git repository of the examples", () => {
  it("has the same commit for the same content, and keeps earlier ones", async () => {
    const source = join(folder, "examples");
    mkdirSync(source);
    writeFileSync(join(source, "a"), "1");
    writeFileSync(join(folder, "ignore"), "node_modules/\n");
    mkdirSync(join(source, "node_modules"));
    writeFileSync(join(source, "node_modules", "b"), "1");
    const one = await publish(source, join(folder, "one.git"), join(folder, "ignore"));
    expect(await publish(source, join(folder, "two.git"), join(folder, "ignore"))).toBe(one);
    writeFileSync(join(source, "a"), "2");
    const changed = await publish(source, join(folder, "one.git"), join(folder, "ignore"));
    expect(changed).not.toBe(one);
    const git = (...args: string[]) => run(["git", "--git-dir", join(folder, "one.git"), ...args]);
    expect((await git("rev-parse", "main")).trim()).toBe(changed);
    expect(await git("ls-tree", "-r", "--name-only", one)).toBe("a\n");
  });
});
