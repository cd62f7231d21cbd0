import type { KubeObject } from "./api";
import { catalogName, catalogNamespace, csvName, type InstallMode, type Package, packages } from "./catalog";

/** What OLM decides, without the API: wording and reasons are OLM's (operator-framework/operator-lifecycle-manager, pkg/controller). */

export interface SubscriptionSpec {
  source: string;
  sourceNamespace: string;
  name: string;
  channel?: string;
  startingCSV?: string;
  installPlanApproval?: string;
}
export interface Condition {
  type: string;
  status: "True" | "False" | "Unknown";
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
}
export interface SubscriptionStatus {
  state?: string;
  currentCSV?: string;
  installedCSV?: string;
  installPlanGeneration?: number;
  installPlanRef?: { apiVersion: string; kind: string; name: string; namespace: string; uid?: string };
  installplan?: { apiVersion: string; kind: string; name: string; uuid: string };
  catalogHealth?: unknown[];
  conditions?: Condition[];
  lastUpdated?: string;
}
export type Subscription = KubeObject<SubscriptionSpec, SubscriptionStatus>;

export interface InstallPlanSpec {
  approval: string;
  approved: boolean;
  clusterServiceVersionNames: string[];
  generation?: number;
  source?: string;
  sourceNamespace?: string;
}
export interface InstallPlanStatus {
  phase?: string;
  message?: string;
  conditions?: (Condition & { lastUpdateTime?: string })[];
  startTime?: string;
  catalogSources?: string[];
}
export type InstallPlan = KubeObject<InstallPlanSpec, InstallPlanStatus>;

export interface CsvStatus {
  phase?: string;
  reason?: string;
  message?: string;
  lastUpdateTime?: string;
  lastTransitionTime?: string;
  conditions?: { phase: string; reason: string; message: string; lastUpdateTime: string; lastTransitionTime: string }[];
}
export type ClusterServiceVersion = KubeObject<unknown, CsvStatus>;

export interface OperatorGroupSpec {
  targetNamespaces?: string[];
  selector?: object;
}
export type OperatorGroup = KubeObject<OperatorGroupSpec, { namespaces?: string[]; lastUpdated?: string }>;

export type Resolution =
  | { readonly offer: Package; readonly csv: string; readonly approval: "Automatic" | "Manual" }
  | { readonly reason: "ConstraintsNotSatisfiable" | "ErrorPreventedResolution"; readonly message: string };

/**
 * Which CSV a Subscription asks for, or why none can be had (pkg/controller/registry/resolver/resolver.go, getSubscriptionVariables).
 * An installed version that the channel has nothing newer for stays, whatever the channel.
 *
 * @param catalogs `namespace/name` of the catalogs that are there.
 * @param installed the CSV that is installed.
 */
export function resolve({ metadata, spec }: Subscription, catalogs: ReadonlySet<string>, installed?: string): Resolution {
  const wanted: SubscriptionSpec = spec ?? { source: "", sourceNamespace: "", name: "" };
  const unsatisfiable = (what: string): Resolution => ({
    reason: "ConstraintsNotSatisfiable",
    message: `constraints not satisfiable: ${what} referenced by subscription ${metadata.name}, subscription ${metadata.name} exists`,
  });
  // The CRD has no enum: whatever is not "Manual" is "Automatic".
  const approval = wanted.installPlanApproval === "Manual" ? "Manual" : "Automatic";
  const catalog = `${wanted.sourceNamespace}/${wanted.source}`;
  if (!catalogs.has(catalog) || catalog !== `${catalogNamespace}/${catalogName}`) {
    return unsatisfiable(`no operators found from catalog ${wanted.source} in namespace ${wanted.sourceNamespace}`);
  }
  const offer = packages.find(({ name }) => name === wanted.name);
  if (!offer) return unsatisfiable(`no operators found in package ${wanted.name} in the catalog`);
  const channel = wanted.channel || offer.defaultChannel;
  const version = offer.channels[channel];
  if (version === undefined) return unsatisfiable(`no operators found in channel ${channel} of package ${offer.name} in the catalog`);
  const csv = csvName(offer.name, version);
  if (installed) return { offer, csv: isNewer(csv, installed) ? csv : installed, approval };
  if (wanted.startingCSV !== undefined && wanted.startingCSV !== "" && wanted.startingCSV !== csv) {
    return unsatisfiable(
      `no operators found with name ${wanted.startingCSV} in channel ${channel} of package ${offer.name} in the catalog`,
    );
  }
  return { offer, csv, approval };
}

/** Of two CSVs of one package, by their versions. */
export function isNewer(csv: string, than: string): boolean {
  const numbers = (name: string) => (/\.v(\d+)\.(\d+)\.(\d+)$/.exec(name) ?? []).slice(1).map(Number);
  const [left, right] = [numbers(csv), numbers(than)];
  const index = left.findIndex((number, position) => number !== right[position]);
  return index >= 0 && left[index] > right[index];
}

/**
 * What OLM says of all Subscriptions of a namespace when it cannot resolve one of them (syncResolvingNamespace in
 * pkg/controller/operators/catalog/operator.go); undefined when it can.
 *
 * @param unreachable `namespace/name` of catalogs whose server does not answer.
 */
export function namespaceFailure(
  resolutions: readonly Resolution[],
  unreachable: ReadonlySet<string>,
): Exclude<Resolution, { offer: Package }> | undefined {
  const [catalog] = [...unreachable].sort();
  if (catalog !== undefined) {
    const server = `rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: connect: connection refused"`;
    return {
      reason: "ErrorPreventedResolution",
      message: `error using catalogsource ${catalog}: failed to list bundles: ${server}`,
    };
  }
  return resolutions.find((resolution) => "reason" in resolution);
}

