import { request } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Admission, review } from "../../../../rehearsal/cluster/operators/admission";
import type { Api } from "../../../../rehearsal/cluster/operators/api";
import { isDue, type PruneOptions, type Run, runsToPrune } from "../../../../rehearsal/cluster/operators/pruner";
import {
  conditions,
  configMapData,
  initialSpec,
  isIgnoredNamespace,
  type Pruner,
  problems,
  type TektonConfig,
  type TektonConfigSpec,
  withDefaults,
} from "../../../../rehearsal/cluster/operators/tekton-config";
import { placed, readObjects } from "../../../../rehearsal/cluster/operators/tekton-manifests";

const complete = withDefaults(initialSpec);

describe("TektonConfig", () => {
  it("is without fault as the operator creates it", () => {
    expect(problems("config", complete)).toEqual([]);
    expect(complete.pipeline).toMatchObject({ coschedule: "workspaces", "default-service-account": "pipeline" });
  });

  it("loses the fields that Tekton gave up and keeps what was set", () => {
    const spec = withDefaults({ ...initialSpec, pipeline: { coschedule: "disabled", "disable-affinity-assistant": true } });
    expect(spec.pipeline).toMatchObject({ coschedule: "disabled" });
    expect(spec.pipeline).not.toHaveProperty("disable-affinity-assistant");
  });

  it("gets a number of runs to keep only when no age is given", () => {
    expect(withDefaults({ pruner: {} }).pruner).toMatchObject({ keep: 100, resources: ["pipelinerun"] });
    expect(withDefaults({ pruner: { "keep-since": 60, resources: [" PipelineRun "] } }).pruner).toEqual({
      disabled: false,
      "keep-since": 60,
      resources: ["pipelinerun"],
    });
    expect(withDefaults({ pruner: { disabled: true } }).pruner).toEqual({ disabled: true });
  });

  it.each<[string, TektonConfigSpec]>([
    ["invalid value: al: spec.profile", { profile: "al" }],
    ["expected exactly one, got both: spec.pruner.keep, spec.pruner.keep-since", { pruner: { ...complete.pruner, "keep-since": 10 } }],
    ["invalid value: 0: spec.pruner.keep", { pruner: { ...complete.pruner, keep: 0 } }],
    ["invalid value: pods: spec.pruner.resources[0]", { pruner: { ...complete.pruner, resources: ["pods"] } }],
    ["invalid value: nope: spec.pipeline.coschedule", { pipeline: { coschedule: "nope" } }],
    ["invalid value: gamma: spec.pipeline.enable-api-fields", { pipeline: { "enable-api-fields": "gamma" } }],
    ["missing field(s): spec.targetNamespace", { targetNamespace: "" }],
  ])("is refused with: %s", (message, change) => {
    expect(problems("config", { ...complete, ...change })).toEqual([message]);
  });

  it("has one name and one target namespace for ever", () => {
    expect(problems("other", complete)).toHaveLength(1);
    expect(problems("config", { ...complete, targetNamespace: "elsewhere" }, complete)[0]).toContain(
      "Doesn't allow to update targetNamespace",
    );
  });

  it("reaches the ConfigMaps key by key", () => {
    const data = configMapData({
      pipeline: { coschedule: "disabled", "default-timeout-minutes": 30, "enable-git-resolver": true, "metrics.taskrun.level": "task" },
    });
    expect(data).toEqual({ "feature-flags": { coschedule: "disabled" }, "config-defaults": { "default-timeout-minutes": "30" } });
  });

  it("is Ready only when every part is", () => {
    const ready = (progress: Parameters<typeof conditions>[0]) => conditions(progress).find(({ type }) => type === "Ready")?.status;
    expect(ready({})).toBe("True");
    expect(ready({ components: "not yet" })).toBe("False");
    expect(ready({ preInstall: "broken" })).toBe("False");
  });
});

