import { paginateGetTagKeys } from "@aws-sdk/client-resource-groups-tagging-api";
import { clusterTag } from "../infra/install-config";
import { leftovers, tagged } from "../infra/leftovers";
import { type Asking, type Leftover, tagOf } from "../infra/leftovers/asking";
import type { Clients } from "../infra/leftovers/clients";

/** A cluster as AWS has it. */
export interface Cluster {
  readonly infraId: string;
  /** `<name>.<baseDomain>`. */
  readonly domain: string;
  readonly objects: readonly Leftover[];
}

/** What is of no region, and so found from each. */
const global = /^(?:hostedzone|record|bucket|instance-profile|role|user|oidc-provider)$/;
export const isOfRegion = ({ objects }: Cluster): boolean => objects.some(({ kind }) => !global.test(kind));

/** Infra IDs by the keys of their tags: the installer's, and ccoctl's. */
const owner = /^(?:kubernetes\.io\/cluster|openshift\.io\/cloud-credential-operator)\/(.+)$/;

/**
 * Clusters of a region by their tags: those of this program that have anything left, and infra IDs of clusters without its tag, which
 * others have made or an earlier version.
 */
export async function clustersOf(aws: Clients, asking: Asking): Promise<{ readonly own: Cluster[]; readonly others: string[] }> {
  const domains = new Map<string, string>();
  for (const { Tags } of await tagged(aws, asking, clusterTag)) {
    const domain = tagOf(Tags, clusterTag);
    const infraId = Tags?.flatMap(({ Key = "", Value }) => (Value === "owned" ? (owner.exec(Key)?.[1] ?? []) : []))[0];
    if (domain !== undefined && infraId !== undefined) domains.set(infraId, domain);
  }
  const keys: string[] = [];
  for (const client of aws.tagging) {
    keys.push(
      ...(await asking.all(
        "tag:GetTagKeys",
        () => paginateGetTagKeys({ client }, {}),
        ({ TagKeys }) => TagKeys,
      )),
    );
  }
  const all = new Set(keys.flatMap((key) => owner.exec(key)?.[1] ?? []));
  const own: Cluster[] = [];
  for (const [infraId, domain] of [...domains].sort()) {
    // What is listed may be gone.
    const { left } = await leftovers(aws, asking, infraId, domain);
    const objects = left.filter(({ doubtful }) => !doubtful);
    if (objects.length > 0) own.push({ infraId, domain, objects });
  }
  return { own, others: [...all].filter((infraId) => !domains.has(infraId)).sort() };
}
