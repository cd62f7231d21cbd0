import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PlainSettings } from "../config/settings";
import { type Finding, ok, problem, unchecked } from "./finding";
import { run } from "./run";

/** What the builds are built from. */
export interface Sources {
  readonly builds: readonly Pick<PlainSettings["builds"][number], "name" | "repository" | "revision">[];
  readonly namespace: Pick<PlainSettings["namespace"], "insecureRegistries" | "trustBundle">;
  /** Files of the workspace git-credentials: of all builds, and of single ones by name. */
  readonly gitCredentials?: Readonly<Record<string, string>>;
  readonly buildGitCredentials: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/**
 * Whether each repository is there for its build, with the branch, tag or commit that it names.
 * @param patience seconds for a Git server
 */
export function repositories({ builds, namespace, gitCredentials, buildGitCredentials }: Sources, patience = 20): Promise<Finding[]> {
  const questions = builds.map(({ name, repository, revision }) => ({
    repository,
    revision,
    files: buildGitCredentials[name] ?? gitCredentials,
  }));
  const distinct = [...new Map(questions.map((question) => [JSON.stringify(question), question])).values()];
  return Promise.all(distinct.map(({ repository, revision, files = {} }) => asked(repository, revision, files, namespace, patience)));
}

async function asked(
  repository: string,
  revision: string,
  files: Readonly<Record<string, string>>,
  { insecureRegistries, trustBundle }: Sources["namespace"],
  patience: number,
): Promise<Finding> {
  const what = `repository ${repository}`;
  // For nobody else on this machine, and gone at the end.
  const home = mkdtempSync(join(tmpdir(), "openshift-multiarch-preflight-"));
  try {
    const { code, stdout, stderr } = await run("bash", [join(__dirname, "repository.sh")], patience, {
      HOME: home,
      URL: repository,
      REVISION: revision,
      GIT_CREDENTIALS: folder(home, "credentials-workspace", files),
      TRUST: folder(home, "trust", trustBundle === undefined ? {} : { "ca-bundle.crt": trustBundle }),
      INSECURE: String(insecureRegistries.includes(/^http:\/\/([^/]+)/.exec(repository)?.[1] ?? "")),
      // The builds' authorities are added to those of the system, whichever this machine is set to.
      GIT_CONFIG_GLOBAL: undefined,
    });
    const said = stderr.trim().split("\n").at(-1) ?? "";
    if (code === 0) return found(what, revision, stdout);
    if (code === 3) return unchecked(what, `it cannot be asked from here: ${said}`);
    return code === undefined ? unchecked(what, `no answer in ${patience} s`) : problem(what, said.replace(/^preflight: /, ""));
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** A folder with files; no name for one without any. */
function folder(home: string, name: string, files: Readonly<Record<string, string>>): string {
  if (Object.keys(files).length === 0) return "";
  mkdirSync(join(home, name), { mode: 0o700 });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(home, name, file), text, { mode: 0o600 });
  return join(home, name);
}

/** What `git ls-remote --symref URL HEAD REVISION` says of a revision, in the order of gitrevisions(7). */
export function found(what: string, revision: string, listed: string): Finding {
  const names = listed.split("\n").map((line) => line.split("\t")[1] ?? "");
  const ref = [revision, `refs/${revision}`, `refs/tags/${revision}`, `refs/heads/${revision}`].find((name) => names.includes(name));
  if (ref !== undefined) return ok(what, `it has ${ref}`);
  // A server lists the ends of branches and tags alone.
  if (/^[0-9a-f]{4,64}$/i.test(revision)) return ok(what, `it can be read; whether it has the commit ${revision}, only a fetch would tell`);
  const main = /^ref: refs\/heads\/(.*)\tHEAD$/m.exec(listed)?.[1];
  return problem(
    what,
    `it has no branch, tag or commit ${revision}${main === undefined ? ", and is empty" : `; its default branch is ${main}: set revision of the builds`}`,
  );
}
