import { execFileSync } from "node:child_process";
import { dirname } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { addSubmodules, clone, commitAll, gitIn, repository } from "./clone";
import { fromDebian } from "./debian";
import { serve } from "./git-server";
import { at, has, misbehaves, read, write } from "./harness";

describe("git-clone and Git LFS", () => {
  const pointer = (content: string) => {
    const oid = execFileSync("sha256sum", { input: content, encoding: "utf8" }).slice(0, 64);
    return { oid, text: `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${content.length}\n` };
  };
  const { text } = pointer("model");

  beforeEach(() => {
    repository("origin");
    write("origin/.gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    write("origin/data/real.bin", "content that was committed as it is");
    write("origin/data/pointer.txt", text);
    commitAll("origin", "attributes");
  });
  /** An image whose git has no `lfs`, whatever this machine has. */
  const withoutLfs = () => misbehaves("git", "*' lfs version '*", "echo \"git: 'lfs' is not a git command\" >&2; exit 1");

  it("names the pointers that would be built in as files, in submodules as well", async () => {
    withoutLfs();
    expect(await clone({})).toMatchObject({ status: 0 });
    write("origin/data/my model.bin", text);
    commitAll("origin", "pointer");
    const { status, log } = await clone({});
    expect(status).toBe(1);
    expect(log).toContain("data/my model.bin (1 files) is kept in Git LFS");
    expect(has("tree/data/my model.bin")).toBe(false);

    repository("module", ".gitattributes", "*.bin filter=lfs\n");
    write("module/a.bin", text);
    commitAll("module", "a");
    gitIn("origin", "rm", "-q", "data/my model.bin");
    gitIn("origin", "submodule", "--quiet", "add", `file://${at("module")}`, "sub");
    commitAll("origin", "module");
    expect((await clone({})).log).toContain("sub/a.bin (1 files) is kept in Git LFS");
  });

  it("leaves the pointers, and says so, where it is told to", async () => {
    withoutLfs();
    write("origin/data/model.bin", text);
    commitAll("origin", "pointer");
    const { status, log } = await clone({ LFS: "false" });
    expect(log).toContain("git-clone: warning: 1 files of Git LFS stay pointers, such as data/model.bin");
    expect(status).toBe(0);
    expect(read("tree/data/model.bin")).toBe(text);
  });

  it("fetches the objects with the credentials of the host by the real git-lfs, in submodules as well", async () => {
    const { oid } = pointer("model");
    const server = await serve({
      allowed: (path) => (path.startsWith("/objects/") ? undefined : "me:hunter2"),
      objects: { [oid]: "model" },
    });
    const git = dirname(fromDebian("git-lfs", "/usr/bin/git-lfs"));
    write("credentials/.git-credentials", `https://me:hunter2@${server.host}\n`);
    const commits = ["app", "lib"].map((name) => {
      repository(`repositories/${name}`, ".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
      write(`repositories/${name}/model.bin`, text);
      return commitAll(`repositories/${name}`, "pointer");
    });
    addSubmodules("repositories/app", { lib: { url: "../../lib/.git", commit: commits[1] ?? "" } });
    const bound = { URL: `${server.url}/app/.git`, TRUST: at("trust"), GIT_CREDENTIALS: at("credentials") };
    const { status, log } = await clone({ ...bound, PATH: `${git}:${process.env.PATH}`, GIT_FOLDER: "true" });
    expect(log).toContain("fetching 2 files of Git LFS");
    expect(status).toBe(0);
    expect([read("tree/model.bin"), read("tree/lib/model.bin")]).toEqual(["model", "model"]);
    // A kept .git asks for no program of this image, and has no second copy.
    expect(gitIn("tree", "config", "--list", "--local")).not.toContain("filter.lfs");
    expect(execFileSync("find", [at("tree"), "-name", "lfs"], { encoding: "utf8" })).toBe("");
    expect(gitIn("tree", "status", "--porcelain")).toBe("");
  });

  it("leaves the pointers where it is told to, also in an image whose package of git-lfs has git fetch files at every checkout", async () => {
    const { oid } = pointer("model");
    const server = await serve({ objects: { [oid]: "model" } });
    const git = dirname(fromDebian("git-lfs", "/usr/bin/git-lfs"));
    // What `git lfs install --system` writes, which Debian's and Red Hat's packages call.
    write("system", '[filter "lfs"]\n\tsmudge = git-lfs smudge -- %f\n\tprocess = git-lfs filter-process\n\trequired = true\n');
    repository("repositories/app", ".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    write("repositories/app/model.bin", text);
    commitAll("repositories/app", "pointer");
    const system = { GIT_CONFIG_SYSTEM: at("system"), GIT_CONFIG_NOSYSTEM: "0", PATH: `${git}:${process.env.PATH}` };
    for (const [LFS, content] of [
      ["false", text],
      ["true", "model"],
    ]) {
      const { status } = await clone({ ...system, LFS, URL: `${server.url}/app/.git`, TRUST: at("trust") });
      expect([LFS, status, read("tree/model.bin")]).toEqual([LFS, 0, content]);
    }
  });

  it("fails if the server has no object, with its words", async () => {
    const server = await serve();
    repository("repositories/app", ".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    write("repositories/app/model.bin", text);
    commitAll("repositories/app", "pointer");
    const git = dirname(fromDebian("git-lfs", "/usr/bin/git-lfs"));
    const { status, log } = await clone({ URL: `${server.url}/app/.git`, TRUST: at("trust"), PATH: `${git}:${process.env.PATH}` });
    expect(log).toContain("no such object");
    expect(log).toContain("git-clone: Git LFS gave no content for model.bin (1 files)");
    expect(status).toBe(1);
  });
});
