import { setTimeout as sleep } from "node:timers/promises";
import { ApiError, type KubernetesApi, labelled } from "../cluster/kubernetes-api";
import {
  buildLabel,
  builtBy,
  type Claim,
  claimsToFree,
  type FollowedBuild,
  failedTask,
  failureOf,
  lossOf,
  outcome,
  type Pod,
  type Run,
  repeatOf,
  repeatsLabel,
  runToFollow,
  supersededRepeats,
  type TaskRun,
  tasksToEnd,
  type Warner,
  whereItWarned,
  withoutProtection,
} from "./following";
import { interruptible } from "./interruption";
import { changes, heartbeat, logLines, type TaskState, taskStates, unplaced, waitsForNode, warningsIn } from "./progress";
import { ask, callsASecond, inTurn } from "./turns";

/** The run of a build as the stack knows it. */
export interface RunReference {
  readonly build: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** How often in a row the build is repeated when a run of it has lost a pod. @default 0 */
  readonly retries?: number;
}

/** Says one line to the user. */
export type Tell = (line: string) => unknown;

/** A run that has ended without an image. Any other error leaves open what becomes of the run. */
export class RunFailed extends Error {
  /** @param lost whether it failed as its pod was taken away, which the next try may be spared. */
  constructor(
    message: string,
    readonly lost = false,
  ) {
    super(message);
  }
}

/** The numbers of the waits, for one followed run: each further one makes all of them look less often. */
export interface Pace {
  readonly secondsBetweenLooks: number;
  readonly secondsBetweenHeartbeats: number;
  /** After how long a task that has no node yet is looked into. Most have one within a second. */
  readonly secondsWithoutNode: number;
}

const usual: Pace = { secondsBetweenLooks: 1.5, secondsBetweenHeartbeats: 15, secondsWithoutNode: 20 };

const lastLines = 40;

/** How many runs are followed now. */
let followed = 0;

/**
 * Follows a run to its end, be it for hours. Only looks on, but for two things: a run that has failed before, or now by the loss of a
 * pod, is repeated, and one that cannot succeed any more is ended. Stopped at any time, the run goes on, and whoever follows it next picks it up.
 * @throws Error with the reason if the run failed.
 */
export async function follow(api: KubernetesApi, reference: RunReference, tell: Tell, pace: Pace = usual): Promise<FollowedBuild> {
  const stopped = `${reference.build}: no longer followed; its run ${reference.name} goes on, the next \`pulumi up\` picks it up`;
  const done = interruptible(stopped, tell);
  return counted(new Follower(api, reference, tell, pace).result()).finally(done);
}

/**
 * Follows one run to its end, whatever that is, and repeats none. When it has ended well, the volumes of all runs of the build that are
 * over are freed, whoever started them.
 * @throws RunFailed with the reason if the run failed.
 */
export const followOnce = (api: KubernetesApi, reference: RunReference, tell: Tell, pace: Pace = usual): Promise<FollowedBuild> =>
  counted(new Follower(api, reference, tell, pace).resultOfThis());

/**
 * Ends a run, waits until its pods are gone or over, and frees its volume, which nobody will look into.
 * @param seconds after which pods that do not end, as on a node that was lost, keep the volume. @default 120
 * @returns whether it was freed.
 */
export const cancel = (api: KubernetesApi, reference: RunReference, tell: Tell, pace: Pace = usual, seconds = 120): Promise<boolean> =>
  new Follower(api, reference, tell, pace).cancelled(seconds);

function counted<T>(following: Promise<T>): Promise<T> {
  followed++;
  return following.finally(() => {
    followed--;
  });
}

class Follower {
  private readonly runs: string;
  private readonly taskRuns: string;
  private readonly core: string;

  constructor(
    private readonly api: KubernetesApi,
    private readonly reference: RunReference,
    private readonly tell: Tell,
    private readonly pace: Pace,
  ) {
    const { namespace } = reference;
    this.runs = `/apis/tekton.dev/v1/namespaces/${namespace}/pipelineruns`;
    this.taskRuns = `/apis/tekton.dev/v1/namespaces/${namespace}/taskruns`;
    this.core = `/api/v1/namespaces/${namespace}`;
  }

  async result(): Promise<FollowedBuild> {
    const original = await this.original();
    const run = await this.toAGoodEnd(original, this.reference.retries ?? 0);
    await this.freeAll();
    return builtBy(run);
  }

