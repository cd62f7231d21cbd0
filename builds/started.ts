/** Runs that somebody starts by hand: what they are made of, as pure functions of what the cluster holds. */

import { buildLabel, builtBy, type FollowedBuild, outcome, type Run, repeatsLabel, specToRepeat } from "../tekton/following";
import type { Param, ParamSpec, PipelineRunSpec } from "../tekton/resources";
import { workspaces as declared } from "../tekton/steps/shared";
import { startedByLabel } from "../tekton/triggers";
import { meant, verbatim } from "../tekton/verbatim";

/** What is read of a build's Pipeline. */
export interface BuildPipeline {
  metadata: { name: string; namespace: string; uid: string };
  spec: { params?: ParamSpec[]; tasks: { name: string }[] };
}

const newestFirst = (runs: readonly Run[], time: (run: Run) => string | undefined) =>
  [...runs].sort((a, b) => (time(b) ?? "").localeCompare(time(a) ?? ""));

/** Whether a run that somebody has started by hand is of another revision than the stack's, so that it binds no downloads. */
function isForeign(pipeline: BuildPipeline, { metadata, spec }: Run): boolean {
  const revision = (spec as Partial<PipelineRunSpec>).params?.find(({ name }) => name === "revision")?.value;
  return metadata.labels?.[startedByLabel] === undefined && revision !== parameterOf(pipeline, "revision");
}

/**
 * The run that a new one is made like: the stack's own, or, when it was pruned, the newest of the build; one that binds all that the
 * stack's did, as long as there is one.
 * @param uid of the stack's run, as its output `builds` has it.
 */
export function templateOf(pipeline: BuildPipeline, runs: readonly Run[], uid: string | undefined): Run | undefined {
  const own = runs.find(({ metadata }) => metadata.uid !== undefined && metadata.uid === uid);
  const newest = newestFirst(runs, ({ metadata }) => metadata.creationTimestamp);
  return own ?? newest.find((run) => !isForeign(pipeline, run)) ?? newest[0];
}

/** Tasks of the pipeline that a run like this one would start on any node, as it was made for an older pipeline. */
export function unplacedTasks(pipeline: BuildPipeline, template: Run): string[] {
  const placed = (template.spec.taskRunSpecs ?? []) as { pipelineTaskName: string }[];
  return pipeline.spec.tasks.map(({ name }) => name).filter((name) => !placed.some(({ pipelineTaskName }) => pipelineTaskName === name));
}

/** What the stack has set a parameter to. */
export const parameterOf = (pipeline: BuildPipeline, wanted: string): Param["value"] | undefined =>
  pipeline.spec.params?.find(({ name }) => name === wanted)?.default;

/** The revision that the stack builds. */
export const revisionOf = (pipeline: BuildPipeline): string => meant(String(parameterOf(pipeline, "revision") ?? ""));

/**
 * A further run of a build: parameters are those of the Pipeline, which always is as the stack has it; workspaces, nodes and accounts are
 * those of another run. It has the build's label, by which volumes and runs are found, and belongs to the Pipeline: with it, it goes.
 * What another revision downloads, its own programs may have changed: it neither takes nor leaves any.
 * @param wanted revision: @default the stack's; rebuild: any text, for which the image is built anew.
 */
export function startedRun(pipeline: BuildPipeline, template: Run, wanted: { revision?: string | undefined; rebuild?: string } = {}) {
  const { revision, rebuild } = wanted;
  const { name, namespace, uid } = pipeline.metadata;
  const { params = [], ...spec } = specToRepeat(template) as Partial<PipelineRunSpec>;
  const foreign = revision !== undefined && revision !== revisionOf(pipeline);
  const before = new Map(params.map((param) => [param.name, param.value]));
  const given = (pipeline.spec.params ?? []).flatMap((param) => {
    const told = { revision: revision === undefined ? undefined : verbatim(revision), rebuild }[param.name];
    const value = told ?? param.default ?? before.get(param.name);
    return value === undefined ? [] : [{ name: param.name, value }];
  });
  return {
    apiVersion: "tekton.dev/v1",
    kind: "PipelineRun",
    metadata: {
      generateName: `${name}-`,
      namespace,
      labels: { [buildLabel]: name },
      ownerReferences: [{ apiVersion: "tekton.dev/v1", kind: "Pipeline", name, uid }],
    },
    spec: {
      ...spec,
      pipelineRef: { name },
      params: given,
      ...(foreign && { workspaces: spec.workspaces?.filter((workspace) => workspace.name !== declared.downloads.name) }),
    },
  };
}

/** What the run that ended last, of those that ended well, has built: the tag names it. */
export function newestBuilt(runs: readonly Run[]): (FollowedBuild & { ended: string }) | undefined {
  const [run] = newestFirst(
    runs.filter((candidate) => outcome(candidate) === "succeeded"),
    ({ status }) => status?.completionTime,
  );
  return run && { ...builtBy(run), ended: run.status?.completionTime ?? "" };
}

/** Those that go on, which push the same tag. */
export const runningRuns = (runs: readonly Run[]): Run[] => runs.filter((run) => outcome(run) === "running");

/** Whether the next `pulumi up` would begin it anew when it is ended. */
export const isOfStack = (run: Run, uid: string | undefined): boolean =>
  run.metadata.uid === uid || Boolean(run.metadata.labels?.[repeatsLabel]);
