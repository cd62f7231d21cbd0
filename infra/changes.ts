import { isDeepStrictEqual } from "node:util";
import type { Identity } from "./identity";
import { fixedSettings, type InstallConfig, settingsAtInstall } from "./install-config";
import { nodeSecurityGroups } from "./releases";

/** How the stack's configuration and credentials differ from the cluster that is there. */
export interface Changes {
  /** What can only be set back. */
  readonly refused: readonly string[];
  /** What the cluster does not hear of. */
  readonly ignored: readonly string[];
}

/** What the cluster would need to follow a changed setting, for the settings that it takes at the install only. */
const ways: Readonly<Record<string, string>> = {
  "cluster.tags":
    "the file system and its security group get the new tags, what the installer made keeps the old ones: tag that by the AWS CLI",
  "cluster.sshKey": "nodes keep the old key: change the MachineConfigs 99-master-ssh and 99-worker-ssh by oc",
  "cluster.serviceEndpoints":
    "the cluster and its removal keep the old addresses: change infrastructures.config.openshift.io/cluster by oc",
};

/**
 * Compares what a cluster was made from with what the configuration says now. A version other than that of the install is what the cluster
 * is updated to, once it is there.
 */
export function changes(identity: Identity, config: InstallConfig, version: string, account: string, installed: boolean): Changes {
  if (identity.atInstall === undefined) {
    return {
      refused: ["the stack is of an earlier version of this program: run pulumi destroy with that one, then pulumi up with this"],
      ignored: [],
    };
  }
  // Clusters of earlier versions of this program are all of this mode, and do not say so.
  const made: Readonly<Record<string, unknown>> = { "cluster.credentialsMode": "mint", ...identity.fixed };
  const { zones: zonesBefore, "cluster.version": versionBefore, ...before } = made;
  const { zones: zonesNow, "cluster.version": versionNow, ...now } = fixedSettings(config, version);
  const refused = changedKeys(before, now).map((key) => `${key} is ${show(now[key])}, the cluster was made with ${show(before[key])}`);
  if (account !== identity.accountId)
    refused.unshift(`the credentials are for the AWS account ${account}, the cluster is in ${identity.accountId}`);
  if (versionNow !== versionBefore && !installed)
    refused.push(
      `cluster.version is ${show(versionNow)}, and the install was begun with ${show(versionBefore)}: set it back until an update of this stack has come to its end, and raise it then`,
    );
  // The names of the groups are those of the install, and stay.
  if (!isDeepStrictEqual(nodeSecurityGroups(versionNow as string), nodeSecurityGroups(versionBefore as string)))
    refused.push(
      `cluster.version is ${show(versionNow)}, and a cluster that was installed with ${show(versionBefore)} has other security groups: oc adm upgrade updates it, and the setting stays`,
    );
  const known = zonesBefore as string[];
  const added = (zonesNow as string[]).filter((zone) => !known.includes(zone));
  if (added.length > 0) {
    refused.push(
      `pools or cluster.controlPlane name the zone ${added.join(" and ")}, the cluster has subnets in ${known.join(", ")} only, which are made at the install`,
    );
  }
  const atInstall = settingsAtInstall(config);
  const ignored = changedKeys(identity.atInstall, atInstall).map((key) => `${key} has changed since the install: ${ways[key]}`);
  return { refused, ignored };
}

/** The text of the error for what is refused. */
export const refusal = (refused: readonly string[]): string =>
  `The cluster keeps what it was made with:\n${refused.map((line) => `  - ${line}`).join("\n")}\nSet it back; or, for a new cluster, run pulumi state unprotect --all, pulumi destroy and then pulumi up.`;

const plain = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));
const changedKeys = (before: Readonly<Record<string, unknown>>, now: Readonly<Record<string, unknown>>): string[] =>
  Object.keys(now).filter((key) => !isDeepStrictEqual(plain(before[key]), plain(now[key])));
const show = (value: unknown): string => JSON.stringify(value) ?? "not known";