  async resultOfThis(): Promise<FollowedBuild> {
    const built = builtBy(await this.toItsEnd(this.reference.name));
    await this.freeAll();
    return built;
  }

  async cancelled(seconds: number): Promise<boolean> {
    const path = `${this.runs}/${this.reference.name}`;
    const end = Date.now() + seconds * 1000;
    await ask(() => this.api.patch(path, { spec: { status: "Cancelled" } }));
    do {
      const run = await ask(() => this.api.get<Run>(path));
      const pods = await this.list<Pod>(`${this.core}/pods`, `tekton.dev/pipelineRun=${this.reference.name}`);
      // The protection of a volume is for the pods that still write to it.
      const over = outcome(run) !== "running" && pods.every(({ status }) => /^(?:Succeeded|Failed)$/.test(status?.phase ?? ""));
      if (over) return this.free([run]);
      await sleep(this.pace.secondsBetweenLooks * 1000);
    } while (Date.now() < end);
    return false;
  }

  private async original(): Promise<Run> {
    const { name, namespace, uid } = this.reference;
    const run = await ask(() => this.api.find<Run>(`${this.runs}/${name}`));
    if (run?.metadata.uid === uid) return run;
    throw new Error(`the run ${name} is no longer in ${namespace}: \`pulumi up --refresh\` makes it again`);
  }

  private async begin(original: Run): Promise<Run> {
    // Asked anew at each try: an answer that got lost may have been that there is a new run.
    return ask(async () => {
      const repeats = (await this.api.get<{ items: Run[] }>(labelled(this.runs, `${repeatsLabel}=${original.metadata.name}`))).items;
      const run = runToFollow(original, repeats);
      if (run) return run;
      for (const { metadata } of supersededRepeats(repeats)) await this.api.delete(`${this.runs}/${metadata.name}`);
      const fresh = await this.api.create<Run>(this.runs, repeatOf(original));
      this.tell(`${original.metadata.name} had failed before: trying again as ${fresh.metadata.name}`);
      return fresh;
    });
  }

  private async toAGoodEnd(original: Run, retries: number): Promise<Run> {
    const { name } = (await this.begin(original)).metadata;
    try {
      return await this.toItsEnd(name);
    } catch (error) {
      if (!(error instanceof RunFailed && error.lost && retries > 0)) throw error;
      this.tell(error.message);
      return this.toAGoodEnd(await this.original(), retries - 1);
    }
  }

  private async toItsEnd(name: string): Promise<Run> {
    let before: TaskState[] = [];
    let lastLine = Date.now();
    let nextLookForNodes = 0;
    const told = new Set<string>();
    const tell = (line: string) => {
      this.tell(`${name}: ${line}`);
      lastLine = Date.now();
    };
    for (;;) {
      const run = await ask(() => this.api.get<Run>(`${this.runs}/${name}`));
      const taskRuns = await this.list<TaskRun>(this.taskRuns, `tekton.dev/pipelineRun=${name}`);
      const states = taskStates(taskRuns, Date.now());
      for (const line of changes(before, states)) tell(line);
      before = states;
      for (const taskRun of taskRuns.filter(({ metadata }) => !told.has(metadata.name))) {
        for (const where of whereItWarned(taskRun)) {
          told.add(taskRun.metadata.name);
          for (const line of await this.warnings(where)) tell(line);
        }
      }

      const result = outcome(run);
      if (result === "succeeded") return run;
      if (result === "failed") throw await this.failure(run, taskRuns, tell);
      for (const { metadata } of tasksToEnd(taskRuns)) {
        await ask(() => this.api.patch(`${this.taskRuns}/${metadata.name}`, { spec: { status: "TaskRunCancelled" } })).catch(unlessOver);
      }
      const stuck = states.some(({ state, seconds }) => state === "waiting" && seconds >= this.pace.secondsWithoutNode);
      if (stuck && Date.now() >= nextLookForNodes) {
        nextLookForNodes = Date.now() + this.pace.secondsWithoutNode * 1000;
        for (const line of (await this.missingNodes(name)).filter((candidate) => !told.has(candidate))) {
          told.add(line);
          tell(line);
        }
      }
      if (Date.now() - lastLine > this.pace.secondsBetweenHeartbeats * Math.max(1, followed / 4) * 1000) tell(heartbeat(states));
      await sleep(Math.max(this.pace.secondsBetweenLooks, (2 * followed) / callsASecond) * 1000);
    }
  }

