import { clusterVersionPath, observeVersion } from "./cluster-version-look";
import {
  channelFor,
  compareVersions,
  doneVerdict,
  failing,
  notTaken,
  offerVerdict,
  refusal,
  refusals,
  takenVerdict,
  type VersionState,
} from "./cluster-version-state";
import { KubernetesApi } from "./kubernetes-api";
import { limits, restartSeconds } from "./limits";
import { patiently, tellOnStderr, waitUntil } from "./patience";
import { required, runProgram } from "./program";

const subject = "ClusterVersion version";

/**
 * Has a cluster update itself to a version, and waits until it has; progress on stderr. A cluster that has it is only looked at, one that is
 * under way to it is followed, one that has a later version stays.
 *
 * @param seconds until the wait is given up.
 * @throws Error when the cluster is not to be updated to it, or does not take it, which leaves it as it was; or when the update does not
 * come to its end.
 */
export async function update(api: KubernetesApi, wanted: string, seconds: number): Promise<void> {
  const end = Date.now() + seconds * 1000;
  const state = await patiently(() => observeVersion(api), { seconds: restartSeconds, tell: tellOnStderr });
  const current = state.version.status.desired.version;
  if (compareVersions(current, wanted) > 0) {
    tellOnStderr(`${subject}: the cluster has ${current}, which is later than cluster.version, ${wanted}: nothing is changed`);
    return;
  }
  if (current !== wanted) {
    const refused = refusals(state, wanted);
    if (refused.length > 0) throw new Error(refusal(wanted, refused));
    await ask(api, state, wanted).catch((error: Error) => givenUp(api, state, wanted, error));
  }
  const failed = lasting();
  const look = async () => {
    const now = await observeVersion(api);
    return doneVerdict(now, wanted, failed(failing(now)));
  };
  const wait = { subject, seconds: (end - Date.now()) / 1000, heartbeat: 60, away: restartSeconds };
  await waitUntil(look, wait).catch((error: Error) => {
    throw new Error(`${error.message}\nOpenShift goes on by itself: oc adm upgrade tells how far. Run pulumi up again, which follows it.`);
  });
}

/** Asks for the version, by the channel that has it, and waits until the cluster is under way. */
async function ask(api: KubernetesApi, { version }: VersionState, wanted: string): Promise<void> {
  const { channel: before } = version.spec;
  const channel = channelFor(before, wanted);
  if (channel !== before) {
    tellOnStderr(`${subject}: the channel ${before || "(none)"} becomes ${channel}`);
    await change(api, { channel });
  }
  const asked = Date.now();
  const offered = async () => offerVerdict((await observeVersion(api)).version, wanted, (Date.now() - asked) / 1000);
  const image = await waitUntil(offered, { subject, seconds: limits.risksEvaluated });
  // As oc adm upgrade --to does it, with the image of the update that is offered: an image cannot be had together with an architecture. A
  // merge patch keeps what is not named, such as accepted risks.
  await change(api, { desiredUpdate: { version: wanted, image, architecture: null, force: null } });
  const refused = lasting();
  const taken = async () => {
    const { version } = await observeVersion(api);
    return takenVerdict(version, wanted, refused(notTaken(version)));
  };
  await waitUntil(taken, { subject, seconds: limits.releaseLoaded });
}

/** Takes back what was asked for, unless the cluster has begun meanwhile: within a minor version the former request would be a way back. */
async function givenUp(api: KubernetesApi, state: VersionState, wanted: string, { message }: Error): Promise<void> {
  const current = state.version.status.desired.version;
  try {
    const now = await patiently(() => observeVersion(api), { seconds: restartSeconds, tell: tellOnStderr });
    if (now.version.status.desired.version === wanted) return;
    await takeBack(api, state);
  } catch (error) {
    const { message: why } = error as Error;
    throw new Error(
      `${message}\nIt could not be taken back either (${why}), so the cluster may be under way to ${wanted}: oc adm upgrade tells. Run pulumi up again.`,
    );
  }
  throw new Error(`${message}\nThe cluster stays at ${current}, and is asked for no other version any more.`);
}

async function takeBack(api: KubernetesApi, { version: { spec } }: VersionState): Promise<void> {
  const unset = { version: null, image: null, architecture: null, force: null };
  await change(api, { channel: spec.channel ?? null, desiredUpdate: spec.desiredUpdate ? { ...unset, ...spec.desiredUpdate } : null });
}

const change = (api: KubernetesApi, spec: object) => patiently(() => api.patch(clusterVersionPath, { spec }), { tell: tellOnStderr });

/** Tells for how many seconds there has been something, at each look. */
function lasting(): (found: string | undefined) => number {
  let since: number | undefined;
  return (found) => {
    since = found === undefined ? undefined : (since ?? Date.now());
    return since === undefined ? 0 : (Date.now() - since) / 1000;
  };
}

async function main(): Promise<void> {
  const wanted = required("VERSION");
  await update(new KubernetesApi(required("KUBECONFIG_CONTENT")), wanted, Number(required("SECONDS")));
  process.stdout.write(`${wanted}\n`);
}

if (require.main === module) runProgram(main);
