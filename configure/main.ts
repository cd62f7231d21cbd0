import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Mistake } from "../review/mistake";
import { refuseSwallowed } from "../review/npm-options";
import { type Answers, type Name, problemOf, type Question, questions } from "./questions";
import { stackFile, withKept } from "./stack-file";

/** Asks for the few settings that have no default, and writes the file of a stack. It asks for no secret, and needs neither AWS nor Pulumi. */

const help = `npm run configure -- [OPTION]...

Asks for the settings that have no default and writes Pulumi.<stack>.yaml. What an option answers is not asked; without a
terminal nothing is, and only the options in [] may be left out.

${questions.map(({ name, text, example, proposal, choices }) => line(name, choices?.join("|") ?? example, text, proposal !== undefined)).join("\n")}
  --force                                  Overwrite a file without a question; its secrets stay.
  --help                                   This text.

Where there are several, put commas between them. Every other setting: docs/configuration.md.`;

function line(name: string, value: string, text: string, optional: boolean): string {
  const option = `--${name}=${value}`;
  return `  ${(optional ? `[${option}]` : option).padEnd(40)}${option.length > 36 ? `\n${" ".repeat(42)}` : " "}${text}.`;
}

/** One question at the terminal, until the answer is right. */
async function ask(question: Question, answers: Answers): Promise<string> {
  const { input, select } = await import("@inquirer/prompts");
  const { text, choices, example, proposal } = question;
  if (choices) return select({ message: `${text}:`, choices: choices.map((value) => ({ value })), default: proposal?.(answers) });
  return input({
    message: `${text}, such as ${example}:`,
    ...(proposal ? { default: proposal(answers) } : { required: true }),
    validate: (answer) => problemOf(question, answer.trim(), answers) ?? true,
    theme: { validationFailureMode: "keep" },
  });
}

/** What the option says if that is right, else what the user says. */
async function answerAt(question: Question, given: string | undefined, answers: Answers): Promise<string> {
  if (given === undefined) return ask(question, answers);
  const problem = problemOf(question, given.trim(), answers);
  if (!problem) return given;
  console.log(`--${question.name} is ${JSON.stringify(given)}; ${problem}`);
  return ask(question, answers);
}

/** Takes what the options say, asks for the rest. */
async function answersTo(options: Answers, terminal: boolean): Promise<Answers> {
  const answers: Partial<Record<Name, string>> = {};
  const problems: string[] = [];
  for (const question of questions) {
    const { name, proposal, asked } = question;
    const given = options[name];
    if (!asked(answers)) {
      if (given !== undefined) problems.push(`--${name} is for a build: say which with --build`);
      continue;
    }
    const answer = terminal ? await answerAt(question, given, answers) : (given ?? proposal?.(answers));
    if (answer === undefined) {
      // A proposal that is none lacks another answer, which is among the problems.
      if (!proposal) problems.push(`--${name}=${question.example} is missing: ${question.text}`);
      continue;
    }
    const problem = problemOf(question, answer.trim(), answers);
    if (problem) problems.push(`--${name} is ${JSON.stringify(answer)}; ${problem}`);
    else answers[name] = answer.trim();
  }
  if (problems.length > 0) {
    const where = terminal ? "" : " (there is no terminal to ask at, so all come from options; see --help)";
    throw new Mistake(`Nothing was written${where}:\n${problems.map((text) => `  - ${text}`).join("\n")}`);
  }
  return answers;
}

/** Whether a file may be written; asks where one is there. */
async function mayWrite(file: string, force: boolean, terminal: boolean): Promise<boolean> {
  if (force || !existsSync(file)) return true;
  if (!terminal) throw new Mistake(`${file} is there already: --force overwrites all but its secrets. Nothing was written.`);
  const { confirm } = await import("@inquirer/prompts");
  return confirm({ message: `${file} is there already. Overwrite all but its secrets?`, default: false });
}

const next = (
  stack: string,
  file: string,
) => `${file} is written. Every other setting is in it as a comment, and in docs/configuration.md. Next:

  pulumi stack init ${stack}
  pulumi config set --secret pullSecret < pull-secret.txt       # from console.redhat.com/openshift/install/pull-secret
  pulumi config set --secret registryCredentials < auth.json    # podman login --authfile=auth.json REGISTRY
  pulumi preview`;

async function main(): Promise<void> {
  refuseSwallowed("configure", [...questions.map(({ name }) => name), "force"], process.argv.slice(2));
  const texts = Object.fromEntries(questions.map(({ name }) => [name, { type: "string" }] as const));
  const { values } = parseArgs({ options: { ...texts, force: { type: "boolean" }, help: { type: "boolean", short: "h" } } });
  if (values.help) return console.log(help);
  const terminal = Boolean(process.stdin.isTTY && process.stdout.isTTY);
  const answers = await answersTo(values as Answers, terminal);
  const file = `Pulumi.${answers.stack}.yaml`;
  if (!(await mayWrite(file, values.force === true, terminal))) return console.log("Nothing was written.");
  const text = stackFile(answers);
  writeFileSync(file, existsSync(file) ? withKept(text, readFileSync(file, "utf8")) : text);
  console.log(next(answers.stack ?? "", file));
}

main().catch((error: Error & { code?: string }) => {
  // Ctrl-C at a question, or the terminal is gone.
  const interrupted = error.name === "ExitPromptError";
  const known = error instanceof Mistake || error.code?.startsWith("ERR_PARSE_ARGS");
  console.error(interrupted ? "\nNothing was written." : known ? error.message : error.stack);
  process.exitCode = interrupted ? 130 : 1;
});
