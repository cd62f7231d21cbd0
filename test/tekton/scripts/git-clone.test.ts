import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, statSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { beforeEach, describe, expect, it } from "vitest";
import { asVolumeOfFsGroup, at, calls, has, misbehaves, noted, program, read, run, setgid, write } from "./harness";

const isolated = { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1", GIT_COMMITTER_DATE: "2024-05-02T10:00:00Z" };
const who = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false", "-c", "protocol.file.allow=always"];
const git = (...args: string[]) => gitIn("origin", ...args);
const gitIn = (folder: string, ...args: string[]) =>
  execFileSync("git", [...who, ...args], {
    cwd: at(folder),
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...isolated },
  }).trim();
const commitAll = (folder: string, text: string) => {
  gitIn(folder, "add", "-A");
  gitIn(folder, "commit", "-q", "-m", text);
  return gitIn(folder, "rev-parse", "HEAD");
};
const commit = (text: string) => {
  write("origin/app/file", text);
  return commitAll("origin", text);
};
const origin = () => `file://${at("origin")}`;
const clone = (revision: string, folders = ["source"], more: Record<string, string> = {}, seconds?: number) =>
  run(
    "git-clone",
    {
      ...isolated,
      // Repositories of these tests are folders.
      GIT_ALLOW_PROTOCOL: "file:git:http:https",
      PAUSE: "0",
      URL: origin(),
      REVISION: revision,
      CONTEXT: ".",
      CONTAINERFILE: "Containerfile",
      RESULT_COMMIT: at("results/commit"),
      RESULT_URL: at("results/url"),
      RESULT_TIMESTAMP: at("results/timestamp"),
      ...more,
    },
    folders,
    seconds,
  );
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
  it("lays the same commit into every folder, without the history", async () => {
    const { status, log } = await clone("main", ["source/amd64", "source/arm64"]);
    expect(status).toBe(0);
    expect(log.trimEnd().split("\n").slice(-2)).toEqual([`${second} -> source/amd64`, `${second} -> source/arm64`]);
    for (const architecture of ["amd64", "arm64"]) {
      expect(read(`shared/source/${architecture}/app/file`)).toBe("two");
      expect(existsSync(at("shared/source", architecture, ".git"))).toBe(false);
    }
    expect(read("results/commit")).toBe(second);
    expect(read("results/url")).toBe(origin());
    expect(read("results/timestamp")).toBe("1714644000");
  });

  it.each([
    ["a tag", () => "v1"],
    ["a full name", () => "refs/tags/v1"],
    ["a commit", () => first],
    ["a short commit id", () => first.slice(0, 10)],
  ])("takes %s as revision", async (_, revision) => {
    expect(await clone(revision())).toMatchObject({ status: 0 });
    expect(read("results/commit")).toBe(first);
    expect(read("shared/source/app/file")).toBe("one");
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

  it("clears what an earlier try has left", async () => {
    write("shared/source/stale", "");
    write("shared/source.tmp/half", "");
    expect(await clone("main")).toMatchObject({ status: 0 });
    expect(has("shared/source/stale")).toBe(false);
    expect(has("shared/source.tmp")).toBe(false);
  });

  it("keeps execute bits and links, and leaves no setgid folder, in a pod with an fsGroup", async () => {
    write("origin/app/run.sh", "#!/bin/sh\n", 0o755);
    symlinkSync("run.sh", at("origin/app/link"));
    symlinkSync("/etc/hostname", at("origin/app/outside"));
    commitAll("origin", "modes");
    asVolumeOfFsGroup("home");
    asVolumeOfFsGroup("shared");
    expect(await clone("main", ["source"])).toMatchObject({ status: 0 });
    expect(setgid("shared/source")).toEqual([]);
    expect(statSync(at("shared/source/app/run.sh")).mode & 0o7777).toBe(0o755);
    expect(statSync(at("shared/source/app/file")).mode & 0o7777).toBe(0o644);
    expect(statSync(at("shared/source/app")).mode & 0o7777).toBe(0o755);
    expect(
      execFileSync("find", [at("shared/source/app"), "-type", "l", "-printf", "%f %l\n"], { encoding: "utf8" })
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
      const { status, log } = await clone("main", ["source"], more);
      expect(log).toContain(message);
      expect(status).toBe(1);
    }
    expect(has("shared/source")).toBe(false);
    expect(has("results/commit")).toBe(false);
    expect(await clone("main", ["source"], { CONTEXT: "", CONTAINERFILE: "" })).toMatchObject({ status: 0 });
  });

  it("fetches submodules, and names those that are not public over https", async () => {
    mkdirSync(at("module"));
    gitIn("module", "init", "-q", "-b", "main");
    write("module/inner", "deep");
    commitAll("module", "inner");
    git("submodule", "--quiet", "add", `file://${at("module")}`, "vendor/module");
    commitAll("origin", "module");
    expect(await clone("main")).toMatchObject({ status: 0 });
    expect(read("shared/source/vendor/module/inner")).toBe("deep");
    expect(has("shared/source/vendor/module/.git")).toBe(false);

    write("origin/.gitmodules", '[submodule "m"]\n\tpath = vendor/module\n\turl = ssh://git:hunter2@example.com/team/module.git\n');
    commitAll("origin", "ssh");
    const { status, log } = await clone("main");
    expect(status).toBe(1);
    expect(log).toContain("cannot fetch the submodules (ssh://example.com/team/module.git): only public ones over https://");
    expect(log).toContain("transport 'ssh' not allowed");
  });
});

