import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { addSubmodules, clone, commitAll, filesWith, fileUrl, gitIn, isolated, repository } from "./clone";
import { serve } from "./git-server";
import { at, has, read, write } from "./harness";
import { freePort } from "./ssh-server";

const commit = (folder: string, text: string) => {
  write(`${folder}/inner`, text);
  return commitAll(folder, text);
};

describe("git-clone and names of branches, tags and folders", () => {
  beforeEach(() => {
    repository("origin");
  });

  it.each([
    ["fix/#123", "fix-123"],
    ["+main", "main"],
    ["feature/ümläut", "feature-ml-ut"],
    ["a@b", "a-b"],
    ["1234567", "1234567"],
    ["a$(b)'c\"", "a-b-c"],
    ["x".repeat(200), "x".repeat(200)],
  ])("takes the branch %j, whose part of an image's tag is %j", async (name, tag) => {
    gitIn("origin", "checkout", "-q", "-b", name);
    const id = commit("origin", name);
    gitIn("origin", "checkout", "-q", "main");
    expect(await clone({ REVISION: name })).toMatchObject({ status: 0 });
    expect(read("tree/inner")).toBe(name);
    expect([read("results/commit"), read("results/branch")]).toEqual([id, tag]);
  });

  it("ends before anything is built when a tag of the image would be none, and says how long it is", async () => {
    const long = "x".repeat(130);
    gitIn("origin", "checkout", "-q", "-b", long);
    const { status, log } = await clone({ REVISION: long }, undefined, undefined, ["{commit:7}", "{branch}"]);
    expect(status).toBe(1);
    expect(log).toContain(`git-clone: '{branch}' gives '${long}', which is no tag: `);
    expect(log).toContain("at most 128 (these are 130)");
    expect(log).toContain("Change the build's tags, or name the branch otherwise");
    expect([has("shared/sources.tar.gz"), has("results/branch")]).toEqual([false, false]);
  });

  it("takes tags that this commit can have, and leaves out those of a branch for a commit", async () => {
    const id = gitIn("origin", "rev-parse", "HEAD");
    const tags = ["{commit}", "{branch}-newest"];
    expect(await clone({ GIT_FOLDER: "true" }, undefined, undefined, tags)).toMatchObject({ status: 0 });
    const { status, log } = await clone({ REVISION: id }, undefined, undefined, tags);
    expect([status, log.includes("leaving out the tag '{branch}-newest': this run builds no branch")]).toEqual([0, true]);
  });

  it("names the branch or tag by its short name, and a commit by none", async () => {
    gitIn("origin", "tag", "v1.0");
    gitIn("origin", "update-ref", "refs/pull/7/head", "HEAD");
    const id = gitIn("origin", "rev-parse", "HEAD");
    for (const [revision, branch] of [
      ["v1.0", "v1.0"],
      ["refs/tags/v1.0", "v1.0"],
      ["refs/heads/main", "main"],
      ["HEAD", "main"],
      ["refs/pull/7/head", "pull-7-head"],
      [id, ""],
    ] as const) {
      expect(await clone({ REVISION: revision })).toMatchObject({ status: 0 });
      expect([revision, read("results/branch")]).toEqual([revision, branch]);
    }
  });

  it("does not take a branch for another whose name ends or begins like it", async () => {
    gitIn("origin", "branch", "old/main2");
    gitIn("origin", "branch", "old/next");
    for (const revision of ["main2", "next", "old"])
      expect((await clone({ REVISION: revision })).log).toContain(
        `has no branch, tag or commit '${revision}'; its default branch is 'main'`,
      );
  });

  it("finds a context with blanks in its name", async () => {
    write("origin/my app/Containerfile", "FROM scratch");
    commitAll("origin", "blanks");
    expect(await clone({ CONTEXT: "my app", CONTAINERFILE: "Containerfile" })).toMatchObject({ status: 0 });
    expect(has("tree/my app/Containerfile")).toBe(true);
  });
});

