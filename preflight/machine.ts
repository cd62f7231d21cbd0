import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Finding, ok, problem, unchecked, warning } from "./finding";
import { run } from "./run";
import type { Tools } from "./tools";

const GiB = 2 ** 30;
/** What base.sh asks for in its own message: the installer unpacks its helpers there, and what they write. In GiB. */
const neededSpace = 2;
/** `engines` of package.json. */
const neededNode = 22;

/** Whether this machine can run the stages: its programs, and the folder of the installer. @param tools what has to be downloaded needs more */
export async function machine({ cache, installer, client, ccoctl }: Tools): Promise<Finding[]> {
  const downloads = [installer, client, ccoctl].includes("");
  return [...(await Promise.all([node(), ...programs(downloads)])), space(cache), await executes(cache)];
}

async function node(): Promise<Finding> {
  const version = await versionOf("node");
  const major = Number(/^v(\d+)\./.exec(version ?? "")?.[1] ?? 0);
  if (major >= neededNode) return ok("node", version ?? "");
  return problem(
    "node",
    `${version ?? "there is none on PATH"}; the stages need Node.js ${neededNode} or later: https://nodejs.org/en/download`,
  );
}

/** Each with what it is for. Of none a version is too old that a machine with Node.js 22 may have. */
function programs(downloads: boolean): Promise<Finding>[] {
  const needed = { bash: "the stages are written in it", tar: "the installer's directory is packed with it" };
  const forDownloads = {
    curl: "openshift-install is downloaded with it",
    gpg: "Red Hat's signature of openshift-install is checked with it",
  };
  return [
    ...Object.entries({ ...needed, ...(downloads ? forDownloads : {}) }).map(async ([program, use]) => {
      const version = await versionOf(program);
      return version === undefined ? problem(program, `there is none on PATH, and ${use}: install it`) : ok(program, version);
    }),
    versionOf("git").then((version) =>
      version === undefined ? warning("git", "there is none on PATH: the builds' repositories are not looked at") : ok("git", version),
    ),
  ];
}

/** The first line of what a program says of itself; undefined if there is none that runs. */
async function versionOf(program: string): Promise<string | undefined> {
  try {
    const { code, stdout } = await run(program, ["--version"], 20);
    return code === 0 ? (stdout.split("\n")[0] ?? "") : undefined;
  } catch {
    return undefined;
  }
}

function space(cache: string): Finding {
  let there = cache;
  while (!existsSync(there)) there = dirname(there);
  const { bavail, bsize } = statfsSync(there);
  const free = `${((bavail * bsize) / GiB).toFixed(1)} GiB are free at ${there}`;
  return bavail * bsize >= neededSpace * GiB
    ? ok("space", free)
    : problem("space", `${free}, and the installer needs ${neededSpace}: free some, or set XDG_CACHE_HOME to a folder on a larger disk`);
}

/** Runs a program of two lines from the folder, and leaves no trace of it. */
async function executes(cache: string): Promise<Finding> {
  const what = "folder of the installer";
  const elsewhere = "set XDG_CACHE_HOME to a folder on another file system";
  const made = existsSync(cache) ? undefined : mkdir(cache);
  let folder: string;
  try {
    folder = mkdtempSync(join(cache, "preflight."));
  } catch (error) {
    return problem(what, `${cache} cannot be written to (${(error as NodeJS.ErrnoException).code}): ${elsewhere}`);
  }
  try {
    const program = join(folder, "program");
    writeFileSync(program, "#!/bin/sh\nexit 0\n");
    chmodSync(program, 0o700);
    const { code } = await run(program, [], 20);
    return code === 0
      ? ok(what, `${cache} can be written to, and programs run there`)
      : unchecked(what, `a program in ${cache} ended with ${code}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EACCES") throw error;
    return problem(
      what,
      `${cache} is on a file system that lets no programs run (noexec), and the installer starts its own from there: ${elsewhere}`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
    for (let empty = cache; made !== undefined && empty.startsWith(made); empty = dirname(empty)) rmdirSync(empty);
  }
}

/** The first folder that had to be made; undefined if none could be. */
function mkdir(folder: string): string | undefined {
  try {
    return mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch {
    return undefined;
  }
}
