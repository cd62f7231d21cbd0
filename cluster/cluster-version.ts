import * as pulumi from "@pulumi/pulumi";
import { refuse } from "../infra/refuse";
import { observeVersion } from "./cluster-version-look";
import { type ClusterVersionObject, channelFor, refusal, refusals } from "./cluster-version-state";
import { clusterProgram } from "./commands";
import { KubernetesApi } from "./kubernetes-api";
import { limits, restartSeconds } from "./limits";
import { passes, patiently } from "./patience";

export interface ClusterVersionArgs {
  /** OpenShift's version that the cluster is to have, `4.20.33`. */
  readonly version: string;
  /** kubeconfig of a cluster administrator. */
  readonly kubeconfig: pulumi.Input<string>;
}

/**
 * The version of a cluster: a later one than it has is asked for, and followed to the last node. Nothing is done where the cluster has it,
 * or a later one; taken away, it leaves the cluster as it is.
 */
export class ClusterVersion extends pulumi.ComponentResource {
  /** The version that was asked for; resolves when the cluster has it. */
  readonly version: pulumi.Output<string>;

  constructor(name: string, args: ClusterVersionArgs, opts: pulumi.ComponentResourceOptions) {
    super("openshift-multiarch:cluster:ClusterVersion", name, { version: args.version }, opts);
    const reached = clusterProgram(
      `${name}-reached`,
      {
        file: "cluster/cluster-version-reached.ts",
        seconds: limits.update,
        away: restartSeconds,
        kubeconfig: args.kubeconfig,
        environment: { VERSION: args.version },
      },
      { parent: this },
    );
    this.version = pulumi.unsecret(reached.stdout.apply(() => args.version));
    this.registerOutputs({ version: this.version });
  }
}

/** What an update of the cluster means, for a preview. Pure. */
export function meaning({ spec, status }: ClusterVersionObject, wanted: string): string {
  const channel = channelFor(spec.channel, wanted);
  const by =
    channel === spec.channel ? channel : `${channel} in the place of ${spec.channel || "none"}: whether that offers it, pulumi up sees`;
  return `cluster.version: OpenShift updates itself from ${status.desired.version} to ${wanted} (channel ${by}), which takes an hour or more, and there is no way back. The only control-plane node starts anew, and the API is away meanwhile; then the workers are drained and start anew one after the other, and a build that runs there fails: the next pulumi up repeats it. All else of this update comes after that.`;
}

/**
 * Asks a cluster whose `cluster.version` has changed whether it takes the version, before anything is made of it; in a preview as well, which is
 * told what the update means. Ends the program where the cluster is not to be updated.
 *
 * @param before what the last update has brought.
 */
export async function checkVersion(kubeconfig: string, before: string, wanted: string): Promise<void> {
  if (before === wanted) return;
  const preview = pulumi.runtime.isDryRun();
  const api = new KubernetesApi(kubeconfig);
  const tell = (why: string) => void pulumi.log.info(`cluster.version: ${why}`, undefined, undefined, true);
  const patience = preview ? { seconds: 5 } : { seconds: restartSeconds, pause: 15, tell };
  const state = await patiently(() => observeVersion(api), patience).catch(async (error: Error) => {
    const unseen = `cluster.version is "${wanted}" and was "${before}": whether the cluster takes it could not be seen: ${error.message}`;
    if (preview && passes(error)) await pulumi.log.warn(`${unseen}; pulumi up looks again`);
    else await refuse(unseen);
    return undefined;
  });
  if (state === undefined) return;
  const lines = refusals(state, wanted);
  if (lines.length > 0) await refuse(`${refusal(wanted, lines)}\nUntil then, set it back to "${before}".`);
  if (state.version.status.desired.version !== wanted) await pulumi.log.warn(meaning(state.version, wanted));
}
