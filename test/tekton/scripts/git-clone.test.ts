import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, statSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { beforeEach, describe, expect, it } from "vitest";
import { clone as cloned, commitAll, fileUrl, gitIn } from "./clone";
import { asVolumeOfFsGroup, at, calls, has, misbehaves, noted, program, read, setgid, write } from "./harness";

const git = (...args: string[]) => gitIn("origin", ...args);
const commit = (text: string) => {
  write("origin/app/file", text);
  return commitAll("origin", text);
};
const origin = () => fileUrl("origin");
const clone = (revision: string, more: Record<string, string> = {}, seconds?: number) =>
  cloned({ REVISION: revision, CONTEXT: ".", CONTAINERFILE: "Containerfile", ...more }, seconds);
let first: string;
let second: string;

beforeEach(() => {
  mkdirSync(at("origin"));
  git("init", "-q", "-b", "main");
  write("origin/Containerfile", "FROM scratch");
  first = commit("one");
  git("tag", "v1");
  second = commit("two");
});

describe("git-clone", () => {
  it("packs the commit's files into one archive, without the history", async () => {
    const { status, log } = await clone("main", { ARCHIVE: "app.tar.gz" });
    expect(status).toBe(0);
    expect(log.trimEnd().split("\n").slice(-1)).toEqual([`${second} -> app.tar.gz`]);
    expect(readdirSync(at("shared"))).toEqual(["app.tar.gz"]);
    expect(readdirSync(at("tree")).sort()).toEqual(["Containerfile", "app"]);
    expect(read("tree/app/file")).toBe("two");
    expect(read("results/commit")).toBe(second);
    expect(read("results/url")).toBe(origin());
    expect(read("results/timestamp")).toBe("1714644000");
    expect(read("results/branch")).toBe("main");
  });

  it("packs the same archive, byte by byte, whenever it packs the commit", async () => {
    await clone("main");
    const digest = () => execFileSync("sha256sum", [at("shared/sources.tar.gz")], { encoding: "utf8" });
    const before = digest();
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await clone("main");
    expect(digest()).toBe(before);
    expect(statSync(at("tree/app/file")).mtimeMs).toBe(1714644000000);
  });

  it.each([
    ["a tag", () => "v1"],
    ["a full name", () => "refs/tags/v1"],
    ["a commit", () => first],
    ["a short commit id", () => first.slice(0, 10)],
  ])("takes %s as revision", async (_, revision) => {
    expect(await clone(revision())).toMatchObject({ status: 0 });
    expect(read("results/commit")).toBe(first);
    expect(read("tree/app/file")).toBe("one");
  });

  it("takes the tag if a branch has the same name, says so, and takes the branch by its full name", async () => {
    git("tag", "main", first);
    const { log } = await clone("main");
    expect(log).toContain("git-clone: warning: 'main' is a branch and a tag: the tag is built");
    expect(read("results/commit")).toBe(first);
    expect((await clone("refs/heads/main")).log).not.toContain("warning");
    expect(read("results/commit")).toBe(second);
    git("tag", "-d", "main");
    git("branch", "feature/main");
    expect((await clone("main")).log).not.toContain("warning");
  });

  it("takes the place of what an earlier try has left", async () => {
    write("shared/sources.tar.gz", "stale");
    write("shared/sources.tar.gz.tmp", "half");
    expect(await clone("main")).toMatchObject({ status: 0 });
    expect(read("tree/app/file")).toBe("two");
    expect(has("shared/sources.tar.gz.tmp")).toBe(false);
  });

  it("keeps execute bits and links, and leaves no setgid folder, in a pod with an fsGroup", async () => {
    write("origin/app/run.sh", "#!/bin/sh\n", 0o755);
    symlinkSync("run.sh", at("origin/app/link"));
    symlinkSync("/etc/hostname", at("origin/app/outside"));
    commitAll("origin", "modes");
    for (const folder of ["home", "shared"]) asVolumeOfFsGroup(folder);
    program("mkdir", `"$real" "$@"; [[ $1 != */sources/tree ]] || chmod g+s "$1"`);
    expect(await clone("main")).toMatchObject({ status: 0 });
    expect(calls()).toContain(`mkdir ${at("sources/tree")}`);
    expect(setgid("tree")).toEqual([]);
    expect(statSync(at("tree/app/run.sh")).mode & 0o7777).toBe(0o755);
    expect(statSync(at("tree/app/file")).mode & 0o7777).toBe(0o644);
    expect(statSync(at("tree/app")).mode & 0o7777).toBe(0o755);
    expect(
      execFileSync("find", [at("tree/app"), "-type", "l", "-printf", "%f %l\n"], { encoding: "utf8" })
        .split("\n")
        .sort(),
    ).toEqual(["", "link run.sh", "outside /etc/hostname"]);
  });

  it("names what the commit does not have, before any other pod starts: the folder, the Containerfile", async () => {
    for (const [more, message] of [
      [{ CONTEXT: "nowhere" }, "the repository has no folder 'nowhere'"],
      [{ CONTEXT: "APP" }, "the repository has no folder 'APP', but 'app'"],
      [{ CONTEXT: "app" }, "the folder 'app' has no file 'Containerfile'"],
      [{ CONTAINERFILE: "containerfile" }, "the folder '.' has no file 'containerfile', but 'Containerfile'"],
      [{ CONTEXT: ".." }, "leads out of the repository"],
    ] as [Record<string, string>, string][]) {
      const { status, log } = await clone("main", more);
      expect(log).toContain(message);
      expect(status).toBe(1);
    }
    expect(readdirSync(at("shared"))).toEqual([]);
    expect(await clone("main", { CONTEXT: "", CONTAINERFILE: "" })).toMatchObject({ status: 0 });
  });
});

