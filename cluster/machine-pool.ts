import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Architecture } from "../config";
import { machineSet, type RootVolume } from "./machine-sets";
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

/** One architecture's worker nodes: a MachineSet in every zone of the pool. */
export class MachinePool extends pulumi.ComponentResource {
  /** Names of the MachineSets, one per zone, in the order of `args.zones`. */
  readonly machineSets: pulumi.Output<string[]>;

  constructor(name: string, args: MachinePoolArgs, opts: pulumi.ComponentResourceOptions) {
    super("openshift-multiarch:cluster:MachinePool", name, {}, opts);
    const sets = args.zones.map((zone) => {
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
      const metadata = set.metadata.apply((value) => ({
        ...value,
        annotations: { ...value.annotations, "pulumi.com/waitFor": availability(zone.replicas) },
      }));
      return new kubernetes.apiextensions.CustomResource(
        `${name}-${zone.name}`,
        {
          apiVersion: "machine.openshift.io/v1beta1",
          kind: "MachineSet",
          metadata,
          spec: { replicas: zone.replicas, selector: set.spec.selector, template: set.spec.template },
        },
        { parent: this, ignoreChanges: writtenByOthers, customTimeouts: { create: "30m", update: "30m" } },
      );
    });
    this.machineSets = pulumi.all(sets.map(({ metadata }) => metadata.apply(({ name: setName }) => setName ?? "")));
    this.registerOutputs({ machineSets: this.machineSets });
  }
}

/** At zero replicas a new MachineSet's status has no numbers at all, only the generation that its controller has seen. */
const availability = (replicas: number): string =>
  replicas > 0 ? `jsonpath={.status.availableReplicas}=${replicas}` : "jsonpath={.status.observedGeneration}";
