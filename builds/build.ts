import { ApiError, labelled, UnreachableError } from "../cluster/kubernetes-api";
import { nearest } from "../config/suggest";
import { Mistake } from "../review/mistake";
import { cancel, followOnce, RunFailed, type RunReference, type Tell } from "../tekton/follow";
import { buildLabel, outcome, type Run } from "../tekton/following";
import { interruptible } from "../tekton/interruption";
import { lastBuilt } from "../tekton/results";
import { asked, type Place } from "./stack";
import { type BuildPipeline, isOfStack, newestBuilt, revisionOf, runningRuns, startedRun, templateOf, unplacedTasks } from "./started";

/** One build of a stack, as the command line speaks of it. */
export interface Build {
  readonly place: Place;
  readonly pipeline: BuildPipeline;
  /** All that the cluster still has. */
  readonly runs: readonly Run[];
  /** The uid of the stack's own run. */
  readonly uid: string | undefined;
  /** Words with which this program is called, for what it says. */
  readonly command: string;
}

/** Progress, on stderr: what is printed is the result alone. */
const tell: Tell = (line) => console.error(line);
const print = (line: string) => void process.stdout.write(`${line}\n`);

/** The exit code of a program that Ctrl-C has ended, as shells give it. */
const interrupted = 130;

const runsOf = (namespace: string) => `/apis/tekton.dev/v1/namespaces/${namespace}/pipelineruns`;
const list = <T>({ api, stack }: Place, path: string, label: string): Promise<T[]> =>
  asked(stack, () => api.get<{ items: T[] }>(labelled(path, label))).then(({ items }) => items);

/** @throws Mistake if the stack has no such build. */
export async function buildOf(place: Place, name: string, command: string): Promise<Build> {
  const pipelines = await list<BuildPipeline>(place, `/apis/tekton.dev/v1/namespaces/${place.namespace}/pipelines`, buildLabel);
  const names = pipelines.map(({ metadata }) => metadata.name).sort();
  const pipeline = pipelines.find(({ metadata }) => metadata.name === name);
  if (!pipeline) {
    if (names.length === 0)
      throw new Mistake(`${place.namespace} has no build yet: an entry of \`builds\` in the stack's file, then \`pulumi up\`, makes one`);
    const meant = nearest(name, names);
    throw new Mistake(
      `there is no build ${JSON.stringify(name)} in ${place.namespace}${meant === undefined ? `; there are ${names.join(", ")}` : `; did you mean ${meant}?`}`,
    );
  }
  const runs = await list<Run>(place, runsOf(place.namespace), `${buildLabel}=${name}`);
  return { place, pipeline, runs, uid: (place.results[name] as { uid?: string } | undefined)?.uid, command };
}

/** The run that further ones of a build are made like. @throws Mistake if none is left, or none that says a node for every task. */
export function templateFor({ pipeline, runs, uid }: Build): Run {
  const { name } = pipeline.metadata;
  const template = templateOf(pipeline, runs, uid);
  if (!template)
    throw new Mistake(`no run of ${name} is left to make another one like: \`pulumi up --refresh\` makes the stack's own again`);
  const unplaced = unplacedTasks(pipeline, template);
  if (unplaced.length === 0) return template;
  throw new Mistake(
    `the runs of ${name} that are left are older than its Pipeline, and say of no node for ${unplaced.join(", ")}: \`pulumi up --refresh\` makes a new one`,
  );
}

/** What a run is started with. */
interface Start {
  /** @default the stack's */
  readonly revision: string | undefined;
  /** Whether the image is built anew, whatever is there. */
  readonly rebuild: boolean;
  /** Whether it is followed to its end. */
  readonly follow: boolean;
}

/** Starts a run. @returns the exit code. */
export async function start(build: Build, { revision, rebuild, follow }: Start): Promise<number> {
  const { place, pipeline, runs } = build;
  const { name } = pipeline.metadata;
  const template = templateFor(build);
  for (const { metadata } of runningRuns(runs)) tell(`${name}: ${metadata.name} is running too; the tag will name what is pushed last`);
  // Any text does; this one tells whoever looks at the run.
  const wanted = { revision, ...(rebuild && { rebuild: new Date().toISOString() }) };
  const made = await asked(place.stack, () => place.api.create<Run>(runsOf(place.namespace), startedRun(pipeline, template, wanted)));
  tell(`${name}: started ${made.metadata.name}, of revision ${revision ?? revisionOf(pipeline)}`);
  if (follow) return watched(build, made);
  print(made.metadata.name);
  for (const line of waysOn(build, made.metadata.name)) tell(line);
  return 0;
}

