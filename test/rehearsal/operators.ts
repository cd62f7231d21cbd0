import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { featureFlags } from "../../cluster/pipelines";
import { programCommand } from "../../cluster/program";
import { CommandError, run } from "../../rehearsal/machine/exec";
import { checkout, places } from "../../rehearsal/machine/places";

const kubectl = (args: readonly string[], input?: string) =>
  run([join(places.path, "kubectl"), ...args], { input, env: { KUBECONFIG: places.adminKubeconfig } });
export const json = async (...args: string[]) => JSON.parse(await kubectl([...args, "--output=json"]));

const tekton = "openshift-pipelines";
const operators = "openshift-operators";
const pipelines = "openshift-pipelines-operator-rh";

/** Until `look` returns something, at most `seconds`. */
export async function eventually<T>(seconds: number, what: string, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  while (true) {
    let refusal = "";
    const found = await look().catch((error) => {
      if (!(error instanceof CommandError)) throw error;
      refusal = ` (${error.message})`;
    });
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`not within ${seconds} s: ${what}${refusal}`);
    await sleep(500);
  }
}

/** A namespace like any of a user. */
const probe = "operators-probe";
const wrongChannel = (): object[] => [
  { apiVersion: "v1", kind: "Namespace", metadata: { name: probe } },
  { apiVersion: "operators.coreos.com/v1", kind: "OperatorGroup", metadata: { name: "all", namespace: probe }, spec: {} },
  {
    apiVersion: "operators.coreos.com/v1alpha1",
    kind: "Subscription",
    metadata: { name: pipelines, namespace: probe },
    spec: { name: pipelines, channel: "pipelines-9.9", source: "redhat-operators", sourceNamespace: "openshift-marketplace" },
  },
];

/** The program's own wait for an operator, as Pulumi starts it: how it ends. */
function waitForWrongChannel(): Promise<{ code: number | null; seconds: number; text: string }> {
  const environment = {
    KUBECONFIG_CONTENT: readFileSync(places.adminKubeconfig, "utf8"),
    NAMESPACE: probe,
    SUBSCRIPTION: pipelines,
    CHANNEL: "pipelines-9.9",
    SECONDS: "600",
  };
  const started = Date.now();
  const child = spawn("sh", ["-c", programCommand("cluster/operator-ready.ts")], {
    cwd: checkout,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let text = "";
  child.stderr?.on("data", (chunk) => {
    text += chunk;
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, seconds: (Date.now() - started) / 1000, text })));
}

let waiting: ReturnType<typeof waitForWrongChannel> | undefined;

