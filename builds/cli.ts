import type { ParseArgsConfig, parseArgs } from "node:util";
import { gitName, revisionText } from "../config/revision";
import { exitCodeOf, parsed } from "../review/command-line";
import { Mistake } from "../review/mistake";
import { refuseSwallowed } from "../review/npm-options";
import { buildOf, end, newest, start, watch } from "./build";
import { type Command, help } from "./help";
import { placeOf } from "./stack";

type Values = ReturnType<typeof parseArgs>["values"];

const text = { type: "string" } as const;
const flag = { type: "boolean" } as const;

const options = {
  build: { revision: text, rebuild: flag, "no-follow": flag, watch: text, cancel: text, newest: flag, stack: text },
  tekton: { architectures: text, task: text, pipeline: text, run: text, pac: text, stack: text, out: text, bundle: text },
} as const;

/** How the program is called, for the commands that it names: another program may stand before it. */
const callOf = (stack: string | undefined) =>
  process.env.BUILD_COMMAND ?? `npm run build --${stack === undefined ? "" : ` --stack ${stack}`}`;

const run: Readonly<Record<Command, (words: string[], values: Values) => Promise<number>>> = {
  async build([name, ...others], values) {
    const { revision, watch: watched, cancel, stack } = values as Record<string, string | undefined>;
    if (name === undefined || others.length > 0) throw new Mistake("build takes the name of one build; see npm run build -- --help");
    const modes = ["watch", "cancel", "newest"].filter((key) => values[key] !== undefined);
    const excluding = [...["revision", "rebuild"].filter((key) => modes.length > 0 && values[key] !== undefined), ...modes];
    if (excluding.length > 1) throw new Mistake(`${excluding.map((mode) => `--${mode}`).join(" and ")} exclude each other`);
    if (values["no-follow"] && modes.length > 0) throw new Mistake(`--${modes[0]} starts nothing that could be followed`);
    if (revision !== undefined && !gitName.test(revision))
      throw new Mistake(`--revision is ${JSON.stringify(revision)}; expected ${revisionText}`);
    const build = await buildOf(await placeOf(stack), name, callOf(stack));
    if (values.newest) return newest(build);
    if (watched !== undefined) return watch(build, watched);
    if (cancel !== undefined) return end(build, cancel);
    return start(build, { revision, rebuild: values.rebuild === true, follow: !values["no-follow"] });
  },
  async tekton(words, values) {
    if (words.length > 0) throw new Mistake("tekton takes options alone; see npm run tekton -- --help");
    const { pac, stack } = values as Record<string, string | undefined>;
    const others = Object.keys(values).filter((key) => key !== "pac" && key !== "stack");
    if (pac !== undefined) {
      if (others.length > 0) throw new Mistake(`--pac and --${others[0]} exclude each other: it is of a build that the stack has made`);
      return (await import("./pac")).pac(await buildOf(await placeOf(stack), pac, callOf(stack)));
    }
    if (stack !== undefined) throw new Mistake("--stack goes with --pac alone: everything else is of no stack");
    // Loaded when it is needed: what it prints is made of every script of every task.
    return (await import("./tekton")).tekton(values as Record<string, string | undefined>);
  },
};

async function main([name = "", ...words]: readonly string[]): Promise<number> {
  if (!Object.hasOwn(help, name))
    throw new Mistake(`there is no command ${JSON.stringify(name)}; there are ${Object.keys(help).join(", ")}`);
  const command = name as Command;
  refuseSwallowed(command, Object.keys(options[command]), words);
  const { values, positionals } = arguments_(command, words);
  if (values.help) {
    process.stdout.write(`${help[command]}\n`);
    return 0;
  }
  return run[command](positionals, values);
}

function arguments_(command: Command, args: string[]) {
  const known: ParseArgsConfig["options"] = { ...options[command], help: { type: "boolean", short: "h" } };
  return parsed(command, { args, allowPositionals: true, options: known });
}

/** A pipe takes no more than 64 KiB at once; what is left when the program exits is lost. */
const written = () => Promise.all([process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write("", done))));

// Who reads has seen enough, as `head` has.
process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => process.exit(code === "EPIPE" ? 0 : 2));

exitCodeOf(main(process.argv.slice(2))).then(async (code) => {
  await written();
  // Connections to the cluster are kept open.
  process.exit(code);
});
