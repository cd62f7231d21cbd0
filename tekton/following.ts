/**
 * Following a PipelineRun to its end: what to do, as pure functions of what the API returned. `progress.ts` has what to say,
 * `follow.ts` connects both to a cluster.
 */

/** Label with the name of the build, on its Pipeline, runs and volumes. */
export const buildLabel = "openshift-multiarch/build";
/** Label of a fresh run: name of the run that it repeats. */
export const repeatsLabel = "openshift-multiarch/repeats";

/** What a run has built. */
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
  status?: { conditions?: Condition[]; results?: { name: string; value: string }[]; startTime?: string; completionTime?: string };
}

/** What is read of a TaskRun. */
export interface TaskRun {
  metadata: Metadata;
  spec?: { status?: string };
  status?: {
    conditions?: Condition[];
    podName?: string;
    startTime?: string;
    completionTime?: string;
    retriesStatus?: unknown[];
    steps?: { name: string; container?: string; running?: unknown; terminated?: { exitCode: number; reason?: string } }[];
  };
}

/** What is read of a pod. */
export interface Pod {
  metadata: Metadata & { deletionTimestamp?: string };
  spec?: { nodeSelector?: Record<string, string> };
  status?: { conditions?: Condition[]; phase?: string };
}

/** What is read of a PersistentVolumeClaim. */
export interface Claim {
  metadata: Metadata & { finalizers?: string[]; ownerReferences?: { uid: string }[] };
}

export type Outcome = "running" | "succeeded" | "failed";

/** The condition by which Tekton says how a run or a task stands. */
export const succeeded = (object: Run | TaskRun) => object.status?.conditions?.find((condition) => condition.type === "Succeeded");

export function outcome(object: Run | TaskRun): Outcome {
  const status = succeeded(object)?.status;
  return status === "True" ? "succeeded" : status === "False" ? "failed" : "running";
}

export const taskName = (taskRun: TaskRun) => taskRun.metadata.labels?.["tekton.dev/pipelineTask"] ?? taskRun.metadata.name;

const newestFirst = (runs: Run[]) =>
  [...runs].sort((a, b) => (b.metadata.creationTimestamp ?? "").localeCompare(a.metadata.creationTimestamp ?? ""));

/**
 * The run to follow: the given one, or, if it has failed, one that repeats it and has not. Undefined if all have failed and a
 * fresh one is to be made. A run that somebody has cancelled ends as failed, however little of that is seen yet.
 */
export function runToFollow(original: Run, repeats: Run[]): Run | undefined {
  const runs = newestFirst([original, ...repeats]);
  return (
    runs.find((run) => outcome(run) === "succeeded") ?? runs.find((run) => outcome(run) === "running" && run.spec.status === undefined)
  );
}

/**
 * Repeats that a fresh one makes superfluous: all that have failed but the newest, whose log may still be wanted. So a build has
 * three runs at most, and the pruner, which counts them all, does not take the first for one too many.
 */
export const supersededRepeats = (repeats: Run[]): Run[] => newestFirst(repeats.filter((run) => outcome(run) === "failed")).slice(1);

/** What another run has of a run's spec: all but a request to cancel it, which is its `status`. */
export function specToRepeat({ spec: { status: _, ...spec } }: Run): Record<string, unknown> {
  return spec;
}

/** A new run of the same content. It belongs to the run that it repeats, so it is removed together with it. */
export function repeatOf(original: Run) {
  const { name, namespace, uid, labels } = original.metadata;
  return {
    apiVersion: "tekton.dev/v1",
    kind: "PipelineRun",
    metadata: {
      generateName: `${name}-`,
      namespace,
      labels: { ...(labels?.[buildLabel] && { [buildLabel]: labels[buildLabel] }), [repeatsLabel]: name },
      ownerReferences: [{ apiVersion: "tekton.dev/v1", kind: "PipelineRun", name, uid }],
    },
    spec: specToRepeat(original),
  };
}

const time = (value?: string) => (value ? Date.parse(value) : 0);

/** The task by which a run fails: the first that has failed for good. While it is tried again, Tekton's condition says "Unknown". */
export const failedTask = (taskRuns: TaskRun[]): TaskRun | undefined =>
  taskRuns
    .filter((taskRun) => outcome(taskRun) === "failed" && succeeded(taskRun)?.reason !== "TaskRunCancelled")
    .sort((a, b) => time(a.status?.completionTime) - time(b.status?.completionTime))[0];

/**
 * Tasks to end as their run cannot succeed any more. After a failed task Tekton starts no other, but lets those that run come to their
 * ends (https://github.com/tektoncd/pipeline/issues/8671), be it an hour for an image that nobody will get. With them cancelled the run
 * ends as failed; it would as well if it were cancelled itself, but that is refused where a task is over already.
 */
