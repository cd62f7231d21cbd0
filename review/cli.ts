import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ParseArgsConfig, parseArgs } from "node:util";
import { comment, failed, type StackPreview } from "./comment";
import { deploy } from "./deploy";
import { drift, driftReport, exitCode } from "./drift";
import { pullRequest, writeComment } from "./github";
import { type Command, help } from "./help";
import { Mistake } from "./mistake";
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
} as const;

const run: Readonly<Record<Command, Run>> = {
  async preview(names, { out, save, from, comment: posted, list }, more) {
    if (list) return write(JSON.stringify(chosenStacks(names)));
    // Before the work of minutes, what its end needs.
    const at = posted ? pullRequest() : undefined;
    const previews = typeof from === "string" ? saved(from, names) : await each(chosenStacks(names), (stack) => previewStack(stack, more));
    if (typeof save === "string") for (const preview of previews) keep(save, preview);
    const body = comment(previews);
    write(body, out);
    if (at) console.error(await writeComment(at, body));
    return previews.some(failed) ? 1 : 0;
  },
  async deploy(names, { minutes }, more) {
    const [stack, ...others] = names;
    if (stack === undefined || others.length > 0) throw new Mistake("deploy takes the name of one stack; see --help");
    if (minutes !== undefined && !/^[1-9]\d*$/.test(String(minutes))) throw new Mistake("--minutes takes a whole number");
    await deploy(chosenStacks([stack])[0] ?? stack, minutes === undefined ? undefined : Number(minutes), more);
    return 0;
  },
  async drift(names, { out }) {
    const found = await each(chosenStacks(names), drift);
    write(driftReport(found), out);
    return exitCode(found);
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

function write(content: string, file?: Values[string]): number {
  if (typeof file === "string") writeFileSync(file, `${content}\n`);
  else process.stdout.write(`${content}\n`);
  return 0;
}

function keep(folder: string, preview: StackPreview): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${preview.stack.replaceAll("/", "_")}.json`), JSON.stringify(preview));
}

/** What `--save` has written, of those that are named or of all that are there. */
function saved(folder: string, names: readonly string[]): StackPreview[] {
  const files = existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".json"))
    : [];
  const found = files.sort().map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")) as StackPreview);
  if (names.length === 0 && found.length === 0) throw new Mistake(`${folder} has no result of a preview`);
  if (names.length === 0) return found;
  const missing = (stack: string) => ({
    stack,
    code: undefined,
    diff: "",
    notes: [],
    problem: "Its preview left no result: see the log of its job.",
  });
  return names.map((stack) => found.find((preview) => preview.stack === stack) ?? missing(stack));
}

async function main([name = "", ...words]: readonly string[]): Promise<number> {
  if (!(name in help)) throw new Mistake(`there is no command ${JSON.stringify(name)}; there are ${Object.keys(help).join(", ")}`);
  const command = name as Command;
  const end = words.indexOf("--");
  const [own, more] = end < 0 ? [words, []] : [words.slice(0, end), words.slice(end + 1)];
  const { values, positionals } = arguments_(command, own);
  if (values.help) return write(help[command]);
  return run[command](positionals, values, more);
}

function arguments_(command: Command, words: string[]) {
  try {
    const known: ParseArgsConfig["options"] = { ...options[command], help: { type: "boolean", short: "h" } };
    return parseArgs({ args: words, allowPositionals: true, options: known });
  } catch (error) {
    throw new Mistake(`${(error as Error).message}; see npm run ${command} -- --help`);
  }
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error instanceof Mistake ? error.message : error);
    process.exitCode = 2;
  },
);
