import { execFileSync } from "node:child_process";
import { chownSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { at, run, write } from "./harness";

/** Settings of nobody, for the repositories that tests make. */
export const isolated = { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" };
const who = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false", "-c", "protocol.file.allow=always"];
export const gitIn = (folder: string, ...args: string[]) =>
  execFileSync("git", [...who, ...args], {
    cwd: at(folder),
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...isolated, GIT_COMMITTER_DATE: "2024-05-02T10:00:00Z" },
  }).trim();

/** A repository in a folder of the test, with one file and one commit. Returns its id. */
export function repository(folder: string, file = "inner", text = "deep"): string {
  mkdirSync(at(folder), { recursive: true });
  gitIn(folder, "init", "-q", "-b", "main");
  write(`${folder}/${file}`, text);
  return commitAll(folder, text);
}

export function commitAll(folder: string, text: string): string {
  gitIn(folder, "add", "-A");
  gitIn(folder, "commit", "-q", "-m", text);
  return gitIn(folder, "rev-parse", "HEAD");
}

/** Commits submodules by their address, as they would be after `git submodule add`, without reaching them. */
export function addSubmodules(folder: string, modules: Readonly<Record<string, { url: string; commit: string }>>): string {
  const sections = Object.entries(modules).map(([path, { url }]) => `[submodule "${path}"]\n\tpath = ${path}\n\turl = ${url}\n`);
  write(`${folder}/.gitmodules`, sections.join(""));
  gitIn(folder, "add", ".gitmodules");
  for (const [path, { commit }] of Object.entries(modules))
    gitIn(folder, "update-index", "--add", "--cacheinfo", `160000,${commit},${path}`);
  gitIn(folder, "commit", "-q", "-m", "submodules");
  return gitIn(folder, "rev-parse", "HEAD");
}

export const fileUrl = (folder: string) => `file://${at(folder)}`;

/** The defaults of the task's parameters. */
const parameters = {
  CONTEXT: "",
  CONTAINERFILE: "",
  ARCHIVE: "sources.tar.gz",
  SUBMODULES: "true",
  LFS: "true",
  GIT_FOLDER: "false",
  INSECURE: "false",
};

/**
 * Runs the steps of the task that call git; what they pack is laid out in the folder `tree`. Repositories may be folders of the test, too.
 * @param between what happens where the image is looked for.
 */
export async function clone(
  more: Record<string, string>,
  seconds?: number,
  as?: readonly string[],
  tags: string[] = [],
  between?: () => void,
) {
  for (const folder of ["sources", "tree"]) execFileSync("rm", ["-rf", at(folder)]);
  for (const folder of ["sources", "tree"]) mkdirSync(at(folder));
  if (as) {
    for (const folder of ["", "home", "shared", "sources", "results", "bin"]) execFileSync("chmod", ["a+rwx", at(folder)]);
    const uid = Number(/--reuid (\d+)/.exec(as.join(" "))?.[1]);
    // As an emptyDir and its mounted Secrets are: for the pod's group.
    for (const folder of ["home", "sources"]) chownSync(at(folder), uid, 0);
  }
  const environment = {
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_ALLOW_PROTOCOL: "file:git:http:https:ssh",
    PAUSE: "0",
    URL: fileUrl("origin"),
    REVISION: "main",
    SOURCES: at("sources"),
    ...parameters,
    ...Object.fromEntries(
      ["COMMIT", "URL", "TIMESTAMP", "BRANCH", "KEY", "FOUND"].map((name) => [`RESULT_${name}`, at("results", name.toLowerCase())]),
    ),
    ...more,
  };
  // Not in a folder that only this user may see.
  const user = as && ["env", `--chdir=${at()}`, ...as];
  const resolved = await run("git-resolve", environment, tags, seconds, user);
  if (resolved.status !== 0) return resolved;
  between?.();
  // Each step has a home of its own.
  for (const name of readdirSync(at("home"))) rmSync(at("home", name), { recursive: true });
  const cloned = await run("git-clone", environment, [], seconds, user);
  const result = { status: cloned.status, log: resolved.log + cloned.log };
  const archive = at("shared", more.ARCHIVE ?? parameters.ARCHIVE);
  if (result.status === 0 && existsSync(archive))
    execFileSync("tar", ["--extract", "--gzip", "--preserve-permissions", "--file", archive, "--directory", at("tree")]);
  return result;
}

/** Every file below a folder whose content holds the text; of archives of git's what is inside. */
export function filesWith(folder: string, text: string): string[] {
  return readdirSync(at(folder), { recursive: true, encoding: "utf8", withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => execFileSync("cat", [file]).includes(text));
}
