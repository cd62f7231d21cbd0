import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { run } from "../../rehearsal/machine/exec";
import { network, places } from "../../rehearsal/machine/places";

/** How the sources of a repository come about, beside the files of its folder. */
export interface Sources {
  /** Folder of `repositories`. @default the repository's name */
  readonly folder?: string;
  readonly branch?: string;
  /** What a user has and this project's own repository should not: names that not every file system takes, and files that it ignores. */
  readonly files?: Readonly<Record<string, string>>;
  /** Path of a link -> what it names. */
  readonly links?: Readonly<Record<string, string>>;
  /** Path of a submodule -> repository beside this one, whose first commit is the one that is wanted; it has two. */
  readonly submodules?: Readonly<Record<string, string>>;
  /** Repositories that are gone when it is built. */
  readonly withdrawn?: readonly string[];
  /** Tag of the commit before the one that is built. */
  readonly tag?: string;
}

const fixed = "2025-01-01T00:00:00Z";
const environment = {
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_DATE: fixed,
  GIT_COMMITTER_DATE: fixed,
};
/** Any protocol: a submodule is added from a folder of this machine. */
const settings = ["user.name=test", "user.email=test@rehearsal.test", "protocol.file.allow=always", "advice.detachedHead=false"];
const gitIn =
  (folder: string) =>
  async (...args: string[]) =>
    (await run(["git", ...settings.flatMap((setting) => ["-c", setting]), ...args], { cwd: folder, env: environment })).trim();

const served = "repositories";
/** Address of a repository for who builds. */
export const addressOf = (name: string) => `git://${network.host}/${served}/${name}.git`;
const bareFolder = (name: string) => join(places.run, "git", served, `${name}.git`);

function write(folder: string, path: string, content: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
}

/** Makes a repository of the rehearsal's Git server, anew. Returns the commit of its branch. */
async function publish(
  name: string,
  branch: string,
  make: (folder: string, git: ReturnType<typeof gitIn>) => Promise<void>,
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "rehearsal-repository-"));
  try {
    const git = gitIn(folder);
    await git("init", "--quiet", `--initial-branch=${branch}`);
    await make(folder, git);
    await git("add", "--all");
    await git("commit", "--quiet", "--message", "As it is built");
    rmSync(bareFolder(name), { recursive: true, force: true });
    await git("clone", "--quiet", "--bare", folder, bareFolder(name));
    return await git("rev-parse", "HEAD");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Makes a repository of the rehearsal's Git server. Returns the commit that is built. */
export async function publishRepository(name: string, sources: Sources): Promise<string> {
  const { folder: from = name, branch = "main", files = {}, links = {}, submodules = {}, withdrawn = [], tag } = sources;
  for (const library of Object.values(submodules)) await publishLibrary(library);
  const commit = await publish(name, branch, async (folder, git) => {
    cpSync(join(__dirname, "repositories", from), folder, { recursive: true });
    for (const [path, content] of Object.entries(files)) write(folder, path, content);
    for (const [path, target] of Object.entries(links)) symlinkSync(target, join(folder, path));
    for (const [path, library] of Object.entries(submodules)) await addSubmodule(git, path, library);
    if (tag === undefined) return;
    await git("add", "--all");
    await git("commit", "--quiet", "--message", "Release");
    write(folder, "CHANGES", "something new\n");
    await git("tag", "--annotate", "--message", tag, tag);
  });
  for (const library of withdrawn) rmSync(bareFolder(library), { recursive: true, force: true });
  return commit;
}

/** A repository whose branch has gone on. */
const publishLibrary = (name: string) =>
  publish(name, "main", async (folder, git) => {
    write(folder, "version", "first\n");
    await git("add", "--all");
    await git("commit", "--quiet", "--message", "First");
    write(folder, "version", "second\n");
  });

/** The first commit of a library, by a relative address as people write it. */
async function addSubmodule(git: ReturnType<typeof gitIn>, path: string, library: string): Promise<void> {
  await git("submodule", "--quiet", "add", bareFolder(library), path);
  await git("-C", path, "checkout", "--quiet", "HEAD~1");
  await git("config", "--file", ".gitmodules", `submodule.${path}.url`, `../${library}.git`);
}
