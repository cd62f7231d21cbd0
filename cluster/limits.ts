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
  /** Until the cluster knows the updates of another channel. */
  updatesRetrieved: 120,
  /** And until it has looked at their risks: it does so one by one. */
  risksEvaluated: 1200,
  /** From a version that is asked for to a cluster that is under way to it. */
  releaseLoaded: 900,
  /** How long a release is refused until that is believed: one whose image cannot be had is tried again every few minutes. */
  releaseRefused: 300,
  /** From an asked-for version to the last node that has it: the control plane takes an hour or two, each worker about ten minutes. */
  update: 14400,
  /**
   * How long an update fails until that is believed. An operator that is slow counts as failing after 40 minutes, one that is degraded at
   * once, and then for a while only (cluster-version-operator, pkg/cvo/status.go).
   */
  failing: 1800,
} as const satisfies Record<string, number>;

/** How long the API server may be away during an update, in seconds: the machine of the only control-plane node starts anew. */
export const restartSeconds = 1800;

/** customTimeouts of a resource that Pulumi itself waits for. */
export const within = (seconds: number): string => `${Math.ceil(seconds / 60)}m`;

/** customTimeouts of a program that waits for so long: it ends by itself, even when the API server is away at the end. */
export const programWithin = (seconds: number, away: number = patienceSeconds): string => within(seconds + away + 60);
