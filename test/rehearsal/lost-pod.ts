import { join } from "node:path";
import { run } from "../../rehearsal/machine/exec";
import { places } from "../../rehearsal/machine/places";
import { runningPid } from "../../rehearsal/machine/process";
import { eventually } from "./operators";

const pods = "/api/v1/namespaces/build-multiarch/pods";
const raw = (args: readonly string[], input?: string) =>
  run([join(places.path, "kubectl"), ...args], { input, env: { KUBECONFIG: places.adminKubeconfig } });

/**
 * Evicts the pod that clones for the next run of a build while it clones: what `kubectl drain` does with each pod of a node. The Git server
 * takes connections and says nothing until then, so that no clone is done before.
 */
export async function evictClone(build: string): Promise<void> {
  const server = runningPid("git");
  if (server === undefined) throw new Error("the Git server does not run");
  process.kill(server, "SIGSTOP");
  try {
    const query = `labelSelector=tekton.dev/pipeline=${build},tekton.dev/pipelineTask=clone&fieldSelector=status.phase=Running`;
    const name = await eventually(180, `a clone of ${build} runs`, async (): Promise<string | undefined> => {
      const { items } = JSON.parse(await raw(["get", "--raw", `${pods}?${query}`]));
      return items[0]?.metadata.name;
    });
    const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name } };
    await raw(["create", "--raw", `${pods}/${name}/eviction`, "--filename=-"], JSON.stringify(eviction));
  } finally {
    process.kill(server, "SIGCONT");
  }
}
