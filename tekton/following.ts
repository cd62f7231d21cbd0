/**
 * Following a PipelineRun to its end: what to say and what to do, as pure functions of what the API returned.
 * `follow.ts` connects them to a cluster.
 */

/** Label with the name of the build, on its Pipeline and runs. */
export const buildLabel = "openshift-multiarch/build";
/** Label of a fresh run: name of the run that it repeats. */
export const repeatsLabel = "openshift-multiarch/repeats";

/** What following a run prints when the image is pushed. */
export interface FollowedBuild {
  /** Name of the run that built it. */
  run: string;
  /** `repository@digest` of the index. */
  image: string;
  /** `repository@digest` of the image of each architecture. */
  members: string[];
  /** Commit that was built. */
  commit: string;
}

interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
}

interface Metadata {
  name: string;
  namespace: string;
  uid?: string;
  creationTimestamp?: string;
  labels?: Record<string, string>;
}

/** What is read of a PipelineRun. */
export interface Run {
  metadata: Metadata;
  spec: Record<string, unknown>;
  status?: { conditions?: Condition[]; results?: { name: string; value: string }[]; startTime?: string };
}

/** What is read of a TaskRun. */
export interface TaskRun {
  metadata: Metadata;
  status?: {
    conditions?: Condition[];
    podName?: string;
    startTime?: string;
    completionTime?: string;
    retriesStatus?: unknown[];
    steps?: { name: string; container?: string; running?: unknown; terminated?: { exitCode: number; reason?: string } }[];
  };
}

export type Outcome = "running" | "succeeded" | "failed";

const succeeded = (object: Run | TaskRun) => object.status?.conditions?.find((condition) => condition.type === "Succeeded");

export function outcome(object: Run | TaskRun): Outcome {
  const status = succeeded(object)?.status;
  return status === "True" ? "succeeded" : status === "False" ? "failed" : "running";
}

/**
 * The run to follow: the given one, or, if it has failed, one that repeats it and has not. Undefined if all have failed and a
 * fresh one is to be made.
 */
export function runToFollow(original: Run, repeats: Run[]): Run | undefined {
  const newestFirst = [original, ...repeats].sort((a, b) =>
    (b.metadata.creationTimestamp ?? "").localeCompare(a.metadata.creationTimestamp ?? ""),
  );
  return newestFirst.find((run) => outcome(run) === "succeeded") ?? newestFirst.find((run) => outcome(run) === "running");
}

/** A new run of the same content. It belongs to the run that it repeats, so it is removed together with it. */
export function repeatOf(original: Run) {
  const { name, namespace, uid, labels } = original.metadata;
  // `status` in a spec is a request to cancel.
  const { status: _, ...spec } = original.spec;
  return {
    apiVersion: "tekton.dev/v1",
    kind: "PipelineRun",
    metadata: {
      generateName: `${name}-`,
      namespace,
      labels: { ...(labels?.[buildLabel] && { [buildLabel]: labels[buildLabel] }), [repeatsLabel]: name },
      ownerReferences: [{ apiVersion: "tekton.dev/v1", kind: "PipelineRun", name, uid }],
    },
    spec,
  };
}

/** State of one task at one time. */
export interface TaskState {
  name: string;
  state: "waiting" | "running" | "succeeded" | "failed";
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
      const result = outcome(taskRun);
      const started = status?.steps?.some((step) => step.running || step.terminated) ?? false;
      const condition = succeeded(taskRun);
      return {
        name: taskName(taskRun),
        state: result !== "running" ? result : started ? "running" : "waiting",
        attempt: (status?.retriesStatus?.length ?? 0) + 1,
        seconds: Math.max(0, Math.round(((time(status?.completionTime) ?? now) - start) / 1000)),
        reason: condition?.message ?? condition?.reason ?? "",
      };
    });
}

const taskName = (taskRun: TaskRun) => taskRun.metadata.labels?.["tekton.dev/pipelineTask"] ?? taskRun.metadata.name;
const compareNames = (a: TaskRun, b: TaskRun) => taskName(a).localeCompare(taskName(b));

/** What there is to tell since the last look: one line for each task whose state or attempt changed. */
export function changes(before: TaskState[], after: TaskState[]): string[] {
  return after.flatMap((task) => {
    const last = before.find((other) => other.name === task.name);
    if (last?.state === task.state && last.attempt === task.attempt) return [];
    const again = task.attempt > 1 ? ` (attempt ${task.attempt})` : "";
    if (task.state === "succeeded") return [`${task.name}: done in ${task.seconds} s`];
    if (task.state === "failed") return [`${task.name}: failed after ${task.seconds} s`];
    if (task.state === "running") return [`${task.name}: running${again}`];
    // The first wait is every task's way to its start, not news.
    return last && task.attempt > last.attempt ? [`${task.name}: failed, is tried again`] : [];
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

const firstLine = (text: string) => {
  const line = text.split("\n")[0];
  return line.length > 200 ? `${line.slice(0, 197)}...` : line;
};

/** Why a run failed, and where the log of the failed step is. */
export interface Failure {
  message: string;
  /** Undefined if the run failed without a task failing, or if no pod was made. */
  log?: { pod: string; container: string };
}

export function failureOf(run: Run, taskRuns: TaskRun[]): Failure {
  const reason = succeeded(run);
  const failed = taskRuns
    .filter((taskRun) => outcome(taskRun) === "failed" && succeeded(taskRun)?.reason !== "TaskRunCancelled")
    .sort((a, b) => (time(a.status?.completionTime) ?? 0) - (time(b.status?.completionTime) ?? 0))[0];
  if (!failed) return { message: `${reason?.reason ?? "Failed"}: ${reason?.message ?? "Tekton gives no reason"}` };

  const condition = succeeded(failed);
  const step = failed.status?.steps?.find((candidate) => (candidate.terminated?.exitCode ?? 0) !== 0) ?? failed.status?.steps?.[0];
  const message = `task ${taskName(failed)} failed: ${condition?.message ?? condition?.reason ?? "Tekton gives no reason"}`;
  const pod = failed.status?.podName;
  return pod && step ? { message, log: { pod, container: step.container ?? `step-${step.name}` } } : { message };
}

/** What a run that succeeded has pushed. */
export function builtBy(run: Run): FollowedBuild {
  const results = new Map(run.status?.results?.map(({ name, value }) => [name, value]));
  const read = (name: string): string => {
    const value = results.get(name)?.trim();
    if (!value) throw new Error(`the run ${run.metadata.name} succeeded without the result ${name}`);
    return value;
  };
  const digest = read("IMAGE_DIGEST");
  if (!/^sha256:[0-9a-f]{64}$/.test(digest)) throw new Error(`the result IMAGE_DIGEST of ${run.metadata.name} is not a digest: ${digest}`);
  const repository = read("IMAGE_URL").replace(/:[^:/]+$/, "");
  return {
    run: run.metadata.name,
    image: `${repository}@${digest}`,
    members: read("IMAGES").split(/[\s,]+/),
    commit: read("CHAINS-GIT_COMMIT"),
  };
}
