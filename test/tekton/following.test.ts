import { describe, expect, it } from "vitest";
import {
  builtBy,
  type Claim,
  claimsToFree,
  failureOf,
  outcome,
  type Run,
  repeatOf,
  runToFollow,
  supersededRepeats,
  type TaskRun,
  tasksToEnd,
  withoutProtection,
} from "../../tekton/following";

const digest = `sha256:${"d".repeat(64)}`;
const condition = (status: string, reason = "", message = "") => [{ type: "Succeeded", status, reason, message }];
const run = (name: string, status: string, created = "2024-01-01T00:00:00Z", more: Partial<Run["status"]> = {}): Run => ({
  metadata: { name, namespace: "builds", uid: `uid-${name}`, creationTimestamp: created, labels: { "openshift-multiarch/build": "hello" } },
  spec: { pipelineRef: { name: "hello" } },
  status: { conditions: condition(status), ...more },
});
const taskRun = (task: string, status: TaskRun["status"], created = "2024-01-01T00:00:00Z"): TaskRun => ({
  metadata: { name: `run-${task}`, namespace: "builds", creationTimestamp: created, labels: { "tekton.dev/pipelineTask": task } },
  status,
});
it("tells how a run stands, also one that Tekton has not looked at", () => {
  expect(["True", "False", "Unknown"].map((status) => outcome(run("r", status)))).toEqual(["succeeded", "failed", "running"]);
  expect(outcome({ metadata: { name: "r", namespace: "n" }, spec: {} })).toBe("running");
});

describe("which run is followed", () => {
  const failed = run("hello-1", "False");
  const repeat = (name: string, status: string, minute: number) => run(name, status, `2024-01-01T00:0${minute}:00Z`);

  it("the given one while it runs or has succeeded", () => {
    for (const status of ["True", "Unknown"]) expect(runToFollow(run("hello-1", status), [])?.metadata.name).toBe("hello-1");
  });
  it("one that repeats a failed run, if it has succeeded or still runs", () => {
    expect(runToFollow(failed, [repeat("a", "False", 1), repeat("b", "Unknown", 2)])?.metadata.name).toBe("b");
    expect(runToFollow(failed, [repeat("a", "True", 1), repeat("b", "Unknown", 2)])?.metadata.name).toBe("a");
  });
  it("none if all have failed, or are cancelled and just not over yet", () => {
    expect(runToFollow(failed, [repeat("a", "False", 1)])).toBeUndefined();
    const cancelled = { ...repeat("a", "Unknown", 1), spec: { status: "CancelledRunFinally" } };
    expect(runToFollow(failed, [cancelled])).toBeUndefined();
  });
  it("and of the failed repeats all but the newest are superfluous then", () => {
    const repeats = [repeat("a", "False", 1), repeat("c", "False", 3), repeat("b", "False", 2), repeat("d", "Unknown", 4)];
    expect(supersededRepeats(repeats).map(({ metadata }) => metadata.name)).toEqual(["b", "a"]);
  });
});

it("repeats a run with the same spec, but not a request to cancel, as a dependent of the first", () => {
  const original = run("hello-1", "False");
  original.spec.status = "Cancelled";
  expect(repeatOf(original)).toEqual({
    apiVersion: "tekton.dev/v1",
    kind: "PipelineRun",
    metadata: {
      generateName: "hello-1-",
      namespace: "builds",
      labels: { "openshift-multiarch/build": "hello", "openshift-multiarch/repeats": "hello-1" },
      ownerReferences: [{ apiVersion: "tekton.dev/v1", kind: "PipelineRun", name: "hello-1", uid: "uid-hello-1" }],
    },
    spec: { pipelineRef: { name: "hello" } },
  });
});

