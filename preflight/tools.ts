import { join } from "node:path";
import type { PlainSettings } from "../config/settings";
import { mirrorDirectory } from "../infra/releases";
import { type Finding, ok, problem, unchecked } from "./finding";
import { run } from "./run";

/** Programs of the stack's OpenShift version, by their paths; empty for what has to be downloaded. */
export interface Tools {
  readonly installer: string;
  readonly client: string;
  /** Undefined where the cluster's credentials need none. */
  readonly ccoctl?: string;
  /** Folder of the stages on this machine. */
  readonly cache: string;
}

type Cluster = Pick<PlainSettings["cluster"], "name" | "baseDomain" | "version" | "mirror" | "credentialsMode">;

/** What the stages find. @throws Error with their message when they would stop */
export async function tools({ name, baseDomain, version, mirror, credentialsMode }: Cluster): Promise<Tools> {
  const { code, stdout, stderr } = await run("bash", [join(__dirname, "tools.sh")], 300, {
    CLUSTER: `${name}.${baseDomain}`,
    OPENSHIFT_VERSION: version,
    OPENSHIFT_MIRROR: mirrorDirectory(mirror, version),
    CREDENTIALS_MODE: credentialsMode,
  });
  if (code !== 0) throw new Error(stderr.trim().split("\n").at(-1) || `tools.sh ended with ${code}`);
  const path = (of: string) => new RegExp(`^${of} (.*)$`, "m").exec(stdout)?.[1] ?? "";
  const found = { installer: path("installer"), client: path("client"), cache: path("cache") };
  return credentialsMode === "manual" ? { ...found, ccoctl: path("ccoctl") } : found;
}

/**
 * Whether what has to be downloaded is on the mirror, for all architectures: a release's folder below `multi` has a list of sums that names a
 * folder for each, and each of those a list of archives (openshift-eng/art-tools, pyartcd/pyartcd/pipelines/promote.py). Asked by curl, as the
 * stages do, with its proxies and authorities.
 */
export async function release({ version, mirror }: Cluster, { installer, client, ccoctl }: Tools): Promise<Finding> {
  const what = `OpenShift ${version}`;
  const missing = Object.entries({ "openshift-install": installer, "openshift-client": client, ccoctl }).flatMap(([archive, path]) =>
    path === "" ? [archive] : [],
  );
  if (missing.includes("ccoctl") && process.platform !== "linux")
    return problem(what, `there is no ccoctl for this system, which cluster.credentialsMode manual needs: run pulumi on Linux`);
  if (missing.length === 0) return ok(what, `${installer} and ${client} are of it${ccoctl ? `, and ${ccoctl} is there` : ""}`);
  const root = mirrorDirectory(mirror, version);
  const { folder, archives } = downloads(version, missing);
  const there = `${missing.join(" and ")} of the multi-architecture release can be downloaded from ${root}`;
  try {
    const [sums, signature, list] = await Promise.all(
      ["sha256sum.txt", "sha256sum.txt.gpg", `${folder}/sha256sum.txt`].map((file) => fetched(`${root}/${file}`)),
    );
    if (sums === undefined || signature === undefined)
      return problem(
        what,
        `${root} has no signed list of a multi-architecture release: set cluster.version to a released version, and cluster.mirror to a mirror that has it`,
      );
    const lacking = [
      ...["amd64", "arm64"].map((name) => `${name}/sha256sum.txt`).filter((name) => !sums.includes(name)),
      ...archives.filter((name) => !list?.includes(name)),
    ];
    return lacking.length === 0
      ? ok(what, there)
      : problem(what, `${root} lacks ${lacking.join(", ")}: set cluster.mirror to a mirror that has them`);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // Without curl there is a problem already.
    if (code === "ENOENT") return unchecked(what, "there is no curl to ask the mirror with");
    return problem(
      what,
      `${root} does not answer (${message}): behind a proxy, set HTTPS_PROXY; for a mirror of your own, set cluster.mirror`,
    );
  }
}

/** As `download` of infra/stages/lib/tools.sh names them. */
function downloads(version: string, names: readonly string[]): { folder: string; archives: string[] } {
  const folder = process.arch === "arm64" ? "arm64" : "amd64";
  const system = process.platform === "darwin" ? (folder === "arm64" ? "mac-arm64" : "mac") : "linux";
  return { folder, archives: names.map((name) => `${name}-${system}-${version}.tar.gz`) };
}

/** A small file; undefined if the server does not give it. @throws Error when there is no answer */
async function fetched(url: string): Promise<string | undefined> {
  const options = [
    "--fail",
    "--silent",
    "--show-error",
    "--location",
    "--proto",
    "=https",
    "--connect-timeout",
    "10",
    "--max-time",
    "30",
    "--retry",
    "2",
  ];
  const { code, stdout, stderr } = await run("curl", [...options, url], 100);
  if (code === 0) return stdout;
  if (code === 22) return undefined;
  throw new Error(stderr.trim() || `curl ended with ${code}`);
}
