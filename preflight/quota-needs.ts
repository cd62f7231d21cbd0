import type { PlainSettings } from "../config/settings";
import type { Cpus } from "./instance-types";

/** A quota of AWS's, by the codes of Service Quotas. */
export interface Quota {
  readonly service: "ec2" | "vpc" | "elasticfilesystem";
  readonly code: string;
  readonly name: string;
}

/** How much of a quota an install and the nodes after it take. */
export interface Need {
  readonly quota: Quota;
  readonly count: number;
  /** What takes it. */
  readonly by: string;
}

const vcpus = (code: string, families: string, name = `vCPUs of running on-demand ${families} instances`) =>
  ({ service: "ec2", code, name }) as const satisfies Quota;

/**
 * Quotas of vCPUs by the letters that a family begins with: "On-Demand Instance quotas" of the EC2 User Guide for the groups and the codes;
 * `is`, `im` and `gr` are of the groups of their first letter (openshift/installer, pkg/asset/quota/aws/aws.go).
 */
const groups: readonly (readonly [RegExp, Quota])[] = [
  [/^(?:a|c|d|h|i|is|im|m|r|t|z)$/, vcpus("L-1216C47A", "standard (A, C, D, H, I, M, R, T, Z)")],
  [/^(?:g|gr|vt)$/, vcpus("L-DB2E81BA", "G and VT")],
  [/^f$/, vcpus("L-74FC7D96", "F")],
  [/^p$/, vcpus("L-417A185B", "P")],
  [/^x$/, vcpus("L-7295265B", "X")],
  [/^u$/, vcpus("L-43DA4232", "high memory")],
  [/^inf$/, vcpus("L-1945791B", "Inf")],
  [/^trn$/, vcpus("L-2C3B7624", "Trn")],
  [/^dl$/, vcpus("L-6E869C2A", "DL")],
  [/^hpc$/, vcpus("L-F7808C92", "HPC")],
];

/** The quota that counts the vCPUs of an instance type; undefined for a family that is not known here. */
export function vcpuQuota(instanceType: string): Quota | undefined {
  const family = /^([a-z]+)-?[0-9]/.exec(instanceType)?.[1] ?? "";
  return groups.find(([letters]) => letters.test(family))?.[1];
}

export const addresses: Quota = { service: "ec2", code: "L-0263D0A3", name: "elastic IPs" };
export const networks: Quota = { service: "vpc", code: "L-F678F1CE", name: "VPCs" };
export const natGateways: Quota = { service: "vpc", code: "L-FE5A380F", name: "NAT gateways of a zone" };
export const fileSystems: Quota = { service: "elasticfilesystem", code: "L-848C634D", name: "EFS file systems" };

/**
 * vCPUs by quota at their highest: the control plane is there with the bootstrap machine, which is of its type, and then with the nodes.
 * @returns what is needed, and the types whose vCPUs or quota are not known
 */
export function vcpuNeeds({ cluster, pools }: Pick<PlainSettings, "cluster" | "pools">, cpus: Cpus): { needs: Need[]; unknown: string[] } {
  const { instanceType: control } = cluster.controlPlane;
  const nodes = pools.map(({ instanceType, zones }) => ({ instanceType, count: zones.reduce((sum, { replicas }) => sum + replicas, 0) }));
  const unknown = new Set<string>();
  const phase = (machines: readonly { instanceType: string; count: number }[]) => {
    const total = new Map<Quota, number>();
    for (const { instanceType, count } of machines) {
      if (count === 0) continue;
      const [quota, cpu] = [vcpuQuota(instanceType), cpus.get(instanceType)];
      if (quota === undefined || cpu === undefined) unknown.add(instanceType);
      else total.set(quota, (total.get(quota) ?? 0) + cpu * count);
    }
    return total;
  };
  const phases = [
    { by: `the control plane and the bootstrap machine (${control})`, total: phase([{ instanceType: control, count: 2 }]) },
    { by: "the control plane and the nodes of all pools", total: phase([{ instanceType: control, count: 1 }, ...nodes]) },
  ];
  const quotas = new Set(phases.flatMap(({ total }) => [...total.keys()]));
  const needs = [...quotas].map((quota) => {
    const [first, second] = phases.map(({ by, total }) => ({ quota, by, count: total.get(quota) ?? 0 })) as [Need, Need];
    return second.count >= first.count ? second : first;
  });
  return { needs, unknown: [...unknown] };
}

/** What the installer and the program make beside machines. The NAT gateway is one in each zone. */
export const otherNeeds = (zones: readonly string[]): Need[] => [
  { quota: addresses, count: zones.length, by: "a NAT gateway for each zone" },
  { quota: networks, count: 1, by: "the cluster's network" },
  { quota: natGateways, count: 1, by: "the way out of each zone" },
  { quota: fileSystems, count: 1, by: "the shared file system" },
];
