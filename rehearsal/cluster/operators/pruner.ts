import type { KubeObject } from "./api";
import type { Pruner } from "./tekton-config";

export type Run = KubeObject<
  unknown,
  { completionTime?: string; startTime?: string; conditions?: { type: string; status: string; reason?: string }[] }
>;

export interface PruneOptions {
  readonly pruner: Pruner;
  /** Names of the Pipelines, or of the Tasks, of the namespace. */
  readonly parents: readonly string[];
  /** All PipelineRuns of the namespace; looked at for `taskrun`. */
  readonly pipelineRuns: readonly Run[];
  readonly now: Date;
}

/**
 * Which runs of one namespace go: what the operator's CronJob runs is `tkn <kind> delete --keep=N` or `--keep-since=<minutes>`, for the
 * whole namespace, or with `prune-per-resource` once for each Pipeline or Task that is there (tektoncd/operator,
 * pkg/reconciler/common/prune.go; runs of a parent that is gone then stay). Who owns a run plays no part, but for `taskrun` its
 * PipelineRun has to be over.
 */
export function runsToPrune(kind: string, runs: readonly Run[], { pruner, parents, pipelineRuns, now }: PruneOptions): Run[] {
  const isOver = kind === "taskrun" ? ({ status }: Run) => status?.completionTime !== undefined : isDone;
  const over = runs.filter(
    (run) => isOver(run) && (kind !== "taskrun" || ownerIsOver(run, pipelineRuns)) && !run.metadata.deletionTimestamp,
  );
  if (!pruner["prune-per-resource"]) return beyond(over, pruner, now);
  const label = kind === "taskrun" ? "tekton.dev/task" : "tekton.dev/pipeline";
  return parents.flatMap((parent) =>
    beyond(
      over.filter(({ metadata }) => metadata.labels?.[label] === parent),
      pruner,
      now,
    ),
  );
}

/** Whether tkn takes a PipelineRun for one that does not run (tektoncd/cli, pkg/cmd/pipelinerun/delete.go, allPipelineRunNames). */
const isDone = ({ status }: Run): boolean =>
  status?.conditions?.some(
    ({ status: value, reason = "" }) => value !== "Unknown" && !["Running", "Pending", "PipelineRunPending", "Started"].includes(reason),
  ) ?? false;

/** A TaskRun of a PipelineRun that cannot be found counts as one whose owner still runs (pkg/cmd/taskrun/delete.go, ownerPrFinished). */
function ownerIsOver({ metadata }: Run, pipelineRuns: readonly Run[]): boolean {
  const owner = metadata.ownerReferences?.find(({ kind }) => kind === "PipelineRun");
  if (!owner) return true;
  return pipelineRuns.find((run) => run.metadata.name === owner.name)?.status?.completionTime !== undefined;
}

/** All but the newest by start, or those that ended so many minutes ago; with both, the age counts only if it keeps just that number. */
function beyond(runs: readonly Run[], { keep = 0, "keep-since": since = 0 }: Pruner, now: Date): Run[] {
  const time = (text = "") => Date.parse(text) || 0;
  const old = runs.filter(({ status }) => now.getTime() - time(status?.completionTime) > since * 60_000);
  if (since > 0 && (keep === 0 || runs.length - old.length === keep)) return old;
  if (keep === 0) return [];
  return [...runs].sort((a, b) => time(b.status?.startTime) - time(a.status?.startTime)).slice(keep);
}

const ranges: readonly (readonly [number, number])[] = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
];

/**
 * Whether a cron schedule (five fields with `*`, lists, ranges and steps; or `@hourly`, `@daily`, `@weekly`, `@monthly`)
 * names this minute, in UTC. @throws on anything else, names of days and months included.
 */
export function isDue(schedule: string, time: Date): boolean {
  const macros: Record<string, string> = { "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@weekly": "0 0 * * 0", "@monthly": "0 0 1 * *" };
  const fields = (macros[schedule.trim()] ?? schedule).trim().split(/\s+/);
  if (fields.length !== ranges.length) throw new Error(`schedule "${schedule}": five fields are needed`);
  const values = [time.getUTCMinutes(), time.getUTCHours(), time.getUTCDate(), time.getUTCMonth() + 1, time.getUTCDay()];
  const hits = fields.map((field, index) => {
    const [low, high] = ranges[index] ?? [0, 0];
    const value = values[index] ?? 0;
    return field.split(",").some((part) => {
      const match = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/([1-9]\d*))?$/.exec(part);
      if (!match) throw new Error(`schedule "${schedule}": "${part}" is not understood`);
      const from = match[1] === undefined ? low : Number(match[1]);
      const to = match[2] !== undefined ? Number(match[2]) : match[1] === undefined || match[3] !== undefined ? high : from;
      if (from < low || to > high || from > to) throw new Error(`schedule "${schedule}": "${part}" is not within ${low}-${high}`);
      const inRange = (candidate: number) => candidate >= from && candidate <= to && (candidate - from) % Number(match[3] ?? 1) === 0;
      // Sunday is 0 and 7.
      return inRange(value) || (index === 4 && value === 0 && inRange(7));
    });
  });
  const [minute, hour, day, month, weekday] = hits;
  // Day of month and day of week: either will do when both are restricted (crontab(5)).
  const days = fields[2]?.startsWith("*") || fields[4]?.startsWith("*") ? day && weekday : day || weekday;
  return Boolean(minute && hour && month && days);
}
