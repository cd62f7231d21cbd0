import { specialSecretSig, specialSigKey, unknownValue } from "@pulumi/pulumi/runtime/rpc";
import type { Resource } from "./pack";

// biome-ignore lint/suspicious/noExplicitAny: inputs of any resource type.
export type Inputs = any;

/** One change to a real plan, and the one thing that the pack says about it; nothing if the rule must let it pass. */
export interface Change {
  readonly what: string;
  /** Name of a resource of the plan, which is changed, or taken as the model of another one. */
  readonly of: string;
  /** Where several resources have that name. */
  readonly type?: string;
  /** The type of the other resource. */
  readonly as?: string;
  readonly change: (inputs: Inputs) => Inputs | undefined;
  readonly provider?: Partial<Resource>;
  readonly says?: string;
}

/** As it travels. */
export const unknown = unknownValue;
export const secret = (value: unknown) => ({ [specialSigKey]: specialSecretSig, value });

export function changed(plan: readonly Resource[], { of, type, as, change, provider }: Change): Resource {
  const models = plan.filter(
    (one) => one.name === of && (type ? one.type === type : !/^(?:openshift-multiarch:|pulumi:providers:)/.test(one.type)),
  );
  if (models.length !== 1) throw new Error(`${models.length} resources are called ${of}`);
  const [model] = models;
  const own = structuredClone(model.inputs);
  // What is undefined does not travel.
  const inputs = JSON.parse(JSON.stringify(change(own) ?? own));
  const kind = model.type.startsWith("kubernetes:") ? `kubernetes:${inputs.apiVersion}:${inputs.kind}` : model.type;
  return { ...model, type: as ?? kind, inputs, ...(provider && { provider: { ...(model.provider as Resource), ...provider } }) };
}

/** A change of one value, at a path as the rules write it: `spec.steps[0].image`, `metadata.labels["a.b/c"]`. */
export const set = (path: string, value: unknown) => (inputs: Inputs) => {
  const keys = [...path.matchAll(/\["([^"]+)"\]|([^.[\]]+)/g)].map(([, quoted, plain]) => quoted ?? plain);
  const last = keys.pop() ?? "";
  keys.reduce((holder, key) => holder[key], inputs)[last] = value;
};

/** A Kubernetes object of another kind, made where the model is. */
export const object =
  (apiVersion: string, kind: string, rest: Inputs = {}) =>
  () => ({ apiVersion, kind, metadata: { name: "an-object", namespace: "build-multiarch" }, ...rest });

export const pod = (spec: Inputs) =>
  object("apps/v1", "Deployment", { spec: { template: { spec: { containers: [{ name: "c" }], ...spec } } } });

export const step = (task: Inputs) => task.spec.steps[0];
export const task = "builds-buildah-build";
