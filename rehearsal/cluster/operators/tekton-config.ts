import type { KubeObject } from "./api";
import type { Condition } from "./olm-decisions";

/** What the operator makes of a TektonConfig, without the API (tektoncd/operator v0.81.0, pkg/apis/operator/v1alpha1). */

export interface Pruner {
  disabled?: boolean;
  resources?: string[];
  keep?: number;
  "keep-since"?: number;
  "prune-per-resource"?: boolean;
  schedule?: string;
}
type Scalar = string | number | boolean;
export interface TektonConfigSpec {
  profile?: string;
  targetNamespace?: string;
  pruner?: Pruner;
  pipeline?: Record<string, unknown>;
  config?: { nodeSelector?: Record<string, string>; tolerations?: object[] };
  platforms?: { openshift?: { scc?: { default?: string; maxAllowed?: string } }; kubernetes?: { pipelinesAsCode?: object } };
  [field: string]: unknown;
}
export interface TektonConfigStatus {
  observedGeneration?: number;
  version?: string;
  profile?: string;
  conditions?: Condition[];
}
export type TektonConfig = KubeObject<TektonConfigSpec, TektonConfigStatus>;

export const configName = "config";
export const defaultTargetNamespace = "openshift-pipelines";
export const pipelinesScc = "pipelines-scc";

/** tektonpipeline_defaults.go with the defaults of Tekton 1.15 (config-feature-flags.yaml) and those of the OpenShift build. */
const pipelineDefaults: Readonly<Record<string, Scalar | object>> = {
  "await-sidecar-readiness": true,
  coschedule: "workspaces",
  "default-service-account": "pipeline",
  "disable-creds-init": false,
  "enable-api-fields": "beta",
  "enable-bundles-resolver": true,
  "enable-cel-in-whenexpression": false,
  "enable-cluster-resolver": true,
  "enable-custom-tasks": true,
  "enable-git-resolver": true,
  "enable-hub-resolver": true,
  "enable-param-enum": false,
  "enable-provenance-in-status": true,
  "enable-step-actions": true,
  "enforce-nonfalsifiability": "none",
  "keep-pod-on-cancel": false,
  "max-result-size": 4096,
  "metrics.count.enable-reason": false,
  "metrics.pipelinerun.duration-type": "histogram",
  "metrics.pipelinerun.level": "pipeline",
  "metrics.taskrun.duration-type": "histogram",
  "metrics.taskrun.level": "task",
  params: [{ name: "enableMetrics", value: "true" }],
  "require-git-ssh-secret-known-hosts": false,
  "results-from": "termination-message",
  "running-in-environment-with-injected-sidecars": true,
  "send-cloudevents-for-runs": true,
  "set-security-context": false,
  "trusted-resources-verification-no-match-policy": "ignore",
};

/** Fields that Tekton has given up; from v0.79 (Pipelines 1.22) on the operator's webhook takes them out of every TektonConfig. */
const retired = ["disable-affinity-assistant", "enable-tekton-oci-bundles", "scope-when-expressions-to-task", "verification-mode"];

/** What the operator creates once it runs. */
export const initialSpec: TektonConfigSpec = {
  profile: "all",
  targetNamespace: defaultTargetNamespace,
  pruner: { disabled: false, resources: ["pipelinerun"], keep: 100, schedule: "0 8 * * *" },
};

const isUnset = (value: unknown) => value === undefined || value === null || value === "";

/** The mutating webhook: the spec with everything that was left open filled in. */
export function withDefaults(spec: TektonConfigSpec): TektonConfigSpec {
  const given = Object.entries(spec.pipeline ?? {}).filter(([key, value]) => !retired.includes(key) && !isUnset(value));
  const pruner: Pruner = { disabled: false, ...spec.pruner };
  if (!pruner.disabled) {
    if (pruner.keep === undefined && pruner["keep-since"] === undefined) pruner.keep = 100;
    if (!pruner.resources?.length) pruner.resources = ["pipelinerun"];
    pruner.resources = pruner.resources.map((resource) => resource.trim().toLowerCase());
  }
  const openshift = spec.platforms?.openshift;
  return {
    ...spec,
    profile: spec.profile || "basic",
    pipeline: { ...pipelineDefaults, ...Object.fromEntries(given) },
    pruner,
    platforms: {
      ...spec.platforms,
      openshift: { ...openshift, scc: { ...openshift?.scc, default: openshift?.scc?.default || pipelinesScc } },
    },
  };
}

const allowedInPipeline: Readonly<Record<string, readonly string[]>> = {
  "enable-api-fields": ["alpha", "beta", "stable"],
  "trusted-resources-verification-no-match-policy": ["fail", "warn", "ignore"],
  "results-from": ["termination-message", "sidecar-logs"],
  "enforce-nonfalsifiability": ["none", "spire"],
  coschedule: ["disabled", "workspaces", "pipelineruns", "isolate-pipelinerun"],
};

/**
 * The validating webhook: what is wrong, in its own words; empty when all is well. Not checked here: Pipelines as Code,
 * SCC priorities, addon parameters, options, performance, the event-based pruner.
 *
 * @param before the spec that is to be replaced, on an update.
 */
