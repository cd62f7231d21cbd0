import { describe, expect, it } from "vitest";
import { review } from "../../../rehearsal/simulators/operators/admission";
import { isDue, type Run, runsToPrune } from "../../../rehearsal/simulators/operators/pruner";
import {
  conditions,
  configMapData,
  initialSpec,
  isIgnoredNamespace,
  problems,
  type TektonConfig,
  type TektonConfigSpec,
  withDefaults,
} from "../../../rehearsal/simulators/operators/tekton-config";
import { placed, readObjects } from "../../../rehearsal/simulators/operators/tekton-manifests";

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
  const run = (name: string, completionTime?: string): Run => ({
    apiVersion: "tekton.dev/v1",
    kind: "PipelineRun",
    metadata: { name },
    status: { completionTime },
  });
  const runs = [
    run("old", "2026-01-01T00:00:00Z"),
    run("new", "2026-01-03T00:00:00Z"),
    run("going"),
    run("middle", "2026-01-02T00:00:00Z"),
  ];
  const names = (list: Run[]) => list.map(({ metadata }) => metadata.name);
  const now = new Date("2026-01-03T12:00:00Z");

  it("keeps the newest finished runs and those that go on", () => {
    expect(names(runsToPrune(runs, { keep: 1 }, now))).toEqual(["middle", "old"]);
    expect(names(runsToPrune(runs, { keep: 3 }, now))).toEqual([]);
  });

  it("keeps runs younger than so many minutes", () => {
    expect(names(runsToPrune(runs, { "keep-since": 36 * 60 + 1 }, now))).toEqual(["old"]);
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
