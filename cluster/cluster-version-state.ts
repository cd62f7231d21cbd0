import { limits } from "./limits";
import type { Condition } from "./operator-state";
import type { Look } from "./patience";

export interface Release {
  readonly version: string;
  readonly image: string;
  /** Channels in which the release is, as far as the update service has told. */
  readonly channels?: readonly string[];
  readonly architecture?: string;
}

/** The object `ClusterVersion/version` (config.openshift.io/v1), as far as an update needs it. */
export interface ClusterVersionObject {
  readonly spec: { readonly channel?: string; readonly desiredUpdate?: Readonly<Record<string, unknown>> };
  readonly status: {
    /** What the cluster has, or is being updated to. */
    readonly desired: Release;
    /** The newest first. */
    readonly history?: readonly { readonly version: string; readonly state: string }[];
    readonly availableUpdates?: readonly Release[] | null;
    readonly conditionalUpdates?: readonly { readonly release: Release; readonly conditions?: readonly Condition[] }[];
    readonly conditions?: readonly Condition[];
  };
}

/** A MachineConfigPool: nodes whose system the machine-config operator updates. */
export interface NodePool {
  readonly metadata: { readonly name: string };
  readonly spec?: { readonly paused?: boolean; readonly configuration?: { readonly name?: string } };
  readonly status?: {
    readonly machineCount?: number;
    readonly updatedMachineCount?: number;
    readonly configuration?: { readonly name?: string };
    readonly conditions?: readonly Condition[];
  };
}

/** What the cluster reports about its version at one moment. */
export interface VersionState {
  readonly version: ClusterVersionObject;
  readonly pools: readonly NodePool[];
  /** Gates of the current minor version that an administrator has not acknowledged. */
  readonly gates: readonly string[];
}

const inNumbers = new Intl.Collator("en", { numeric: true });

/** Order of two versions by Semantic Versioning: negative where `a` is the older one. */
export function compareVersions(a: string, b: string): number {
  const [[coreA, beforeA], [coreB, beforeB]] = [a, b].map((version) => version.split(/-(.*)/s, 2)) as [string[], string[]];
  const core = inNumbers.compare(coreA as string, coreB as string);
  if (core !== 0 || beforeA === beforeB) return core;
  if (beforeA === undefined) return 1;
  return beforeB === undefined ? -1 : inNumbers.compare(beforeA, beforeB);
}

/** 4.20 of 4.20.33. */
export const minorVersion = (version: string): string => version.split(".", 2).join(".");
const minorNumber = (version: string): number => Number(version.split(".")[1]);

/**
 * The channel by which a cluster gets to a version: its own, or that of the wanted minor version, stable-4.21 for stable-4.20. A channel
 * offers releases of its own minor version and of older ones; there are eus channels of even ones alone. Names of another form, of an update
 * service of one's own, stay.
 */
export function channelFor(channel: string | undefined, wanted: string): string {
  if (!channel) return `stable-${minorVersion(wanted)}`;
  const [, kind, minor] = /^(.+)-\d+\.(\d+)$/.exec(channel) ?? [];
  if (minor === undefined || Number(minor) >= minorNumber(wanted)) return channel;
  const [major] = wanted.split(".");
  const next = minorNumber(wanted) + (kind === "eus" ? minorNumber(wanted) % 2 : 0);
  return `${kind}-${major}.${next}`;
}

const conditionOf = (conditions: readonly Condition[] | undefined, type: string) => conditions?.find((one) => one.type === type);
/** Reason and message of a condition. */
const because = ({ reason, message }: Condition): string => [reason, message].filter(Boolean).join(": ");

/**
 * Why the cluster is not to be updated to a version now, with what would help; empty where it is there already, or under way to it.
 *
 * What the cluster-version operator itself refuses (its pkg/payload/precondition/clusterversion: rollback.go, gianthop.go,
 * upgradeable.go; lib/validation/validation.go: a version alone has to be an available update), what `oc adm upgrade` refuses before
 * it asks (openshift/oc, pkg/cli/admin/upgrade/upgrade.go: checkForUpgrade, and updates that are not recommended), and pools that
 * are paused: the update would end without their nodes. A way back within a minor version, which the operator takes, is none here.
 */
