/** What to say while a PipelineRun is followed, as pure functions of what the API returned. */

import { outcome, type Pod, succeeded, type TaskRun, taskName } from "./following";

/** State of one task at one time. */
export interface TaskState {
  name: string;
  state: "waiting" | "running" | "succeeded" | "failed" | "cancelled";
  /** Which attempt this is; 1 is the first. */
  attempt: number;
  /** Seconds since its start, or from start to end. */
  seconds: number;
  /** Why it waits or failed. */
  reason: string;
}

const time = (value?: string) => (value ? Date.parse(value) : undefined);

/** States of the tasks of a run in the order of their starts. */
export function taskStates(taskRuns: TaskRun[], now: number): TaskState[] {
  return [...taskRuns]
    .sort((a, b) => (a.metadata.creationTimestamp ?? "").localeCompare(b.metadata.creationTimestamp ?? "") || compareNames(a, b))
    .map((taskRun) => {
      const { status } = taskRun;
      const start = time(status?.startTime) ?? now;
      const condition = succeeded(taskRun);
      return {
        name: taskName(taskRun),
        state: stateOf(taskRun),
        attempt: (status?.retriesStatus?.length ?? 0) + 1,
        seconds: Math.max(0, Math.round(((time(status?.completionTime) ?? now) - start) / 1000)),
        reason: condition?.message ?? condition?.reason ?? "",
      };
    });
}

function stateOf(taskRun: TaskRun): TaskState["state"] {
  const result = outcome(taskRun);
  if (result === "failed" && succeeded(taskRun)?.reason === "TaskRunCancelled") return "cancelled";
  if (result !== "running") return result;
  // Between two attempts the steps of the failed one are still there, but no pod (tektoncd/pipeline, taskrun.go, retryTaskRun).
  const { podName, steps } = taskRun.status ?? {};
  return podName && steps?.some((step) => step.running || step.terminated) ? "running" : "waiting";
}

const compareNames = (a: TaskRun, b: TaskRun) => taskName(a).localeCompare(taskName(b));

/** What there is to tell since the last look: one line for each task whose state or attempt changed. */
export function changes(before: TaskState[], after: TaskState[]): string[] {
  return after.flatMap((task) => {
    const last = before.find((other) => other.name === task.name);
    if (last?.state === task.state && last.attempt === task.attempt) return [];
    const again = task.attempt > 1 ? ` (attempt ${task.attempt})` : "";
    const failedBefore = last !== undefined && task.attempt > last.attempt ? [`${task.name}: failed, is tried again`] : [];
    if (task.state === "succeeded") return [...failedBefore, `${task.name}: done in ${task.seconds} s`];
    if (task.state === "failed") return [...failedBefore, `${task.name}: failed after ${task.seconds} s`];
    if (task.state === "cancelled") return [`${task.name}: ended, as the run cannot succeed any more`];
    if (task.state === "running") return [...failedBefore, `${task.name}: running${again}`];
    // The first wait is every task's way to its start, not news.
    return failedBefore;
  });
}

/** One line about what is going on, for a time in which nothing changes. */
export function heartbeat(tasks: TaskState[]): string {
  const open = tasks.filter((task) => task.state === "running" || task.state === "waiting");
  if (open.length === 0) return "waiting for Tekton";
  return open
    .map(
      (task) =>
        `${task.name} ${task.state} ${task.seconds} s${task.state === "waiting" && task.reason ? ` (${firstLine(task.reason)})` : ""}`,
    )
    .join(", ");
}

const firstLine = (text: string) => cut(text.split("\n")[0], 200);
const cut = (line: string, length: number) => (line.length > length ? `${line.slice(0, length - 3)}...` : line);

/** A task whose pod the scheduler finds no node for. */
export interface Unplaced {
  task: string;
  /** The architecture that the pod asks for. */
  architecture: string;
  /** The scheduler's words. */
  reason: string;
}

export function unplaced(pods: Pod[]): Unplaced[] {
  return pods.flatMap(({ metadata, spec, status }) => {
    const condition = status?.conditions?.find(({ type }) => type === "PodScheduled");
    if (condition?.status !== "False" || condition.reason !== "Unschedulable") return [];
    return [
      {
        task: metadata.labels?.["tekton.dev/pipelineTask"] ?? metadata.name,
        architecture: spec?.nodeSelector?.["kubernetes.io/arch"] ?? "",
        reason: firstLine(condition.message ?? "the scheduler gives no reason"),
      },
    ];
  });
}

/** @param nodes how many nodes of the architecture the cluster has. */
export const waitsForNode = ({ task, architecture, reason }: Unplaced, nodes: number): string =>
  nodes === 0
    ? `${task}: waits for a node: the cluster has none of ${architecture}. It starts by itself once a zone of the ${architecture} pool has a replica`
    : `${task}: waits for a node: ${reason}`;

/** Lines of a log, each short enough to be read, and to be told at once. */
export const logLines = (text: string): string[] =>
  (text.trimEnd() || "(it has written nothing)").split(/\r?\n|\r/).map((line) => cut(line, 1000));

/** What the script of a step warns of (`warn` in steps/lib.sh), by the name of its task or its own; what the programs that it runs call a warning is their own affair. */
export const warningsIn = (names: readonly string[], log: string): string[] =>
  logLines(log).filter((line) => names.some((name) => line.startsWith(`${name}: warning: `)));
