import { join } from "node:path";
import { run } from "../../rehearsal/machine/exec";
import { places } from "../../rehearsal/machine/places";
import { runningPid } from "../../rehearsal/machine/process";
import { eventually } from "./operators";

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
 */
export async function evictClone(build: string): Promise<void> {
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
