import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { run } from "../machine/exec";
import { expectation } from "../machine/first-run";
import { debianPackages } from "../machine/packages";
import type { Expected, Part } from "../machine/parts";
import { step } from "../machine/progress";
import { build, clearWork, fetchModules, goCache, recordedProcessor, removeOthers } from "./build";
import { type Component, components } from "./components";
import { linkToolchain } from "./links";

export { type Component, components, neededCompiler } from "./components";
export { linkPath, linkToolchain } from "./links";

/** Components whose build.sh needs more than Go and what every Debian has: it waits for the packages. */
const needsPackages: Readonly<Record<string, string>> = {
  buildah: "a C compiler and its libraries",
  "pulumi-resource-kubernetes": "jq",
};

/** Name of the part that builds a component. */
export const buildPart = (name: string) => `toolchain: ${name}`;

/**
 * What builds the components that are not in the cache: one at a time, as each keeps all cores busy and the largest needs 3 GB of memory,
 * while the modules of those behind it are downloaded. What is finished stays, whenever the process ends.
 *
 * @throws UserError with the last lines of the build's log when a build fails.
 */
export async function toolchainParts(missing: readonly Component[]): Promise<Part[]> {
  const moduleCache = (await run(["go", "env", "GOMODCACHE"])).trim();
  return missing.flatMap((component, index): Part[] => {
    const { name } = component;
    const after = name in needsPackages ? [debianPackages] : [];
    const modules = downloads(expectation("modules", name), absentModules(name, moduleCache));
    const label = `toolchain ${index + 1}/${missing.length}: ${name}`;
    const expected = expectation("compile", name);
    const compile = async () => {
      await step(label, expected.seconds, () => build(component));
      removeOthers(component);
    };
    const part: Part = { name: buildPart(name), lane: "compile", after, expected, work: compile };
    // Nothing is compiled while the first one's are downloaded, so its build does that itself.
    if (modules.seconds === 0 || index === 0) return [part];
    const fetch = `Go modules of ${name}`;
    const work = () => step(fetch, modules.seconds, () => fetchModules(component));
    return [
      { name: fetch, lane: "modules", after, expected: modules, work },
      { ...part, after: [...after, fetch] },
    ];
  });
}

const downloads = ({ seconds, processor }: Expected, share: number): Expected => ({
  seconds: seconds * share,
  processor: processor * share,
});

/** How much of a component's modules, by number, Go's module cache does not have: 0 to 1. */
function absentModules(name: string, cache: string): number {
  const sums = join(__dirname, name, "go.sum");
  const archives = existsSync(sums) ? moduleArchives(readFileSync(sums, "utf8")) : [];
  const absent = archives.filter((archive) => !existsSync(join(cache, "cache", "download", archive)));
  return archives.length === 0 ? 0 : absent.length / archives.length;
}

/**
 * Where the module cache has the archives that a go.sum lists (`go help module-cache`: capital letters as `!` and the small one). Some
 * of them no build needs, such as those of tests. Pure.
 */
export function moduleArchives(sums: string): string[] {
  const escaped = (text: string) => text.replace(/[A-Z]/g, (letter) => `!${letter.toLowerCase()}`);
  return [...sums.matchAll(/^(\S+) (\S+) h1:/gm)]
    .filter(([, , version = ""]) => !version.endsWith("/go.mod"))
    .map(([, path = "", version = ""]) => `${escaped(path)}/@v/${escaped(version)}.zip`);
}

/**
 * Links the finished results into `places.bin`, `places.share` and `places.path`. Go's build cache (it grows to 13 GB) goes now that
 * everything is built, unless OPENSHIFT_MULTIARCH_KEEP_BUILD_CACHE is set.
 */
export function finishToolchain(all: readonly Component[]): void {
  clearWork();
  // A folder that has a go.mod and no build.sh yet is somebody's work in progress, who wants the build cache.
  const unfinished = readdirSync(__dirname).some(
    (name) => existsSync(join(__dirname, name, "go.mod")) && !existsSync(join(__dirname, name, "build.sh")),
  );
  if (!unfinished && !process.env.OPENSHIFT_MULTIARCH_KEEP_BUILD_CACHE) rmSync(goCache, { recursive: true, force: true });
  linkToolchain(all);
}

/** What each component that is built took of processors, in seconds, user and system; undefined where its result does not say. */
export async function processSeconds(): Promise<Map<string, number | undefined>> {
  const ready = (await components()).filter((component) => component.ready);
  return new Map(ready.map(({ name, result }) => [name, recordedProcessor(readFileSync(join(result, "built"), "utf8"))]));
}
