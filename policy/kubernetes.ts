import { NotKnown, type Planned, type Value } from "./rule";

/** One field somewhere in a Kubernetes object. */
export interface Field {
  readonly path: string;
  readonly key: string;
  /** The key of the object that it is in; empty at the top. */
  readonly holder: string;
  readonly value: Value;
}

/** The Kubernetes objects of a resource: itself, or those of a List; in one of a kind (PodList) they need not say their own. None for any other resource. */
export function objects({ type, inputs }: Planned): { path: string; object: Value }[] {
  if (!type.startsWith("kubernetes:")) return [];
  if (!Array.isArray(inputs.items)) return [{ path: "", object: inputs }];
  const kind = /^(.+)List$/.exec(inputs.kind)?.[1];
  const own = kind === undefined ? {} : { apiVersion: inputs.apiVersion, kind };
  return inputs.items.map((object: Value, index: number) => ({
    path: `items[${index}].`,
    object: object instanceof NotKnown ? object : { ...own, ...object },
  }));
}

/** Texts of users, in which any key may be: nothing there is a field of the API. */
const texts = ["ConfigMap.data", "ConfigMap.binaryData", "Secret.data", "Secret.stringData"];
const textsAnywhere = ["labels", "annotations"];

/**
 * Every field of the resource's Kubernetes objects, however deep. A pod is described in many places (Deployments, Tekton's steps, pod
 * templates of runs, kinds that this program does not know yet), always with the same fields, so rules look for these wherever they are.
 */
export function* fields(resource: Planned): Generator<Field> {
  for (const { path, object } of objects(resource)) {
    if (object instanceof NotKnown) yield { path, key: "items", holder: "", value: object };
    for (const [key, value] of entries(object)) {
      if (!texts.includes(`${object.kind}.${key}`)) yield* field({ path: `${path}${key}`, key, holder: "", value });
    }
  }
}

function* field(one: Field): Generator<Field> {
  const { path, key, holder, value } = one;
  yield one;
  if (textsAnywhere.includes(key)) return;
  if (Array.isArray(value)) {
    for (const [index, element] of value.entries()) {
      // An element that is not known may be anything that the list may hold.
      if (element instanceof NotKnown) yield { path: `${path}[${index}]`, key, holder, value: element };
      else yield* inner(element, `${path}[${index}]`, key);
    }
  } else yield* inner(value, path, key);
}

function* inner(value: Value, path: string, holder: string): Generator<Field> {
  for (const [key, part] of entries(value)) yield* field({ path: `${path}.${key}`, key, holder, value: part });
}

const entries = (value: Value): [string, Value][] =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof NotKnown) ? Object.entries(value) : [];

/** Fields on the way to a container. */
const toContainers = [
  "items",
  "spec",
  "template",
  "jobTemplate",
  "containers",
  "initContainers",
  "ephemeralContainers",
  // Tekton (tektoncd/pipeline, pkg/apis/pipeline/v1).
  "tasks",
  "finally",
  "taskSpec",
  "pipelineSpec",
  "steps",
  "sidecars",
  "stepTemplate",
];

/** Whether a container could be in a field that is not known. The template of a MachineSet is one of machines. */
export const mayHoldContainers = ({ key, value }: Field, { inputs }: Planned): boolean =>
  value instanceof NotKnown && inputs.kind !== "MachineSet" && toContainers.includes(key);
