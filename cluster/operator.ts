import * as command from "@pulumi/command";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { programCommand } from "./program";

export interface OperatorArgs {
  /** Name of the package in the catalog. */
  readonly package: string;
  /** Update channel of the package. */
  readonly channel: string;
  /** An existing namespace: OpenShift makes those of its optional operators itself. */
  readonly namespace: string;
  /** Makes an OperatorGroup for all namespaces; off where OpenShift ships one, as in `openshift-operators`. @default false */
  readonly operatorGroup?: boolean;
  /** Resources that the operator brings and the caller is going to create, as `<plural>.<group>`. */
  readonly serves: readonly string[];
  /** kubeconfig of a cluster administrator. */
  readonly kubeconfig: pulumi.Input<string>;
}

/** An operator of the Red Hat catalog, installed by OLM; ready once it serves its API. */
export class Operator extends pulumi.ComponentResource {
  /** Name of the installed ClusterServiceVersion. */
  readonly version: pulumi.Output<string>;

  constructor(name: string, args: OperatorArgs, opts: pulumi.ComponentResourceOptions) {
    super("openshift-multiarch:cluster:Operator", name, {}, opts);
    const group = args.operatorGroup
      ? [
          new kubernetes.apiextensions.CustomResource(
            `${name}-group`,
            {
              apiVersion: "operators.coreos.com/v1",
              kind: "OperatorGroup",
              metadata: { name: args.package, namespace: args.namespace },
              spec: { upgradeStrategy: "Default" },
            },
            { parent: this },
          ),
        ]
      : [];
    const subscription = new kubernetes.apiextensions.CustomResource(
      `${name}-subscription`,
      {
        apiVersion: "operators.coreos.com/v1alpha1",
        kind: "Subscription",
        metadata: {
          name: args.package,
          namespace: args.namespace,
          annotations: { "pulumi.com/waitFor": "jsonpath={.status.installedCSV}" },
        },
        spec: {
          name: args.package,
          channel: args.channel,
          installPlanApproval: "Automatic",
          source: "redhat-operators",
          sourceNamespace: "openshift-marketplace",
        },
      },
      { parent: this, dependsOn: group, customTimeouts: { create: "20m", update: "20m" } },
    );
    const ready = new command.local.Command(
      `${name}-ready`,
      {
        create: programCommand("cluster/operator-ready.ts"),
        update: programCommand("cluster/operator-ready.ts"),
        addPreviousOutputInEnv: false,
        environment: {
          KUBECONFIG_CONTENT: args.kubeconfig,
          SUBSCRIPTION: args.package,
          NAMESPACE: args.namespace,
          SERVES: args.serves.join(" "),
          SECONDS: "900",
        },
      },
      { parent: this, dependsOn: subscription, customTimeouts: { create: "20m", update: "20m" } },
    );
    this.version = ready.stdout;
    this.registerOutputs({ version: this.version });
  }
}
