import { countLine } from "./comment";
import { readableDiff } from "./diff";
import { code, fenced, firstLines } from "./markdown";
import { Mistake } from "./mistake";
import { silentServer, withoutSecrets } from "./preview";
import { explained, known, type Planned, planned } from "./pulumi";

/** One of the two questions: whether what is there is what the state says, and whether the program wants just that. */
export interface Answer {
  readonly question: "state" | "program";
  /** `unknown`: the engine failed, so nothing is said. */
  readonly verdict: "same" | "differs" | "unknown";
  readonly counts: string;
  readonly diff: string;
  readonly problem?: string;
}

export interface StackDrift {
  readonly stack: string;
  readonly answers: readonly Answer[];
  /** Why there are no answers. */
  readonly problem?: string;
}

const questions = [
  ["state", ["refresh", "--preview-only", "--expect-no-changes"]],
  ["program", ["preview", "--expect-no-changes", "--suppress-outputs"]],
] as const;

/** Looks for drift of one stack and changes nothing. Every object is read, so it needs the cluster's API server. */
export async function drift(stack: string): Promise<StackDrift> {
  try {
    const { outputs, secrets } = await known(stack);
    const silent = await silentServer(outputs);
    if (silent !== undefined) throw new Mistake(`${silent} does not answer here: what is in the cluster cannot be compared with the state`);
    const answers: Answer[] = [];
    for (const [question, command] of questions) answers.push(answer(question, stack, await planned(command, stack)));
    return withoutSecrets({ stack, answers }, secrets);
  } catch (error) {
    if (!(error instanceof Mistake)) throw error;
    return withoutSecrets({ stack, answers: [], problem: error.message }, []);
  }
}

/** What an outcome says. Not every version of pulumi has an exit code of its own for unexpected changes; the sentence is that of all (backenderr.NoChangesExpectedError). */
export function answer(question: Answer["question"], stack: string, outcome: Planned): Answer {
  const shown = { question, counts: outcome.plan ? countLine(outcome.plan.counts) : "", diff: readableDiff(outcome.stdout) };
  if (outcome.code === 0) return { ...shown, verdict: "same" };
  if (/no changes were expected/.test(outcome.stderr) && (outcome.plan?.errors.length ?? 0) === 0) return { ...shown, verdict: "differs" };
  return { ...shown, verdict: "unknown", problem: explained(stack, outcome) };
}

/** 0 without drift, 1 with drift, 2 when it could not be told. */
export const exitCode = (found: readonly StackDrift[]): number =>
  Math.max(
    ...found.flatMap(({ problem, answers }) => [
      problem === undefined ? 0 : 2,
      ...answers.map(({ verdict }) => ({ same: 0, differs: 1, unknown: 2 })[verdict]),
    ]),
  );

const asked = { state: "What is there, compared with the state", program: "The program, compared with the state" } as const;
const told = { same: "no drift", differs: "**drift**", unknown: "**could not be told**" } as const;

/** Characters of a diff. The summary of a job may have a megabyte. */
const diffRoom = 200_000;

/** The result as Markdown. */
export const driftReport = (found: readonly StackDrift[]): string => ["## Drift", ...found.flatMap(section)].join("\n\n");

const section = ({ stack, answers, problem }: StackDrift): string[] => [
  `### ${code(stack)}`,
  ...(problem === undefined ? [] : [fenced(problem)]),
  ...answers.flatMap((one) => [
    `${asked[one.question]}: ${told[one.verdict]}${one.verdict === "differs" ? ` (${one.counts})` : ""}`,
    ...(one.problem === undefined ? [] : [fenced(one.problem)]),
    ...(one.verdict === "same" || one.diff === "" ? [] : [fenced(firstLines(one.diff, diffRoom).shown)]),
  ]),
];
