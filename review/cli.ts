import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { ParseArgsConfig, parseArgs } from "node:util";
import { exitCodeOf, parsed } from "./command-line";
import { comment, commentLimit, failed, type StackPreview } from "./comment";
import { deploy } from "./deploy";
import { drift, driftReport, exitCode } from "./drift";
import { pullRequest, writeComment } from "./github";
import { type Command, help } from "./help";
import { Mistake } from "./mistake";
import { refuseSwallowed } from "./npm-options";
import { previewStack } from "./preview";
import { chosenStacks } from "./stacks";

type Values = ReturnType<typeof parseArgs>["values"];
type Run = (stacks: string[], values: Values, more: string[]) => Promise<number>;

const text = { type: "string" } as const;
const flag = { type: "boolean" } as const;

const options = {
  preview: { out: text, save: text, from: text, comment: flag, list: flag },
  deploy: { minutes: text },
  drift: { out: text },
  preflight: {},
} as const;

const run: Readonly<Record<Command, Run>> = {
  async preview(names, { out, save, from, comment: posted, list }, more) {
    if (list) return write(JSON.stringify(chosenStacks(names)));
    // Before the work of minutes, what its end needs.
    const at = posted ? pullRequest() : undefined;
    if (typeof from === "string" && more.length > 0) throw new Mistake("--from runs no preview, so there are no options for pulumi");
    writable(out, file);
    writable(save, folder);
    const previews = typeof from === "string" ? saved(from, names) : await each(chosenStacks(names), (stack) => previewStack(stack, more));
    if (typeof save === "string") for (const preview of previews) keep(save, preview);
    const commit = process.env.COMMIT;
    const body = comment(previews, commentLimit, commit);
    write(body, out);
    // What the comment has no room for is in the log, as it says.
    const whole = comment(previews, Number.POSITIVE_INFINITY, commit);
    if (whole !== body) console.error(whole);
    if (at) console.error(await writeComment(at, body));
    return previews.some(failed) ? 1 : 0;
  },
  async deploy(names, { minutes }, more) {
    const [stack, ...others] = names;
    if (stack === undefined || others.length > 0) throw new Mistake("deploy takes the name of one stack; see --help");
    // Timers take no more than 24 days: a longer one would end at once.
    if (minutes !== undefined && !/^[1-9]\d{0,3}$/.test(String(minutes))) throw new Mistake("--minutes takes a whole number, 9999 at most");
    await deploy(chosenStacks([stack])[0] ?? stack, minutes === undefined ? undefined : Number(minutes), more);
    return 0;
  },
  async drift(names, { out }, more) {
    if (more.length > 0) throw new Mistake("drift has no options for pulumi; see --help");
    writable(out, file);
    const found = await each(chosenStacks(names), drift);
    write(driftReport(found), out);
    return exitCode(found);
  },
  async preflight([stack, ...others], _, more) {
    if (stack === undefined || others.length > 0) throw new Mistake("preflight takes the name of one stack; see --help");
    if (more.length > 0) throw new Mistake("preflight has no options for pulumi; see --help");
    const [{ preflight }, { report }] = await Promise.all([import("./preflight"), import("../preflight/finding")]);
    const found = await preflight(chosenStacks([stack])[0] ?? stack);
    write(report(found));
    return found.some(({ outcome }) => outcome === "problem") ? 1 : 0;
  },
};

/** One stack after another: each takes a processor for itself. */
async function each<T>(stacks: readonly string[], work: (stack: string) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (const stack of stacks) {
    console.error(`${stack} ...`);
    results.push(await work(stack));
  }
  return results;
}

const file = (path: string) => appendFileSync(path, "");
const folder = (path: string) => mkdirSync(path, { recursive: true });

/** @throws Mistake when something cannot be written, before the work of minutes that it is for. */
function writable(path: Values[string], make: (path: string) => void): void {
  try {
    if (typeof path === "string") make(path);
  } catch (error) {
    throw new Mistake(`${JSON.stringify(path)} cannot be written: ${(error as Error).message}`);
  }
}

function write(content: string, file?: Values[string]): number {
  if (typeof file === "string") writeFileSync(file, `${content}\n`);
  else process.stdout.write(`${content}\n`);
  return 0;
}

function keep(folder: string, preview: StackPreview): void {
  writeFileSync(join(folder, `${preview.stack.replaceAll("/", "_")}.json`), JSON.stringify(preview));
}

/** What `--save` has written, of those that are named or of all that are there. */
function saved(folder: string, names: readonly string[]): StackPreview[] {
  const files = existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".json"))
    : [];
  const found = files.sort().map((file) => result(join(folder, file)));
  if (names.length === 0 && found.length === 0) throw new Mistake(`${folder} has no result of a preview`);
  if (names.length === 0) return found;
  return names.map(
    (stack) => found.find((preview) => preview.stack === stack) ?? noResult(stack, "Its preview left no result: see the log of its job."),
  );
}

const noResult = (stack: string, problem: string): StackPreview => ({ stack, code: undefined, diff: "", notes: [], problem });

/** What a file of `--save` has; a job that was ended while it wrote leaves a part, which must not hide the other stacks. */
function result(file: string): StackPreview {
  try {
    const read = JSON.parse(readFileSync(file, "utf8")) as StackPreview | null;
    if (typeof read?.stack === "string" && typeof read.diff === "string" && Array.isArray(read.notes)) return read;
  } catch {}
  return noResult(basename(file, ".json"), "The result of its preview cannot be read: see the log of its job.");
}

async function main([name = "", ...words]: readonly string[]): Promise<number> {
  if (!Object.hasOwn(help, name))
    throw new Mistake(`there is no command ${JSON.stringify(name)}; there are ${Object.keys(help).join(", ")}`);
  const command = name as Command;
  refuseSwallowed(command, Object.keys(options[command]), words);
  const end = words.indexOf("--");
  const [own, more] = end < 0 ? [words, []] : [words.slice(0, end), words.slice(end + 1)];
  const { values, positionals } = arguments_(command, own);
  if (values.help) return write(help[command]);
  return run[command](positionals, values, more);
}

function arguments_(command: Command, words: string[]) {
  const known: ParseArgsConfig["options"] = { ...options[command], help: { type: "boolean", short: "h" } };
  return parsed(command, { args: words, allowPositionals: true, options: known });
}

exitCodeOf(main(process.argv.slice(2))).then((code) => {
  process.exitCode = code;
});
