import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { join, relative } from "node:path";
import { CommandError, lastLines, run, typescriptCommand } from "../machine/exec";
import { checkout, places } from "../machine/places";
import { say, seconds, step, UserError } from "../machine/progress";

/**
 * What is built from Go modules, in this order, with the seconds that each took in one run on 2 cores with nothing cached, its
 * downloads included; for `cluster` it is what the three modules took that it replaced, less what compiling them as one saves (a fifth).
 * The small ones come first, so that a lack (of modules, of memory) shows early. One at a time: each keeps all cores busy, and the
 * largest needs 3 GB of memory.
 */
const expected: Readonly<Record<string, number>> = {
  pause: 18,
  "openshift-crds": 5,
  "efs-mount": 15,
  "pulumi-language-nodejs": 65,
  buildah: 60,
  containerd: 120,
  pulumi: 305,
  cluster: 700,
  "efs-csi": 90,
  "pulumi-resource-kubernetes": 230,
  "openshift-install": 550,
};

export interface Component {
  readonly name: string;
  /** Content of its folder and of the compiler: names the result's folder. */
  readonly key: string;
  /** Where its finished `bin` and `share` lie. */
  readonly result: string;
  readonly ready: boolean;
}

const goCache = join(places.cache, "go-build");
const results = join(places.cache, "toolchain");
const work = join(places.cache, "work");

/** Names of all components: every folder here that has a build.sh, in the order of building. */
function names(): string[] {
  const present = readdirSync(__dirname).filter((name) => existsSync(join(__dirname, name, "build.sh")));
  const order = Object.keys(expected);
  const place = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  return present.sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1));
}

/** Hash over the names, modes' x bit aside, and contents of a folder's files, and over whatever else decides the result. */
export function folderKey(folder: string, ...others: string[]): string {
  const hash = createHash("sha256");
  const visit = (path: string) => {
    for (const entry of readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const child = join(path, entry.name);
      if (entry.isDirectory()) visit(child);
      else
        hash
          .update(`${relative(folder, child)}\0`)
          .update(readFileSync(child))
          .update("\0");
    }
  };
  visit(folder);
  for (const other of others) hash.update(`${other}\0`);
  return hash.digest("hex").slice(0, 16);
}

/** The compiler's version as it names itself, for example `go1.26.8`. */
async function compiler(): Promise<string> {
  return (await run(["go", "env", "GOVERSION"], { env: { GOTOOLCHAIN: "local" } })).trim();
}

/** Every component and whether its result is in the cache. */
export async function components(): Promise<Component[]> {
  const version = await compiler();
  return names().map((name) => {
    const key = folderKey(join(__dirname, name), version);
    const result = join(results, `${name}-${key}`);
    return { name, key, result, ready: existsSync(result) };
  });
}

/** The newest Go version that a component's go.mod asks for, when this machine's compiler is older; undefined when it will do. */
export async function neededCompiler(): Promise<string | undefined> {
  const have = (await compiler()).replace(/^go/, "");
  const wanted = names()
    .map((name) => join(__dirname, name, "go.mod"))
    .filter((file) => existsSync(file))
    .map((file) => /^go (\S+)/m.exec(readFileSync(file, "utf8"))?.[1] ?? "1.0")
    .sort(compareVersions)
    .at(-1);
  return wanted !== undefined && compareVersions(have, wanted) < 0 ? wanted : undefined;
}

export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(/[.\-+]/).map((part) => Number.parseInt(part, 10) || 0));
  for (let i = 0; i < Math.max(left?.length ?? 0, right?.length ?? 0); i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * Builds what is not in the cache, one component at a time, and links the results into `places.bin`, `places.share` and
 * `places.path`. What is finished stays, whenever the process ends: the next call goes on with the rest. Go's build cache (it
 * grows to 13 GB) is the toolchain's own and goes once everything is built, unless OPENSHIFT_MULTIARCH_KEEP_BUILD_CACHE is set.
 *
 * @throws UserError with the last lines of the build's log when a build fails.
 */
export async function ensureToolchain(): Promise<void> {
  const all = await components();
  const missing = all.filter(({ ready }) => !ready);
  if (missing.length > 0) {
    const total = missing.reduce((sum, { name }) => sum + (expected[name] ?? 60), 0);
    say(`toolchain: ${missing.length} of ${all.length} components to build, one at a time (about ${seconds(total)})`);
    for (const [index, component] of missing.entries()) {
      await step(`toolchain ${index + 1}/${missing.length}: ${component.name}`, expected[component.name] ?? 60, () => build(component));
      removeOthers(component);
    }
  }
  rmSync(work, { recursive: true, force: true });
  // A folder that has a go.mod and no build.sh yet is somebody's work in progress, who wants the build cache.
  const unfinished = readdirSync(__dirname).some(
    (name) => existsSync(join(__dirname, name, "go.mod")) && !existsSync(join(__dirname, name, "build.sh")),
  );
  if (!unfinished && !process.env.OPENSHIFT_MULTIARCH_KEEP_BUILD_CACHE) rmSync(goCache, { recursive: true, force: true });
  linkToolchain(all);
}

/**
 * Environment of the compilers: they are over before their garbage fills memory, and not to collect it saves them a quarter of their
 * time. Go starts as many at once as there are cores: with less memory for each they collect as always. Pure.
 *
 * @param memory in bytes, of all cores together.
 */
export function garbage(memory: number, cores: number): { GOGC?: string; GOMEMLIMIT?: string } {
  return memory / cores < 3 * 2 ** 30 ? {} : { GOGC: "off", GOMEMLIMIT: "2GiB" };
}