describe("git-clone and submodules", () => {
  beforeEach(() => {
    repository("origin");
  });

  it("fetches them and theirs, without their history", async () => {
    repository("deep");
    const deeper = addSubmodules("deep", { "a b": { url: fileUrl("lib"), commit: repository("lib") } });
    addSubmodules("origin", { "vendor/deep": { url: "../deep", commit: deeper } });
    const { status, log } = await clone({});
    expect(log).toContain("-> sources.tar.gz");
    expect(status).toBe(0);
    expect(read("tree/vendor/deep/a b/inner")).toBe("deep");
    expect(execFileSync("find", [at("tree"), "-name", ".git"], { encoding: "utf8" })).toBe("");
  });

  it("fetches a pin that is behind its branch from a server that gives single commits by name alone", async () => {
    const server = await serve({ old: true });
    const pin = repository("repositories/lib");
    commit("repositories/lib", "newer");
    repository("repositories/app");
    addSubmodules("repositories/app", { lib: { url: "../../lib/.git", commit: pin } });
    const { status, log } = await clone({ URL: `${server.url}/app/.git`, TRUST: at("trust") });
    expect(log).toContain("-> sources.tar.gz");
    expect(status).toBe(0);
    expect(read("tree/lib/inner")).toBe("deep");
  });

  it("names one that cannot be had, with git's words and the ways out; builds without it or without all when told to", async () => {
    const lib = { url: fileUrl("lib"), commit: repository("lib") };
    addSubmodules("origin", { lib, gone: { url: fileUrl("gone"), commit: lib.commit } });
    const { status, log } = await clone({});
    expect(log).toContain(`cannot fetch the submodule 'gone' from ${fileUrl("gone")}: it does not exist`);
    expect(log).toContain("A build that does not need it can name those that it does, or set submodules to false");
    expect(log).toContain("does not exist");
    expect(status).toBe(1);
    expect(readdirSync(at("shared"))).toEqual([]);

    expect((await clone({ SUBMODULES: "lib" })).log).toContain("submodule gone is left out");
    expect(read("tree/lib/inner")).toBe("deep");
    expect(await clone({ SUBMODULES: "false" })).toMatchObject({ status: 0 });
    expect(readdirSync(at("tree/lib"))).toEqual([]);
    expect((await clone({ SUBMODULES: "lib\nlibs" })).log).toContain("git-clone: the repository has no submodule 'libs'");
  });

  it("names one whose commit nobody has", async () => {
    repository("lib");
    addSubmodules("origin", { lib: { url: fileUrl("lib"), commit: "1".repeat(40) } });
    const { status, log } = await clone({});
    expect(log).toContain(`cannot fetch the submodule 'lib' from ${fileUrl("lib")}`);
    expect(log).toContain("1".repeat(40));
    expect(status).toBe(1);
  });

  it("names one for ssh, where there is no key, without the password that its address holds", async () => {
    addSubmodules("origin", { lib: { url: "ssh://git:hunter2@example.com/team/module.git", commit: "1".repeat(40) } });
    const { status, log } = await clone({ GIT_ALLOW_PROTOCOL: "file" });
    expect(log).toContain(
      "cannot fetch the submodule 'lib' from ssh://git@example.com/team/module.git: it is read with a key, which gitCredentials lacks",
    );
    expect(log).not.toContain("hunter2");
    expect(status).toBe(1);
  });

  it("names the host of an address of IPv6 as a whole", async () => {
    for (const address of ["git@[fd00::1]:team/app.git", "ssh://git@[fd00::1]/team/app.git"]) {
      const { log } = await clone({ URL: address });
      expect(log).toContain(`${address} is read with a key: gitCredentials needs sshKey and knownHosts, or a line for https://[fd00::1]\n`);
    }
  });

  it("warns of a folder that was committed as a repository of its own by mistake, and goes on", async () => {
    gitIn("origin", "update-index", "--add", "--cacheinfo", `160000,${"1".repeat(40)},nested`);
    gitIn("origin", "commit", "-q", "-m", "nested");
    const { status, log } = await clone({});
    expect(log).toContain("git-clone: warning: the submodule 'nested' has no address in .gitmodules, and stays an empty folder");
    expect(status).toBe(0);
  });
});