export const tasksToEnd = (taskRuns: TaskRun[]): TaskRun[] =>
  failedTask(taskRuns) ? taskRuns.filter((taskRun) => outcome(taskRun) === "running" && taskRun.spec?.status === undefined) : [];

/** Why a run failed, and where the log of the failed step is. */
export interface Failure {
  message: string;
  /** Undefined if the run failed without a task failing, or if no pod was made. */
  log?: { pod: string; container: string };
}

export function failureOf(run: Run, taskRuns: TaskRun[]): Failure {
  const reason = succeeded(run);
  const failed = failedTask(taskRuns);
  if (!failed) return { message: `${reason?.reason ?? "Failed"}: ${reason?.message ?? "Tekton gives no reason"}` };

  const condition = succeeded(failed);
  const step = failed.status?.steps?.find((candidate) => (candidate.terminated?.exitCode ?? 0) !== 0) ?? failed.status?.steps?.[0];
  const message = `task ${taskName(failed)} failed: ${condition?.message ?? condition?.reason ?? "Tekton gives no reason"}`;
  const pod = failed.status?.podName;
  return pod && step ? { message, log: { pod, container: step.container ?? `step-${step.name}` } } : { message };
}

/** Reasons of a failed task by which its pod may have been lost; at its time limit, or without its image, Tekton deletes the pod itself. */
const reasonsOfLoss = new Set(["Failed", "StepFailed", "InitContainerFailed", "PodEvicted"]);

/**
 * How the pod of a failed task was lost, as words that go on the reason; undefined if nobody has taken it away. Kubernetes notes in the
 * pod that it went for the sake of others: moved off a node, preempted, or with the node
 * (https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions). A pod that used more disk than its own
 * limit is evicted without that note, and would be again.
 * @param pod undefined if there is none any more.
 */
export function lossOf(failed: TaskRun, pod: Pod | undefined): string | undefined {
  if (!reasonsOfLoss.has(succeeded(failed)?.reason ?? "")) return undefined;
  const disruption = pod?.status?.conditions?.find(({ type, status }) => type === "DisruptionTarget" && status === "True");
  if (disruption) return `its pod was taken away (${disruption.message ?? disruption.reason ?? "DisruptionTarget"})`;
  return pod && !pod.metadata.deletionTimestamp ? undefined : "its pod was deleted";
}

/** What a run that succeeded has pushed, or found to be there. */
export function builtBy(run: Run): FollowedBuild {
  const results = new Map(run.status?.results?.map(({ name, value }) => [name, value.trim()]));
  const read = (name: string, instead = name): string => {
    const value = results.get(name) || results.get(instead);
    if (!value) throw new Error(`the run ${run.metadata.name} succeeded without the result ${name}`);
    return value;
  };
  const image = read("image", "found");
  if (!/@sha256:[0-9a-f]{64}$/.test(image)) throw new Error(`the result image of ${run.metadata.name} is not one with a digest: ${image}`);
  return {
    run: run.metadata.name,
    image,
    members: read("members", "found-members").split(/[\s,]+/),
    commit: read("CHAINS-GIT_COMMIT"),
  };
}

/** The volumes of those of the runs that are over. Nothing reads them again; they would be paid for as long as their run is kept. */
export function claimsToFree(claims: Claim[], runs: Run[]): Claim[] {
  const over = new Set(runs.filter((run) => outcome(run) !== "running").map(({ metadata }) => metadata.uid));
  return claims.filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => over.has(uid)));
}

/** The finalizers of a claim without the one that keeps it while there are pods that name it, be they finished. */
export const withoutProtection = ({ metadata }: Claim): string[] =>
  (metadata.finalizers ?? []).filter((finalizer) => finalizer !== "kubernetes.io/pvc-protection");

/** A step of a task that went well, whose log may have warnings. */
export interface Warner {
  /** The Task that the task run is of. */
  task: string;
  step: string;
  pod: string;
  container: string;
  /** Of a step that may fail without failing its task (`onError: continue`). */
  exitCode: number;
}

export function whereItWarned(taskRun: TaskRun): Warner[] {
  const task = taskRun.metadata.labels?.["tekton.dev/task"];
  const { podName: pod, steps = [] } = taskRun.status ?? {};
  if (outcome(taskRun) !== "succeeded" || !task || !pod) return [];
  return steps.map(({ name, container, terminated }) => ({
    ...{ task, step: name, pod, container: container ?? `step-${name}` },
    exitCode: terminated?.exitCode ?? 0,
  }));
}
