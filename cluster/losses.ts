import { isDeepStrictEqual } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import type { lastUpdate } from "../config/last-update";
import type { BuildSettings, PlainClusterSettings, PlainNamespaceSettings, PoolSettings } from "../config/settings";
import { limits } from "./limits";
import { webhooksHost } from "./routes";

/** What the stack's last update left, as far as another one may take it away; nothing of a stack that is new. */
export interface Before {
  readonly pools?: readonly PoolSettings[];
  readonly buildNamespace?: string;
}

export interface Now {
  readonly pools: readonly PoolSettings[];
  readonly namespace: Pick<PlainNamespaceSettings, "name">;
  readonly builds: readonly Pick<BuildSettings, "name" | "trigger">[];
  readonly cluster: Pick<PlainClusterSettings, "name" | "baseDomain">;
}

/**
 * Minutes from the deletion of a machine to the node that takes its place: "10 minutes should allow the instance to start and the
 * node to join the cluster on most providers" (kubernetes-sigs/cluster-api, defaultNodeStartupTimeout; OpenShift's MachineHealthCheck has the same).
 */
const nodeMinutes = 10;

/** What an update takes away to carry out the settings, in sentences: the plan has the names of resources only. */
export function losses({ pools = [], buildNamespace }: Before, now: Now): string[] {
  const ofMachines = pools.flatMap((pool) => {
    const next = now.pools.find(({ architecture }) => architecture === pool.architecture);
    return next ? replacedMachines(pool, next) : removedPool(pool);
  });
  return [...ofMachines, ...replacedNamespace(buildNamespace, now)];
}

/** Says it, in the preview and again in the update. */
export function warnOfLosses(last: ReturnType<typeof lastUpdate>, now: Now): void {
  pulumi
    .all([last.getOutput<readonly PoolSettings[]>("pools"), last.getOutput<string>("buildNamespace")])
    .apply(([pools, buildNamespace]) => {
      for (const loss of losses({ pools, buildNamespace }, now)) pulumi.log.warn(loss);
    });
}

/** Machines follow no change of these: their MachineSets are replaced, and all of them at once. */
function replacedMachines(before: PoolSettings, next: PoolSettings): string[] {
  const kept = before.zones.filter(({ name }) => next.zones.some((zone) => zone.name === name));
  const gone = before.zones.filter((zone) => !kept.includes(zone));
  const name = `The pool workers-${before.architecture}`;
  const changed = (["instanceType", "rootVolume"] as const).filter((key) => !isDeepStrictEqual(before[key], next[key]));
  const lines = machines(gone) ? [`${name} loses ${machines(gone)}, and ${lostBuilds}.`] : [];
  if (changed.length === 0 || !machines(kept)) return lines;
  const what = changed.map((key) => `${key} (${show(before[key])} before, ${show(next[key])} now)`).join(" and ");
  const alone =
    before.architecture === "amd64"
      ? "amd64 runs on the control plane alone"
      : `there is no ${before.architecture} node, and builds wait for one`;
  const meanwhile = machines(next.zones)
    ? ` For about ${nodeMinutes} minutes, and at most ${limits.machines / 60} after the old ones are gone, ${alone}.`
    : "";
  return [
    ...lines,
    `${name} has another ${what}, which only new machines take: ${machines(kept)} will be drained and deleted first, and ${lostBuilds}.${meanwhile}`,
  ];
}

function removedPool(pool: PoolSettings): string[] {
  if (!machines(pool.zones)) return [];
  return [
    `The pool workers-${pool.architecture} is no longer among \`pools\`: ${machines(pool.zones)} will be drained and deleted, and ${lostBuilds}.`,
  ];
}

function replacedNamespace(before: string | undefined, { namespace, builds, cluster }: Now): string[] {
  if (before === undefined || before === namespace.name) return [];
  const host = webhooksHost(namespace.name, `apps.${cluster.name}.${cluster.baseDomain}`);
  const moved = ` The webhooks of the repositories have to be sent to https://${host} from then on, with the same secret.`;
  return [
    `namespace.name was ${before} and is ${namespace.name}: the namespace ${before} is deleted with all that is in it, the history of runs with their logs and volumes, and whatever others have put there. ${builds.length === 1 ? "The image is" : `All ${builds.length} images are`} built anew in the other one; what the registry has stays.${builds.some(({ trigger }) => trigger) ? moved : ""}`,
  ];
}

const lostBuilds = "a build that runs there fails: the next pulumi up repeats it";
const show = (value: unknown): string =>
  typeof value === "string" ? value : value === undefined ? "the installer's" : JSON.stringify(value);

/** "2 machines (1 in eu-west-3a, 1 in eu-west-3b)"; empty for none. */
function machines(zones: PoolSettings["zones"]): string {
  const some = zones.filter(({ replicas }) => replicas > 0);
  const total = some.reduce((sum, { replicas }) => sum + replicas, 0);
  if (total === 0) return "";
  return `${total} machine${total === 1 ? "" : "s"} (${some.map(({ name, replicas }) => `${replicas} in ${name}`).join(", ")})`;
}
