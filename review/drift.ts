import { lastBuilt, resultOf } from "../tekton/results";
import { countLine } from "./comment";
import { readableDiff } from "./diff";
import type { Plan, Step } from "./events";
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
  /** What is no drift, though the engine calls it one. */
  readonly notes?: readonly string[];
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
    for (const [question, command] of questions) answers.push(answer(question, stack, await planned(command, stack), builtRuns(outputs)));
    return withoutSecrets({ stack, answers }, secrets);
  } catch (error) {
    if (!(error instanceof Mistake)) throw error;
    return withoutSecrets({ stack, answers: [], problem: error.message }, []);
  }
}

/** Names of the runs whose images the stack knows: nothing asks for them again. They are gone when `keep` newer ones of their build have ended. */
function builtRuns({ builds }: Readonly<Record<string, unknown>>): string[] {
  const results = (builds ?? {}) as Record<string, { uid?: string } | null>;
  return Object.keys(results)
    .filter((name) => resultOf(lastBuilt(results, name), results[name]?.uid ?? ""))
    .map((name) => `${name}-run`);
}

/** Those of the runs that a refresh finds gone. To it, that is a deletion (pulumi/pulumi, pkg/resource/deploy/step.go, RefreshStep.ResultOp). */
const prunedRuns = (plan: Plan | undefined, built: readonly string[]): Step[] =>
  plan?.steps.filter(({ op, type, name }) => op === "delete" && type === "kubernetes:tekton.dev/v1:PipelineRun" && built.includes(name)) ??
  [];

/** What an outcome says. @param built runs of builds that may be gone. Not every version of pulumi has an exit code of its own for unexpected changes; the sentence is that of all (backenderr.NoChangesExpectedError). */
export function answer(question: Answer["question"], stack: string, outcome: Planned, built: readonly string[] = []): Answer {
  const pruned = question === "state" ? prunedRuns(outcome.plan, built) : [];
  const notes = pruned.map(
    ({ name }) => `${code(name)} was pruned, as newer runs of its build have ended; the stack knows what it has built.`,
  );
  const shown = { question, counts: outcome.plan ? countLine(outcome.plan.counts) : "", diff: readableDiff(outcome.stdout), notes };
  if (outcome.code === 0) return { ...shown, verdict: "same" };
  if (/no changes were expected/.test(outcome.stderr) && (outcome.plan?.errors.length ?? 0) === 0)
    return { ...shown, verdict: pruned.length > 0 && pruned.length === changes(outcome.plan) ? "same" : "differs" };
  return { ...shown, verdict: "unknown", problem: explained(stack, outcome) };
}

const changes = (plan: Plan | undefined): number =>
  Object.entries(plan?.counts ?? {}).reduce((sum, [op, count]) => (op === "same" ? sum : sum + count), 0);

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
    ...(one.notes ?? []),
    ...(one.verdict === "same" || one.diff === "" ? [] : [fenced(firstLines(one.diff, diffRoom).shown)]),
  ]),
];
