import { execFileSync, spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { inSample, mutantName } from "./chosen.mjs";
import type { Folder } from "./folders";
import type { Tried } from "./outcome";
import { ended, started } from "./programs";
import { mutated, type ShellMutant, shellMutants } from "./shell-mutants";
import { alive, type Choice } from "./typescript";

const checkout = resolve(__dirname, "../..");
const workers = 2;

/** A test, and what of the scripts it executes, as test/mutation/setup.ts writes it down. */
interface Traced {
  readonly file: string;
  readonly test: string;
  readonly milliseconds: number;
  /** `<script>:<line> <text>` */
  readonly lines: readonly string[];
}

/** Files of the checkout, tracked or new, that match any of the globs. */
function checkedOut(...globs: readonly string[]): string[] {
  const patterns = globs.map((glob) => `:(glob)${glob}`);
  const options = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ...patterns];
  const listed = execFileSync("git", options, { cwd: checkout, encoding: "utf8" }).split("\0");
  return listed.filter((file) => file !== "" && existsSync(join(checkout, file)));
}

/** The files of the checkout, as they are; node_modules is the checkout's own. */
function copyTree(target: string): void {
  for (const file of checkedOut("**")) {
    mkdirSync(dirname(join(target, file)), { recursive: true });
    cpSync(join(checkout, file), join(target, file));
  }
  symlinkSync(join(checkout, "node_modules"), join(target, "node_modules"));
}

interface Run {
  readonly tests: readonly string[];
  readonly names?: readonly string[];
  readonly trace?: string;
  readonly milliseconds: number;
}

/** Exit code of the tests; `timeout` when they did not end, which is how a mutant shows too. */
function vitest(tree: string, { tests, names, trace, milliseconds }: Run): Promise<number | "timeout"> {
  const pattern = names && `(?:${names.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})\\s*$`;
  const filter = pattern && pattern.length < 100_000 ? ["--testNamePattern", pattern] : [];
  const child = spawn(
    process.execPath,
    ["node_modules/vitest/vitest.mjs", "run", "--config", "test/mutation/vitest.config.mts", "--bail", trace ? "0" : "1", ...filter],
    {
      cwd: tree,
      detached: true,
      stdio: trace ? ["ignore", "ignore", "inherit"] : "ignore",
      env: { ...process.env, MUTATION_TESTS: JSON.stringify(tests), ...(trace && { MUTATION_TRACE: trace }) },
    },
  );
  started(child);
  return new Promise((done) => {
    const end = (result: number | "timeout") => {
      clearTimeout(timer);
      ended(child);
      done(result);
    };
    const timer = setTimeout(() => end("timeout"), milliseconds);
    child.on("exit", (code) => end(code ?? 1));
  });
}

/** Tries all mutants of the scripts of a folder, or those that are chosen; on copies of the checkout, which stays as it is. */
export async function tryShell(folder: Folder, scratch: string, { only, every = 1 }: Choice): Promise<Tried[]> {
  const trees = Array.from({ length: workers }, (_, index) => join(scratch, `tree${index}`));
  for (const tree of trees) copyTree(tree);
  const trace = join(scratch, "trace");
  writeFileSync(trace, "");
  const status = await vitest(trees[0], { tests: folder.tests, trace, milliseconds: 600_000 });
  const traced: Traced[] = readFileSync(trace, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  if (status !== 0 || traced.length === 0) throw new Error(`the tests ${folder.tests.join(", ")} do not pass by themselves`);

  const tried: Tried[] = [];
  const tasks = checkedOut(...folder.files).flatMap((file) => {
    const source = readFileSync(join(checkout, file), "utf8");
    return shellMutants(source)
      .filter(({ start, end, mutator, replacement }) => inSample(mutantName(`${file}:${start}-${end}`, mutator, replacement), every))
      .map((mutant) => ({ file, source, mutant }));
  });
  console.log(`${tasks.length} mutants, ${traced.length} tests`);
  let done = 0;
  const work = async (tree: string): Promise<void> => {
    for (let next = tasks.shift(); next; next = tasks.shift()) {
      const { file, source, mutant } = next;
      const before = only?.find(
        (one) =>
          one.file === file &&
          one.mutator === mutant.mutator &&
          one.original === mutant.original &&
          one.replacement === mutant.replacement &&
          one.line === mutant.line,
      );
      const result = before && !alive(before) ? before.result : await tryOne(tree, file, source, mutant, traced);
      tried.push({ ...pick(mutant), file, text: source.split("\n")[mutant.line - 1].trim(), result });
      if (++done % 50 === 0) console.log(`${done} tried`);
    }
  };
  await Promise.all(trees.map(work));
  return tried.sort((a, b) => a.file.localeCompare(b.file, "en") || a.line - b.line);
}

const pick = ({ line, mutator, original, replacement }: ShellMutant) => ({ line, mutator, original, replacement });

/** Whether an executed line is of the mutant's statement. A script may run as a part of another text, so then its lines' text counts. */
function runs(file: string, source: string, { lines: [first, last] }: ShellMutant) {
  const texts = new Set(
    source
      .split("\n")
      .slice(first - 1, last)
      .map((text) => text.trim()),
  );
  return (executed: string): boolean => {
    const [, path = "", line, text = ""] = /^(.*?):(\d+) (.*)$/.exec(executed) ?? [];
    if (path === file || path.endsWith(`/${file}`)) return Number(line) >= first && Number(line) <= last;
    return text !== "" && texts.has(text);
  };
}

async function tryOne(
  tree: string,
  file: string,
  source: string,
  mutant: ShellMutant,
  traced: readonly Traced[],
): Promise<Tried["result"]> {
  const script = mutated(source, mutant);
  if (spawnSync("bash", ["-n"], { input: script }).status !== 0) return "invalid";
  const running = traced.filter(({ lines }) => lines.some(runs(file, source, mutant)));
  // A test that runs no script may be about their text.
  const seeing = [...running, ...traced.filter(({ lines }) => lines.length === 0)];
  if (seeing.length === 0) return "unseen";
  writeFileSync(join(tree, file), script);
  try {
    const usual = seeing.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
    const result = await vitest(tree, {
      tests: [...new Set(seeing.map((test) => test.file))],
      names: seeing.map(({ test }) => test),
      milliseconds: Math.min(20_000 + 4 * usual, 300_000),
    });
    return result === "timeout" ? "timeout" : result !== 0 ? "killed" : running.length > 0 ? "survived" : "unseen";
  } finally {
    writeFileSync(join(tree, file), source);
  }
}
