import { describe, expect, it } from "vitest";
import {
  builtBy,
  type Claim,
  claimsToFree,
  failureOf,
  lossOf,
  outcome,
  type Pod,
  type Run,
  repeatOf,
  runToFollow,
  supersededRepeats,
  type TaskRun,
  taskName,
  tasksToEnd,
  whereItWarned,
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
  it("the newest, where several would do, in whichever order the API lists them", () => {
    const [older, newer] = [repeat("a", "True", 1), repeat("b", "True", 2)];
    const undated = { ...run("c", "True"), metadata: { name: "c", namespace: "builds" } };
    for (const repeats of [
      [older, newer, undated],
      [undated, newer, older],
      [newer, older, undated],
    ])
      expect(runToFollow(failed, repeats)?.metadata.name).toBe("b");
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

it("repeats a run that has lost its label, or all labels, without inventing one", () => {
  for (const labels of [undefined, {}, { other: "label" } as Record<string, string>]) {
    const original = run("hello-1", "False");
    original.metadata.labels = labels;
    expect(repeatOf(original).metadata.labels).toStrictEqual({ "openshift-multiarch/repeats": "hello-1" });
  }
});

it("calls a task as its pipeline does, and a task without one by its own name", () => {
  expect(taskName(taskRun("build-arm64", {}))).toBe("build-arm64");
  for (const labels of [undefined, {}]) expect(taskName({ metadata: { name: "by-hand", namespace: "n", labels } })).toBe("by-hand");
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

  it("says so where Tekton gives no reason, of a run as of a task", () => {
    const silent = { type: "Succeeded", status: "False" };
    expect(failureOf(run("r", "False", undefined, { conditions: [] }), [])).toEqual({ message: "Failed: Tekton gives no reason" });
    expect(failureOf(run("r", "False", undefined, { conditions: [{ ...silent, reason: "Gone" }] }), [])).toEqual({
      message: "Gone: Tekton gives no reason",
    });
    expect(failureOf(run("r", "False"), [taskRun("clone", { conditions: [silent] })]).message).toBe(
      "task clone failed: Tekton gives no reason",
    );
    expect(failureOf(run("r", "False"), [taskRun("clone", { conditions: [{ ...silent, reason: "Evicted" }] })]).message).toBe(
      "task clone failed: Evicted",
    );
  });

  it("shows the log of the step that failed, not of those before it; the first one's where none says that it ended", () => {
    const steps = (...list: NonNullable<NonNullable<TaskRun["status"]>["steps"]>) =>
      failureOf(run("r", "False"), [taskRun("t", { conditions: condition("False"), podName: "pod", steps: list })]).log;
    const ended = (name: string, exitCode: number) => ({ name, container: `container-${name}`, terminated: { exitCode } });
    expect(steps(ended("a", 0), ended("b", 2), ended("c", 1))).toEqual({ pod: "pod", container: "container-b" });
    expect(steps({ name: "a", container: "container-a" }, { name: "b", container: "container-b" })).toEqual({
      pod: "pod",
      container: "container-a",
    });
    // Tekton calls a step's container after the step (tektoncd/pipeline, pkg/pod, StepName).
    expect(steps({ name: "b", terminated: { exitCode: 1 } })).toEqual({ pod: "pod", container: "step-b" });
  });

  it("has no log without a pod, or without a step", () => {
    const log = (status: Partial<NonNullable<TaskRun["status"]>>) =>
      failureOf(run("r", "False"), [taskRun("t", { conditions: condition("False", "", "m"), ...status })]);
    const steps = [{ name: "a", terminated: { exitCode: 1 } }];
    for (const status of [{}, { steps }, { podName: "pod" }, { podName: "", steps }, { podName: "pod", steps: [] }])
      expect(log(status)).toStrictEqual({ message: "task t failed: m" });
  });

  it("is the first by time, in whichever order the API lists them", () => {
    const at = (name: string, completionTime?: string) => taskRun(name, { conditions: condition("False"), completionTime });
    const [first, second] = [at("one", "2024-01-01T00:00:09Z"), at("two", "2024-01-01T00:00:10Z")];
    for (const taskRuns of [
      [first, second],
      [second, first],
    ])
      expect(failureOf(run("r", "False"), taskRuns).message).toMatch(/^task one failed/);
    expect(failureOf(run("r", "False"), [first, at("undated"), second]).message).toMatch(/^task undated failed/);
  });
});

describe("what was built", () => {
  const results = [
    { name: "image", value: `registry.example.com:5000/hello@${digest}\n` },
    { name: "members", value: "r/hello@sha256:a,r/hello@sha256:b" },
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
  it("is what was found, where the push was skipped, whose results Tekton leaves out", () => {
    const found = results.map((result) => ({ ...result, name: { image: "found", members: "found-members" }[result.name] ?? result.name }));
    expect(builtBy(run("hello-1", "True", undefined, { results: found }))).toEqual(builtBy(run("hello-1", "True", undefined, { results })));
  });
  it("is what was pushed, where nothing was found", () => {
    const empty = ["found", "found-members"].map((name) => ({ name, value: "" }));
    expect(builtBy(run("hello-1", "True", undefined, { results: [...empty, ...results] })).members).toHaveLength(2);
  });
  it("lists its members however Tekton or a script has separated them", () => {
    for (const separator of [",", ", ", "\n", " ,\n"]) {
      const several = results.map((result) =>
        result.name === "members" ? { ...result, value: `\nr@sha256:a${separator}r@sha256:b\n` } : result,
      );
      expect(builtBy(run("r", "True", undefined, { results: several })).members).toEqual(["r@sha256:a", "r@sha256:b"]);
    }
  });
  it.each(["image", "members", "CHAINS-GIT_COMMIT"])(
    "is an error that names the run and the result %s, if that is missing or empty",
    (name) => {
      const others = results.filter((result) => result.name !== name);
      for (const given of [others, [...others, { name, value: " \n" }]])
        expect(() => builtBy(run("hello-1", "True", undefined, { results: given }))).toThrow(
          `the run hello-1 succeeded without the result ${name}`,
        );
    },
  );
  it("is an error also of a run that Tekton has written no status of", () => {
    expect(() => builtBy({ metadata: { name: "hello-1", namespace: "n" }, spec: {} })).toThrow("succeeded without the result image");
  });
  it.each([`${digest}0`, `x${digest}`, "sha256:", digest.toUpperCase()])("is an error with a digest that is none: %s", (value) => {
    const wrong = results.map((result) => (result.name === "image" ? { ...result, value: `r.example.com/hello@${value}` } : result));
    expect(() => builtBy(run("hello-1", "True", undefined, { results: wrong }))).toThrow(
      "the result image of hello-1 is not one with a digest",
    );
  });
  it("is an error if a result is missing or no digest", () => {
    expect(() => builtBy(run("hello-1", "True"))).toThrow("succeeded without the result image");
    const wrong = results.map((result) => (result.name === "image" ? { ...result, value: "r/hello:latest" } : result));
    expect(() => builtBy(run("hello-1", "True", undefined, { results: wrong }))).toThrow("is not one with a digest: r/hello:latest");
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
  it("of several owners are freed if one of them is over, and without an owner are not", () => {
    const over = [run("good", "True"), run("running", "Unknown")];
    const owned = (...owners: string[]): Claim => ({
      metadata: { name: "c", namespace: "builds", ownerReferences: owners.map((uid) => ({ uid: `uid-${uid}` })) },
    });
    expect(claimsToFree([owned("good", "somebody")], over)).toHaveLength(1);
    expect(claimsToFree([owned("running", "somebody"), owned(), { metadata: { name: "c", namespace: "n" } }], over)).toEqual([]);
  });
  it("lose the protection by finished pods alone", () => {
    expect(withoutProtection(claim("a", "good", ["x/y", "kubernetes.io/pvc-protection"]))).toEqual(["x/y"]);
    expect(withoutProtection(claim("a", "good"))).toEqual([]);
  });
});

describe("a task's warnings", () => {
  const done = (
    status: TaskRun["status"],
    labels: Record<string, string> | undefined = { "tekton.dev/task": "buildah-build" },
  ): TaskRun => ({
    metadata: { name: "t", namespace: "n", labels },
    status: { conditions: condition("True"), podName: "pod", steps: [{ name: "build", container: "container" }], ...status },
  });

  it("are in the logs of its steps, in the container that Tekton names, or the one called after the step", () => {
    expect(whereItWarned(done({}))).toEqual([{ task: "buildah-build", step: "build", pod: "pod", container: "container", exitCode: 0 }]);
    const steps = [{ name: "unpack" }, { name: "npm", container: "c" }];
    expect(whereItWarned(done({ steps })).map(({ container }) => container)).toEqual(["step-unpack", "c"]);
  });
  it("are in the log of a step that failed without failing its task, too, whose exit code is told", () => {
    const steps = [
      { name: "build", terminated: { exitCode: 0 } },
      { name: "sbom", terminated: { exitCode: 139 } },
    ];
    expect(whereItWarned(done({ steps })).map(({ step, exitCode }) => [step, exitCode])).toEqual([
      ["build", 0],
      ["sbom", 139],
    ]);
  });
  it("are nowhere while it runs, when it has failed, without a pod, a step or the Task's name", () => {
    for (const status of ["Unknown", "False"]) expect(whereItWarned(done({ conditions: condition(status) }))).toEqual([]);
    for (const status of [{ podName: undefined }, { podName: "" }, { steps: [] }, { steps: undefined }])
      expect(whereItWarned(done(status))).toEqual([]);
    for (const labels of [{}, { "tekton.dev/pipelineTask": "build" } as Record<string, string>])
      expect(whereItWarned(done({}, labels))).toEqual([]);
    expect(whereItWarned({ metadata: { name: "t", namespace: "n" } })).toEqual([]);
  });
});

describe("the pod of a failed task", () => {
  const failed = (reason: string) => taskRun("build", { conditions: condition("False", reason), podName: "p" });
  const pod = (conditions: Record<string, string>[], deletionTimestamp?: string): Pod => ({
    metadata: { name: "p", namespace: "builds", ...(deletionTimestamp && { deletionTimestamp }) },
    status: { phase: "Failed", conditions: conditions.map((one) => ({ type: "DisruptionTarget", status: "True", ...one })) },
  });

  it("was lost if Kubernetes notes in it that it had to go, with its words for that", () => {
    expect(
      lossOf(failed("StepFailed"), pod([{ reason: "TerminationByKubelet", message: "The node had condition: [MemoryPressure]." }])),
    ).toBe("its pod was taken away (The node had condition: [MemoryPressure].)");
    expect(lossOf(failed("Failed"), pod([{ reason: "DeletionByPodGC" }]))).toBe("its pod was taken away (DeletionByPodGC)");
  });

  it("was lost if it is gone, or about to", () => {
    for (const reason of ["Failed", "StepFailed", "InitContainerFailed", "PodEvicted"]) {
      expect(lossOf(failed(reason), undefined)).toBe("its pod was deleted");
      expect(lossOf(failed(reason), pod([], "2024-01-01T00:00:00Z"))).toBe("its pod was deleted");
    }
  });

  it("was not lost if it is there: a step failed, or it used more disk than its own limit", () => {
    expect(lossOf(failed("StepFailed"), pod([]))).toBeUndefined();
    expect(lossOf(failed("PodEvicted"), pod([]))).toBeUndefined();
    expect(lossOf(failed("StepFailed"), pod([{ status: "False" }]))).toBeUndefined();
  });

  it("was not lost where Tekton itself deletes it: at a time limit, without its image, for too little memory of the step's own", () => {
    for (const reason of ["TaskRunTimeout", "TaskRunImagePullFailed", "TaskRunCancelled", "StepOOM", ""]) {
      expect(lossOf(failed(reason), undefined)).toBeUndefined();
    }
    expect(lossOf(taskRun("build", {}), undefined)).toBeUndefined();
  });
});
