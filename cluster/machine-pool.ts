import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Architecture } from "../config";
import { clusterProgram } from "./commands";
import { limits, within } from "./limits";
import { machineSet, machineSetName, type RootVolume } from "./machine-sets";
import type { MachineSet } from "./resources";

export interface MachinePoolArgs {
  /** The installer's name for the cluster. */
  readonly infraId: pulumi.Input<string>;
  /** The installer's own worker MachineSet, of any zone. */
  readonly template: pulumi.Input<MachineSet>;
  /** AMI id of Red Hat CoreOS for the architecture. */
  readonly image: pulumi.Input<string>;
  readonly architecture: Architecture;
  /** EC2 instance type of that architecture. */
  readonly instanceType: string;
  /** Zones of the pool, each with its number of machines. */
  readonly zones: readonly { readonly name: string; readonly replicas: number }[];
  /** @default the installer's: 120 GiB of gp3 */
  readonly rootVolume?: RootVolume;
  /** kubeconfig of a cluster administrator. */
  readonly kubeconfig: pulumi.Input<string>;
}

/**
 * What other controllers of the product write to a MachineSet: the boot image controller the AMI (on by default on AWS since
 * 4.19), the AWS machine controller and the autoscaler operator annotations about the instance type.
 */
const writtenByOthers = [
  "spec.template.spec.providerSpec.value.ami",
  'metadata.annotations["machine.openshift.io/vCPU"]',
  'metadata.annotations["machine.openshift.io/memoryMb"]',
  'metadata.annotations["machine.openshift.io/GPU"]',
  'metadata.annotations["capacity.cluster-autoscaler.kubernetes.io/labels"]',
];

/**
 * "Any changes you make will not affect existing Machines" (machine-api-operator, FAQ.md): a change of these is carried out by a new
 * MachineSet, whose machines come once those of the old one are gone.
 */
const carriedOutByNewMachines = [
  "spec.template.spec.providerSpec.value.instanceType",
  "spec.template.spec.providerSpec.value.blockDevices",
];

/** One architecture's worker nodes: a MachineSet in every zone of the pool; ready once its nodes are, or are gone. */
export class MachinePool extends pulumi.ComponentResource {
  constructor(name: string, args: MachinePoolArgs, opts: pulumi.ComponentResourceOptions) {
    const { architecture, instanceType, zones, rootVolume } = args;
    super("openshift-multiarch:cluster:MachinePool", name, { architecture, instanceType, zones, rootVolume }, opts);
    for (const zone of args.zones) {
      const set = pulumi.all([args.infraId, args.template, args.image]).apply(([infraId, template, image]) =>
        machineSet(template, {
          infraId,
          image,
          architecture: args.architecture,
          instanceType: args.instanceType,
          rootVolume: args.rootVolume,
          zone: zone.name,
          replicas: zone.replicas,
        }),
      );
      // Pulumi waits for the controller alone. A wait for nodes has no branch for machines that cannot be made, the program below has.
      const metadata = set.metadata.apply((value) => ({
        ...value,
        annotations: { ...value.annotations, "pulumi.com/waitFor": "jsonpath={.status.observedGeneration}" },
      }));
      const resource = new kubernetes.apiextensions.CustomResource(
        `${name}-${zone.name}`,
        {
          apiVersion: "machine.openshift.io/v1beta1",
          kind: "MachineSet",
          metadata,
          spec: { replicas: zone.replicas, selector: set.spec.selector, template: set.spec.template },
        },
        {
          parent: this,
          ignoreChanges: writtenByOthers,
          replaceOnChanges: carriedOutByNewMachines,
          // The names are fixed.
          deleteBeforeReplace: true,
          customTimeouts: { create: within(limits.machineSet), update: within(limits.machineSet), delete: within(limits.machines) },
        },
      );
      clusterProgram(
        `${name}-${zone.name}-ready`,
        {
          file: "cluster/machines-ready.ts",
          seconds: limits.machines,
          kubeconfig: args.kubeconfig,
          environment: {
            NAMESPACE: set.metadata.apply(({ namespace }) => namespace ?? ""),
            // Not the name that the resource tells: it would be unknown in the preview of a replacement.
            MACHINE_SET: pulumi.output(args.infraId).apply((infraId) => machineSetName(infraId, args.architecture, zone.name)),
            REPLICAS: String(zone.replicas),
          },
          triggers: [args.instanceType, JSON.stringify(args.rootVolume ?? {})],
        },
        { parent: this, dependsOn: resource },
      );
    }
    this.registerOutputs();
  }
}
