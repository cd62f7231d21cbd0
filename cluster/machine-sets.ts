import type { Architecture } from "../config";
import { type AwsProviderSpec, awsProviderSpecKeys, type BlockDevice, type MachineSet } from "./resources";

/** The disk of a node. */
export interface RootVolume {
  /** EBS volume type, such as `gp3`. */
  readonly type: string;
  /** GiB. */
  readonly size: number;
  /** I/O operations per second, for types that take them. */
  readonly iops?: number;
}

/** What distinguishes one MachineSet from the installer's worker template. */
export interface MachineSetOptions {
  readonly infraId: string;
  readonly architecture: Architecture;
  readonly instanceType: string;
  /** AMI id of Red Hat CoreOS for the architecture, in the cluster's region. */
  readonly image: string;
  readonly zone: string;
  readonly replicas: number;
  readonly rootVolume?: RootVolume;
}

export const machineSetLabel = "machine.openshift.io/cluster-api-machineset";
const clusterLabel = "machine.openshift.io/cluster-api-cluster";

/** Name of the MachineSet of one architecture in one zone; infra IDs have at most 27 characters, so it stays below 63. */
export const machineSetName = (infraId: string, architecture: Architecture, zone: string): string => `${infraId}-${architecture}-${zone}`;

/**
 * A MachineSet for one zone, cloned from the installer's own worker MachineSet.
 *
 * A clone passes the product's admission webhooks unchanged, so nothing drifts afterwards; one written by hand gets defaults
 * added. The architecture annotation must be there from the start: the cluster autoscaler scales from zero by it, and the
 * boot image controller of 4.19 and early 4.20 takes the control plane's architecture without it
 * (machine-config-operator, pkg/controller/bootimage).
 *
 * @throws Error when the template has a key under `providerSpec.value` that the product does not know, or no zone of its own.
 */
export function machineSet(template: MachineSet, options: MachineSetOptions): MachineSet {
  const name = machineSetName(options.infraId, options.architecture, options.zone);
  const { spec: machine } = template.spec.template;
  const provider = inZone(machine.providerSpec.value, options.zone);
  assertKnownKeys(provider);
  const labels = { ...template.spec.template.metadata.labels, [machineSetLabel]: name };
  return {
    apiVersion: template.apiVersion,
    kind: template.kind,
    metadata: {
      name,
      namespace: template.metadata.namespace ?? "openshift-machine-api",
      labels: { ...template.metadata.labels, [clusterLabel]: options.infraId },
      annotations: { "capacity.cluster-autoscaler.kubernetes.io/labels": `kubernetes.io/arch=${options.architecture}` },
    },
    spec: {
      replicas: options.replicas,
      selector: { matchLabels: { [clusterLabel]: options.infraId, [machineSetLabel]: name } },
      template: {
        metadata: { labels },
        spec: {
          ...machine,
          metadata: { ...machine.metadata, labels: { ...machine.metadata?.labels, "node-role.kubernetes.io/worker": "" } },
          providerSpec: {
            value: {
              ...provider,
              ami: { id: options.image },
              instanceType: options.instanceType,
              blockDevices: withRootVolume(provider.blockDevices, options.rootVolume),
            },
          },
        },
      },
    },
  };
}

/** Moves a provider spec to another zone: the installer names its subnets after their zones. */
function inZone(value: AwsProviderSpec, zone: string): AwsProviderSpec {
  const from = value.placement.availabilityZone;
  if (!from) throw new Error("the installer's worker MachineSet names no availability zone");
  const subnet = value.subnet.filters?.map((filter) => ({
    ...filter,
    values: filter.values?.map((name) => (name.endsWith(from) ? name.slice(0, -from.length) + zone : name)),
  }));
  return {
    ...value,
    placement: { ...value.placement, availabilityZone: zone },
    subnet: subnet ? { ...value.subnet, filters: subnet } : value.subnet,
  };
}

function withRootVolume(devices: BlockDevice[] | undefined, volume: RootVolume | undefined): BlockDevice[] | undefined {
  if (!volume) return devices;
  const [root, ...others] = devices ?? [];
  return [{ ...root, ebs: { ...root?.ebs, volumeType: volume.type, volumeSize: volume.size, iops: volume.iops ?? 0 } }, ...others];
}

function assertKnownKeys(value: AwsProviderSpec): void {
  const unknown = Object.keys(value).filter((key) => !awsProviderSpecKeys.includes(key));
  if (unknown.length > 0) {
    throw new Error(
      `the worker MachineSet has ${unknown.map((key) => `providerSpec.value.${key}`).join(", ")}, ` +
        "which AWSMachineProviderConfig does not know; the machine API would drop it without a warning",
    );
  }
}