/** Whether OLM leaves a namespace alone: each of its Subscriptions has a plan that is being carried out (nothingToUpdate, same file). */
export const isSettled = (subscriptions: readonly Subscription[]): boolean =>
  subscriptions.every(({ status }) => status?.installPlanRef !== undefined && status.state === "UpgradePending");

/**
 * For how many milliseconds a catalog's server is away: once when the first Subscription of a cluster comes, which on a new cluster is
 * while catalogs are still being pulled, and once after each installation, as at any refresh of the catalog.
 */
export const outage = 1500;

/** Whether the catalog's server is away, given the times at which an outage began. */
export const isAway = (began: readonly number[], now: number): boolean => began.some((time) => now >= time && now < time + outage);

/** Why an InstallPlan cannot start in its namespace; undefined when it can (OLM: ServiceAccountQuerier). */
export function installCheck(groups: readonly OperatorGroup[]): string | undefined {
  if (groups.length === 0) return "no operator group found that is managing this namespace";
  if (groups.length > 1) return `more than one operator group(s) are managing this namespace count=${groups.length}`;
  return undefined;
}

/** Namespaces that a group hands to its operators; `[""]` is all of them. A label selector is taken as "all". */
export const targetNamespaces = ({ spec }: OperatorGroup): string[] => {
  const targets = spec?.targetNamespaces ?? [];
  return targets.length === 0 ? [""] : [...targets].sort();
};

function neededMode(group: OperatorGroup): { mode: InstallMode; watches: string } {
  const targets = targetNamespaces(group);
  if (targets.includes("")) return { mode: "AllNamespaces", watches: "all namespaces" };
  if (targets.length > 1) return { mode: "MultiNamespace", watches: "multiple namespaces" };
  return targets[0] === group.metadata.namespace
    ? { mode: "OwnNamespace", watches: "own namespace" }
    : { mode: "SingleNamespace", watches: "one namespace" };
}

/** Milliseconds that a CSV stays in a phase before the next, long enough to be seen and short enough not to hurt. */
export const phaseTime = 400;

export interface Phase {
  readonly phase: "Pending" | "InstallReady" | "Installing" | "Succeeded" | "Failed";
  readonly reason: string;
  readonly message: string;
}

/**
 * The next phase of a CSV, or undefined when it stays as it is. Its own CRDs are a requirement, before it is installed and ever after
 * (pkg/controller/operators/olm/operator.go, transitionCSVState).
 *
 * @param served names of the CRDs that the API server serves.
 */
export function nextPhase(
  status: CsvStatus | undefined,
  offer: Package,
  groups: readonly OperatorGroup[],
  served: ReadonlySet<string>,
): Phase | undefined {
  const phase = status?.phase ?? "";
  const failed = (reason: string, message: string): Phase | undefined =>
    phase === "Failed" && status?.reason === reason && status.message === message ? undefined : { phase: "Failed", reason, message };
  const [group, second] = groups;
  if (!group) return failed("NoOperatorGroup", "csv in namespace with no operatorgroups");
  if (second) return failed("TooManyOperatorGroups", "csv created in namespace with multiple operatorgroups, can't pick one automatically");
  const { mode, watches } = neededMode(group);
  if (!offer.installModes.includes(mode)) {
    return failed("UnsupportedOperatorGroup", `${mode} InstallModeType not supported, cannot configure to watch ${watches}`);
  }
  const met = offer.ownedKinds.every(({ name }) => served.has(name));
  switch (phase) {
    case "":
      return { phase: "Pending", reason: "RequirementsUnknown", message: "requirements not yet checked" };
    case "Pending":
      if (!met) {
        const message = "one or more requirements couldn't be found";
        return status?.reason === "RequirementsNotMet" ? undefined : { phase: "Pending", reason: "RequirementsNotMet", message };
      }
      return { phase: "InstallReady", reason: "AllRequirementsMet", message: "all requirements found, attempting install" };
    case "InstallReady":
      return { phase: "Installing", reason: "InstallSucceeded", message: "waiting for install components to report healthy" };
    case "Installing":
      return { phase: "Succeeded", reason: "InstallSucceeded", message: "install strategy completed with no errors" };
    case "Succeeded":
      return met ? undefined : { phase: "Failed", reason: "RequirementsNotMet", message: "requirements no longer met" };
    case "Failed":
      if (status?.reason === "RequirementsNotMet") {
        return met ? { phase: "Pending", reason: "RequirementsNotMet", message: "requirements not met" } : undefined;
      }
      // The group has been put right: OLM begins anew.
      return { phase: "Pending", reason: "RequirementsUnknown", message: "InstallModes now support target namespaces" };
    default:
      return undefined;
  }
}

/** `conditions` with those of `next` set; a condition that stays as it was keeps its time. */
export function withConditions(conditions: readonly Condition[] | undefined, next: readonly Condition[], now: string): Condition[] {
  const kept = (conditions ?? []).filter(({ type }) => !next.some((condition) => condition.type === type));
  const set = next.map((condition) => {
    const before = conditions?.find(({ type }) => type === condition.type);
    return { ...condition, lastTransitionTime: before?.status === condition.status ? (before.lastTransitionTime ?? now) : now };
  });
  return [...kept, ...set];
}
