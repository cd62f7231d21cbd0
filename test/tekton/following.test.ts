import { describe, expect, it } from "vitest";
import {
  builtBy,
  changes,
  failureOf,
  heartbeat,
  outcome,
  type Run,
  repeatOf,
  runToFollow,
  type TaskRun,
  type TaskState,
  taskStates,
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
const state = (name: string, what: TaskState["state"], more: Partial<TaskState> = {}): TaskState => ({
  name,
  state: what,
  attempt: 1,
  seconds: 5,
  reason: "",
  ...more,
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
  it("none if all have failed", () => {
    expect(runToFollow(failed, [repeat("a", "False", 1)])).toBeUndefined();
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

describe("progress", () => {
  it("reads state, time and attempt of each task, in the order of their starts", () => {
    const now = Date.parse("2024-01-01T00:01:00Z");
    const states = taskStates(
      [
        taskRun("push", { conditions: condition("Unknown", "Pending", "no node") }, "2024-01-01T00:00:50Z"),
        taskRun("build", {
          conditions: condition("Unknown", "Running"),
          startTime: "2024-01-01T00:00:30Z",
          steps: [{ name: "build", running: {} }],
          retriesStatus: [{}],
        }),
        taskRun("clone", { conditions: condition("True"), startTime: "2024-01-01T00:00:00Z", completionTime: "2024-01-01T00:00:07Z" }),
      ],
      now,
    );
    expect(states).toEqual([
      state("build", "running", { seconds: 30, attempt: 2, reason: "" }),
      state("clone", "succeeded", { seconds: 7 }),
      state("push", "waiting", { seconds: 0, reason: "no node" }),
    ]);
  });

  it("tells each change once", () => {
    expect(changes([], [state("clone", "waiting")])).toEqual([]);
    expect(changes([state("clone", "waiting")], [state("clone", "running")])).toEqual(["clone: running"]);
    expect(changes([state("clone", "running")], [state("clone", "running", { seconds: 9 })])).toEqual([]);
    expect(changes([state("clone", "running")], [state("clone", "succeeded")])).toEqual(["clone: done in 5 s"]);
    expect(changes([], [state("clone", "failed")])).toEqual(["clone: failed after 5 s"]);
  });

  it("tells that a task is tried again", () => {
    const again = state("build", "waiting", { attempt: 2 });
    expect(changes([state("build", "running")], [again])).toEqual(["build: failed, is tried again"]);
    expect(changes([again], [state("build", "running", { attempt: 2 })])).toEqual(["build: running (attempt 2)"]);
  });

  it("says what is open and why it waits when nothing changes", () => {
    const tasks = [
      state("clone", "succeeded"),
      state("build-amd64", "running"),
      state("build-arm64", "waiting", { reason: "no node\nmore" }),
    ];
    expect(heartbeat(tasks)).toBe("build-amd64 running 5 s, build-arm64 waiting 5 s (no node)");
    expect(heartbeat([])).toBe("waiting for Tekton");
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
