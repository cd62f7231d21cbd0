import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { clusterProgram } from "./commands";
import { limits } from "./limits";

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
  /** An object that the operator makes by itself and that has to be Ready first, as `<group>/<version>/<plural>/<name>`. */
  readonly makes?: string;
  /** Environment of the operator, by the names of the variables. @default none */
  readonly environment?: Readonly<Record<string, pulumi.Input<string>>>;
  /** kubeconfig of a cluster administrator. */
  readonly kubeconfig: pulumi.Input<string>;
}

/** An operator of the Red Hat catalog, installed by OLM from the channel that is asked for; ready once it serves its API. */
export class Operator extends pulumi.ComponentResource {
  constructor(name: string, args: OperatorArgs, opts: pulumi.ComponentResourceOptions) {
    const { package: of, channel, namespace, operatorGroup, serves, makes } = args;
    super("openshift-multiarch:cluster:Operator", name, { package: of, channel, namespace, operatorGroup, serves, makes }, opts);
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
          // A wait sees no failure, and is over before a changed channel has done anything. The program below knows both.
          annotations: { "pulumi.com/skipAwait": "true" },
        },
        spec: {
          name: args.package,
          channel: args.channel,
          installPlanApproval: "Automatic",
          source: "redhat-operators",
          sourceNamespace: "openshift-marketplace",
          ...(args.environment ? { config: { env: Object.entries(args.environment).map(([name, value]) => ({ name, value })) } } : {}),
        },
      },
      { parent: this, dependsOn: group },
    );
    clusterProgram(
      `${name}-ready`,
      {
        file: "cluster/operator-ready.ts",
        seconds: limits.operator,
        kubeconfig: args.kubeconfig,
        environment: {
          SUBSCRIPTION: args.package,
          NAMESPACE: args.namespace,
          CHANNEL: args.channel,
          SERVES: args.serves.join(" "),
          MAKES: args.makes ?? "",
        },
      },
      { parent: this, dependsOn: subscription },
    );
    this.registerOutputs();
  }
}