/** Follows a run that there is, of whoever started it. @returns the exit code. */
export const watch = (build: Build, run: string): Promise<number> => watched(build, runOf(build, run));

/** Ends a run. @returns the exit code. */
export async function end(build: Build, name: string): Promise<number> {
  const run = runOf(build, name);
  const result = outcome(run);
  if (result !== "running") {
    tell(`${name} has ${result} already: nothing is left to cancel`);
    return 0;
  }
  tell(`${name}: asked to end; waiting for its pods`);
  const freed = await cancel(build.place.api, referenceOf(build, run), tell);
  tell(`${name}: cancelled, its volume ${freed ? "is freed" : "stays until the run is deleted"}`);
  if (isOfStack(run, build.uid)) tell(`${name} was the stack's own run: the next \`pulumi up\` makes it again`);
  return 0;
}

/**
 * Prints what the newest run that ended well has pushed.
 * @returns the exit code: 1 where no run is left that says so, and nobody knows whether one that was pruned has pushed since.
 */
export function newest({ place, pipeline, runs }: Build): number {
  const { name } = pipeline.metadata;
  const found = newestBuilt(runs);
  if (found) {
    tell(`commit ${found.commit}, built by ${found.run}, which ended at ${found.ended}`);
    print(found.image);
    return 0;
  }
  // Runs are pruned after a while; what the stack has built stays in its outputs.
  const last = lastBuilt(place.results, name);
  if (!last) throw new Mistake(`no run of ${name} has ended well yet; \`pulumi stack output builds\` says why the stack's own failed`);
  tell(
    `no run of ${name} that ended well is left: runs that were pruned may have moved the tag since. The stack's own run ${last.run} has built commit ${last.commit}: ${last.image}`,
  );
  return 1;
}

function runOf({ pipeline, runs }: Build, name: string): Run {
  const found = runs.find(({ metadata }) => metadata.name === name);
  if (found) return found;
  const names = runs.map(({ metadata }) => metadata.name).sort();
  const meant = nearest(name, names);
  const instead = meant !== undefined ? `; did you mean ${meant}?` : names.length > 0 ? `; there are ${names.join(", ")}` : "";
  throw new Mistake(`${pipeline.metadata.name} has no run ${JSON.stringify(name)}, or it was pruned${instead}`);
}

function referenceOf({ pipeline: { metadata } }: Build, run: Run): RunReference {
  return { build: metadata.name, namespace: metadata.namespace, name: run.metadata.name, uid: run.metadata.uid ?? "" };
}

async function watched(build: Build, run: Run): Promise<number> {
  const { name } = build.pipeline.metadata;
  const left = [`${name}: no longer followed; its run ${run.metadata.name} goes on`, ...waysOn(build, run.metadata.name)].join("\n");
  const done = interruptible(left, tell, interrupted);
  try {
    const { image, commit } = await followOnce(build.place.api, referenceOf(build, run), tell);
    tell(`${name}: done, commit ${commit}`);
    print(image);
    return 0;
  } catch (error) {
    if (error instanceof RunFailed) {
      tell(error.message);
      return 1;
    }
    if (error instanceof ApiError && error.status === 404)
      throw new Mistake(`${name}: its run ${run.metadata.name} was deleted while it was followed: nobody knows here what became of it`);
    if (!(error instanceof ApiError || error instanceof UnreachableError)) throw error;
    throw new Mistake(`${name}: ${error.message}\n${left}`);
  } finally {
    done();
  }
}

/** What can be done about a run that goes on. */
const waysOn = ({ pipeline: { metadata }, command }: Build, run: string): string[] => [
  `  watch it:  ${command} ${metadata.name} --watch ${run}`,
  `         or: tkn pipelinerun logs --follow ${run} -n ${metadata.namespace}`,
  `  cancel it: ${command} ${metadata.name} --cancel ${run}`,
];
