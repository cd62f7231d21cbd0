import type { KubernetesApi } from "./kubernetes-api";
import type { Look } from "./patience";

export interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
}

/** What is waited for. */
export interface Wanted {
  readonly namespace: string;
  /** Name of the Subscription, which is that of the package. */
  readonly subscription: string;
  readonly channel: string;
  /** Resources that the API server has to serve, as `<plural>.<group>`. */
  readonly serves: readonly string[];
  /** Object that the operator makes by itself and that has to be Ready, as `<group>/<version>/<plural>/<name>`. */
  readonly makes?: string;
}

/** What OLM and the API server report about one operator at one moment. */
export interface OperatorState {
  /** `status` of the Subscription. */
  readonly subscription?: { installedCSV?: string; currentCSV?: string; state?: string; conditions?: Condition[] };
  /** Channels of the package by name, each with the versions in it; undefined while the catalog does not tell. */
  readonly channels?: Readonly<Record<string, readonly string[]>>;
  /** `status` of the ClusterServiceVersion that is installed. */
  readonly version?: { phase?: string; reason?: string; message?: string };
  /** Resources that the API server does not serve yet. */
  readonly missing: readonly string[];
  /** Conditions of the object that the operator makes; undefined while there is none. */
  readonly made?: readonly Condition[];
}

/**
 * How long OLM has to say that a Subscription cannot be satisfied before that is believed: it resolves all Subscriptions of a
 * namespace at once, and says so as well while a catalog is still being read.
 */
export const believedAfterSeconds = 90;

/**
 * Whether an operator can be used. Of what OLM reports only `ConstraintsNotSatisfiable` is final ("not-satisfiable error is terminal",
 * operator-lifecycle-manager, pkg/controller/operators/catalog/operator.go); `ErrorPreventedResolution` means that a catalog is
 * out of reach, and comes and goes on installed operators, too. A failed ClusterServiceVersion is tried again.
 *
 * @param unresolvedSeconds for how long `unresolvable` has found something.
 */
export function operatorVerdict(wanted: Wanted, state: OperatorState, unresolvedSeconds: number): Look<string> {
  const waiting = (why: string) => ({ kind: "waiting" as const, why });
  const problem = unresolvable(wanted, state);
  if (problem) return unresolvedSeconds >= believedAfterSeconds ? { kind: "failed", why: problem } : waiting(problem);
  const { installedCSV, currentCSV } = state.subscription ?? {};
  const reported = reasonToWait(state);
  const because = reported ? ` (${reported.type}: ${reported.message || reported.reason || "no reason given"})` : "";
  if (!installedCSV) return waiting(`OLM installs ${currentCSV ?? "the operator"}${because}`);
  if (currentCSV !== installedCSV) return waiting(`OLM replaces ${installedCSV} by ${currentCSV}${because}`);
  if (!inChannel(wanted, state))
    return waiting(`OLM looks for the successor of ${installedCSV} in the channel ${wanted.channel}${because}`);
  if (state.version?.phase !== "Succeeded") {
    const { phase = "unknown", message = "" } = state.version ?? {};
    return waiting(`${installedCSV} is ${phase}${message ? `: ${message}` : ""}`);
  }
  if (state.missing.length > 0) return waiting(`the API server does not serve ${state.missing.join(", ")}`);
  const ready = state.made?.find(({ type }) => type === "Ready");
  if (wanted.makes && ready?.status !== "True") {
    const missing = state.made ? "is not Ready" : "is not there: the operator makes it once it runs";
    return waiting(`${wanted.makes} ${missing}${ready?.message ? `: ${ready.message}` : ""}`);
  }
  return { kind: "ready", value: installedCSV };
}

/** The condition of the Subscription that says best what it waits for (operator-framework/api, pkg/operators/v1alpha1/subscription_types.go). */
function reasonToWait({ subscription }: OperatorState): Condition | undefined {
  const types = ["ResolutionFailed", "BundleUnpackFailed", "InstallPlanFailed", "InstallPlanPending", "BundleUnpacking"];
  const isTrue = (wanted: string) => subscription?.conditions?.find(({ type, status }) => type === wanted && status === "True");
  return [...types, "CatalogSourcesUnhealthy"].map(isTrue).find((condition) => condition !== undefined);
}

