import { type Leftover, ownerKeys } from "../infra/leftovers/asking";
import type { Cluster } from "./clusters";
import { type Cost, cost } from "./cost";

/** An orphan as it is told, in JSON too. */
export interface Orphan extends Cost {
  readonly infraId: string;
  readonly domain: string;
  /** ISO time of its oldest object that has one. */
  readonly since?: string;
  /** How many of each kind. */
  readonly has: Readonly<Record<string, number>>;
  /** Commands of a shell that remove it, in their order. */
  readonly steps: readonly string[];
}

/**
 * @param region of AWS
 * @param folder where the metadata.json of each cluster is, or is going to be, in a folder of its infra ID
 */
export function orphan({ infraId, domain, objects }: Cluster, region: string, folder: string): Orphan {
  const times = objects.flatMap(({ made }) => made?.toISOString() ?? []).sort();
  const has: Record<string, number> = {};
  for (const { kind } of objects) has[kind] = (has[kind] ?? 0) + 1;
  const first = objects.filter((object) => notOfTheInstaller(object, objects));
  return {
    infraId,
    domain,
    ...(times[0] === undefined ? {} : { since: times[0] }),
    has,
    ...cost(objects),
    steps: [
      ...first.flatMap(({ commands }) => commands),
      `openshift-install destroy cluster --dir ${folder}/${infraId}`,
      `npm run orphans -- ${region}`,
    ],
  };
}

/**
 * Whether the installer's removal does not delete an object. The file system is not tagged as the cluster's, and it waits for the mount
 * targets without end. Of the names in the public zone it deletes those that the cluster's own zone has as well, and of what ccoctl has made
 * nothing (pkg/destroy/aws/aws.go, deleteRoute53; iamhelpers.go).
 */
function notOfTheInstaller({ kind, name, ofCcoctl }: Leftover, all: readonly Leftover[]): boolean {
  const isOwn = all.some((one) => one.kind === "hostedzone" && name === `in ${one.id}`);
  return ofCcoctl || /^(?:access-point|mount-target|file-system|oidc-provider)$/.test(kind) || (kind === "record" && !isOwn);
}

/**
 * The installer's metadata.json, as far as its removal reads it: pkg/destroy/aws/aws.go in openshift/installer. The cluster's UUID, which
 * it looks for too, is known to the cluster alone; what has that has the other tags.
 */
export const metadata = ({ infraId, domain }: Pick<Cluster, "infraId" | "domain">, region: string) => ({
  clusterName: domain.slice(0, domain.indexOf(".")),
  clusterID: "",
  infraID: infraId,
  aws: { region, identifier: ownerKeys(infraId).map((key) => ({ [key]: "owned" })), clusterDomain: domain },
});

const noun: Readonly<Record<string, readonly [one: string, many: string]>> = {
  instance: ["machine", "machines"],
  natgateway: ["NAT gateway", "NAT gateways"],
  volume: ["volume", "volumes"],
  loadbalancer: ["load balancer", "load balancers"],
  "file-system": ["file system", "file systems"],
};

/** What people read of it. */
export function text({ infraId, domain, since, has, dollarsADay, without, steps }: Orphan): string {
  const known = Object.entries(noun).flatMap(([kind, [one, many]]) => (has[kind] ? `${has[kind]} ${has[kind] === 1 ? one : many}` : []));
  const rest = Object.entries(has).reduce((sum, [kind, count]) => sum + (noun[kind] ? 0 : count), 0);
  const more = rest > 0 ? [`${rest} other objects`] : [];
  const price = `about ${dollarsADay.toFixed(2)} US dollars a day${without.length > 0 ? `, without its machines of type ${without.join(", ")}` : ""}`;
  return [
    `${infraId} (${domain})${since === undefined ? "" : `, since ${since}`}`,
    `  has ${[...known, ...more].join(", ")}: ${price}`,
    "  To remove it, in this order:",
    ...steps.map((step) => `    ${step}`),
  ].join("\n");
}
