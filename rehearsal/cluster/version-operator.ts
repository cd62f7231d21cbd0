import { isDeepStrictEqual } from "node:util";
import type { KubeObject, Objects } from "./objects";
import { askUpdateService, type Question, type Release, type Updates } from "./update-service";

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
}
type Said = Omit<Condition, "lastTransitionTime">;

interface Spec {
  readonly clusterID: string;
  readonly channel?: string;
  readonly upstream?: string;
  readonly desiredUpdate?: { readonly version?: string; readonly image?: string; readonly architecture?: string; readonly force?: boolean };
}
interface History extends Release {
  readonly state: "Completed" | "Partial";
  readonly startedTime: string;
  readonly completionTime: string | null;
  readonly verified: boolean;
}
interface Status {
  readonly observedGeneration: number;
  readonly desired: Release;
  readonly history: readonly History[];
  readonly availableUpdates: readonly Release[] | null;
  readonly conditionalUpdates?: readonly { readonly release: Release; readonly conditions: readonly Condition[] }[];
  readonly conditions: readonly Condition[];
}
type ClusterVersion = KubeObject<Spec, Status>;
type Operator = KubeObject<unknown, { versions?: { name: string; version: string }[]; conditions?: Condition[] }>;

const versions = { apiVersion: "config.openshift.io/v1", plural: "clusterversions" };
const operators = { apiVersion: "config.openshift.io/v1", plural: "clusteroperators" };
const configMaps = { apiVersion: "v1", plural: "configmaps" };

/** Seconds that an update takes here, and parts that it counts, about as many as a release has manifests. */
export const updateSeconds = 10;
const parts = 900;

/**
 * One look at ClusterVersion, in the place of the cluster-version operator: it asks the update service, checks what is wanted, and goes
 * through an update with the real one's conditions, texts and history, without doing anything. Only what has changed is written.
 *
 * Sources, all in openshift/cluster-version-operator: validation lib/validation/validation.go; preconditions
 * pkg/payload/precondition/clusterversion; conditions and history pkg/cvo/status.go; what makes a cluster not upgradeable pkg/risk.
 *
 * @returns whether an update is under way.
 */
export async function reconcileVersion(
  objects: Objects,
  ask: (question: Question) => Promise<Updates> = askUpdateService,
  now: Date = new Date(),
): Promise<boolean> {
  const object = await objects.get<ClusterVersion>(versions, "version");
  if (!object?.spec || !object.status) return false;
  const { metadata, spec, status } = object;
  const time = now.toISOString().replace(/\.\d+Z$/, "Z");
  const updates = await ask({ upstream: spec.upstream, channel: spec.channel, id: spec.clusterID, version: status.desired.version });
  const upgradeable = await upgradeableOf(objects, status.desired.version);
  const offered: Status = {
    ...status,
    observedGeneration: metadata.generation ?? 1,
    desired: { ...status.desired, ...(updates.current?.channels && { channels: updates.current.channels }) },
    availableUpdates: updates.available,
    conditionalUpdates: updates.conditional.map(({ release, risks }) => ({
      release,
      risks,
      conditions: merged(
        status.conditionalUpdates?.find((known) => known.release.version === release.version)?.conditions ?? [],
        [recommended(risks)],
        time,
      ),
    })),
  };
  const invalid = validation(spec, offered);
  const target = invalid === undefined ? targetOf(spec, offered) : undefined;
  const isNew = target !== undefined && target.version !== status.desired.version;
  const refused = isNew && !spec.desiredUpdate?.force ? preconditions(offered, target, upgradeable) : [];
  const begun = isNew && refused.length === 0 ? beginning(offered, target, time) : offered;
  const moved = progressed(begun, now, time);
  const current = moved.desired;
  const next: Status = {
    ...moved,
    conditions: merged(
      status.conditions.filter(({ type }) => !(type === "Invalid" && !invalid) && !(type === "Upgradeable" && !upgradeable)),
      [
        {
          type: "RetrievedUpdates",
          status: updates.refused ? "False" : "True",
          reason: updates.refused?.reason ?? "",
          message: updates.refused?.message ?? "",
        },
        ...(upgradeable ? [upgradeable] : []),
        ...(invalid
          ? [{ type: "Invalid", status: "True", reason: "InvalidClusterVersion", message: `The cluster version is invalid: ${invalid}` }]
          : []),
        refused.length > 0
          ? { type: "ReleaseAccepted", status: "False", reason: "PreconditionChecks", message: blocked(target as Release, refused) }
          : { type: "ReleaseAccepted", status: "True", reason: "PayloadLoaded", message: loaded(current) },
        ...progress(moved, now, invalid !== undefined),
      ],
      time,
    ),
  };
  const written: Status = JSON.parse(JSON.stringify(next));
  if (!isDeepStrictEqual(written, status)) await objects.replaceStatus(versions, { ...object, status: written });
  const completed = moved.history[0]?.state === "Completed";
  if (completed && status.history[0]?.state === "Partial") await updateOperators(objects, current.version);
  return !completed;
}

