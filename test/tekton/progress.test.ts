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

  it("orders tasks that began in the same second by name, and those without a time first", () => {
    const order = (...taskRuns: TaskRun[]) => taskStates(taskRuns, 0).map(({ name }) => name);
    const [a, b, c] = ["a", "b", "c"].map((name) => taskRun(name, {}));
    const later = taskRun("0", {}, "2024-01-01T00:00:01Z");
    const undated: TaskRun = { metadata: { name: "z", namespace: "n" } };
    for (const taskRuns of [
      [later, c, b, a, undated],
      [undated, a, b, c, later],
      [b, later, undated, c, a],
    ])
      expect(order(...taskRuns)).toEqual(["z", "a", "b", "c", "0"]);
  });

  it("takes for running a task with a pod and a step that runs or has ended, and for waiting any other that is not over", () => {
    const step = (more: object) => [{ name: "one" }, { name: "two", ...more }];
    const of = (status: TaskRun["status"]) => taskStates([taskRun("t", { conditions: condition("Unknown"), ...status })], 0)[0].state;
    expect(of({ podName: "p", steps: step({ running: {} }) })).toBe("running");
    expect(of({ podName: "p", steps: step({ terminated: { exitCode: 0 } }) })).toBe("running");
    for (const status of [{}, { podName: "p" }, { podName: "p", steps: step({}) }, { podName: "", steps: step({ running: {} }) }])
      expect(of(status)).toBe("waiting");
    expect(taskStates([{ metadata: { name: "bare", namespace: "n" } }], 0)).toEqual([state("bare", "waiting", { seconds: 0 })]);
  });

  it("calls cancelled only what has failed by being cancelled", () => {
    const of = (status: string, reason: string) => taskStates([taskRun("t", { conditions: condition(status, reason) })], 0)[0].state;
    expect(of("False", "TaskRunCancelled")).toBe("cancelled");
    expect(of("False", "TaskRunTimeout")).toBe("failed");
    expect(of("True", "TaskRunCancelled")).toBe("succeeded");
    expect(of("Unknown", "TaskRunCancelled")).toBe("waiting");
  });

  it("gives the reason in Tekton's words, by its name where there are none, and no time before the start", () => {
    const now = Date.parse("2024-01-01T00:00:10Z");
    const of = (status: TaskRun["status"]) => taskStates([taskRun("t", status)], now)[0];
    const bare = { type: "Succeeded", status: "Unknown" };
    expect(of({ conditions: [{ ...bare, reason: "Pending", message: "no node" }] }).reason).toBe("no node");
    expect(of({ conditions: [{ ...bare, reason: "Pending" }] }).reason).toBe("Pending");
    expect(of({ conditions: [bare] }).reason).toBe("");
    // Clocks differ: the cluster's may be ahead.
    expect(of({ startTime: "2024-01-01T00:00:12Z" }).seconds).toBe(0);
    expect(of({ startTime: "2024-01-01T00:00:07.600Z" }).seconds).toBe(2);
  });

  it("compares each task with itself, not with another", () => {
    const before = [state("clone", "succeeded"), state("build-amd64", "running"), state("build-arm64", "waiting")];
    expect(changes(before, [state("clone", "succeeded"), state("build-amd64", "running"), state("build-arm64", "running")])).toEqual([
      "build-arm64: running",
    ]);
    expect(changes(before, before)).toEqual([]);
    expect(changes([before[1]], [state("push", "running", { attempt: 2 })])).toEqual(["push: running (attempt 2)"]);
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
    expect(heartbeat([state("clone", "succeeded"), state("push", "failed"), state("x", "cancelled")])).toBe("waiting for Tekton");
    // A running task's reason says no more than that it runs; a wait without a reason has none to show.
    expect(heartbeat([state("a", "running", { reason: "Not all Steps have ended" })])).toBe("a running 5 s");
    expect(heartbeat([state("a", "waiting")])).toBe("a waiting 5 s");
    const long = heartbeat([state("a", "waiting", { reason: "x".repeat(201) })]);
    expect(long).toBe(`a waiting 5 s (${"x".repeat(197)}...)`);
    expect(heartbeat([state("a", "waiting", { reason: "x".repeat(200) })])).toBe(`a waiting 5 s (${"x".repeat(200)})`);
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
  it("is looked for by its scheduling alone, and is known even by little", () => {
    const refused = { type: "PodScheduled", status: "False", reason: "Unschedulable" };
    const other = { ...refused, type: "Ready" };
    const bare = { metadata: { name: "p", namespace: "n" } };
    expect(unplaced([{ ...bare, status: { conditions: [other] } }])).toEqual([]);
    expect(unplaced([{ ...bare, status: {} }])).toEqual([]);
    for (const spec of [undefined, {}, { nodeSelector: {} }])
      expect(unplaced([{ ...bare, spec, status: { conditions: [other, refused] } }])).toEqual([
        { task: "p", architecture: "", reason: "the scheduler gives no reason" },
      ]);
    expect(unplaced([{ ...pod("Unknown", "Unschedulable") }])).toEqual([]);
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
  for (const nothing of ["", "\n", " \n\n"]) expect(logLines(nothing)).toEqual(["(it has written nothing)"]);
  expect(logLines("\n  indented\n\nend\n")).toEqual(["", "  indented", "", "end"]);
  expect(logLines(`${"x".repeat(1000)}\n${"y".repeat(1001)}`)).toEqual(["x".repeat(1000), `${"y".repeat(997)}...`]);
});

it("finds what a task's or a step's own script warns of, not what its programs print", () => {
  const log = "STEP 1\nld: warning: old\nbuildah-build: warning: HEALTHCHECK is lost\ngit-clone: warning: other\nbuildah-build: done\n";
  expect(warningsIn(["buildah-build", "unpack"], log)).toEqual(["buildah-build: warning: HEALTHCHECK is lost"]);
  expect(warningsIn(["npm-build", "unpack"], "unpack: warning: unusable\n")).toEqual(["unpack: warning: unusable"]);
  expect(warningsIn(["buildah-build", "unpack"], "said: buildah-build: warning: not at the beginning\n")).toEqual([]);
  expect(warningsIn(["buildah-build", "unpack"], "")).toEqual([]);
});
