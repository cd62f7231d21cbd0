import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { run } from "../machine/exec";
import { measuredParts } from "../machine/first-run";
import { places } from "../machine/places";

export interface Component {
  readonly name: string;
  /** Content of its folder and of the compiler: names the result's folder. */
  readonly key: string;
  /** Where its finished `bin` and `share` lie. */
  readonly result: string;
  readonly ready: boolean;
}

export const results = join(places.cache, "toolchain");

/** Names of all components: every folder here that has a build.sh, in the order of building (`machine/first-run.tsv`). */
export function names(): string[] {
  const present = readdirSync(__dirname).filter((name) => existsSync(join(__dirname, name, "build.sh")));
  const order = measuredParts("compile");
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
