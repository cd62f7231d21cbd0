import { rmSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import { clone, commitAll, fileUrl, gitIn, repository } from "./clone";
import { serve } from "./git-server";
import { at, has, program, read, write } from "./harness";

const folder = "repositories/app.git";
const git = (...args: string[]) => gitIn(folder, ...args);
const commit = (text: string) => {
  write(`${folder}/inner`, text);
  return commitAll(folder, text);
};

let first: string;
let tip: string;
/** As GitHub keeps the commits of pull requests, and by them those of forks. */
let foreign: string;
const url = () => fileUrl(folder);
const of = (revision: string, more: Record<string, string> = {}) => clone({ URL: url(), REVISION: revision, ON_BRANCH: "main", ...more });

beforeEach(() => {
  first = repository(folder);
  git("config", "uploadpack.allowAnySHA1InWant", "true");
  git("config", "uploadpack.allowFilter", "true");
  commit("two");
  tip = commit("three");
  git("checkout", "-q", "--detach", first);
  foreign = commit("foreign");
  git("update-ref", "refs/pull/7/head", foreign);
  git("checkout", "-q", "main");
});

describe("git-clone of a commit that was pushed to a branch", () => {
  it.each([
    ["the branch's tip", () => tip],
    ["a commit before it", () => first],
  ])("takes %s, and leaves nothing of the branch's history behind", async (_, revision) => {
    expect(await of(revision())).toMatchObject({ status: 0 });
    expect([has("shared/sources.tar.gz"), has("results/commit"), has("sources/history")]).toEqual([true, true, false]);
  });

  it("refuses a commit of a pull request, which the server gives as well, before anything is handed on", async () => {
    expect(await clone({ URL: url(), REVISION: foreign })).toMatchObject({ status: 0 });
    for (const file of ["shared/sources.tar.gz", "results/timestamp"]) rmSync(at(file));
    const { status, log } = await of(foreign);
    expect(status).toBe(1);
    expect(log).toContain(
      `git-clone: ${foreign} is not on the branch 'main' of ${url()}: it is of a fork, a pull request or another branch`,
    );
    expect([has("shared/sources.tar.gz"), has("results/timestamp"), read("results/commit")]).toEqual([false, false, ""]);
  });

  it("refuses one of another branch, and one that a forced push has left behind", async () => {
    git("branch", "other", foreign);
    expect((await of(foreign)).log).toContain("is not on the branch 'main'");
    git("branch", "-f", "kept", tip);
    git("reset", "-q", "--hard", first);
    expect((await of(tip)).log).toContain("the branch was moved away from it by a forced push");
    expect(await of(tip, { ON_BRANCH: "kept" })).toMatchObject({ status: 0 });
  });

  it("refuses a commit of a branch that is gone, or whose name another branch only ends with", async () => {
    git("branch", "feature/gone", tip);
    const { status, log } = await of(tip, { ON_BRANCH: "gone" });
    expect([status, log]).toEqual([1, expect.stringContaining(`has no branch 'gone', to which ${tip} is said to have been pushed`)]);
    expect(await of(tip, { ON_BRANCH: "feature/gone" })).toMatchObject({ status: 0 });
  });

  it("takes no tag of the branch's name for the branch", async () => {
    git("tag", "main", foreign);
    expect((await of(foreign)).log).toContain("is not on the branch 'main'");
  });

  it("keeps .git without what was looked at, where the build wants one", async () => {
    expect(await of(first, { GIT_FOLDER: "true" })).toMatchObject({ status: 0 });
    expect(read("tree/.git/config")).not.toContain("promisor");
    expect(gitIn("tree", "rev-parse", "HEAD")).toBe(first);
  });

  it.each([
    ["a..b", "on-branch 'a..b' is not the name of a branch"],
    ["x y", "on-branch 'x y' is not the name of a branch"],
    ["--upload-pack=x", "has no branch '--upload-pack=x'"],
  ])("refuses %j as a branch", async (name, message) => {
    const { status, log } = await of(tip, { ON_BRANCH: name });
    expect([status, log]).toEqual([1, expect.stringContaining(message)]);
  });

  it.each([
    ["sends no commits without their trees", ["uploadpack.allowFilter", "false"], false],
    ["refuses to leave trees away", ["uploadpackfilter.tree.allow", "false"], false],
    ["speaks git's first protocol alone", ["uploadpack.allowFilter", "false"], true],
  ] as const)("asks a server that %s for the whole branch", async (_, [key, value], old) => {
    git("config", key, value);
    const server = await serve({ old, plain: true });
    const there = { URL: `${server.url}/app.git/.git` };
    expect(await of(first, there)).toMatchObject({ status: 0 });
    expect((await of(foreign, there)).status).toBe(1);
  });

  it("gets the commits of the branch alone from a server that can leave their files away", async () => {
    program(
      "git",
      `if [[ $3 == merge-base ]]; then "$real" -C "$2" cat-file --batch-all-objects --batch-check="%(objecttype)" >"${at("objects")}"; fi; "$real" "$@"`,
    );
    const server = await serve({ plain: true });
    expect(await of(first, { URL: `${server.url}/app.git/.git` })).toMatchObject({ status: 0 });
    expect(read("objects").trim().split("\n")).toEqual(["commit", "commit", "commit"]);
  });
});