export function problems(name: string, spec: TektonConfigSpec, before?: TektonConfigSpec): string[] {
  const found: string[] = [];
  const invalid = (value: unknown, path: string) => found.push(`invalid value: ${value}: ${path}`);
  if (before && before.targetNamespace !== spec.targetNamespace) {
    found.push(
      "Doesn't allow to update targetNamespace, delete existing TektonConfig and create the updated TektonConfig: spec.targetNamespace",
    );
  }
  if (name !== configName) invalid(name, `metadata.name,  Only one instance of TektonConfig is allowed by name, ${configName}`);
  if (!spec.targetNamespace) found.push("missing field(s): spec.targetNamespace");
  else if (spec.targetNamespace === "openshift-operators") {
    found.push("invalid value: openshift-operators: spec.targetNamespace\n'openshift-operators' namespace is not allowed");
  }
  if (spec.profile && !["lite", "basic", "all"].includes(spec.profile)) invalid(spec.profile, "spec.profile");
  if (spec.platforms?.kubernetes?.pipelinesAsCode) {
    found.push(
      "this cluster runs the OpenShift Tekton Operator; configure Pipelines as Code only under spec.platforms.openshift. " +
        "Remove spec.platforms.kubernetes.pipelinesAsCode.: spec.platforms",
    );
  }
  const pruner = spec.pruner ?? {};
  if (!pruner.disabled) {
    const { resources = [], keep, "keep-since": keepSince } = pruner;
    if (resources.length === 0) found.push("missing field(s): spec.pruner.resources");
    resources.forEach((resource, index) => {
      if (!["taskrun", "pipelinerun"].includes(resource)) invalid(resource, `spec.pruner.resources[${index}]`);
    });
    if (keep !== undefined && keepSince !== undefined)
      found.push("expected exactly one, got both: spec.pruner.keep, spec.pruner.keep-since");
    if (keep === undefined && keepSince === undefined)
      found.push("expected exactly one, got neither: spec.pruner.keep, spec.pruner.keep-since");
    if (keep === 0) invalid(keep, "spec.pruner.keep");
    if (keepSince === 0) invalid(keepSince, "spec.pruner.keep-since");
  }
  const pipeline = spec.pipeline ?? {};
  for (const [key, allowed] of Object.entries(allowedInPipeline)) {
    const value = pipeline[key];
    if (!isUnset(value) && !allowed.includes(String(value))) invalid(value, `spec.pipeline.${key}`);
  }
  const inline = pipeline["disable-inline-spec"];
  if (typeof inline === "string" && inline.split(",").some((part) => !["", "pipeline", "pipelinerun", "taskrun"].includes(part))) {
    invalid(inline, "spec.pipeline.disable-inline-spec");
  }
  if (pipeline["default-timeout-minutes"] === 0) invalid(0, "spec.pipeline.default-timeout-minutes");
  const size = pipeline["max-result-size"];
  if (typeof size === "number" && size >= 1_572_864) invalid(size, "spec.pipeline.max-result-size");
  return found;
}

/**
 * The data that the operator writes into Tekton's ConfigMaps; keys that the spec does not name stay as Tekton ships them.
 * `default-*` goes to config-defaults, the flags to feature-flags (tektonpipeline/transform.go).
 */
export function configMapData(spec: TektonConfigSpec): Record<"feature-flags" | "config-defaults", Record<string, string>> {
  const data: Record<"feature-flags" | "config-defaults", Record<string, string>> = { "feature-flags": {}, "config-defaults": {} };
  const elsewhere = /^(metrics|traces)\.|-resolver(-config)?$|^(params|options|performance)$/;
  for (const [key, value] of Object.entries(spec.pipeline ?? {})) {
    if (elsewhere.test(key) || isUnset(value) || typeof value === "object") continue;
    data[key.startsWith("default-") ? "config-defaults" : "feature-flags"][key] = String(value);
  }
  return data;
}

export interface Progress {
  /** Why the cluster could not be prepared. */
  readonly preInstall?: string;
  /** What is not there yet. */
  readonly components?: string;
}

/** Conditions of a TektonConfig (tektonconfig_lifecycle.go). */
export function conditions(progress: Progress): Condition[] {
  const done = (type: string): Condition => ({ type, status: "True" });
  const failed = (type: string, message: string): Condition => ({ type, status: "False", reason: "Error", message });
  const open = (type: string): Condition => ({ type, status: "Unknown" });
  if (progress.preInstall !== undefined) {
    return [
      failed("PreInstall", `PreReconciliation failed with message: ${progress.preInstall}`),
      open("ComponentsReady"),
      open("PostInstall"),
      failed("Ready", "Ready: PreReconciliation failed"),
      done("PreUpgrade"),
      done("PostUpgrade"),
    ];
  }
  if (progress.components !== undefined) {
    return [
      done("PreInstall"),
      failed("ComponentsReady", `Components not in ready state: ${progress.components}`),
      open("PostInstall"),
      failed("Ready", "Ready: Components not ready"),
      done("PreUpgrade"),
      done("PostUpgrade"),
    ];
  }
  return ["PreInstall", "ComponentsReady", "PostInstall", "PreUpgrade", "PostUpgrade", "Ready"].map(done);
}

/** Namespaces that get no ServiceAccount `pipeline` and whose runs are not pruned (reconciler/common/common.go). */
export const isIgnoredNamespace = (name: string): boolean =>
  /^(openshift|kube)-|^open-cluster-management-agent(-addon)?$|^dedicated-admin$/.test(name);