describe("git-clone before it fetches", () => {
  /** What the step that looks for the image is told of the commit. */
  const known = async (revision: string, more: Record<string, string> = {}) => {
    let told = "";
    await cloned({ REVISION: revision, ...more }, undefined, undefined, [], () => {
      told = read("results/commit");
    });
    return told;
  };

  it("knows the commit of a branch, of a tag with a message or without, of a full name, and one that is named by its full id", async () => {
    git("tag", "-a", "-m", "with a message", "v2", first);
    git("tag", "-a", "-m", "of a tag", "v3", "v2");
    git("branch", "abcd", first);
    git("update-ref", "refs/pull/7/head", first);
    for (const revision of ["v1", "v2", "v3", "refs/tags/v2", "abcd", "refs/pull/7/head", first])
      expect([revision, await known(revision)]).toEqual([revision, first]);
    for (const revision of ["main", "refs/heads/main", "HEAD"]) expect([revision, await known(revision)]).toEqual([revision, second]);
  });

  it("says nothing of a short id, and of a commit that is not the tip of the branch that it must be on", async () => {
    expect(await known(first.slice(0, 10))).toBe("");
    expect(await known(first, { ON_BRANCH: "main" })).toBe("");
    expect(await known(second, { ON_BRANCH: "nowhere" })).toBe("");
    expect(await known(second, { ON_BRANCH: "main" })).toBe(second);
    expect(read("results/commit")).toBe(second);
  });

  it("takes the commit to which the branch has moved meanwhile, and lets nobody find its image under the key of the other", async () => {
    let third = "";
    write("results/key", "of the second");
    const { log } = await cloned({ REVISION: "main" }, undefined, undefined, [], () => {
      third = commit("three");
    });
    expect(log).toContain(`building ${third}: main is no longer ${second}, or the name of something else than a commit\n`);
    expect([read("results/commit"), read("results/key"), read("tree/app/file")]).toEqual([third, "", "three"]);
    write("results/key", "of the third");
    await cloned({ REVISION: "main" });
    expect([read("results/commit"), read("results/key")]).toEqual([third, "of the third"]);
  });
});

describe("git-clone and refusals", () => {
  it("refuses a repository whose commits have ids of SHA-256", async () => {
    mkdirSync(at("wide"));
    gitIn("wide", "init", "-q", "-b", "main", "--object-format=sha256");
    write("wide/file", "one");
    commitAll("wide", "one");
    const { status, log } = await clone("main", { URL: fileUrl("wide") });
    expect([status, log]).toEqual([
      1,
      expect.stringContaining(`git-clone: the commits of ${fileUrl("wide")} have ids of SHA-256, which are not supported\n`),
    ]);
  });

  it("names an unknown revision, and leaves no source folder", async () => {
    const { status, log } = await clone("nowhere");
    expect(status).toBe(1);
    expect(log).toContain("has no branch, tag or commit 'nowhere'");
    expect(readdirSync(at("shared"))).toEqual([]);
  });

  it("names a repository that cannot be reached, with git's own words", async () => {
    const { log } = await clone("main", { URL: `file://${at("nothing")}` });
    expect(log).toContain(`cannot fetch from file://${at("nothing")}`);
    expect(log).toContain("does not appear to be a git repository");
  });

  it.each(["--upload-pack=touch pwned", "a..b", "", "a b"])("refuses the revision %j by its name", async (revision) => {
    expect(await clone(revision)).toEqual({
      status: 1,
      log: `git-clone: revision '${revision}' is not the name of a branch, a tag or a commit\n`,
    });
  });

  it.each(["../outside", "/absolute", "a/b", "..", "-x"])("refuses the archive %j", async (name) => {
    expect((await clone("main", { ARCHIVE: name })).log).toContain(`git-clone: '${name}' is not the plain name of an archive\n`);
  });

  it("does not execute what a parameter holds", async () => {
    expect((await clone(`$(touch ${at("pwned")})`)).status).toBe(1);
    expect(has("pwned")).toBe(false);
  });

  it.each(["https://user:hunter2@example.com/a.git", "https://hunter2@example.com/a.git", "https://example.com/a.git?token=hunter2"])(
    "refuses a secret in the URL without showing it: %s",
    async (url) => {
      noted("git");
      const { status, log } = await clone("main", { URL: url });
      expect(status).toBe(1);
      expect(log).toContain("holds a user, a password or a query");
      expect(log).not.toContain("hunter2");
      expect(calls()).toEqual([]);
    },
  );

  it("takes an at sign in the path of a repository for what it is", async () => {
    const { log } = await clone("main", { URL: "http://127.0.0.1:1/@group/a.git" });
    expect(log).toContain("cannot fetch from http://127.0.0.1:1/@group/a.git");
  });

  it.each(["ext::sh -c touch% pwned", "file:///etc"])("does not speak the protocol of %s in a pod", async (url) => {
    const { status, log } = await clone("main", { URL: url, GIT_ALLOW_PROTOCOL: "" });
    expect(status).toBe(1);
    expect(log).toContain("not allowed");
    expect(log).not.toContain("trying again");
  });
});