describe("the operator's webhooks", () => {
  const ask = (path: string, object: Partial<TektonConfig>) =>
    review(path, {
      apiVersion: "admission.k8s.io/v1",
      kind: "AdmissionReview",
      request: {
        uid: "1",
        operation: "CREATE",
        name: "config",
        object: { apiVersion: "operator.tekton.dev/v1alpha1", kind: "TektonConfig", metadata: { name: "config" }, ...object },
      },
    }) as { allowed: boolean; patch?: string; status?: { message: string } };

  it("fill in defaults by a patch of the spec", () => {
    const { patch = "" } = ask("/defaulting", { spec: initialSpec });
    expect(JSON.parse(Buffer.from(patch, "base64").toString())).toEqual([{ op: "replace", path: "/spec", value: complete }]);
  });

  it("refuse with every reason at once", () => {
    const answer = ask("/validation", { spec: { ...complete, profile: "al", pipeline: { coschedule: "nope" } } });
    expect(answer.allowed).toBe(false);
    expect(answer.status?.message).toBe(
      "validation failed: invalid value: al: spec.profile\ninvalid value: nope: spec.pipeline.coschedule",
    );
    expect(ask("/validation", { spec: complete }).allowed).toBe(true);
  });

  it("are registered before they answer, and a change fails until they do", async () => {
    const registered: { webhooks: { failurePolicy: string; clientConfig: { url: string; caBundle: string } }[] }[] = [];
    const api = { apply: async (object: never) => registered.push(object) } as unknown as Api;
    const admission = new Admission(api, 500);
    await admission.start();
    try {
      expect(registered.map(({ webhooks }) => webhooks[0].failurePolicy)).toEqual(["Fail", "Fail"]);
      const { url, caBundle } = registered[0].webhooks[0].clientConfig;
      const call = () =>
        new Promise<unknown>((resolve, reject) => {
          const sent = request(url, { method: "POST", ca: Buffer.from(caBundle, "base64"), agent: false }, (response) => {
            response.resume();
            response.on("end", () => resolve(response.statusCode));
          });
          sent.on("error", reject);
          const object = { apiVersion: "operator.tekton.dev/v1alpha1", kind: "TektonConfig", metadata: { name: "config" } };
          sent.end(JSON.stringify({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request: { uid: "1", object } }));
        });
      await expect(call()).rejects.toThrow();
      await sleep(600);
      expect(await call()).toBe(200);
    } finally {
      admission.stop();
    }
  });

  it("never stand in the way of a deletion", () => {
    expect(ask("/validation", { metadata: { name: "config", deletionTimestamp: "now" }, spec: { profile: "al" } }).allowed).toBe(true);
  });
});

describe("Tekton's manifests", () => {
  const objects = readObjects(`
apiVersion: v1
kind: ConfigMap
metadata: {name: feature-flags, namespace: tekton-pipelines, labels: {app.kubernetes.io/part-of: tekton-pipelines}}
data: {coschedule: workspaces, results-from: termination-message}
---
# only a comment
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: tekton-pipelines-webhook-cluster-access}
rules: [{apiGroups: [""], resources: [namespaces], verbs: [get], resourceNames: [tekton-pipelines]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: tekton-pipelines-controller, namespace: tekton-pipelines, labels: {app.kubernetes.io/version: devel}}
spec:
  template:
    spec:
      containers:
      - name: controller
        image: ko://github.com/tektoncd/pipeline/cmd/controller
        args: ["-entrypoint-image", "ko://github.com/tektoncd/pipeline/cmd/entrypoint", "-shell-image", "cgr.dev/chainguard/busybox@sha256:19f02276"]
        readinessProbe: {httpGet: {path: /readiness, port: probes}, initialDelaySeconds: 5}
        securityContext: {runAsUser: 65532, runAsNonRoot: true}
`);
  const result = placed(objects, {
    registry: "10.0.0.1:5000",
    version: "v1.15.0",
    spec: withDefaults({ ...initialSpec, pipeline: { coschedule: "disabled" } }),
  });

  it("move to the target namespace, roles included, labels untouched", () => {
    expect(result[0]?.metadata).toMatchObject({
      namespace: "openshift-pipelines",
      labels: { "app.kubernetes.io/part-of": "tekton-pipelines" },
    });
    expect(result[1]?.rules).toMatchObject([{ resourceNames: ["openshift-pipelines"] }]);
  });

  it("carry the settings of the TektonConfig", () => {
    expect(result[0]?.data).toMatchObject({ coschedule: "disabled", "results-from": "termination-message" });
  });

  it("leave the choice of their user to OpenShift", () => {
    const spec = result[2]?.spec as { template: { spec: { containers: object[] } } } | undefined;
    const container = spec?.template.spec.containers[0];
    expect(JSON.parse(JSON.stringify(container)).securityContext).toEqual({ runAsNonRoot: true });
  });

  it("take their images from the registry and run on amd64", () => {
    expect(result[2]).toMatchObject({
      metadata: { labels: { "app.kubernetes.io/version": "v1.15.0" } },
      spec: {
        template: {
          spec: {
            nodeSelector: { "kubernetes.io/arch": "amd64" },
            containers: [
              {
                image: "10.0.0.1:5000/tekton/controller:v1.15.0",
                args: ["-entrypoint-image", "10.0.0.1:5000/tekton/entrypoint:v1.15.0", "-shell-image", "10.0.0.1:5000/tekton/shell:1"],
                readinessProbe: { httpGet: { path: "/readiness" }, periodSeconds: 1 },
              },
            ],
          },
        },
      },
    });
  });
});

