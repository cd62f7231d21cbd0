import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { apply, entriesOf, type ImageFile } from "./image-content";

/** An archive by GNU tar, of what a shell has made. */
async function layer(script: string, ...options: string[]) {
  const folder = mkdtempSync(join(tmpdir(), "rehearsal-content-"));
  try {
    mkdirSync(join(folder, "root"));
    execFileSync("sh", ["-euc", script], { cwd: join(folder, "root") });
    return await entriesOf(execFileSync("tar", ["--create", "--gzip", ...options, "--directory", join(folder, "root"), "."]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

it("reads names, modes, owners, links and contents of a layer", async () => {
  const script = "umask 022; printf text >'a name'; chmod 4711 'a name'; ln 'a name' b; ln -s ../x c; mkdir d; mkfifo e; : >d/f";
  const files = new Map<string, ImageFile>();
  apply(files, await layer(script, "--sort=name", "--owner=:70000", "--group=:3", "--format=pax"));
  const shown = Object.fromEntries(
    [...files].map(([path, { kind, mode, owner, target, content }]) => [path, [kind, mode, owner, target, content]]),
  );
  expect(shown).toEqual({
    ".": ["folder", "0755", "70000:3", "", undefined],
    "a name": ["file", "4711", "70000:3", "", "text"],
    b: ["hard link", "4711", "70000:3", "./a name", undefined],
    c: ["symlink", "0777", "70000:3", "../x", undefined],
    d: ["folder", "0755", "70000:3", "", undefined],
    "d/f": ["file", "0644", "70000:3", "", ""],
    e: ["pipe", "0644", "70000:3", "", undefined],
  });
});

it("takes away what a whiteout names, and all that was in an opaque folder, but nothing of the same layer", async () => {
  const files = new Map<string, ImageFile>();
  apply(files, await layer("mkdir a b a/below; : >a/one; : >a/below/two; : >b/three; : >b/four; : >ab"));
  apply(files, await layer("mkdir b; : >.wh.a; : >b/.wh..wh..opq; : >b/new"));
  expect([...files.keys()].sort()).toEqual([".", "ab", "b", "b/new"]);
});