describe("git-clone and refusals", () => {
  it("names an unknown revision, and leaves no source folder", async () => {
    const { status, log } = await clone("nowhere");
    expect(status).toBe(1);
    expect(log).toContain("has no branch, tag or commit 'nowhere'");
    expect(has("shared/source")).toBe(false);
  });

  it("names a repository that cannot be reached, with git's own words", async () => {
    const { log } = await clone("main", ["source"], { URL: `file://${at("nothing")}` });
    expect(log).toContain(`cannot fetch from file://${at("nothing")}`);
    expect(log).toContain("does not appear to be a git repository");
  });

  it.each(["--upload-pack=touch pwned", "a..b", "", "a b"])("refuses the revision %j by its name", async (revision) => {
    expect(await clone(revision)).toEqual({
      status: 1,
      log: `git-clone: revision '${revision}' is not the name of a branch, a tag or a commit\n`,
    });
  });

  it.each(["../outside", "/absolute", "a/../../b", ""])("refuses the folder %j", async (folder) => {
    expect((await clone("main", [folder])).log).toContain("not a plain path");
  });

  it("does not execute what a parameter holds", async () => {
    expect((await clone(`$(touch ${at("pwned")})`)).status).toBe(1);
    expect(has("pwned")).toBe(false);
  });

  it.each(["https://user:hunter2@example.com/a.git", "https://hunter2@example.com/a.git", "https://example.com/a.git?token=hunter2"])(
    "refuses a secret in the URL without showing it: %s",
    async (url) => {
      noted("git");
      const { status, log } = await clone("main", ["source"], { URL: url });
      expect(status).toBe(1);
      expect(log).toContain("holds a user, a password or a query");
      expect(log).not.toContain("hunter2");
      expect(calls()).toEqual([]);
    },
  );

  it("takes an at sign in the path of a repository for what it is", async () => {
    const { log } = await clone("main", ["source"], { URL: "http://127.0.0.1:1/@group/a.git" });
    expect(log).toContain("cannot fetch from http://127.0.0.1:1/@group/a.git");
  });

  it.each(["ssh://example.com/a.git", "ext::sh -c touch% pwned", "file:///etc"])(
    "does not speak the protocol of %s in a pod",
    async (url) => {
      const { status, log } = await clone("main", ["source"], { URL: url, GIT_ALLOW_PROTOCOL: "" });
      expect(status).toBe(1);
      expect(log).toContain("not allowed");
      expect(log).not.toContain("trying again");
    },
  );
});

describe("git-clone and Git LFS", () => {
  const pointer = (content: string) => {
    const oid = execFileSync("sha256sum", { input: content, encoding: "utf8" }).slice(0, 64);
    return { oid, text: `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${content.length}\n` };
  };
  const { text } = pointer("model");

  beforeEach(() => {
    write("origin/.gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    write("origin/data/real.bin", "content that was committed as it is");
    write("origin/data/pointer.txt", text);
    commitAll("origin", "attributes");
  });
  /** An image whose git has no `lfs`, whatever this machine has. */
  const withoutLfs = () => misbehaves("git", "*' lfs version '*", "echo \"git: 'lfs' is not a git command\" >&2; exit 1");

  it("names the pointers that would be built in as files, in submodules as well", async () => {
    withoutLfs();
    expect(await clone("main")).toMatchObject({ status: 0 });
    write("origin/data/my model.bin", text);
    commitAll("origin", "pointer");
    const { status, log } = await clone("main");
    expect(status).toBe(1);
    expect(log).toContain("data/my model.bin (1 files) is kept in Git LFS");
    expect(has("shared/source/data/my model.bin")).toBe(false);

    mkdirSync(at("module"));
    gitIn("module", "init", "-q", "-b", "main");
    write("module/.gitattributes", "*.bin filter=lfs\n");
    write("module/a.bin", text);
    commitAll("module", "a");
    git("rm", "-q", "data/my model.bin");
    git("submodule", "--quiet", "add", `file://${at("module")}`, "sub");
    commitAll("origin", "module");
    expect((await clone("main")).log).toContain("sub/a.bin (1 files) is kept in Git LFS");
  });

  it("fetches the objects where git-lfs is there, and fails if it gives none", async () => {
    write("origin/data/model.bin", text);
    commitAll("origin", "pointer");
    // What `git lfs pull` does to the files; the calls are those of git-lfs(1).
    program(
      "git",
      `[[ $1 == lfs ]] || exec "$real" "$@"
      case "$2 $3" in
      "version ") ;;
      "install --local") ;;
      "pull ") [[ ! -e "${at("served")}" ]] || printf model >data/model.bin ;;
      *) echo "Error: unknown command" >&2; exit 127 ;;
      esac`,
    );
    const { status, log } = await clone("main");
    expect(status).toBe(1);
    expect(log).toContain("Git LFS gave no content for data/model.bin");
    write("served", "");
    expect(await clone("main")).toMatchObject({ status: 0 });
    expect(read("shared/source/data/model.bin")).toBe("model");
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
    ["checks nothing out", "*' checkout '*", "exit 0", ""],
  ])("writes no result if git %s", async (_, when, body, message) => {
    misbehaves("git", when, body);
    const { status, log } = await clone("main");
    expect(status).not.toBe(0);
    expect(log).toMatch(/^git-clone: /m);
    expect(log).toContain(message);
    expect(has("results/commit")).toBe(false);
    expect(has("shared/source")).toBe(false);
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
    const { status, log } = await clone("main", ["source"], { URL: `http://127.0.0.1:${port}/a.git` }, 30);
    server.close();
    expect(log).toContain("Operation too slow");
    expect(status).toBe(1);
  });
});
