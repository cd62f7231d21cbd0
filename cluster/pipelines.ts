import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Operator } from "./operator";

export interface OpenShiftPipelinesArgs {
  /** Channel of the operator: `latest` or `pipelines-<major>.<minor>`. */
  readonly channel: string;
  /** How many finished runs of a pipeline the pruner keeps. Each keeps an EFS access point, of which a file system has few. */
  readonly keep: number;
  /** kubeconfig of a cluster administrator. */
  readonly kubeconfig: pulumi.Input<string>;
}

/**
 * Spec of TektonConfig. `coschedule: disabled` is what lets pods of two architectures share a volume. The flag that did so before,
 * `disable-affinity-assistant`, is left out: the operator takes it away on admission from Pipelines 1.20 on, which would be a change
 * at every update (tektoncd/operator, pkg/reconciler/shared/tektonconfig/upgrade). The feature-flags ConfigMap is the operator's: it
 * reverts what others write to it.
 */
export const tektonConfigSpec = (keep: number) => ({
  profile: "all",
  targetNamespace: "openshift-pipelines",
  pipeline: { coschedule: "disabled" },
  pruner: { disabled: false, keep, resources: ["pipelinerun", "taskrun"], schedule: "0 8 * * *" },
});

/** OpenShift Pipelines: the operator, and its one TektonConfig. */
export class OpenShiftPipelines extends pulumi.ComponentResource {
  /** Name of the operator's ClusterServiceVersion. */
  readonly version: pulumi.Output<string>;

  constructor(name: string, args: OpenShiftPipelinesArgs, opts: pulumi.ComponentResourceOptions) {
    super("openshift-multiarch:cluster:OpenShiftPipelines", name, {}, opts);
    const operator = new Operator(
      `${name}-operator`,
      {
        package: "openshift-pipelines-operator-rh",
        channel: args.channel,
        namespace: "openshift-operators",
        serves: ["tektonconfigs.operator.tekton.dev"],
        kubeconfig: args.kubeconfig,
      },
      { parent: this },
    );
    // The operator makes the object itself, so it is patched, never created; on deletion the fields are given back.
    const config = new kubernetes.apiextensions.CustomResourcePatch(
      `${name}-config`,
      {
        apiVersion: "operator.tekton.dev/v1alpha1",
        kind: "TektonConfig",
        metadata: { name: "config", annotations: { "pulumi.com/patchForce": "true", "pulumi.com/waitFor": "condition=Ready" } },
        spec: tektonConfigSpec(args.keep),
      },
      { parent: this, dependsOn: operator, customTimeouts: { create: "20m", update: "20m" } },
    );
    this.version = pulumi.all([operator.version, config.id]).apply(([version]) => version);
    this.registerOutputs({ version: this.version });
  }
}
