import type { WorkerTemplate } from "./identity";

/** The y of an OpenShift version x.y.z. */
export function minorOf(version: string): number {
  const minor = Number(version.split(".")[1]);
  if (!Number.isInteger(minor)) throw new Error(`${version} is no OpenShift version`);
  return minor;
}

/**
 * Where the multi-architecture programs of a version are: a folder for each architecture, `sha256sum.txt` of these folders'
 * sums, and its signature (openshift-eng/art-tools, pyartcd/pyartcd/pipelines/promote.py). Releases and release candidates only.
 */
export function mirrorDirectory(mirror: string, version: string): string {
  return `${mirror.replace(/\/+$/, "")}/openshift-v${version.split(".")[0]}/multi/clients/ocp/${version}`;
}

/**
 * Endings of the tag `Name` of the security groups that the nodes have, for a cluster that was installed with this version.
 * 4.15 makes its groups with Terraform, one for each role; from 4.16 on Cluster API makes one that every machine has.
 */
export function nodeSecurityGroups(version: string): string[] {
  return minorOf(version) >= 16 ? ["-node"] : ["-worker-sg", "-master-sg"];
}

/**
 * The whole name of such a group, as the installer gave it to its own workers.
 * @throws Error when the template has no group of that ending
 */
export function nodeSecurityGroup(template: WorkerTemplate, ending: string): string {
  const groups = template.spec.template.spec.providerSpec.value.securityGroups ?? [];
  const names = groups.flatMap(({ filters }) => filters ?? []).flatMap(({ name, values }) => (name === "tag:Name" ? (values ?? []) : []));
  const worker = ending === "-master-sg" ? "-worker-sg" : ending;
  const found = names.find((name) => name.endsWith(worker));
  if (found === undefined)
    throw new Error(`the installer's workers have no security group ${worker}; they have: ${names.join(", ") || "none"}`);
  return found.slice(0, -worker.length) + ending;
}
