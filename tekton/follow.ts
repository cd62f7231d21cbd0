/**
 * Follows a PipelineRun to its end: progress on stderr, what was pushed as JSON on stdout; exit 1 with the failed step's last lines.
 * Only looks on: stopped at any time, the run goes on, and the next start picks it up. A run that had failed before is repeated.
 * Environment: FOLLOW_RUN, FOLLOW_NAMESPACE, FOLLOW_KUBECONFIG (content of a kubeconfig).
 */
import { setTimeout as sleep } from "node:timers/promises";
import { ApiError, KubernetesApi } from "../cluster/kubernetes-api";
import { runProgram } from "../cluster/program";
import {
  builtBy,
  changes,
  failureOf,
  heartbeat,
  outcome,
  type Run,
  repeatOf,
  repeatsLabel,
  runToFollow,
  type TaskRun,
  type TaskState,
  taskStates,
} from "./following";

const secondsBetweenLooks = 1.5;
const secondsBetweenHeartbeats = 15;
/** How long the API server may be away, e.g. while it restarts with a new configuration. */
const minutesOfPatience = 5;
const logLines = 40;

const environment = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
};

/** Repeats a call while the API server cannot be reached; an answer that says no is final. */
async function patiently<T>(call: () => Promise<T>): Promise<T> {
  const end = Date.now() + minutesOfPatience * 60_000;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      const final = error instanceof ApiError && error.status < 500 && error.status !== 429;
      if (final || Date.now() > end) throw error;
      await sleep(3_000);
    }
  }
}

async function main(): Promise<void> {
  const name = environment("FOLLOW_RUN");
  const namespace = environment("FOLLOW_NAMESPACE");
  const api = new KubernetesApi(environment("FOLLOW_KUBECONFIG"));
  const tekton = `/apis/tekton.dev/v1/namespaces/${namespace}`;
  const runs = `${tekton}/pipelineruns`;
  const list = <T>(path: string, label: string) =>
    patiently(() => api.get<{ items: T[] }>(`${path}?labelSelector=${encodeURIComponent(label)}`)).then(({ items }) => items);

  const original = await patiently(() => api.get<Run>(`${runs}/${name}`)).catch((error) => {
    if (error instanceof ApiError && error.status === 404) {
      throw new Error(`the run ${name} is no longer in ${namespace}: \`pulumi up --refresh\` makes it again`);
    }
    throw error;
  });
  let run = runToFollow(original, await list<Run>(runs, `${repeatsLabel}=${name}`));
  if (!run) {
    run = await patiently(() => api.create<Run>(runs, repeatOf(original)));
    console.error(`${name} had failed before: trying again as ${run.metadata.name}`);
  }

  const followed = run.metadata.name;
  const tell = (text: string) => console.error(`${followed}: ${text}`);
  process.on("SIGINT", stop).on("SIGTERM", stop);
  function stop(): void {
    tell("no longer followed; the run goes on, and the next `pulumi up` picks it up");
    process.exit(130);
  }

  let before: TaskState[] = [];
  let lastLine = Date.now();
  for (;;) {
    run = await patiently(() => api.get<Run>(`${runs}/${followed}`));
    const taskRuns = await list<TaskRun>(`${tekton}/taskruns`, `tekton.dev/pipelineRun=${followed}`);
    const states = taskStates(taskRuns, Date.now());
    const lines = changes(before, states);
    lines.forEach(tell);
    before = states;
    if (lines.length > 0) lastLine = Date.now();

    const result = outcome(run);
    if (result === "succeeded") {
      console.log(JSON.stringify(builtBy(run)));
      return;
    }
    if (result === "failed") {
      const failure = failureOf(run, taskRuns);
      if (failure.log) {
        const { pod, container } = failure.log;
        const log = await api
          .text(`/api/v1/namespaces/${namespace}/pods/${pod}/log?container=${container}&tailLines=${logLines}`)
          .catch((error: Error) => `(its log cannot be read: ${error.message})`);
        tell(`last lines of ${container}:\n${log.trimEnd()}`);
      }
      throw new Error(`${followed}: ${failure.message}`);
    }
    if (Date.now() - lastLine > secondsBetweenHeartbeats * 1000) {
      tell(heartbeat(states));
      lastLine = Date.now();
    }
    await sleep(secondsBetweenLooks * 1000);
  }
}

runProgram(main);