/** Conditions with what is said now; their time is that of the last change of their status. */
function merged(before: readonly Condition[], said: readonly Said[], time: string): Condition[] {
  const now = said.map((one) => {
    const known = before.find(({ type }) => type === one.type);
    return { ...one, lastTransitionTime: known?.status === one.status ? known.lastTransitionTime : time };
  });
  return [
    ...before.map((known) => now.find(({ type }) => type === known.type) ?? known),
    ...now.filter((one) => !before.some(({ type }) => type === one.type)),
  ];
}

/** A risk that always applies does; others are questions to a monitoring that is not here. */
function recommended(risks: Updates["conditional"][number]["risks"]): Said {
  const always = risks.filter(({ matchingRules }) => matchingRules.some(({ type }) => type === "Always"));
  const [first] = always;
  if (!first) {
    const message = risks.map(({ name }) => `Could not evaluate exposure to update risk ${name} (no monitoring)`).join("\n\n");
    return { type: "Recommended", status: "Unknown", reason: "EvaluationFailed", message };
  }
  const reason = always.length > 1 ? "MultipleReasons" : first.name;
  return { type: "Recommended", status: "False", reason, message: always.map(({ message, url }) => `${message} ${url}`).join("\n\n") };
}

function validation({ desiredUpdate }: Spec, { availableUpdates, history }: Status): string | undefined {
  if (!desiredUpdate) return undefined;
  const { version = "", image = "", architecture = "" } = desiredUpdate;
  if (!version && !image && !architecture) return "spec.desiredUpdate: Required value: must specify architecture, version, or image";
  const invalid = (why: string) => `spec.desiredUpdate.version: Invalid value: "${version}": ${why}`;
  if (version && !/^\d+\.\d+\.\d+(-[\w.-]+)?$/.test(version)) return invalid("must be a semantic version (1.2.3[-...])");
  const known = [...(availableUpdates ?? []), ...history].some((release) => release.version === version);
  return version && !image && !known ? invalid("when image is empty the update must be an available update") : undefined;
}

/** pkg/cvo/updatepayload.go, findUpdateFromConfig: what is none of the updates any more leaves the cluster at its release. */
function targetOf({ desiredUpdate }: Spec, { availableUpdates }: Status): Release | undefined {
  if (!desiredUpdate) return undefined;
  const { version = "", image = "" } = desiredUpdate;
  if (image) return { version, image };
  const found = availableUpdates?.find((release) => release.version === version);
  return found && { version: found.version, image: found.image };
}

type Precondition = readonly [name: string, reason: string, message: string];

function preconditions({ desired, history }: Status, { version }: Release, upgradeable: Said | undefined): Precondition[] {
  const numbers = (text: string) => text.split(/[.-]/).slice(0, 3).map(Number) as [number, number, number];
  const [[major, minor, patch], [toMajor, toMinor, toPatch]] = [numbers(desired.version), numbers(version)];
  const lower = toMajor - major || toMinor - minor || toPatch - patch;
  const less = `${version} is less than the current target ${desired.version}`;
  if (lower < 0) {
    const previous = history.find((entry) => entry.version !== desired.version);
    if (previous?.version === version && minor === toMinor) return [];
    const message = previous
      ? `${less}, and the only supported rollback is to the cluster's previous version ${previous.version} (${previous.image})`
      : `${less}, and the cluster has no previous Semantic Version`;
    return [["ClusterVersionRollback", "LowDesiredVersion", message]];
  }
  const hop = `${version} is more than one minor version beyond the current target ${desired.version} (${toMajor}.${toMinor} > ${major}.(${minor}+1)), and only updates within the current minor version or to the next minor version are supported.`;
  return [
    ...(toMinor > minor + 1 ? [["ClusterVersionGiantHop", "MultipleMinorVersionsUpdate", hop] as const] : []),
    ...(upgradeable && toMinor !== minor ? [["ClusterVersionUpgradeable", upgradeable.reason, upgradeable.message] as const] : []),
  ];
}

