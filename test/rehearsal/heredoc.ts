import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { registriesConf } from "../../rehearsal/images/buildah";
import { run } from "../../rehearsal/machine/exec";
import { gitRepository, places } from "../../rehearsal/machine/places";
import { withinLimits } from "../ulimits";

/** What Debian 12's own buildah (1.28) cannot build: here-documents in a RUN and in a COPY came with 1.33. */
const containerfile = `FROM docker.io/library/debian:bookworm
COPY folder /copied
RUN <<SCRIPT
set -e
mkdir -p /made/below
uname -m >/made/below/machine
SCRIPT
COPY <<TEXT /made/text
from a here-document
TEXT
ENTRYPOINT ["cat", "/made/text", "/made/below/machine"]
`;

const branch = "heredoc";
const isolated = { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" };

export interface Sources {
  readonly folder: string;
  readonly commit: string;
  /** Seconds since 1970. */
  readonly committed: string;
}

/** A branch of the rehearsal's repository with such a Containerfile. */
export async function publishHeredoc(): Promise<Sources> {
  const folder = mkdtempSync(join(tmpdir(), "rehearsal-heredoc-"));
  const git = (...args: string[]) =>
    run(["git", "-c", "user.name=test", "-c", "user.email=test@rehearsal.test", ...args], { cwd: folder, env: isolated });
  mkdirSync(join(folder, "folder"));
  writeFileSync(join(folder, "Containerfile"), containerfile);
  writeFileSync(join(folder, "folder", "file"), "copied\n");
  await git("init", "--quiet", `--initial-branch=${branch}`);
  await git("add", ".");
  await git("commit", "--quiet", "-m", "Here-documents");
  await git("push", "--quiet", "--force", join(places.run, "git", "examples.git"), branch);
  return {
    folder,
    commit: (await git("rev-parse", "HEAD")).trim(),
    committed: (await git("show", "--no-patch", "--format=%ct")).trim(),
  };
}

export const heredocBuild = (image: string) => ({
  name: "heredoc",
  pipeline: "containerfile",
  repository: gitRepository,
  revision: branch,
  context: ".",
  image,
});

/**
 * Builds the sources on this machine, without a cluster, by the program that is in the task's image. Returns the image's configuration,
 * which names all of its layers by their content.
 */
export async function buildOutside({ folder, commit, committed }: Sources, architecture: string): Promise<unknown> {
  const work = mkdtempSync(join(tmpdir(), "rehearsal-outside-"));
  try {
    writeFileSync(join(work, "registries.conf"), registriesConf());
    writeFileSync(join(work, "containers.conf"), withinLimits());
    writeFileSync(join(work, "policy.json"), JSON.stringify({ default: [{ type: "insecureAcceptAnything" }] }));
    const buildah = (command: string, ...args: string[]) =>
      run(
        [
          join(places.bin, "buildah"),
          ...["--root", join(work, "storage"), "--runroot", join(work, "run"), "--storage-driver", "vfs"],
          command,
          ...["--signature-policy", join(work, "policy.json")],
          ...args,
        ],
        {
          env: {
            CONTAINERS_CONF: join(work, "containers.conf"),
            CONTAINERS_REGISTRIES_CONF: join(work, "registries.conf"),
            CONTAINERS_STORAGE_CONF: "/dev/null",
            BUILDAH_ISOLATION: "chroot",
          },
        },
      );
    const labels = { revision: commit, source: gitRepository };
    await buildah(
      "build",
      ...["--platform", `linux/${architecture}`, "--format", "docker", "--layers", "--tag", "result"],
      // Of the layers: one time for all commits, or no cache could be used.
      ...["--source-date-epoch", "315532801", "--rewrite-timestamp", "--build-arg", `SOURCE_DATE_EPOCH=${committed}`],
      ...Object.entries(labels).flatMap(([name, value]) => ["--label", `org.opencontainers.image.${name}=${value}`]),
      ...["--file", join(folder, "Containerfile"), folder],
    );
    await buildah("push", "--format", "oci", "result", `oci:${join(work, "layout")}:result`);
    return comparable(await run(["skopeo", "inspect", "--config", "--raw", `oci:${join(work, "layout")}:result`]));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** A configuration without what the task writes itself: when the image was made, and comments that name where layers were kept. */
function comparable(text: string): unknown {
  const { created: _, history, ...rest } = JSON.parse(text);
  return { ...rest, history: history.map(({ comment: __, ...entry }: { comment?: string }) => entry) };
}

/** The configuration of a registry's image, to be compared with that of `buildOutside`. */
export const configurationOf = async (reference: string): Promise<unknown> =>
  comparable(await run(["skopeo", "inspect", "--config", "--raw", "--tls-verify=false", `docker://${reference}`]));

/** What the topmost layers of a registry's image hold, one for each instruction that makes files, as tar lists it: rights first, name last. */
export async function topLayers(reference: string, count: number): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "rehearsal-layer-"));
  try {
    await run(["skopeo", "copy", "--quiet", "--src-tls-verify=false", `docker://${reference}`, `dir:${folder}`]);
    const { layers } = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"));
    const own: { digest: string }[] = layers.slice(-count);
    const lists = await Promise.all(
      own.map(({ digest }) => run(["tar", "--list", "--verbose", "--file", join(folder, digest.split(":")[1] ?? "")])),
    );
    return lists.flatMap((list) => list.trim().split("\n"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
