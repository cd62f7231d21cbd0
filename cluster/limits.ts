import { patienceSeconds } from "./patience";

/** How long everything inside the cluster may take, in seconds; Pulumi's own limits follow from these. */
export const limits = {
  /** From a Subscription to an operator that serves its API: the catalog of a fresh cluster, unpacking (OLM allows 10 minutes), installing. */
  operator: 1800,
  /** From a changed TektonConfig to one whose components all run. */
  tektonConfig: 1200,
  /** From that to the settings that its components read. */
  featureFlags: 300,
  /** And to a Chains that has its settings and its key. */
  signing: 300,
  /** From a ClusterCSIDriver to one that runs on a node. */
  driver: 900,
  /** Until the machine-api controller has seen a MachineSet. */
  machineSet: 300,
  /** From a MachineSet's number of machines to as many nodes, or to none; also until all machines of a deleted one are gone. */
  machines: 1800,
  /** Until the volumes of deleted claims are gone. */
  drain: 300,
} as const satisfies Record<string, number>;

/** customTimeouts of a resource that Pulumi itself waits for. */
export const within = (seconds: number): string => `${Math.ceil(seconds / 60)}m`;

/** customTimeouts of a program that waits for so long: it ends by itself, even when the API server is away at the end. */
export const programWithin = (seconds: number): string => within(seconds + patienceSeconds + 60);
