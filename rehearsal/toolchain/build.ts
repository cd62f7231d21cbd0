import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";
import { CommandError, lastLines, run, runMeasured } from "../machine/exec";
import { places } from "../machine/places";
import { seconds, UserError } from "../machine/progress";
import { type Component, results } from "./components";

/** Go's build cache, the toolchain's own. */
export const goCache = join(places.cache, "go-build");
const work = join(places.cache, "work");

/**
 * Environment of the compilers: they are over before their garbage fills memory, and not to collect it saves them a quarter of their
 * time. Go starts as many at once as there are cores: with less memory for each they collect as always. Pure.
 *
 * @param memory in bytes, of all cores together.
 */
export function garbage(memory: number, cores: number): { GOGC?: string; GOMEMLIMIT?: string } {
  return memory / cores < 3 * 2 ** 30 ? {} : { GOGC: "off", GOMEMLIMIT: "2GiB" };
}

// The debug information that the linker leaves out (-w) is not made in the first place.
const goFlags = "-buildvcs=false -gcflags=all=-dwarf=false";

const goEnvironment = {
  GOCACHE: goCache,
  CGO_ENABLED: "0",
  GOTOOLCHAIN: "local",
  GOFLAGS: goFlags,
  // A go.work of the user's, a cross-compiling environment or a vendor mode would change what is built.
  GOWORK: "off",
  GOOS: "linux",
  GOARCH: "amd64",
  GOEXPERIMENT: undefined,
} as const;

/** A copy of the component's folder to work in, and an empty one for its results. */
function workshop(name: string, purpose: string): { folder: string; out: string; log: string } {
  const [folder, out] = [join(work, `${name}${purpose}`), join(work, `${name}${purpose}.out`)];
  const log = join(places.cache, "log", `toolchain-${name}${purpose}.log`);
  for (const path of [folder, out]) rmSync(path, { recursive: true, force: true });
  rmSync(log, { force: true });
  mkdirSync(join(out, "bin"), { recursive: true });
  cpSync(join(__dirname, name), folder, { recursive: true });
  return { folder, out, log };
}

/** Downloads the Go modules that a component is built from, and no others: its build.sh, in which `go build -n` stops before compiling. */
export async function fetchModules({ name }: Component): Promise<void> {
  const { folder, out, log } = workshop(name, "-modules");
  await run(["bash", "build.sh"], { cwd: folder, log, env: { ...goEnvironment, OUT: out, GOFLAGS: `${goFlags} -n` } }).catch((error) => {
    throw failure(error, `the Go modules of ${name} could not be downloaded`, log);
  });
  for (const path of [folder, out]) rmSync(path, { recursive: true, force: true });
}

/** Builds a component; its result appears complete, with the time and the process seconds that it took. */
export async function build({ name, result }: Component): Promise<void> {
  const { folder, out, log } = workshop(name, "");
  const started = Date.now();
  const memory = Math.min(totalmem(), process.constrainedMemory() || totalmem());
  const env = { ...goEnvironment, ...garbage(memory, availableParallelism()), OUT: out };
  const { processor } = await runMeasured(["bash", "build.sh"], { cwd: folder, log, env }).catch((error) => {
    throw failure(error, `${name} could not be built`, log);
  });
  writeFileSync(join(out, "built"), buildRecord({ at: new Date(started), seconds: (Date.now() - started) / 1000, processor }));
  mkdirSync(results, { recursive: true });
  renameSync(out, result);
  rmSync(folder, { recursive: true, force: true });
}

function failure(error: unknown, what: string, log: string): unknown {
  if (!(error instanceof CommandError)) return error;
  const output = existsSync(log) ? lastLines(readFileSync(log, "utf8"), 20) : "";
  const hint = /signal: killed|cannot allocate memory/.test(output) ? "\nIt was out of memory: the largest of the builds needs 3 GB." : "";
  return new UserError(`toolchain: ${what} (whole log: ${log}):\n${output}${hint}`);
}

interface Build {
  readonly at: Date;
  readonly seconds: number;
  /** Seconds of processors, user and system, of all programs of the build. */
  readonly processor: number;
}

/** The file `built` of a result. Pure. */
export function buildRecord({ at, seconds: took, processor }: Build): string {
  return `${at.toISOString()} in ${seconds(took)}, ${processor.toFixed(1)} process seconds\n`;
}

/** Process seconds that a result's file `built` tells; undefined for one that does not say. Pure. */
export function recordedProcessor(record: string): number | undefined {
  const found = /, ([\d.]+) process seconds$/.exec(record.trim())?.[1];
  return found === undefined ? undefined : Number(found);
}

/** Removes results of a component's earlier versions. */
export function removeOthers({ name, result }: Component): void {
  for (const entry of readdirSync(results)) {
    const path = join(results, entry);
    if (path !== result && entry.slice(0, -17) === name && /^-[0-9a-f]{16}$/.test(entry.slice(-17)))
      rmSync(path, { recursive: true, force: true });
  }
}

/** Takes away what builds were made in, also of a run that was killed. */
export function clearWork(): void {
  rmSync(work, { recursive: true, force: true });
}
