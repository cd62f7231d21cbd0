import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../machine/exec";
import { network, places } from "../machine/places";
import { publish } from "../services/git";

/** A repository that the pods can clone, in several commits. */
export interface Published {
  readonly url: string;
  /** Commits: the first, and one with another content of one file. */
  readonly commits: readonly [first: string, changed: string];
}

const nodeImage = "registry.access.redhat.com/ubi9/nodejs-22-minimal:9.8";

/** A program from the distribution, like htop, and a file of one's own behind it. */
const packaged = `FROM docker.io/library/debian:bookworm
RUN apt-get update && apt-get install -y --no-install-recommends htop && rm -rf /var/lib/apt/lists/* /var/log/apt /var/log/dpkg.log
COPY settings /etc/htoprc
USER 65534
ENTRYPOINT ["htop"]
`;

const application = `FROM ${nodeImage}
WORKDIR /opt/app-root/src
COPY package.json ./
COPY node_modules ./node_modules
COPY server.js ./
USER 1001
ENTRYPOINT ["node", "server.js"]
`;

/** How many files the application's only dependency has, and bytes of each. */
const files = { count: 40_000, bytes: 1_500 };

/** An application with 40,000 files below node_modules, as that of a usual web application. Its dependency comes with the repository. */
async function writeApplication(folder: string): Promise<void> {
  const parts = join(folder, "package");
  mkdirSync(parts);
  writeFileSync(join(parts, "package.json"), JSON.stringify({ name: "parts", version: "1.0.0" }));
  await run(
    [
      "bash",
      "-c",
      `head -c ${(files.count * files.bytes * 3) / 4} /dev/urandom | base64 --wrap=0 | split --bytes=${files.bytes} --suffix-length=5 --numeric-suffixes - part-`,
    ],
    { cwd: parts },
  );
  await run(["tar", "--create", "--gzip", "--file", "parts-1.0.0.tgz", "package"], { cwd: folder });
  rmSync(parts, { recursive: true });
  const dependencies = { parts: "file:parts-1.0.0.tgz" };
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "bench", version: "1.0.0", private: true, dependencies }));
  await run(["npm", "install", "--package-lock-only", "--offline", "--no-audit", "--no-fund"], { cwd: folder });
  writeFileSync(join(folder, "Containerfile"), application);
}

/** Makes a repository of what `write` puts into a folder, and changes `file` of it for the second commit. */
async function published(name: string, file: string, write: (folder: string) => void | Promise<void>): Promise<Published> {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  const repository = join(places.run, "git", `bench-${name}.git`);
  try {
    await write(folder);
    writeFileSync(join(folder, file), "// first\n");
    const first = await publish(folder, repository);
    writeFileSync(join(folder, file), "// changed\n");
    const changed = await publish(folder, repository);
    return { url: `git://${network.host}/bench-${name}.git`, commits: [first, changed] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const publishPackaged = () => published("packaged", "settings", (folder) => writeFileSync(join(folder, "Containerfile"), packaged));
export const publishApplication = () => published("application", "server.js", writeApplication);
