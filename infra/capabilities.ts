import { minorOf } from "./releases";

/**
 * What the cluster needs on top of the baseline `None`. The installer refuses a list without CloudCredential on AWS, and from
 * 4.16 on one without CloudControllerManager and Ingress (openshift/installer, pkg/types/validation/installconfig.go);
 * marketplace needs OperatorLifecycleManager. openshift-samples stays out: its operator takes one architecture for all nodes.
 */
const base = [
  "Build",
  "CloudCredential",
  "Console",
  "CSISnapshot",
  "DeploymentConfig",
  "ImageRegistry",
  "Insights",
  "MachineAPI",
  "marketplace",
  "NodeTuning",
  "OperatorLifecycleManager",
  "Storage",
] as const;
const since16 = ["CloudControllerManager", "Ingress"] as const;

export type Capability = (typeof base)[number] | (typeof since16)[number];

/** Capabilities that the installer of this version must enable, sorted. */
export function capabilities(version: string): Capability[] {
  const all: Capability[] = minorOf(version) >= 16 ? [...base, ...since16] : [...base];
  return all.sort((a, b) => a.localeCompare(b, "en"));
}