function blocked({ version, image }: Release, refused: readonly Precondition[]): string {
  const lines = refused.map(([name, reason, message]) => `Precondition "${name}" failed because of "${reason}": ${message}`);
  const text = lines.length === 1 ? lines[0] : `Multiple precondition checks failed:\n* ${lines.join("\n* ")}`;
  return `Preconditions failed for payload loaded version="${version}" image="${image}": ${text}`;
}

const loaded = ({ version, image }: Release): string => `Payload loaded version="${version}" image="${image}" architecture="Multi"`;

function beginning(status: Status, desired: Release, time: string): Status {
  const [last, ...earlier] = status.history;
  const ended = last && { ...last, completionTime: last.completionTime ?? time };
  const entry: History = { ...desired, state: "Partial", startedTime: time, completionTime: null, verified: false };
  return { ...status, desired, history: [entry, ...(ended ? [ended] : []), ...earlier] };
}

const elapsed = (entry: History, now: Date): number => (now.getTime() - Date.parse(entry.startedTime)) / 1000;

function progressed(status: Status, now: Date, time: string): Status {
  const [entry, ...earlier] = status.history;
  if (entry?.state !== "Partial" || elapsed(entry, now) < updateSeconds) return status;
  return { ...status, history: [{ ...entry, state: "Completed", completionTime: time }, ...earlier] };
}

function progress({ desired: { version }, history: [entry] }: Status, now: Date, invalid: boolean): Said[] {
  const failing = { type: "Failing", status: "False", reason: "", message: "" };
  if (entry?.state !== "Partial") {
    const message = invalid ? `Stopped at ${version}: the cluster version is invalid` : `Cluster version is ${version}`;
    return [
      { type: "Available", status: "True", reason: "", message: `Done applying ${version}` },
      failing,
      { type: "Progressing", status: "False", reason: "", message },
    ];
  }
  const done = Math.floor((parts * elapsed(entry, now)) / updateSeconds);
  const share = done > 0 ? `: ${done} of ${parts} done (${Math.floor((100 * done) / parts)}% complete)` : "";
  return [failing, { type: "Progressing", status: "True", reason: "", message: `Working towards ${version}${share}` }];
}

/** Cluster operators that say so, and gates of the cluster's minor version that nobody has acknowledged; of the other risks there are none here. */
async function upgradeableOf(objects: Objects, version: string): Promise<Said | undefined> {
  const [gates, acknowledged, all] = await Promise.all([
    objects.get<KubeObject & { data?: Record<string, string> }>(configMaps, "admin-gates", "openshift-config-managed"),
    objects.get<KubeObject & { data?: Record<string, string> }>(configMaps, "admin-acks", "openshift-config"),
    objects.list<Operator>(operators),
  ]);
  const own = `ack-${version.split(".", 2).join(".")}-`;
  const risks = [
    ...Object.entries(gates?.data ?? {})
      .filter(([gate]) => gate.startsWith(own) && acknowledged?.data?.[gate] !== "true")
      .map(([gate, message]) => ({ name: `AdminAck-${gate}`, message })),
    ...all.flatMap(({ metadata, status }) =>
      (status?.conditions ?? [])
        .filter(({ type, status }) => type === "Upgradeable" && status === "False")
        .map(({ message }) => ({ name: `ClusterOperatorUpgradeable-${metadata.name}`, message })),
    ),
  ];
  const [first] = risks;
  if (!first) return undefined;
  // A reason has letters, digits, underscores and colons (pkg/cvo/availableupdates.go, reasonPattern).
  const fits = /^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/.test(first.name);
  const several = `Cluster should not be upgraded between minor or major versions for multiple reasons:\n* ${risks.map(({ message }) => message).join("\n* ")}`;
  return {
    type: "Upgradeable",
    status: "False",
    reason: risks.length > 1 ? "MultipleReasons" : fits ? first.name : "RiskNameNotCompatibleWithReasonProperty",
    message: risks.length > 1 ? several : first.message,
  };
}

async function updateOperators(objects: Objects, version: string): Promise<void> {
  for (const { metadata, status } of await objects.list<Operator>(operators)) {
    const named = (status?.versions ?? []).map((one) => (one.name === "operator" ? { ...one, version } : one));
    await objects.patch(operators, metadata, { status: { versions: named } }, "status");
  }
}
