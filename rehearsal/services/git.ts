import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../machine/exec";
import { checkout, gitRepository, network, places, ports } from "../machine/places";
import { start, until } from "../machine/process";

const base = join(places.run, "git");

/** Makes the repository of the examples from the checkout, and serves it to the pods. Needs the bridge. */
export async function startGit(): Promise<void> {
  await publish(join(checkout, "examples"), join(base, "examples.git"), join(checkout, ".gitignore"));
  start({
    name: "git",
    command: [
      "git",
      "daemon",
      "--reuseaddr",
      `--listen=${network.host}`,
      `--port=${ports.git}`,
      `--base-path=${base}`,
      "--export-all",
      "--informative-errors",
      base,
    ],
    environment: isolated,
  });
  await until("the Git server answers", 15, async () => (await run(["git", "ls-remote", gitRepository, "main"], { env: isolated })) !== "");
}

/** Nobody's own Git settings decide what a commit looks like. */
const isolated = {
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_DIR: undefined,
  GIT_WORK_TREE: undefined,
  GIT_INDEX_FILE: undefined,
};

/**
 * Commits a folder's content to the branch `main` of a bare repository, which is made if need be. The commit has no parent, and
 * a fixed author and date: the same content always gives the same commit, and commits of earlier contents stay and can be
 * fetched by their id.
 *
 * @param ignore file of ignore patterns that hold besides those inside the folder.
 * @returns the commit's id.
 */
export async function publish(folder: string, repository: string, ignore?: string): Promise<string> {
  if (!existsSync(join(repository, "HEAD"))) {
    mkdirSync(repository, { recursive: true });
    await run(["git", "init", "--quiet", "--bare", "--initial-branch=main", repository], { env: isolated });
  }
  const settings = {
    "uploadpack.allowAnySHA1InWant": "true",
    "gc.auto": "0",
    "core.autocrlf": "false",
    "core.fileMode": "true",
  };
  for (const [key, value] of Object.entries(settings)) await run(["git", "--git-dir", repository, "config", key, value], { env: isolated });
  const index = join(repository, "publish.index");
  rmSync(index, { force: true });
  const fixed = "2025-01-01T00:00:00Z";
  const env = {
    ...isolated,
    GIT_DIR: repository,
    GIT_WORK_TREE: folder,
    GIT_INDEX_FILE: index,
    GIT_AUTHOR_NAME: "openshift-multiarch",
    GIT_AUTHOR_EMAIL: "examples@rehearsal.test",
    GIT_COMMITTER_NAME: "openshift-multiarch",
    GIT_COMMITTER_EMAIL: "examples@rehearsal.test",
    GIT_AUTHOR_DATE: fixed,
    GIT_COMMITTER_DATE: fixed,
  };
  await run(["git", ...(ignore ? ["-c", `core.excludesFile=${ignore}`] : []), "add", "--all", "."], { env, cwd: folder });
  const tree = (await run(["git", "write-tree"], { env })).trim();
  const commit = (await run(["git", "commit-tree", tree, "-m", "Examples"], { env })).trim();
  await run(["git", "update-ref", "refs/heads/main", commit], { env });
  rmSync(index, { force: true });
  // Readers of the dumb protocol and people look here.
  writeFileSync(join(repository, "description"), "The examples of openshift-multiarch, as they are in the checkout\n");
  return commit;
}