async function build({ name, result }: Component): Promise<void> {
  const folder = join(work, name);
  const out = join(work, `${name}.out`);
  const log = join(places.cache, "log", `toolchain-${name}.log`);
  for (const path of [folder, out]) rmSync(path, { recursive: true, force: true });
  rmSync(log, { force: true });
  mkdirSync(join(out, "bin"), { recursive: true });
  mkdirSync(results, { recursive: true });
  cpSync(join(__dirname, name), folder, { recursive: true });
  const started = Date.now();
  try {
    await run(["bash", "build.sh"], {
      cwd: folder,
      log,
      env: {
        OUT: out,
        GOCACHE: goCache,
        CGO_ENABLED: "0",
        ...garbage(Math.min(totalmem(), process.constrainedMemory() || totalmem()), availableParallelism()),
        GOTOOLCHAIN: "local",
        // The debug information that the linker leaves out (-w) is not made in the first place.
        GOFLAGS: "-buildvcs=false -gcflags=all=-dwarf=false",
        // A go.work of the user's, a cross-compiling environment or a vendor mode would change what is built.
        GOWORK: "off",
        GOOS: "linux",
        GOARCH: "amd64",
        GOEXPERIMENT: undefined,
      },
    });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const output = existsSync(log) ? lastLines(readFileSync(log, "utf8"), 20) : "";
    const hint = /signal: killed|cannot allocate memory/.test(output)
      ? "\nIt was out of memory: the largest of the builds needs 3 GB."
      : "";
    throw new UserError(`toolchain: ${name} could not be built (whole log: ${log}):\n${output}${hint}`);
  }
  writeFileSync(join(out, "built"), `${new Date().toISOString()} in ${seconds((Date.now() - started) / 1000)}\n`);
  renameSync(out, result);
  rmSync(folder, { recursive: true, force: true });
}

/** Removes results of a component's earlier versions. */
function removeOthers({ name, result }: Component): void {
  for (const entry of readdirSync(results)) {
    const path = join(results, entry);
    if (path !== result && entry.slice(0, -17) === name && /^-[0-9a-f]{16}$/.test(entry.slice(-17)))
      rmSync(path, { recursive: true, force: true });
  }
}

/** What goes in front of PATH for `pulumi` and for the user's shell, next to the stand-in for openshift-install. */
const onPath = ["kubectl", "oc"] as const;

/**
 * There too, but no symbolic links: the command line follows those that lead to itself, looks for its language hosts beside that
 * file, and warns at every update of one that it found elsewhere (sdk/go/common/workspace/plugins.go).
 */
const sideBySide = ["pulumi", "pulumi-language-nodejs"] as const;

/** Points `places.bin`, `places.share` and `places.path` to the finished results. */
export function linkToolchain(all: readonly Component[]): void {
  const bin = new Map<string, string>();
  const share = new Map<string, string>();
  for (const { name, result } of all) {
    const programs = join(result, "bin");
    for (const program of existsSync(programs) ? readdirSync(programs) : []) {
      if (bin.has(program)) throw new Error(`two components of the toolchain have a program ${program}: ${name} and ${bin.get(program)}`);
      bin.set(program, join(programs, program));
    }
    if (existsSync(join(result, "share"))) share.set(name, join(result, "share"));
  }
  linkFolder(places.bin, bin);
  linkFolder(places.share, share);
  const links = new Map(onPath.filter((name) => bin.has(name)).map((name) => [name, join(places.bin, name)]));
  linkFolder(places.path, links, [...sideBySide, standIn]);
  for (const name of sideBySide) {
    const program = bin.get(name);
    if (program !== undefined) linkFile(program, join(places.path, name));
  }
  writeStandIn();
}

/** Makes `path` another name of the file `target`, unless it is; a copy, when the cache is on a disk of its own. */
function linkFile(target: string, path: string): void {
  const [present, wanted] = [lstatSync(path, { throwIfNoEntry: false }), lstatSync(target)];
  if (present?.ino === wanted.ino && present.dev === wanted.dev) return;
  const draft = `${path}.new`;
  rmSync(draft, { force: true });
  try {
    linkSync(target, draft);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
    copyFileSync(target, draft);
  }
  renameSync(draft, path);
}

const standIn = "openshift-install";

/** The stand-in of this very checkout, whichever clone the last command came from. */
function writeStandIn(): void {
  const program = join(checkout, "rehearsal", "installer", "openshift-install.ts");
  const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  const script = [
    "#!/bin/sh",
    "# openshift-install of the rehearsal: the real one, but for what `create cluster` does to a cloud.",
    `export TSX_TSCONFIG_PATH=${quote(join(checkout, "tsconfig.json"))}`,
    `exec ${typescriptCommand(program).map(quote).join(" ")} "$@"`,
    "",
  ].join("\n");
  const file = join(places.path, standIn);
  if (existsSync(file) && readFileSync(file, "utf8") === script) return;
  // Written beside and renamed: a command that runs it at this moment sees the old one or the new one.
  writeFileSync(`${file}.new`, script);
  chmodSync(`${file}.new`, 0o755);
  renameSync(`${file}.new`, file);
}

/** Makes a folder hold exactly these links (and what is in `kept`); a link that is right is not touched. */
export function linkFolder(folder: string, links: ReadonlyMap<string, string>, kept: readonly string[] = []): void {
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) {
    if (!links.has(name) && !kept.includes(name)) rmSync(join(folder, name), { recursive: true, force: true });
  }
  for (const [name, target] of links) {
    const path = join(folder, name);
    let current: string | undefined;
    try {
      current = readlinkSync(path);
    } catch {
      // Not there, or not a link.
    }
    if (current === target) continue;
    const draft = join(folder, `.${name}.new`);
    rmSync(draft, { force: true });
    symlinkSync(target, draft);
    rmSync(path, { recursive: true, force: true });
    renameSync(draft, path);
  }
}
