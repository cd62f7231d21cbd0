import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { makesKeys } from "../config/schema/pipelines";
import { clusterProgram } from "./commands";
import { limits, within } from "./limits";
import { Operator } from "./operator";
import { chainsConfig, makesKey, ownKey, publicKeyOf, signingSecret } from "./signing";

export interface OpenShiftPipelinesArgs {
  /** Channel of the operator: `latest` or `pipelines-<major>.<minor>`. */
  readonly channel: string;
  /** How many finished runs of each Pipeline, which is of each image, the pruner keeps. Each keeps its volume. */
  readonly keep: number;
  /** Whether every image is signed, and its provenance attached. */
  readonly sign: boolean;
  /** The key that images are signed with: ECDSA, PKCS#8 as PEM. @default one that the operator makes */
  readonly signingPrivateKey?: pulumi.Input<string>;
  /** Domain of the cluster: the provenance names the builder by it. */
  readonly domain: string;
  /** kubeconfig of a cluster administrator. */
  readonly kubeconfig: pulumi.Input<string>;
}

const targetNamespace = "openshift-pipelines";

/**
 * Flags of Tekton that the builds cannot do without. `coschedule: disabled` is what lets pods of two architectures share a volume. The
 * flag that did so before, `disable-affinity-assistant`, is left out: on OpenShift the operator sets it by itself up to Pipelines 1.21
 * and takes it away from 1.22 on (tektoncd/operator, pkg/apis/operator/v1alpha1/tektonpipeline_defaults.go, v0.78 and v0.79).
 * With `set-security-context` Tekton's init containers ask for a seccomp profile, and no security context constraints admit
 * the pods that build and push.
 */
export const featureFlags = { coschedule: "disabled", "set-security-context": false } as const;

/**
 * How long an image that cannot be pulled is tried again before its task fails: by itself Tekton fails it at kubelet's first pause
 * (tektoncd/pipeline, config/config-defaults.yaml), so that a registry's hiccup would end a build.
 */
const pullTimeout = { configMaps: { "config-defaults": { data: { "default-imagepullbackoff-timeout": "2m" } } } } as const;

/**
 * Spec of TektonConfig. The pruner deletes runs of pipelines, `keep` of each Pipeline left: without `prune-per-resource` it counts the
 * runs of a whole namespace, and `taskrun` would take tasks and logs from the runs that are kept (tektoncd/operator,
 * pkg/reconciler/common/prune.go; tektoncd/cli, pkg/cmd/taskrun/delete.go).
 */
export const tektonConfigSpec = ({
  channel,
  keep,
  sign,
  domain,
}: Pick<OpenShiftPipelinesArgs, "channel" | "keep" | "sign" | "domain">) => ({
  profile: "all",
  targetNamespace,
  pipeline: { ...featureFlags, options: pullTimeout },
  chain: { ...(makesKeys(channel) && makesKey), ...chainsConfig(sign, domain) },
  pruner: { disabled: false, keep, resources: ["pipelinerun"], "prune-per-resource": true, schedule: "0 8 * * *" },
});

/** OpenShift Pipelines: the operator, and its one TektonConfig. */
export class OpenShiftPipelines extends pulumi.ComponentResource {
  /** Public half of the key that images are signed with, as PEM; empty where they are not signed. */
  readonly signingKey: pulumi.Output<string>;

  constructor(name: string, args: OpenShiftPipelinesArgs, opts: pulumi.ComponentResourceOptions) {
    super("openshift-multiarch:cluster:OpenShiftPipelines", name, { channel: args.channel, keep: args.keep, sign: args.sign }, opts);
    const operator = new Operator(
      `${name}-operator`,
      {
        package: "openshift-pipelines-operator-rh",
        channel: args.channel,
        namespace: "openshift-operators",
        serves: ["tektonconfigs.operator.tekton.dev"],
        // The operator's webhook answers a while after its Deployment is available, which is when the operator can make its own
        // object; a change before that is refused ("failed calling webhook").
        makes: "operator.tekton.dev/v1alpha1/tektonconfigs/config",
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
        spec: tektonConfigSpec(args),
      },
      {
        parent: this,
        dependsOn: operator,
        customTimeouts: { create: within(limits.tektonConfig), update: within(limits.tektonConfig) },
      },
    );
    // Ready may be said of the components before the change. A run that starts with other flags waits for its pods for ever.
    clusterProgram(
      `${name}-flags`,
      {
        file: "cluster/feature-flags-ready.ts",
        seconds: limits.featureFlags,
        kubeconfig: args.kubeconfig,
        environment: {
          NAMESPACE: targetNamespace,
          FLAGS: Object.entries(featureFlags)
            .map(([flag, value]) => `${flag}=${value}`)
            .join(" "),
        },
      },
      { parent: this, dependsOn: config },
    );
    this.signingKey = args.sign ? this.signing(name, args, config) : pulumi.output("");
    this.registerOutputs({ signingKey: this.signingKey });
  }

  /** Gives Chains the user's key, if there is one, and waits until it has a key. */
  private signing(name: string, args: OpenShiftPipelinesArgs, config: pulumi.Resource): pulumi.Output<string> {
    const { signingPrivateKey } = args;
    const own = signingPrivateKey === undefined ? undefined : pulumi.secret(signingPrivateKey);
    // The operator makes the Secret, and leaves alone what else is in it. The patch is there without a key as well: to take one away is a
    // change of it then, before any run, and not a deletion, which comes last.
    const brought = new kubernetes.core.v1.SecretPatch(
      `${name}-signing-key`,
      {
        metadata: { name: signingSecret, namespace: targetNamespace, annotations: { "pulumi.com/patchForce": "true" } },
        data: own?.apply((pem) => ({ [ownKey]: Buffer.from(pem).toString("base64") })),
      },
      { parent: this, dependsOn: config },
    );
    const ready = clusterProgram(
      `${name}-signing`,
      {
        file: "cluster/signing-ready.ts",
        seconds: limits.signing,
        kubeconfig: args.kubeconfig,
        environment: {
          NAMESPACE: targetNamespace,
          SETTINGS: JSON.stringify(chainsConfig(args.sign, args.domain)),
          PUBLIC_KEY: own ? pulumi.unsecret(own.apply(publicKeyOf)) : "",
        },
      },
      { parent: this, dependsOn: [config, brought] },
    );
    return pulumi.unsecret(ready.stdout);
  }
}
