import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { totalmem } from "node:os";
import { dirname, join } from "node:path";
import { CommandError, lastLines, run } from "../machine/exec";
import { missingPackages, pythonReady } from "../machine/packages";
import { places } from "../machine/places";
import { recordedPrograms, runningPid } from "../machine/process";
import { UserError } from "../machine/progress";
import { recordedResources } from "../stack/state";
import { components, neededCompiler } from "../toolchain";
import { addresses, listeners } from "./free-network";

const GiB = 2 ** 30;

/**
 * Checks, before anything is changed, that this machine can hold the environment.
 *
 * @throws UserError that lists everything that is wrong, each with what to do.
 */
export async function preflight(): Promise<void> {
  const toolchainReady = (await components()).every(({ ready }) => ready);
  const missing = await missingPackages();
  const running = recordedPrograms().some((name) => runningPid(name) !== undefined);
  const problems = (
    await Promise.all([
      disk(toolchainReady),
      running ? [] : memory(),
      cgroups(),
      binfmt(),
      fuse(),
      addresses(),
      listeners(),
      compilerProblem(),
      registries({ go: !toolchainReady, debian: missing.length > 0, python: !pythonReady(), npm: recordedResources() === 0 }),
    ])
  ).flat();
  if (problems.length > 0)
    throw new UserError(`this machine cannot hold the rehearsal yet:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`);
}

function disk(toolchainReady: boolean): string[] {
  let folder = places.home;
  while (!existsSync(folder)) folder = dirname(folder);
  const { bavail, bsize } = statfsSync(folder);
  const [free, needed] = [(bavail * bsize) / GiB, toolchainReady ? 6 : 25];
  if (free >= needed) return [];
  return [
    `${needed} GiB of free disk are needed at ${folder}${toolchainReady ? "" : " (the toolchain is built first, and its build cache removed afterwards)"}; ` +
      `there are ${free.toFixed(1)}. Free some, or set OPENSHIFT_MULTIARCH_HOME to a folder on a larger disk`,
  ];
}

function memory(): string[] {
  const available = Number(/^MemAvailable:\s+(\d+) kB/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1] ?? 0) * 1024;
  const limit = memoryLimit();
  const free = Math.min(available, limit) / GiB;
  return free >= 6 ? [] : [`6 GiB of available memory are needed; there are ${free.toFixed(1)} of ${(totalmem() / GiB).toFixed(1)}`];
}

/** What a container that the rehearsal runs in may use, in bytes; without a limit more than any machine has. */
function memoryLimit(): number {
  for (const file of ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]) {
    if (!existsSync(file)) continue;
    const text = readFileSync(file, "utf8").trim();
    if (/^\d+$/.test(text)) return Number(text);
  }
  return Number.MAX_SAFE_INTEGER;
}

/** Containers need cgroups of their own, on either version. */
function cgroups(): string[] {
  const root = "/sys/fs/cgroup";
  const version2 = existsSync(join(root, "cgroup.controllers"));
  const wanted = version2 ? ["cpu", "memory", "pids"] : ["cpu", "cpuset", "devices", "freezer", "memory", "pids"];
  const offered = version2
    ? readFileSync(join(root, "cgroup.controllers"), "utf8").split(/\s+/)
    : existsSync(root)
      ? readdirSync(root)
      : [];
  const lacking = wanted.filter((controller) => !offered.includes(controller));
  if (lacking.length > 0)
    return [`cgroup controllers ${lacking.join(", ")} are not there (looked for cgroup v${version2 ? 2 : 1} in ${root}); mount them`];
  const probe = join(version2 ? root : join(root, "memory"), `openshift-multiarch-${process.pid}`);
  try {
    mkdirSync(probe);
    rmdirSync(probe);
    return [];
  } catch (error) {
    return [`cgroups cannot be made in ${dirname(probe)} (${(error as Error).message}): in a container, it must be a privileged one`];
  }
}

function binfmt(): string[] {
  if (existsSync("/proc/sys/fs/binfmt_misc/register") || /\bbinfmt_misc$/m.test(readFileSync("/proc/filesystems", "utf8"))) return [];
  // On most machines it is a module, which the mount loads.
  if (existsSync("/proc/sys/fs/binfmt_misc") && existsSync("/lib/modules")) return [];
  return ["the kernel has no binfmt_misc, which runs arm64 programs on this machine"];
}

/** EFS volumes are FUSE mounts. Opening the device loads the module where the kernel has one. */
function fuse(): string[] {
  try {
    closeSync(openSync("/dev/fuse", "r+"));
    return [];
  } catch (error) {
    return [
      `/dev/fuse cannot be opened (${(error as Error).message}): \`modprobe fuse\`; in a container, it must be started with that device`,
    ];
  }
}

async function compilerProblem(): Promise<string[]> {
  const version = await neededCompiler();
  return version === undefined
    ? []
    : [`Go ${version} or later is needed for the toolchain (here: ${(await run(["go", "version"])).trim()})`];
}

/** Asks each package registry that is going to be needed for one thing, through its own client. */
async function registries(needed: { go: boolean; debian: boolean; python: boolean; npm: boolean }): Promise<string[]> {
  const folder = mkdtempSync("/tmp/openshift-multiarch-");
  try {
    writeFileSync(join(folder, "go.mod"), "module probe\n");
    const probes = [
      needed.go && { what: "the Go module proxy (go env GOPROXY)", command: ["go", "list", "-m", "-mod=mod", "golang.org/x/mod@v0.20.0"] },
      needed.npm && {
        what: "the npm registry (npm config get registry)",
        command: ["npm", "view", "--prefer-online", "zod@4.6.7", "version"],
      },
      needed.python && {
        what: "the Python package index (pip config list)",
        command: ["python3", "-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir", "-d", folder, "xmltodict"],
      },
    ].filter((probe) => probe !== false);
    // apt-get update is both the question and the first step of the installation; packages.ts says so when it fails.
    const answers = await Promise.all(
      probes.map(async ({ what, command }) => {
        // On a fresh machine Python's pip comes with the packages; then its own error is clear enough.
        if (command[0] === "python3" && !existsSync("/usr/lib/python3/dist-packages/pip")) return [];
        try {
          await run(["timeout", "60", ...command], {
            cwd: folder,
            env: { GOFLAGS: "-modcacherw", GOMODCACHE: join(folder, "modules"), GOTOOLCHAIN: "local" },
          });
          return [];
        } catch (error) {
          const reason =
            error instanceof CommandError && error.code === 124 ? "no answer within 60 s" : lastLines((error as Error).message, 1);
          return [`${what} does not answer as it should: ${reason}`];
        }
      }),
    );
    return answers.flat();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
