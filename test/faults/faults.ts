import { tryPoint } from "./attempt";
import { prepare, wipe } from "./machine";
import { runMain } from "./main";
import { points } from "./points";
import { type Result, table } from "./table";

const help = `npm run test:faults                    all ${points.length} points: about an hour on two cores
npm run test:faults -- NAME...         those whose names contain one of these
npm run test:faults -- --few           those that are part of npm test
npm run test:faults -- --list          their names

Lets updates and removals of the stack fail in the emulated AWS account, each in another way, and looks whether the next pulumi up completes or
pulumi destroy succeeds, and whether the account is empty then. Needs root and what npm run rehearse installs; may run beside it.
`;

async function main(words: readonly string[]): Promise<number> {
  if (words.some((word) => ["-h", "--help", "help"].includes(word))) return say(help, 0);
  const [flags, names] = [words.filter((word) => word.startsWith("--")), words.filter((word) => !word.startsWith("--"))];
  const unknown = [
    ...flags.filter((flag) => flag !== "--few" && flag !== "--list" && flag !== "--verbose"),
    ...names.filter((name) => !points.some((point) => point.name.includes(name))),
  ];
  if (unknown.length > 0) return say(`${unknown.join(", ")}: there is no such point or option\n\n${help}`, 2);
  const chosen = points.filter(
    ({ name, more }) => (!flags.includes("--few") || more?.few) && (names.length === 0 || names.some((part) => name.includes(part))),
  );
  if (chosen.length === 0) return say("there is no such point among these\n", 2);
  if (flags.includes("--list")) return say(chosen.map(({ name }) => `${name}\n`).join(""), 0);
  await prepare();
  const results: Result[] = [];
  for (const [index, point] of chosen.entries()) {
    process.stderr.write(`${index + 1}/${chosen.length} ${point.name} ...`);
    const result = await tryPoint(point);
    results.push(result);
    process.stderr.write(` ${result.problem === undefined ? "ok" : "FAILED"}, ${Math.round(result.seconds)} s\n`);
    if (result.problem === undefined) continue;
    process.stderr.write(`${result.problem}\n`);
    await wipe();
  }
  process.stdout.write(`\n${table(results)}\n`);
  return results.every(({ problem }) => problem === undefined) ? 0 : 1;
}

function say(text: string, code: number): number {
  process.stdout.write(text);
  return code;
}

runMain(main);