export function refusals({ version: { spec, status }, pools, gates }: VersionState, wanted: string): string[] {
  const current = status.desired.version;
  const order = compareVersions(wanted, current);
  if (order === 0) return [];
  if (order < 0) return [`the cluster has ${current}, and OpenShift does not go back: set it to "${current}", or to a later version`];
  const steps = minorNumber(wanted) - minorNumber(current);
  const [major] = current.split(".");
  if (steps > 1 || !wanted.startsWith(`${major}.`)) {
    const next = `${major}.${minorNumber(current) + 1}`;
    return [`the cluster has ${current}, and no minor version may be left out: set it to a version of ${next} first`];
  }
  const found = (type: string, unwanted: string) => {
    const condition = conditionOf(status.conditions, type);
    return condition?.status === unwanted ? [condition] : [];
  };
  const paused = pools.filter(({ spec }) => spec?.paused).map(({ metadata }) => metadata.name);
  return [
    ...singleArchitecture(status),
    ...found("Invalid", "True").map((condition) => `ClusterVersion is invalid, and has to be put right first: ${because(condition)}`),
    ...found("Failing", "True").map(
      (condition) => `the cluster cannot keep up ${current}: ${because(condition)}; see oc get clusteroperators`,
    ),
    ...found("Progressing", "True").map(
      ({ message }) => `the cluster is being updated to ${current}: wait for its end (${message || "no progress told"})`,
    ),
    ...paused.map(
      (name) => `the MachineConfigPool ${name} is paused: oc patch machineconfigpool/${name} --type=merge -p '{"spec":{"paused":false}}'`,
    ),
    ...(steps === 0 ? [] : found("Upgradeable", "False")).map((condition) => notUpgradeable(condition, gates)),
    ...notOffered({ spec, status }, wanted),
  ];
}

/** As the operator tells it of the release that it has loaded (pkg/cvo/sync_worker.go); a release of one architecture can start no other nodes. */
function singleArchitecture({ desired, conditions }: ClusterVersionObject["status"]): string[] {
  const loaded = /\barchitecture="([^"]+)"/.exec(conditionOf(conditions, "ReleaseAccepted")?.message ?? "")?.[1];
  const architecture = desired.architecture || loaded;
  if (!architecture || architecture.toLowerCase() === "multi") return [];
  return [`the cluster's release is of ${architecture} alone, and so would be the next one: oc adm upgrade --to-multi-arch first`];
}

function notUpgradeable(condition: Condition, gates: readonly string[]): string {
  const acknowledged = JSON.stringify({ data: Object.fromEntries(gates.map((gate) => [gate, "true"])) });
  const way =
    gates.length === 0 ? "" : `; when that is seen to: oc -n openshift-config patch configmap admin-acks --type=merge -p '${acknowledged}'`;
  return `the cluster is not ready for another minor version: ${because(condition)}${way}`;
}

/** A channel that is not the cluster's own yet is asked by the update itself: what it offers is not known before. */
function notOffered({ spec, status }: ClusterVersionObject, wanted: string): string[] {
  const channel = channelFor(spec.channel, wanted);
  const { version: current, channels = [] } = status.desired;
  if (channel === spec.channel) return missing({ spec, status }, wanted);
  if (channels.length === 0 || channels.includes(channel)) return [];
  return [
    `the channel ${channel} has no update for ${current}, which is in ${channels.join(", ")}: set a later version of ${minorVersion(current)} first, or oc adm upgrade channel NAME`,
  ];
}

/** Why a version is not among the updates that the cluster's channel offers now; empty where it is. */
export function missing({ spec, status }: ClusterVersionObject, wanted: string): string[] {
  const offered = (status.availableUpdates ?? []).map(({ version }) => version);
  if (offered.includes(wanted)) return [];
  const conditional = status.conditionalUpdates?.find(({ release }) => release.version === wanted);
  if (conditional) {
    const recommended = conditionOf(conditional.conditions, "Recommended");
    return [
      `Red Hat does not recommend it for this cluster: ${recommended ? because(recommended) : "nothing is known of its risks yet"}; to accept that, oc adm upgrade --to=${wanted} --allow-not-recommended, and then pulumi up, which follows`,
    ];
  }
  const retrieved = conditionOf(status.conditions, "RetrievedUpdates");
  if (retrieved?.status === "False") return [`the cluster does not know its updates: ${because(retrieved)}`];
  const others = offered.length > 0 ? `offers ${offered.join(", ")}` : "offers none now";
  const { version: current, channels = [] } = status.desired;
  const elsewhere = channels.filter((channel) => channel !== spec.channel).join(", ");
  return [
    `the channel ${spec.channel} ${others}; for what another one offers${elsewhere && ` (${current} is in ${elsewhere})`}: oc adm upgrade channel NAME`,
  ];
}

