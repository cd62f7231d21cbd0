/** The tasks and pipelines as plain objects that any cluster with Tekton takes, as pure functions. */

import type { Architecture } from "../config/settings";
import { described } from "../tekton/catalog";
import { type PipelineName, pipelineOf, shapes, versionedPipeline } from "../tekton/pipelines";
import type { Pipeline } from "../tekton/resources";
import { defaultTaskImages } from "../tekton/task-images";
import { tasks } from "../tekton/tasks";

/** What is printed: a Task, a Pipeline or a PipelineRun. */
export interface TektonObject {
  apiVersion: string;
  kind: string;
  metadata: { name?: string; generateName?: string };
  spec: object;
}

export interface Choice {
  architectures: readonly Architecture[];
  /** One task alone. */
  task?: string;
  /** One pipeline, with the tasks that it uses. */
  pipeline?: string;
  /** Reference of the bundle that the objects are pushed as: pipelines then find their tasks in it, not in their namespace. */
  bundle?: string;
}

export const taskNames = (): string[] => tasks(defaultTaskImages).map(({ metadata }) => metadata.name);
export const pipelineNames = Object.keys(shapes) as PipelineName[];

/** Where a bundle's object is, for the resolver (tektoncd/pipeline, docs/bundle-resolver.md). */
const inBundle = (bundle: string, kind: string, name: string) => ({
  resolver: "bundles",
  params: [
    { name: "bundle", value: bundle },
    { name: "name", value: name },
    { name: "kind", value: kind },
  ],
});

function referringTo(bundle: string | undefined, { spec, ...rest }: Pipeline): TektonObject & { metadata: { name: string } } {
  const { metadata, ...object } = described({ spec, ...rest });
  if (bundle === undefined) return { ...object, metadata };
  return {
    ...object,
    metadata,
    spec: { ...spec, tasks: spec.tasks.map((task) => ({ ...task, taskRef: inBundle(bundle, "task", task.taskRef.name) })) },
  };
}

/** Tasks and pipelines, tasks first. Names are those that there are. */
export function objects({ architectures, task, pipeline: chosen, bundle }: Choice): (TektonObject & { metadata: { name: string } })[] {
  const all = tasks(defaultTaskImages);
  if (task !== undefined) return all.filter(({ metadata }) => metadata.name === task).map(described);
  const pipelines = pipelineNames
    .filter((name) => chosen === undefined || name === chosen)
    .map((name) => versionedPipeline(shapes[name], architectures, all));
  const used = new Set(pipelines.flatMap(({ spec }) => spec.tasks.map(({ taskRef }) => taskRef.name)));
  return [
    ...all.filter(({ metadata }) => used.has(metadata.name)).map(described),
    ...pipelines.map((object) => referringTo(bundle, object)),
  ];
}

/** Values that a reader has to put in the place of these. */
const placeholders: Record<string, string> = {
  url: "https://git.example.com/team/app.git",
  image: "registry.example.com/team/app:latest",
  "prepare-image": "registry.access.redhat.com/ubi9/go-toolset:latest",
  "prepare-script": "go build ./...",
};

/**
 * A run of a pipeline, with placeholders. What only a run can say is in it: which node each architecture's tasks are for.
 * @param bundle where the pipeline is. @default the run's own namespace
 */
export function sampleRun(name: PipelineName, architectures: readonly Architecture[], bundle?: string): TektonObject {
  const { spec } = pipelineOf(shapes[name], architectures);
  return {
    apiVersion: "tekton.dev/v1",
    kind: "PipelineRun",
    metadata: { generateName: `${name}-` },
    spec: {
      pipelineRef: bundle === undefined ? { name } : inBundle(bundle, "pipeline", name),
      params: spec.params
        .filter((param) => param.default === undefined)
        .map((param) => ({ name: param.name, value: placeholders[param.name] })),
      workspaces: [
        {
          name: "shared",
          volumeClaimTemplate: {
            spec: { accessModes: ["ReadWriteMany"], storageClassName: "shared-storage", resources: { requests: { storage: "10Gi" } } },
          },
        },
        { name: "dockerconfig", secret: { secretName: "registry-credentials" } },
      ],
      taskRunSpecs: spec.tasks.flatMap((task) => {
        const architecture = architectures.find((candidate) => task.name.endsWith(`-${candidate}`));
        return architecture ? [{ pipelineTaskName: task.name, podTemplate: { nodeSelector: { "kubernetes.io/arch": architecture } } }] : [];
      }),
      // The pipelines' own limits of their tasks end a run; this is above their sum, as Tekton's default of an hour is not.
      timeouts: { pipeline: "3h0m0s" },
    },
  };
}