/** In the running cluster: what OLM and the Tekton operator do there, and what the program makes of it. */
export function operatorSteps(): void {
  it("installs both operators from the catalog: a bundle that a job unpacked, an install plan, a version with its Deployments", async () => {
    const wanted = { [operators]: pipelines, "openshift-cluster-csi-drivers": "aws-efs-csi-driver-operator" };
    for (const [namespace, name] of Object.entries(wanted)) {
      const { status } = await json("get", "subscription.operators.coreos.com", name, "--namespace", namespace);
      const plan = await json("get", "installplan", status.installplan.name, "--namespace", namespace);
      expect(plan.status.phase).toBe("Complete");
      expect(plan.status.bundleLookups.map(({ path }: { path: string }) => path)).toEqual([expect.stringContaining(`${name}-bundle`)]);
      const version = await json("get", "clusterserviceversion", status.installedCSV, "--namespace", namespace);
      expect(version.status.phase).toBe("Succeeded");
      for (const deployment of version.spec.install.spec.deployments) {
        const { status: running } = await json("get", "deployment", deployment.name, "--namespace", namespace);
        expect(running.availableReplicas).toBe(1);
      }
    }
    const jobs = (await json("get", "jobs", "--namespace=openshift-marketplace")).items;
    expect(jobs.map(({ status }: { status: { succeeded: number } }) => status.succeeded)).toEqual([1, 1]);
  });

  it("tells all channels of a package by OLM's own server", async () => {
    const { status } = await json("get", "packagemanifest", pipelines, "--namespace=default");
    const channels: { name: string; currentCSV: string }[] = status.channels;
    expect(channels.map(({ name }) => name).sort()).toEqual(["latest", ...[20, 21, 22, 23, 24].map((minor) => `pipelines-1.${minor}`)]);
    expect(channels.find(({ name }) => name === "latest")?.currentCSV).toBe(`${pipelines}.v1.24.0`);
  });

  it("takes a Subscription whose channel nobody offers, as OLM does", async () => {
    for (const object of wrongChannel()) await kubectl(["apply", "--filename=-"], JSON.stringify(object));
    waiting = waitForWrongChannel();
    await kubectl(["create", "--filename=-"], JSON.stringify(withoutImage));
  });

  it("keeps an edit of Tekton's ConfigMap until the operator writes it anew, which it does when somebody changes TektonPipeline", async () => {
    const flags = ["configmap/feature-flags", "--namespace", tekton] as const;
    const set = (object: readonly string[], change: object) =>
      kubectl(["patch", ...object, "--type=merge", `--patch=${JSON.stringify(change)}`]);
    await set(flags, { data: { coschedule: "workspaces" } });
    await sleep(5000);
    expect((await json("get", ...flags)).data.coschedule).toBe("workspaces");
    await set(["tektonpipeline/pipeline"], { spec: { coschedule: "pipelineruns" } });
    await eventually(60, "TektonPipeline and its ConfigMap are as TektonConfig has them", async () => {
      const { spec } = await json("get", "tektonpipeline", "pipeline");
      const { data } = await json("get", ...flags);
      return spec.coschedule === featureFlags.coschedule && data.coschedule === featureFlags.coschedule ? data : undefined;
    });
  });

  it("has a Deployment that somebody deleted made again by the operator", async () => {
    const events = ["deployment/tekton-events-controller", "--namespace", tekton] as const;
    const { metadata } = await json("get", ...events);
    await kubectl(["delete", ...events]);
    await eventually(90, "the Deployment is available again", async () => {
      const { metadata: now, status } = await json("get", ...events);
      return now.uid !== metadata.uid && status.availableReplicas === 1 ? now : undefined;
    });
  });

  it("has what is taken out of TektonConfig put back by the operator's webhook, and refuses what Tekton does not know", async () => {
    const patch = (spec: object) => kubectl(["patch", "tektonconfig", "config", "--type=merge", `--patch=${JSON.stringify({ spec })}`]);
    await patch({ pipeline: { "enable-api-fields": null }, profile: null });
    const { spec } = await json("get", "tektonconfig", "config");
    expect({ profile: spec.profile, ...spec.pipeline }).toMatchObject({ "enable-api-fields": "beta", ...featureFlags });
    await patch({ profile: "all" });
    await expect(patch({ profile: "everything" })).rejects.toThrow('admission webhook "validation.webhook.operator.tekton.dev" denied');
    await expect(patch({ pipeline: { "enable-api-fields": "gamma" } })).rejects.toThrow("validation failed");
  });

  it("has runs pruned by the operator's own job: as many stay as TektonConfig says, the newest", async () => {
    const { spec } = await json("get", "tektonconfig", "config");
    const old = 2;
    const total = spec.pruner.keep + old;
    await kubectl(["create", "--filename=-"], JSON.stringify(pipeline));
    for (let n = 0; n < total; n++) {
      // The pruner sorts by start, in whole seconds.
      if (n === old) await sleep(1500);
      await kubectl(["create", "--filename=-"], JSON.stringify(cancelledRun(n)));
    }
    await eventually(60, "all runs have ended", async () =>
      (await runs()).every(({ status }) => status?.completionTime) ? true : undefined,
    );
    const name = "prune-now";
    const [cron] = (await json("get", "cronjobs", "--namespace", tekton)).items;
    expect(cron.spec.schedule).toBe(spec.pruner.schedule);
    await kubectl(["create", "job", name, `--from=cronjob/${cron.metadata.name}`, "--namespace", tekton]);
    const end = await eventually(120, "the pruner's job ends", async () => {
      const { status } = await json("get", "job", name, "--namespace", tekton);
      return (status.succeeded ?? status.failed) ? status : undefined;
    });
    const log = await kubectl(["logs", `job/${name}`, "--namespace", tekton]);
    expect({ succeeded: end.succeeded, log }).toMatchObject({ succeeded: 1 });
    // Chains holds a run that is deleted until it has looked at it.
    const left = (await runs()).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    const newest = Array.from({ length: spec.pruner.keep }, (_, n) => cancelledRun(total - 1 - n).metadata.name);
    expect(left.map(({ metadata }) => metadata.name).sort()).toEqual(newest.sort());
    expect((await json("get", "pipelineruns", "--namespace=build-multiarch")).items.length).toBeGreaterThanOrEqual(3);
    await kubectl(["delete", "job", name, "--namespace", tekton]);
  });
}

/** Later: what became of the Subscription with the wrong channel, and of the task whose image nobody has. */
export function laterOperatorSteps(): void {
  it("lets a task whose image cannot be pulled wait for two minutes, and fails it then", async () => {
    const { status } = await eventually(150, "the task has failed", async () => {
      const run = await json("get", "taskrun", withoutImage.metadata.name, "--namespace", probe);
      return run.status.completionTime ? run : undefined;
    });
    expect(status.conditions[0].reason).toBe("TaskRunImagePullFailed");
    expect((Date.parse(status.completionTime) - Date.parse(status.startTime)) / 1000).toBeGreaterThan(100);
  });

  it("fails within three minutes with OLM's own reason when a channel is not offered", async () => {
    const { code, seconds, text } = (await waiting) ?? { code: 0, seconds: 0, text: "" };
    await kubectl(["delete", "namespace", probe, "--wait=false"]);
    expect(code).toBe(1);
    expect(seconds).toBeLessThan(180);
    expect(text).toContain(
      `no operators found in channel pipelines-9.9 of package ${pipelines} in the catalog referenced by subscription ${pipelines}`,
    );
    expect(text).toContain("pipelines-1.24");
  });
}

const withoutImage = {
  apiVersion: "tekton.dev/v1",
  kind: "TaskRun",
  metadata: { name: "without-image", namespace: probe },
  spec: { taskSpec: { steps: [{ name: "none", image: "registry.invalid/none:1", command: ["none"] }] } },
};

const pipeline = {
  apiVersion: "tekton.dev/v1",
  kind: "Pipeline",
  metadata: { name: "many", namespace: probe },
  spec: { tasks: [{ name: "none", taskSpec: { steps: [{ name: "none", image: "none" }] } }] },
};

/**
 * A run that ends before it has a pod. Tekton's controller looks at it once, and the label that it then writes is lost if Chains writes
 * at that moment; the pruner goes by this label, so here the run has it from the start.
 */
const cancelledRun = (n: number) => ({
  apiVersion: "tekton.dev/v1",
  kind: "PipelineRun",
  metadata: { name: `many-${String(n).padStart(3, "0")}`, namespace: probe, labels: { "tekton.dev/pipeline": "many" } },
  spec: { pipelineRef: { name: "many" }, status: "Cancelled" },
});

const runs = async (): Promise<{ metadata: { name: string; deletionTimestamp?: string }; status?: { completionTime?: string } }[]> =>
  (await json("get", "pipelineruns", "--namespace", probe)).items;