/** Whether the installed version is one of the channel's; assumed while the catalog does not tell. */
const inChannel = ({ channel }: Wanted, { subscription, channels }: OperatorState): boolean =>
  !channels || (channels[channel] ?? []).includes(subscription?.installedCSV ?? "");

/**
 * Why this Subscription will never be what it asks for, if it stays like that. An operator that is installed stays as it is when OLM
 * finds no successor in the channel: its resolver keeps the installed version as one of the candidates, and never goes back to an
 * older one (pkg/controller/registry/resolver/resolver.go, getSubscriptionVariables).
 */
export function unresolvable(wanted: Wanted, state: OperatorState): string | undefined {
  const { installedCSV, currentCSV } = state.subscription ?? {};
  const { channel, subscription } = wanted;
  const offered = state.channels ? `; channels of ${subscription}: ${Object.keys(state.channels).sort().join(", ")}` : "";
  const reason = reasonToWait(state);
  // One Subscription that cannot be satisfied fails all of its namespace; an operator that is installed goes on.
  const own = !installedCSV || reason?.message?.includes(`referenced by subscription ${subscription}`);
  if (reason?.type === "ResolutionFailed" && reason.reason === "ConstraintsNotSatisfiable" && own) {
    return `OLM cannot resolve the Subscription: ${reason.message ?? reason.reason}${offered}`;
  }
  // While a bundle is being unpacked, `currentCSV` is still the old one.
  if (reason || !installedCSV || currentCSV !== installedCSV || inChannel(wanted, state)) return undefined;
  return `OLM keeps ${installedCSV}: in the channel ${channel} there is nothing that replaces it, and OLM never goes back to an older version${offered}`;
}

/** Looks at everything that the verdict needs. */
export async function observe(api: KubernetesApi, { namespace, subscription, serves, makes }: Wanted): Promise<OperatorState> {
  const olm = `/apis/operators.coreos.com/v1alpha1/namespaces/${namespace}`;
  const status = (await api.find<{ status?: OperatorState["subscription"] }>(`${olm}/subscriptions/${subscription}`))?.status;
  const installed = status?.installedCSV;
  const version = installed
    ? (await api.find<{ status?: OperatorState["version"] }>(`${olm}/clusterserviceversions/${installed}`))?.status
    : undefined;
  const missing: string[] = [];
  for (const name of serves) {
    const crd = await api.find<{ status?: { conditions?: Condition[] } }>(
      `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`,
    );
    const established = crd?.status?.conditions?.some(({ type, status }) => type === "Established" && status === "True");
    if (!established) missing.push(name);
  }
  const made = makes && missing.length === 0 ? await api.find<{ status?: { conditions?: Condition[] } }>(`/apis/${makes}`) : undefined;
  return {
    subscription: status,
    channels: await channelsOf(api, subscription),
    version,
    missing,
    ...(made && { made: made.status?.conditions ?? [] }),
  };
}

interface PackageManifest {
  status?: { channels?: { name: string; currentCSV: string; entries?: { name: string }[] }[] };
}

/** As OLM's package server tells it. That server is no reason to wait or to fail: without it, OLM's own status has to do. */
async function channelsOf(api: KubernetesApi, name: string): Promise<OperatorState["channels"]> {
  const path = `/apis/packages.operators.coreos.com/v1/namespaces/openshift-marketplace/packagemanifests/${name}`;
  const channels = await api.get<PackageManifest>(path).then(
    ({ status }) => status?.channels,
    () => undefined,
  );
  return (
    channels &&
    Object.fromEntries(channels.map(({ name, currentCSV, entries = [] }) => [name, [currentCSV, ...entries.map((entry) => entry.name)]]))
  );
}