  /** Tells the failed step's last lines, and gives the reason. */
  private async failure(run: Run, taskRuns: TaskRun[], tell: Tell): Promise<RunFailed> {
    const { message, log } = failureOf(run, taskRuns);
    const said = `${run.metadata.name}: ${message}`;
    const loss = await this.loss(failedTask(taskRuns));
    if (loss) return new RunFailed(`${said}; ${loss}`, true);
    if (log) {
      const text = await ask(() => this.log(log)).catch((error: Error) => `(its log cannot be read: ${error.message})`);
      tell(`last lines of ${log.container}:`);
      for (const line of logLines(text)) tell(line);
    }
    return new RunFailed(said);
  }

  /** How the pod of a failed task was lost; undefined if it was not, and the task is to blame. */
  private async loss(failed?: TaskRun): Promise<string | undefined> {
    const name = failed?.status?.podName;
    return failed && name ? lossOf(failed, await ask(() => this.api.find<Pod>(`${this.core}/pods/${name}`))) : undefined;
  }

  /** The last lines of a step: the scripts warn when all else is done. */
  private log({ pod, container }: { pod: string; container: string }): Promise<string> {
    const query = `container=${container}&tailLines=${lastLines}&limitBytes=${lastLines * 5_000}`;
    return this.api.text(`${this.core}/pods/${pod}/log?${query}`);
  }

  /** Of a task that went well; a log that is gone holds up no build. */
  private async warnings(where: Warner): Promise<string[]> {
    const text = await inTurn(() => this.log(where)).catch((error: Error) => {
      return `${where.task}: warning: not known, as its log cannot be read: ${error.message}`;
    });
    const { task, step, exitCode } = where;
    if (exitCode === 0) return warningsIn([task, step], text);
    return [`${task}: warning: its step ${step} ended with exit code ${exitCode}, which fails no build; last lines:`, ...logLines(text)];
  }

  /** What the scheduler says of the pods of a run that it finds no node for. */
  private async missingNodes(name: string): Promise<string[]> {
    const waiting = unplaced(await this.list<Pod>(`${this.core}/pods`, `tekton.dev/pipelineRun=${name}`));
    return Promise.all(
      waiting.map(async (pod) => waitsForNode(pod, (await this.list("/api/v1/nodes", `kubernetes.io/arch=${pod.architecture}`)).length)),
    );
  }

  /**
   * Deletes the volumes of runs that are over, which logs do not need. Finished pods protect a volume as running ones do, so the
   * protection is taken away after the deletion, as Tekton itself does it where it owns the choice (`coschedule: pipelineruns`,
   * tektoncd/pipeline, PurgeFinalizerAndDeletePVCForWorkspace).
   */
  private async free(runs: Run[]): Promise<boolean> {
    const claims = `${this.core}/persistentvolumeclaims`;
    try {
      for (const claim of claimsToFree(await this.list<Claim>(claims, `${buildLabel}=${this.reference.build}`), runs)) {
        const path = `${claims}/${claim.metadata.name}`;
        await ask(() => this.api.delete(path));
        await ask(() => this.api.patch(path, { metadata: { finalizers: withoutProtection(claim) } })).catch(unlessGone);
      }
      return true;
    } catch (error) {
      this.tell(`${this.reference.name}: its volume stays until the run is replaced: ${(error as Error).message}`);
      return false;
    }
  }

  /** The same, of all runs of the build: of those that a push or the clock has started, nobody else does. */
  private freeAll = async () => this.free(await this.list<Run>(this.runs, `${buildLabel}=${this.reference.build}`));

  private list<T>(path: string, label: string): Promise<T[]> {
    return ask(() => this.api.get<{ items: T[] }>(labelled(path, label))).then(({ items }) => items);
  }
}

function unlessGone(error: unknown): void {
  if (!(error instanceof ApiError && error.status === 404)) throw error;
}

/** Tekton's webhook refuses to change a task that has ended in the meantime; any other refusal costs time, not the result. */
function unlessOver(error: unknown): void {
  if (!(error instanceof ApiError)) throw error;
}
