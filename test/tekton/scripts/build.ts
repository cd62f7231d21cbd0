import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { promisify } from "node:util";
import { at, run, write } from "./harness";
import { type Architecture, insecure, layoutOf } from "./images";
import { Registry } from "./registry";

/** The architecture that a RUN of these tests can be run on. */
export const here: Architecture = process.arch === "arm64" ? "arm64" : "amd64";
export const other: Architecture = here === "amd64" ? "arm64" : "amd64";
export const app = (file: string, content: string | Buffer, mode?: number) => write(`sources/tree/app/${file}`, content, mode);
export const containerfile = (...lines: string[]) => app("Containerfile", `${lines.join("\n")}\n`);
/** An application of one file. */
export function sampleApp(): void {
  app("file", "content");
  containerfile("FROM scratch", "COPY file /file");
}

/** What a buildah that fails leaves mounted: in a pod it goes with the pod. */
function unmount(): void {
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
  const below = mounts.map((line) => line.split(" ")[1] ?? "").filter((path) => path.startsWith(at("")));
  for (const path of below.reverse()) execFileSync("umount", ["--lazy", path]);
}

/** Runs the task's step. `lists`: its list parameters. `as`: a program that runs it with fewer rights. */
export async function build(
  more: Record<string, string> = {},
  { lists = {}, as }: { lists?: Record<string, string[]>; as?: readonly string[] } = {},
) {
  const environment = {
    SOURCES: at("sources"),
    ARCHIVE: "sources.tar.gz",
    CONTEXT: "app",
    CONTAINERFILE: "Containerfile",
    ARCHITECTURE: here,
    COMMIT: "c0ffee",
    URL: "https://example.com/hello.git",
    TIMESTAMP: "1714644000",
    CONTAINERS: at("containers"),
    ...more,
  };
  // Each pod has a disk of its own.
  for (const what of ["", ".tmp", ".bases"]) rmSync(at(`${layout}${what}`), { recursive: true, force: true });
  const all = Object.entries({ "build-args": [], labels: [], "insecure-registries": [], ...lists });
  const args = all.flatMap(([name, elements]) => [`--${name}`, ...elements]);
  try {
    return await run("buildah-build", environment, args, 60, as);
  } finally {
    unmount();
  }
}
export const layout = "sources/image";
export const result = () => layoutOf(layout);
/** Paths of the image's files; folders end with a slash. */
export const paths = () => result().files.map((line) => line.split(" ").at(-1));

const storage = () => ["--root", at("base-storage"), "--runroot", at("base-run"), "--storage-driver", "vfs"];
// Not execFileSync: the registry may be in this process.
export const buildah = (...args: string[]) => promisify(execFile)("buildah", [...storage(), ...args]);
/** Builds an image in a storage of its own, not in that of the step. */
export function makeImage(name: string, architecture: Architecture, lines: string[]): void {
  write("base/Containerfile", ["FROM scratch", "COPY Containerfile /base", ...lines].join("\n"));
  const image = ["--format", "docker", "--platform", `linux/${architecture}`, "--tag", name];
  execFileSync("buildah", [...storage(), "build", "--isolation", "chroot", ...image, at("base")], { stdio: "pipe" });
}

/** A base to build from: a registry's image of one architecture. */
export async function withBase(
  architecture: Architecture,
  lines: string[],
  work: (base: string, registry: Registry) => Promise<void>,
): Promise<void> {
  const registry = new Registry();
  await registry.start();
  try {
    insecure(registry.host);
    const base = `${registry.host}/base:1`;
    makeImage(base, architecture, lines);
    await buildah("push", "--tls-verify=false", base);
    await work(base, registry);
  } finally {
    await registry.stop();
  }
}

/**
 * The registry that is in wide use, where the machine has it (Debian's package docker-registry, which the rehearsal installs); else the one in memory.
 */
export async function withRegistry(work: (host: string) => Promise<void>): Promise<void> {
  const memory = new Registry();
  await memory.start();
  const { host } = memory;
  insecure(host);
  let server: ChildProcess | undefined;
  if (existsSync("/usr/bin/docker-registry")) {
    await memory.stop();
    const storage = `storage: {filesystem: {rootdirectory: ${at("registry")}}}`;
    write("registry.yml", `version: 0.1\nlog: {level: error}\n${storage}\nhttp: {addr: "${host}"}\n`);
    server = spawn("/usr/bin/docker-registry", ["serve", at("registry.yml")], { stdio: "ignore" });
    while (!(await fetch(`http://${host}/v2/`).catch(() => undefined))) await new Promise((resolve) => setTimeout(resolve, 50));
  }
  try {
    await work(host);
  } finally {
    if (server) server.kill();
    else await memory.stop();
  }
}