describe("the pruner", () => {
  const now = new Date("2026-01-03T12:00:00Z");
  /** A run of a Pipeline or Task that began on a day of January and, if it is over, ended an hour later. */
  const run = (
    name: string,
    day: number,
    { parent = "a", over = true, owner }: { parent?: string; over?: boolean; owner?: string } = {},
  ): Run => ({
    apiVersion: "tekton.dev/v1",
    kind: "PipelineRun",
    metadata: {
      name,
      labels: { "tekton.dev/pipeline": parent, "tekton.dev/task": parent },
      ...(owner && { ownerReferences: [{ apiVersion: "tekton.dev/v1", kind: "PipelineRun", name: owner, uid: "1" }] }),
    },
    status: {
      startTime: `2026-01-0${day}T00:00:00Z`,
      ...(over && { completionTime: `2026-01-0${day}T01:00:00Z` }),
      conditions: [{ type: "Succeeded", status: over ? "True" : "Unknown", reason: over ? "Succeeded" : "Running" }],
    },
  });
  const pruned = (kind: string, runs: Run[], pruner: Pruner, more: Partial<PruneOptions> = {}) =>
    runsToPrune(kind, runs, { pruner, parents: ["a", "b"], pipelineRuns: [], now, ...more }).map(({ metadata }) => metadata.name);
  const runs = [run("old", 1), run("new", 3), run("going", 3, { over: false }), run("middle", 2)];

  it("keeps the newest runs that are over, and those that go on", () => {
    expect(pruned("pipelinerun", runs, { keep: 1 })).toEqual(["middle", "old"]);
    expect(pruned("pipelinerun", runs, { keep: 3 })).toEqual([]);
    expect(pruned("pipelinerun", runs, { keep: 1, "prune-per-resource": true })).toEqual(["middle", "old"]);
  });

  it("counts the runs of a whole namespace, unless it is told to count those of each Pipeline", () => {
    const two = [run("a1", 1), run("a2", 2), run("b1", 1, { parent: "b" }), run("b2", 3, { parent: "b" })];
    expect(pruned("pipelinerun", two, { keep: 2 })).toEqual(["a1", "b1"]);
    expect(pruned("pipelinerun", two, { keep: 1, "prune-per-resource": true })).toEqual(["a1", "b1"]);
    expect(pruned("pipelinerun", two, { keep: 2, "prune-per-resource": true })).toEqual([]);
  });

  it("leaves runs of a Pipeline that is gone to themselves when it counts those of each", () => {
    const gone = [run("c1", 1, { parent: "c" }), run("c2", 2, { parent: "c" })];
    expect(pruned("pipelinerun", gone, { keep: 1, "prune-per-resource": true })).toEqual([]);
    expect(pruned("pipelinerun", gone, { keep: 1 })).toEqual(["c1"]);
  });

  it("takes runs that others own, too: repeats of a run and the tasks of one that is kept", () => {
    expect(pruned("pipelinerun", [run("first", 1), run("repeat", 2, { owner: "first" }), run("third", 3)], { keep: 1 })).toEqual([
      "repeat",
      "first",
    ]);
    const kept = run("kept", 3);
    const tasks = [run("clone", 2, { owner: "kept" }), run("build", 3, { owner: "kept" })];
    expect(pruned("taskrun", tasks, { keep: 1 }, { pipelineRuns: [kept] })).toEqual(["clone"]);
    expect(pruned("taskrun", tasks, { keep: 1 }, { pipelineRuns: [run("kept", 3, { over: false })] })).toEqual([]);
    expect(pruned("taskrun", tasks, { keep: 1 })).toEqual([]);
  });

  it("keeps runs younger than so many minutes", () => {
    const minutes = (hours: number) => hours * 60 + 1;
    expect(pruned("pipelinerun", runs, { "keep-since": minutes(36) })).toEqual(["old"]);
    expect(pruned("pipelinerun", runs, {})).toEqual([]);
  });

  it.each<[string, string, boolean]>([
    ["0 8 * * *", "2026-01-03T08:00:30Z", true],
    ["0 8 * * *", "2026-01-03T08:01:00Z", false],
    ["*/15 * * * *", "2026-01-03T08:45:00Z", true],
    ["0 0-6/2,12 * * *", "2026-01-03T04:00:00Z", true],
    ["0 0 * * 7", "2026-01-04T00:00:00Z", true],
    ["0 0 1 * 6", "2026-01-03T00:00:00Z", true],
    ["0 0 1 * 6", "2026-01-04T00:00:00Z", false],
    ["@daily", "2026-01-04T00:00:00Z", true],
  ])("reads the schedule %s at %s", (schedule, time, due) => {
    expect(isDue(schedule, new Date(time))).toBe(due);
  });

  it.each(["x", "* * * *", "60 * * * *", "*/0 * * * *"])("says that it does not understand %s", (schedule) => {
    expect(() => isDue(schedule, now)).toThrow(schedule);
  });
});

it("leaves the platform's namespaces alone", () => {
  expect(["openshift-pipelines", "kube-system"].every(isIgnoredNamespace)).toBe(true);
  expect(["build-multiarch", "default", "openshift"].some(isIgnoredNamespace)).toBe(false);
});