describe("git-clone of what a real git daemon does not have", () => {
  let daemon: ChildProcess | undefined;
  let url: string;
  beforeEach(async () => {
    repository("origin");
    repository("served/app");
    // In the foreground, as the wrapper `git daemon` would outlive its child.
    const program = join(execFileSync("git", ["--exec-path"], { encoding: "utf8" }).trim(), "git-daemon");
    const port = await freePort();
    url = `git://127.0.0.1:${port}`;
    const options = ["--listen=127.0.0.1", `--port=${port}`, "--reuseaddr", "--export-all", `--base-path=${at("served")}`];
    daemon = spawn(program, options, { stdio: "ignore", env: { ...process.env, ...isolated } });
    await expect.poll(() => connects(port), { timeout: 9_000 }).toBe(true);
  });
  afterEach(() => {
    daemon?.kill();
  });
  const tries = (log: string) => log.match(/trying again/g)?.length ?? 0;

  it("says what the server means, where to look, and asks once", async () => {
    const { status, log } = await clone({ URL: `${url}/none` });
    expect(log).toContain("access denied or repository not exported");
    expect(log).toContain(
      `cannot fetch from ${url}/none: 127.0.0.1:${url.split(":")[2]} has no such repository, or gives it to nobody over git://`,
    );
    expect([status, tries(log)]).toEqual([1, 0]);
  });

  it("says so of a submodule, with its own way out", async () => {
    addSubmodules("origin", { lib: { url: `${url}/none`, commit: "1".repeat(40) } });
    const { status, log } = await clone({});
    expect(log).toContain(`cannot fetch the submodule 'lib' from ${url}/none: 127.0.0.1:${url.split(":")[2]} has no such repository`);
    expect(log).toContain(". A build that does not need it can name those that it does, or set submodules to false");
    expect([status, tries(log)]).toEqual([1, 0]);
  });

  it("says of a server that nobody answers for where to look", async () => {
    daemon?.kill();
    const { status, log } = await clone({ URL: `git://127.0.0.1:${await freePort()}/app` });
    expect(log).toMatch(/cannot fetch from git:\/\/\S+: 127\.0\.0\.1:\d+ cannot be reached from here: its name, or a firewall or proxy/);
    expect(status).toBe(1);
    const unknown = await clone({ URL: "https://git.invalid/app" });
    expect(unknown.log).toContain("cannot fetch from https://git.invalid/app: git.invalid cannot be reached from here");
  });
});

/** Whether something listens at a port of this machine. */
const connects = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });

describe("git-clone that keeps .git", () => {
  beforeEach(() => {
    repository("origin");
    gitIn("origin", "tag", "-a", "v1.0", "-m", "one");
    for (const text of ["two", "three"]) commit("origin", text);
    gitIn("origin", "checkout", "-q", "-b", "fix/#1");
    commit("origin", "four");
  });
  const described = (...args: string[]) => gitIn("tree", ...args);

  it("says of a branch what the repository itself says: name, tags behind it, number of commits, a clean tree", async () => {
    const { status } = await clone({ REVISION: "fix/#1", GIT_FOLDER: "true" });
    expect(status).toBe(0);
    for (const question of [
      "describe --tags --dirty",
      "rev-list --count HEAD",
      "rev-parse --abbrev-ref HEAD",
      "log --format=%an|%ae|%cI|%s -1",
    ])
      expect([question, described(...question.split(" "))]).toEqual([question, gitIn("origin", ...question.split(" "))]);
    expect(described("describe", "--tags", "--dirty")).toMatch(/^v1\.0-3-g[0-9a-f]+$/);
    expect(described("config", "remote.origin.url")).toBe(fileUrl("origin"));
    expect(described("status", "--porcelain")).toBe("");
  });

  it("does so for a tag, for a commit, and for a short id of one", async () => {
    const id = gitIn("origin", "rev-parse", "main");
    for (const revision of ["v1.0", id, id.slice(0, 8)]) {
      expect(await clone({ REVISION: revision, GIT_FOLDER: "true" })).toMatchObject({ status: 0 });
      expect(described("describe", "--tags", "--dirty")).toBe(gitIn("origin", "describe", "--tags", revision));
      expect(described("rev-list", "--count", "HEAD")).toBe(gitIn("origin", "rev-list", "--count", revision));
      // As `git checkout` leaves it, which programs read.
      expect(described("status")).toMatch(/^HEAD detached at [0-9a-f]{7}\n/);
    }
  });

  it("keeps submodules usable, and has no setting that names a file of the pod", async () => {
    addSubmodules("origin", { lib: { url: "../lib", commit: repository("lib") } });
    expect(await clone({ REVISION: "fix/#1", GIT_FOLDER: "true" })).toMatchObject({ status: 0 });
    expect(gitIn("tree/lib", "log", "--format=%s", "-1")).toBe("deep");
    expect(described("status", "--porcelain")).toBe("");
    expect(filesWith("tree/.git", at("home"))).toEqual([]);
    expect(filesWith("tree/.git", at("sources"))).toEqual([]);
  });
});
