import { describe, expect, it } from "vitest";
import type { Pod, TaskRun } from "../../tekton/following";
import { changes, heartbeat, logLines, type TaskState, taskStates, unplaced, waitsForNode, warningsIn } from "../../tekton/progress";

const condition = (status: string, reason = "", message = "") => [{ type: "Succeeded", status, reason, message }];
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

describe("progress", () => {
  it("reads state, time and attempt of each task, in the order of their starts", () => {
    const now = Date.parse("2024-01-01T00:01:00Z");
    const states = taskStates(
      [
        taskRun("push", { conditions: condition("Unknown", "Pending", "no node") }, "2024-01-01T00:00:50Z"),
        taskRun("build", {
          conditions: condition("Unknown", "Running"),
          startTime: "2024-01-01T00:00:30Z",
          podName: "build-pod",
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

  it("tells once that a task is tried again, and that it runs again when it does", () => {
    const attempt = (status: TaskRun["status"]) => taskRun("push", { startTime: "2024-01-01T00:00:00Z", ...status });
    const failedStep = [{ name: "push", terminated: { exitCode: 1 } }];
    // What Tekton's controller writes, in its order: the steps of the first attempt stay until the second one's pod is there.
    const seen = [
      attempt({ podName: "push-pod", conditions: condition("Unknown", "Running"), steps: [{ name: "push", running: {} }] }),
      attempt({ podName: "", conditions: condition("Unknown", "ToBeRetried"), steps: failedStep, retriesStatus: [{}] }),
      attempt({ podName: "", conditions: condition("Unknown", "ToBeRetried"), steps: failedStep, retriesStatus: [{}] }),
      attempt({ podName: "push-pod-retry1", conditions: condition("Unknown", "Pending"), steps: [{ name: "push" }], retriesStatus: [{}] }),
      attempt({
        podName: "push-pod-retry1",
        conditions: condition("Unknown", "Running"),
        steps: [{ name: "push", running: {} }],
        retriesStatus: [{}],
      }),
    ].map((task) => taskStates([task], Date.parse("2024-01-01T00:00:05Z")));
    const told = seen.flatMap((states, index) => changes(seen[index - 1] ?? [], states));
    expect(told).toEqual(["push: running", "push: failed, is tried again", "push: running (attempt 2)"]);
  });

  it("tells of an attempt that failed between two looks", () => {
    const running = state("push", "running");
    const again = (what: TaskState["state"]) => changes([running], [state("push", what, { attempt: 2 })]);
    expect(again("running")).toEqual(["push: failed, is tried again", "push: running (attempt 2)"]);
    expect(again("succeeded")).toEqual(["push: failed, is tried again", "push: done in 5 s"]);
    expect(again("failed")).toEqual(["push: failed, is tried again", "push: failed after 5 s"]);
  });

  it("does not call failed what was ended because another task had failed", () => {
    const ended = taskStates([taskRun("build-amd64", { conditions: condition("False", "TaskRunCancelled") })], 0);
    expect(changes([state("build-amd64", "running")], ended)).toEqual(["build-amd64: ended, as the run cannot succeed any more"]);
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

describe("a pod without a node", () => {
  const pod = (status: string, reason: string): Pod => ({
    metadata: { name: "p", namespace: "builds", labels: { "tekton.dev/pipelineTask": "build-arm64" } },
    spec: { nodeSelector: { "kubernetes.io/arch": "arm64" } },
    status: { conditions: [{ type: "PodScheduled", status, reason, message: "0/2 nodes are available: Insufficient cpu.\nmore" }] },
  });

  it("is one that the scheduler has refused, not one that it has not looked at or that waits for its image", () => {
    expect(unplaced([pod("False", "Unschedulable")])).toEqual([
      { task: "build-arm64", architecture: "arm64", reason: "0/2 nodes are available: Insufficient cpu." },
    ]);
    expect(unplaced([pod("True", ""), pod("False", "SchedulingGated"), { metadata: { name: "p", namespace: "n" } }])).toEqual([]);
  });
  it("waits for a machine, if there is none of its architecture, else for room", () => {
    const [waiting] = unplaced([pod("False", "Unschedulable")]);
    expect(waitsForNode(waiting, 0)).toContain("the cluster has none of arm64");
    expect(waitsForNode(waiting, 1)).toBe("build-arm64: waits for a node: 0/2 nodes are available: Insufficient cpu.");
  });
});

it("cuts a log into lines that can be told one by one", () => {
  expect(logLines("a\r\nb\rc\n\n")).toEqual(["a", "b", "c"]);
  expect(logLines("x".repeat(5000))[0]).toHaveLength(1000);
  expect(logLines("\n")).toEqual(["(it has written nothing)"]);
});

it("finds what a task's own script warns of, not what its programs print", () => {
  const log = "STEP 1\nld: warning: old\nbuildah-build: warning: HEALTHCHECK is lost\ngit-clone: warning: other\nbuildah-build: done\n";
  expect(warningsIn("buildah-build", log)).toEqual(["buildah-build: warning: HEALTHCHECK is lost"]);
});
