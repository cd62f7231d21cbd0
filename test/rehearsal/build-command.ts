import { spawn } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { run } from "../../rehearsal/machine/exec";
import { checkout, places } from "../../rehearsal/machine/places";
import { stackOutputs } from "../../rehearsal/stack/state";
import { preview } from "./preview";

const namespace = "build-multiarch";
const kubectl = (...args: string[]) => run([join(places.path, "kubectl"), ...args], { env: { KUBECONFIG: places.adminKubeconfig } });
const runsOf = async (build: string) =>
  (await kubectl("get", "pipelineruns", "-n", namespace, "-l", `openshift-multiarch/build=${build}`, "-o", "name")).trim().split("\n");

function build(...words: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn("npm", ["run", "--silent", "rehearse", "--", "build", ...words], {
    cwd: checkout,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].on("data", (chunk: Buffer) => {
      ended[stream] += chunk;
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, ...ended }));
  });
}

/**
 * In the running rehearsal, with the stack's own builds done.
 * @param config file of the stack's configuration as the last update had it.
 */
export function buildCommandSteps(config: string): void {
  it("the newest digest of a build is what the stack has built, while nothing else has run", async () => {
    const { images } = (await stackOutputs()) as { images: Record<string, string> };
    expect(await build("nodejs", "--newest")).toMatchObject({ code: 0, stdout: `${images.nodejs}\n` });
  });

  it("a run that is started by hand finds the commit built, frees its volume, and is no difference to the stack", async () => {
    const { images } = (await stackOutputs()) as { images: Record<string, string> };
    const before = await runsOf("nodejs");
    const { code, stdout, stderr } = await build("nodejs");
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/clone: done in (?:(?!build-|push)[\s\S])*done, commit [0-9a-f]{40}/),
    });
    expect(stdout).toBe(`${images.nodejs}\n`);
    expect(await runsOf("nodejs")).toHaveLength(before.length + 1);
    const claims = await kubectl("get", "persistentvolumeclaims", "-n", namespace, "-l", "openshift-multiarch/build=nodejs", "-o", "name");
    expect(claims).toBe("");
    expect(await build("nodejs", "--newest")).toMatchObject({ code: 0, stdout });
    expect(await preview(config)).toMatchObject({ code: 0, touches: [], errors: [], warnings: [] });
  });

  it("a run that is cancelled ends as Cancelled, and its volume is freed", async () => {
    const nodes = (await kubectl("get", "nodes", "-o", "name")).trim().split("\n");
    // Else it has ended before anybody can cancel it, as its image is there already.
    await kubectl("cordon", ...nodes);
    let name = "";
    try {
      const started = await build("htop", "--no-follow");
      expect(started).toMatchObject({ code: 0, stdout: expect.stringMatching(/^htop-\w{5}\n$/) });
      name = started.stdout.trim();
      expect(await build("htop", "--cancel", name)).toMatchObject({ code: 0, stderr: expect.stringContaining(`${name}: cancelled`) });
    } finally {
      await kubectl("uncordon", ...nodes);
    }
    const { status } = JSON.parse(await kubectl("get", "pipelinerun", name, "-n", namespace, "-o", "json"));
    expect(status.conditions[0]).toMatchObject({ status: "False", reason: "Cancelled" });
    const claims = await kubectl("get", "persistentvolumeclaims", "-n", namespace, "-l", "openshift-multiarch/build=htop", "-o", "name");
    expect(claims).toBe("");
    expect(await build("htop", "--watch", name)).toMatchObject({ code: 1, stdout: "" });
  }, 300_000);

  it("the command line of Tekton starts a run from the last one, with the node of every task", async () => {
    const tkn = join(places.bin, "tkn");
    const env = { KUBECONFIG: places.adminKubeconfig };
    const made = await run([tkn, "pipeline", "start", "nodejs", "--last", "-n", namespace, "--output", "name"], { env });
    const name = made.trim().replace(/^.*\//, "");
    const { spec } = JSON.parse(await kubectl("get", "pipelinerun", name, "-n", namespace, "-o", "json"));
    const pinned = spec.taskRunSpecs.filter(({ podTemplate }: { podTemplate?: { nodeSelector?: object } }) => podTemplate?.nodeSelector);
    const { spec: pipeline } = JSON.parse(await kubectl("get", "pipeline", "nodejs", "-n", namespace, "-o", "json"));
    expect(pinned).toHaveLength(pipeline.tasks.length);
    // Labels of a Pipeline go to its runs: this one is known as one of the build.
    expect(await build("nodejs", "--watch", name)).toMatchObject({ code: 0 });
  });
}