/** The text of the error for what is refused. */
export const refusal = (wanted: string, lines: readonly string[]): string =>
  `cluster.version is "${wanted}", to which the cluster is not updated:\n${lines.map((line) => `  - ${line}`).join("\n")}`;

/**
 * The image of an update that the channel offers, by what the cluster has found out since it was asked: risks that it cannot tell yet are
 * waited for.
 *
 * @param seconds since the cluster was given its channel.
 */
export function offerVerdict(version: ClusterVersionObject, wanted: string, seconds: number): Look<string> {
  const { availableUpdates, conditionalUpdates } = version.status;
  const update = availableUpdates?.find((release) => release.version === wanted);
  if (update) return { kind: "ready", value: update.image };
  const lines = missing(version, wanted);
  const conditional = conditionalUpdates?.find(({ release }) => release.version === wanted);
  const known = conditional ? conditionOf(conditional.conditions, "Recommended")?.status === "False" : seconds > limits.updatesRetrieved;
  return known ? { kind: "failed", why: refusal(wanted, lines) } : { kind: "waiting", why: lines.join("; ") };
}

/** Why the cluster-version operator does not take the release that is asked for; it tries again every few minutes. */
export function notTaken({ status }: ClusterVersionObject): string | undefined {
  const accepted = conditionOf(status.conditions, "ReleaseAccepted");
  return accepted?.status === "False" ? accepted.message || because(accepted) : undefined;
}

/** Whether the cluster is under way to a version. @param refused seconds for which `notTaken` has found something. */
export function takenVerdict(version: ClusterVersionObject, wanted: string, refused: number): Look<void> {
  const { desired, conditions } = version.status;
  if (desired.version === wanted) return { kind: "ready", value: undefined };
  const invalid = conditionOf(conditions, "Invalid");
  if (invalid?.status === "True") return { kind: "failed", why: because(invalid) };
  const why = notTaken(version);
  if (why !== undefined && refused >= limits.releaseRefused) return { kind: "failed", why };
  return { kind: "waiting", why: why ?? `the cluster-version operator loads ${wanted}` };
}

/** What goes wrong in an update that is under way, and may pass. */
export function failing({ version: { status }, pools }: VersionState): string | undefined {
  const condition = conditionOf(status.conditions, "Failing");
  if (condition?.status === "True") return because(condition);
  const degraded = pools.flatMap(({ metadata, status }) => {
    const found = conditionOf(status?.conditions, "Degraded");
    return found?.status === "True" ? [`MachineConfigPool ${metadata.name}: ${because(found)}`] : [];
  });
  return degraded[0];
}

/**
 * How far an update is: ready when the cluster-version operator has completed it, and the nodes of all pools that are not paused have its
 * system.
 *
 * @param failed seconds for which `failing` has found something.
 */
export function doneVerdict(state: VersionState, wanted: string, failed: number): Look<void> {
  const { desired, conditions, history } = state.version.status;
  if (desired.version !== wanted) return { kind: "failed", why: `the cluster is asked for ${desired.version} now, by somebody else` };
  const wrong = failing(state);
  if (wrong !== undefined && failed >= limits.failing) return { kind: "failed", why: wrong };
  const waiting = (why: string) => ({ kind: "waiting" as const, why: wrong === undefined ? why : `${why} (${wrong})` });
  const progressing = conditionOf(conditions, "Progressing");
  const last = history?.[0];
  if (last?.version !== wanted || last.state !== "Completed" || progressing?.status === "True")
    return waiting(progressing?.message || `the update to ${wanted} begins`);
  const behind = state.pools.find((pool) => !pool.spec?.paused && !updated(pool));
  if (behind === undefined) return { kind: "ready", value: undefined };
  const { updatedMachineCount = 0, machineCount = 0 } = behind.status ?? {};
  return waiting(`${wanted} runs, and the pool ${behind.metadata.name} has updated ${updatedMachineCount} of ${machineCount} nodes`);
}

/** "Updated" alone may still be that of the configuration before. */
const updated = ({ spec, status }: NodePool): boolean =>
  conditionOf(status?.conditions, "Updated")?.status === "True" && spec?.configuration?.name === status?.configuration?.name;
