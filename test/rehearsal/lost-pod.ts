import { join } from "node:path";
import { expect, it } from "vitest";
import type { Document } from "yaml";
import { run } from "../../rehearsal/machine/exec";
import { places } from "../../rehearsal/machine/places";
import { runningPid } from "../../rehearsal/machine/process";
import { configFile, pulumiEnvironment } from "../../rehearsal/stack/environment";
import { stackOutputs } from "../../rehearsal/stack/state";
import { eventually } from "./operators";
import { onStack } from "./preview";
import { show } from "./show";

const pods = "/api/v1/namespaces/build-multiarch/pods";
const taskRuns = "/apis/tekton.dev/v1/namespaces/build-multiarch/taskruns";
const hold = "openshift-multiarch.test/seen";
const kubectl = (args: readonly string[], input?: string) =>
  run([join(places.path, "kubectl"), ...args], { input, env: { KUBECONFIG: places.adminKubeconfig } });
const get = async (path: string) => JSON.parse(await kubectl(["get", "--raw", path]));
const withFinalizers = (name: string, finalizers: string[] | null) =>
  kubectl(["patch", "pod", name, "--namespace=build-multiarch", "--type=merge", "--patch", JSON.stringify({ metadata: { finalizers } })]);

/**
 * Evicts the pod that clones for the next run of a build while it clones: what `kubectl drain` does with each pod of a node. The Git server
 * takes connections and says nothing until then, so that no clone is done before. The pod stays until its task has failed: Tekton gives a
 * task another pod, and fails nothing, where it looks only when the pod is gone (tektoncd/pipeline v1.15.0, pkg/reconciler/taskrun, reconcile).
 * @param followed when the update follows the run: one that has failed before is repeated at once, and nobody hears why.
 */
async function evictClone(build: string, followed: Promise<void>): Promise<void> {
  const server = runningPid("git");
  if (server === undefined) throw new Error("the Git server does not run");
  process.kill(server, "SIGSTOP");
  let name: string;
  let taskRun: string;
  try {
    const query = `labelSelector=tekton.dev/pipeline=${build},tekton.dev/pipelineTask=clone&fieldSelector=status.phase=Running`;
    ({ name, taskRun } = await eventually(180, `a clone of ${build} runs`, async () => {
      const { items } = await get(`${pods}?${query}`);
      return items[0] && { name: items[0].metadata.name, taskRun: items[0].metadata.labels["tekton.dev/taskRun"] };
    }));
    await withFinalizers(name, [hold]);
    await followed;
    const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name } };
    await kubectl(["create", "--raw", `${pods}/${name}/eviction`, "--filename=-"], JSON.stringify(eviction));
  } finally {
    process.kill(server, "SIGCONT");
  }
  try {
    await eventually(120, `the task of the evicted pod ${name} has failed`, async () => {
      const { status } = await get(`${taskRuns}/${taskRun}`);
      return status.conditions[0].status === "False" || undefined;
    });
  } finally {
    await withFinalizers(name, null);
  }
}

/** An update whose clone is evicted when it has said so much, or has ended before. */
function evictedWhen(said: RegExp) {
  let hear = (_: string) => {};
  const heard = new Promise<void>((resolve) => {
    hear = (output) => said.test(output) && resolve();
  });
  const end = show([join(places.path, "pulumi"), "up", "--yes", ...onStack(configFile)], pulumiEnvironment(), hear);
  return [evictClone("htop", Promise.race([heard, end.then(() => undefined)])), end] as const;
}

/** What the steps take from the end-to-end test. */
interface Stack {
  readonly changedConfig: (change: (config: Document) => void) => string;
  readonly buildPath: (config: Document, name: string) => (string | number)[];
  /** What a preview plans. */
  readonly plan: (file: string) => Promise<string[]>;
  readonly up: (file: string) => Promise<{ code: number | null; output: string }>;
}

export function lostPodSteps({ changedConfig, buildPath, plan, up }: Stack): void {
  it("fails with the reason when a build fails, publishes nothing, and goes on when the cause is gone, although a pod is lost then", async () => {
    const { images } = (await stackOutputs()) as { images: Record<string, string> };
    const tag = `docker://${images.htop.split("@")[0]}:latest`;
    const digest = () => run(["skopeo", "inspect", "--tls-verify=false", "--format", "{{.Digest}}", tag]);
    const before = await digest();
    const broken = changedConfig((config) => config.setIn([...buildPath(config, "htop"), "revision"], "no-such-branch"));
    const { code, output } = await up(broken);
    expect(code).not.toBe(0);
    expect(output).toContain("no-such-branch");
    expect(await digest()).toBe(before);
    // A node that is drained takes its pods away like this: the update itself repeats the build.
    const [, repaired] = await Promise.all(evictedWhen(/htop-\w{5}: clone: running/));
    expect(repaired.code).toBe(0);
    expect(repaired.output).toMatch(/htop-\w{5}: task clone failed: .*; its pod was (?:deleted|taken away)/);
    expect(repaired.output).toMatch(/htop-\w{5} had failed before: trying again as htop-\w{5}-\w{5}/);
    expect(await plan(configFile)).toEqual([]);
  });
}
