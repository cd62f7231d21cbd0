import { join } from "node:path";
import { expect, it } from "vitest";
import { pipelineNames, taskNames } from "../../builds/objects";
import { run } from "../../rehearsal/machine/exec";
import { checkout, places } from "../../rehearsal/machine/places";

const kubectl = (args: readonly string[], input?: string) =>
  run([join(places.path, "kubectl"), ...args], { input, env: { KUBECONFIG: places.adminKubeconfig } });
const printed = (...words: string[]) => run(["npm", "run", "-s", "tekton", "--", ...words], { cwd: checkout });
const namespace = "tekton-yaml-probe";

/** In the running cluster: Tekton's own webhooks look at what `npm run tekton` prints, in a namespace that has nothing of the program's. */
export function tektonYamlSteps(): void {
  it("Tekton takes the tasks and pipelines that are printed, each of them, into a namespace of anybody's", async () => {
    await kubectl(["create", "namespace", namespace]);
    try {
      const applied = await kubectl(["apply", "--dry-run=server", "--namespace", namespace, "-f", "-"], await printed());
      const taken = [
        ...taskNames().map((name) => `task.tekton.dev/${name}`),
        ...pipelineNames.map((name) => `pipeline.tekton.dev/${name}`),
      ];
      expect(applied.trim().split("\n")).toEqual(taken.map((name) => `${name} created (server dry run)`));
    } finally {
      await kubectl(["delete", "namespace", namespace, "--wait=false"]);
    }
  });

  it("Tekton takes a run of each pipeline, as it is printed", async () => {
    for (const pipeline of pipelineNames) {
      const made = await kubectl(["create", "--dry-run=server", "--namespace", "default", "-f", "-"], await printed("--run", pipeline));
      expect(made).toMatch(new RegExp(`^pipelinerun\\.tekton\\.dev/${pipeline}-\\w+ created \\(server dry run\\)`));
    }
  });

  it("Tekton refuses a task with a field that it does not know, so that the two tests above say something", async () => {
    const wrong = (await printed("--task", "git-clone")).replace("\n  steps:\n", "\n  stebs:\n");
    await expect(kubectl(["apply", "--dry-run=server", "--namespace", "default", "-f", "-"], wrong)).rejects.toThrow(
      /stebs|denied the request/,
    );
  });
}