describe("a failure", () => {
  it("is the task that failed first, with the step whose log to show; cancelled tasks are not the reason", () => {
    const failed = taskRun("build-arm64", {
      conditions: condition("False", "Failed", "exited with code 1"),
      podName: "pod-1",
      completionTime: "2024-01-01T00:00:10Z",
      steps: [{ name: "build", container: "step-build", terminated: { exitCode: 1 } }],
    });
    const later = taskRun("build-amd64", { conditions: condition("False"), completionTime: "2024-01-01T00:00:20Z" });
    const cancelled = taskRun("push", { conditions: condition("False", "TaskRunCancelled"), completionTime: "2024-01-01T00:00:01Z" });
    expect(failureOf(run("r", "False"), [later, cancelled, failed])).toEqual({
      message: "task build-arm64 failed: exited with code 1",
      log: { pod: "pod-1", container: "step-build" },
    });
  });

  it("without a failed task is what Tekton says about the run", () => {
    const refused = run("r", "False", undefined, { conditions: condition("False", "CouldntGetTask", "no task git-clone") });
    expect(failureOf(refused, [])).toEqual({ message: "CouldntGetTask: no task git-clone" });
  });
});

describe("what was built", () => {
  const results = [
    { name: "IMAGE_URL", value: "registry.example.com:5000/hello:latest\n" },
    { name: "IMAGE_DIGEST", value: digest },
    { name: "IMAGES", value: "r/hello@sha256:a,r/hello@sha256:b" },
    { name: "CHAINS-GIT_COMMIT", value: "c0ffee" },
  ];
  it("is named by digest, with its members", () => {
    expect(builtBy(run("hello-1", "True", undefined, { results }))).toEqual({
      run: "hello-1",
      image: `registry.example.com:5000/hello@${digest}`,
      members: ["r/hello@sha256:a", "r/hello@sha256:b"],
      commit: "c0ffee",
    });
  });
  it("is an error if a result is missing or no digest", () => {
    expect(() => builtBy(run("hello-1", "True"))).toThrow("succeeded without the result IMAGE_DIGEST");
    const wrong = results.map((result) => (result.name === "IMAGE_DIGEST" ? { ...result, value: "latest" } : result));
    expect(() => builtBy(run("hello-1", "True", undefined, { results: wrong }))).toThrow("not a digest: latest");
  });
});

describe("tasks that are ended", () => {
  const task = (name: string, status: string, reason = "", spec: TaskRun["spec"] = {}): TaskRun => ({
    ...taskRun(name, { conditions: condition(status, reason) }),
    spec,
  });
  const ended = (...taskRuns: TaskRun[]) => tasksToEnd(taskRuns).map(({ metadata }) => metadata.name);
  const running = task("build-amd64", "Unknown");

  it("are those that run when another has failed for good", () => {
    expect(ended(task("clone", "True"), task("build-arm64", "False"), running)).toEqual(["run-build-amd64"]);
  });
  it("are none while none has failed, or one is tried again, or was cancelled by somebody", () => {
    expect(ended(task("clone", "True"), running)).toEqual([]);
    expect(ended(task("push", "Unknown", "ToBeRetried"), running)).toEqual([]);
    expect(ended(task("build-arm64", "False", "TaskRunCancelled"), running)).toEqual([]);
  });
  it("are asked to end once", () => {
    expect(ended(task("build-arm64", "False"), task("build-amd64", "Unknown", "", { status: "TaskRunCancelled" }))).toEqual([]);
  });
});

describe("volumes", () => {
  const claim = (name: string, owner: string, finalizers?: string[]): Claim => ({
    metadata: { name, namespace: "builds", finalizers, ownerReferences: [{ uid: `uid-${owner}` }] },
  });

  it("are freed of runs that are over, and of no other", () => {
    const claims = [claim("a", "failed"), claim("b", "good"), claim("c", "running"), claim("d", "unknown")];
    const runs = [run("failed", "False"), run("good", "True"), run("running", "Unknown")];
    expect(claimsToFree(claims, runs).map(({ metadata }) => metadata.name)).toEqual(["a", "b"]);
  });
  it("lose the protection by finished pods alone", () => {
    expect(withoutProtection(claim("a", "good", ["x/y", "kubernetes.io/pvc-protection"]))).toEqual(["x/y"]);
    expect(withoutProtection(claim("a", "good"))).toEqual([]);
  });
});