describe("git-clone with a git or a server that misbehaves", () => {
  it("tries again when the connection breaks, and not when the server refuses", async () => {
    write("left", "2");
    misbehaves(
      "git",
      "*' ls-remote '*",
      `n=$(<"${at("left")}"); if ((n > 0)); then echo $((n - 1)) >"${at("left")}"; echo "fatal: the remote end hung up unexpectedly" >&2; exit 128; fi; exec "$real" "$@"`,
    );
    const { status, log } = await clone("main");
    expect(status).toBe(0);
    expect(log.match(/trying again: fatal: the remote end hung up/g)).toHaveLength(2);
    misbehaves("git", "*' ls-remote '*", `echo "remote: Repository not found." >&2; exit 128`);
    const refused = await clone("main");
    expect(refused.log).not.toContain("trying again");
    expect(refused.log).toContain("remote: Repository not found.");
    expect(refused.status).toBe(1);
  });

  it.each([
    ["gives no commit", "*' rev-parse '*", "exit 0", "git-clone: git gives '' as the commit of 'main'\n"],
    ["gives half a commit", "*' rev-parse '*", "echo 12ab", "git-clone: git gives '12ab' as the commit of 'main'\n"],
    ["gives no time", "*' show '*", "exit 0", ""],
  ])("writes no result if git %s", async (_, when, body, message) => {
    misbehaves("git", when, body);
    const { status, log } = await clone("main");
    expect(status).not.toBe(0);
    expect(log).toMatch(/^git-clone: /m);
    expect(log).toContain(message);
    expect(has("results/timestamp")).toBe(false);
    expect(readdirSync(at("shared"))).toEqual([]);
  });

  it("packs nothing if git lays out nothing", async () => {
    misbehaves("git", "*' read-tree '*", "exit 0");
    const { status, log } = await clone("main");
    expect(log).toMatch(/^git-clone: git does not read the files of [0-9a-f]{40}$/m);
    expect(status).toBe(1);
    expect(readdirSync(at("shared"))).toEqual([]);
  });

  it("fetches and packs nothing where the image is there already", async () => {
    write("results/found", "registry.example.com/hello@sha256:ab");
    noted("git");
    const { status, log } = await clone("main", { CONTEXT: "nowhere" });
    expect(log).toContain("nobody needs the sources: the image is there\n");
    expect(status).toBe(0);
    expect([read("results/commit"), read("results/branch"), read("results/timestamp")]).toEqual([second, "main", ""]);
    expect(readdirSync(at("sources"))).toEqual(["refs"]);
    expect(readdirSync(at("shared"))).toEqual([]);
    expect(calls().filter((call) => /^git (?:-C|init|fetch|read-tree|submodule)/.test(call))).toEqual([]);
    expect(calls().filter((call) => call.includes("ls-remote"))).toHaveLength(1);
  });

  it("gives up on a server that stops to send", async () => {
    const server = createServer((socket) => socket.on("error", () => undefined));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    // One second instead of a minute.
    program(
      "git",
      `[[ $1 != ls-remote || $GIT_HTTP_LOW_SPEED_TIME == 60 && $GIT_HTTP_LOW_SPEED_LIMIT -gt 0 ]] || exit 99; GIT_HTTP_LOW_SPEED_TIME=1 exec "$real" "$@"`,
    );
    const { status, log } = await clone("main", { URL: `http://127.0.0.1:${port}/a.git` }, 30);
    server.close();
    expect(log).toContain("Operation too slow");
    expect(status).toBe(1);
  });
});
