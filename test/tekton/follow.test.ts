import { spawn } from "node:child_process";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connection } from "../../cluster/kubeconfig";
import { KubernetesApi } from "../../cluster/kubernetes-api";
import { follow, followOnce, type Pace, RunFailed, type RunReference } from "../../tekton/follow";
import { ApiServer, type KubeObject, token } from "./api-server";

const digest = `sha256:${"d".repeat(64)}`;
const runs = "/apis/tekton.dev/v1/namespaces/builds/pipelineruns";
const taskRuns = "/apis/tekton.dev/v1/namespaces/builds/taskruns";
const claims = "/api/v1/namespaces/builds/persistentvolumeclaims";
const pods = "/api/v1/namespaces/builds/pods";
const reference = { build: "hello", namespace: "builds", name: "hello-1", uid: "uid-hello-1" };
const quick: Pace = { secondsBetweenLooks: 0.01, secondsBetweenHeartbeats: 60, secondsWithoutNode: 60 };

const run = (name: string, status: string, created = "2024-01-01T00:00:00Z", repeats?: string): KubeObject => ({
  metadata: {
    name,
    namespace: "builds",
    uid: `uid-${name}`,
    creationTimestamp: created,
    labels: { "openshift-multiarch/build": "hello", ...(repeats && { "openshift-multiarch/repeats": repeats }) },
  },
  spec: { pipelineRef: { name: "hello" } },
  status: ended(status),
});
const ended = (status: string, reason = "R", message = "") => ({
  conditions: [{ type: "Succeeded", status, message, reason }],
  results: [
    { name: "image", value: `r.example.com/hello@${digest}` },
    { name: "members", value: "r.example.com/hello@sha256:a" },
    { name: "CHAINS-GIT_COMMIT", value: "c0ffee" },
  ],
});
const task = (name: string, status: string, more: KubeObject = {}): KubeObject => ({
  metadata: {
    name: `hello-1-${name}`,
    namespace: "builds",
    creationTimestamp: "2024-01-01T00:00:00Z",
    labels: { "tekton.dev/pipelineTask": name, "tekton.dev/pipelineRun": "hello-1" },
  },
  status: {
    podName: `${name}-pod`,
    conditions: [{ type: "Succeeded", status, message: "exited with code 1" }],
    steps: [
      status === "Unknown"
        ? { name: "build", container: "step-build", running: {} }
        : { name: "build", container: "step-build", terminated: { exitCode: status === "True" ? 0 : 1 } },
    ],
    ...more,
  },
});
const claim = (name: string, owner: string, finalizers = ["kubernetes.io/pvc-protection"]): KubeObject => ({
  metadata: {
    name,
    labels: { "openshift-multiarch/build": "hello" },
    finalizers,
    ownerReferences: [{ kind: "PipelineRun", uid: `uid-${owner}` }],
  },
});

let server: ApiServer;
let lines: string[];
const followed = (pace = quick, api = server.api(), of: RunReference = reference) => follow(api, of, (line) => lines.push(line), pace);
const changed = (call: RegExp) => server.calls.filter((made) => call.test(made));

beforeEach(async () => {
  lines = [];
  server = await new ApiServer().start();
});
afterEach(() => server.stop());

describe("following a run", () => {
  it("tells which tasks run and gives what was pushed", async () => {
    server.put(runs, run("hello-1", "Unknown"));
    server.put(taskRuns, task("build-arm64", "Unknown"));
    server.plan(`GET ${taskRuns}`, (call) => {
      if (call > 1) server.put(taskRuns, task("build-arm64", "True"));
      return undefined;
    });
    server.plan(`GET ${runs}/hello-1`, (call) => {
      if (call > 3) server.put(runs, run("hello-1", "True"));
      return undefined;
    });
    expect(await followed()).toEqual({
      run: "hello-1",
      image: `r.example.com/hello@${digest}`,
      members: ["r.example.com/hello@sha256:a"],
      commit: "c0ffee",
    });
    expect(lines).toEqual(["hello-1: build-arm64: running", "hello-1: build-arm64: done in 0 s"]);
    expect(changed(/^(POST|PATCH|DELETE)/)).toEqual([]);
  });

  it("tells once what a task that went well warns of, and goes on without its log", async () => {
    const done = (name: string, of: string) => {
      const object = task(name, "True");
      object.metadata.labels["tekton.dev/task"] = of;
      return object;
    };
    server.put(runs, run("hello-1", "Unknown"));
    server.put(taskRuns, done("build-arm64", "buildah-build"));
    server.put(taskRuns, done("clone", "git-clone"));
    server.logs.set(`${pods}/build-arm64-pod/log`, "STEP 1\nld: warning: old\nbuildah-build: warning: HEALTHCHECK is lost\n");
    server.plan(`GET ${runs}/hello-1`, (call) => {
      if (call > 3) server.put(runs, run("hello-1", "True"));
      return undefined;
    });
    expect((await followed()).commit).toBe("c0ffee");
    expect(lines.filter((line) => line.includes("warning"))).toEqual([
      "hello-1: buildah-build: warning: HEALTHCHECK is lost",
      `hello-1: git-clone: warning: not known, as its log cannot be read: ${pods}/clone-pod/log not found`,
    ]);
    expect(changed(/\/log/)).toHaveLength(2);
  });

  it("tells the last lines of a step that failed without failing its task", async () => {
    const object = task("build-arm64", "True");
    object.metadata.labels["tekton.dev/task"] = "buildah-build";
    server.put(taskRuns, { ...object, status: { ...object.status, steps: [{ name: "sbom", terminated: { exitCode: 139 } }] } });
    server.put(runs, run("hello-1", "Unknown"));
    server.logs.set(`${pods}/build-arm64-pod/log`, "unpacking\nSIGSEGV\n");
    server.plan(`GET ${runs}/hello-1`, (call) => {
      if (call > 2) server.put(runs, run("hello-1", "True"));
      return undefined;
    });
    await followed();
    expect(lines).toEqual([
      "hello-1: build-arm64: done in 0 s",
      "hello-1: buildah-build: warning: its step sbom ended with exit code 139, which fails no build; last lines:",
      "hello-1: unpacking",
      "hello-1: SIGSEGV",
    ]);
  });

  it("fails with the last 40 lines of the step that failed, each a message, long ones cut", async () => {
    server.put(runs, run("hello-1", "False"));
    server.put(taskRuns, task("build-arm64", "False"));
    server.put(runs, run("again", "Unknown", "2024-01-01T00:01:00Z", "hello-1"));
    server.plan(`GET ${runs}/again`, () => ({ body: run("again", "False") }));
    server.plan(`GET ${taskRuns}`, () => ({ body: { items: [task("build-arm64", "False")] } }));
    const log = [...Array.from({ length: 60 }, (_, line) => `line ${line}`), "x".repeat(70_000), "error: exit status 1", ""].join("\n");
    server.logs.set(`${pods}/build-arm64-pod/log`, log);
    await expect(followed()).rejects.toThrow("again: task build-arm64 failed: exited with code 1");
    const [, header, ...shown] = lines;
    expect(header).toBe("again: last lines of step-build:");
    expect(shown).toHaveLength(40);
    expect(shown[0]).toBe("again: line 22");
    expect(shown.at(-1)).toBe("again: error: exit status 1");
    expect(Math.max(...shown.map((line) => line.length))).toBeLessThan(1100);
    expect(lines.join("\n")).not.toContain(token);
  });

  it("says that the log of a failed step cannot be read, and the reason of the failure all the same", async () => {
    server.put(runs, run("hello-1", "Unknown"));
    server.plan(`GET ${taskRuns}`, () => {
      server.put(runs, run("hello-1", "False"));
      return { body: { items: [task("build-arm64", "False")] } };
    });
    await expect(followed()).rejects.toThrow("task build-arm64 failed");
    expect(lines.at(-1)).toBe(`hello-1: (its log cannot be read: ${pods}/build-arm64-pod/log not found)`);
  });

  it("ends the other tasks once one has failed for good, instead of waiting for the other architecture", async () => {
    server.put(runs, run("hello-1", "Unknown"));
    server.put(taskRuns, task("build-arm64", "False"));
    server.put(taskRuns, task("build-amd64", "Unknown"));
    server.logs.set(`${pods}/build-arm64-pod/log`, "no\n");
    let looks = 0;
    server.plan(`GET ${runs}/hello-1`, () => {
      const { spec } = server.objects.get(`${taskRuns}/hello-1-build-amd64`);
      if (spec?.status !== "TaskRunCancelled" || ++looks < 3) return undefined;
      const cancelled = { conditions: [{ type: "Succeeded", status: "False", reason: "TaskRunCancelled" }] };
      server.put(taskRuns, task("build-amd64", "False", cancelled));
      server.put(runs, run("hello-1", "False"));
      return undefined;
    });
    await expect(followed()).rejects.toThrow("hello-1: task build-arm64 failed: exited with code 1");
    expect(changed(/^PATCH/)).toEqual([`PATCH ${taskRuns}/hello-1-build-amd64`]);
    expect(lines).toContain("hello-1: build-amd64: ended, as the run cannot succeed any more");
  });

  it("goes on when a task that was to be ended has ended by itself", async () => {
    server.put(runs, run("hello-1", "Unknown"));
    server.put(taskRuns, task("build-arm64", "False"));
    server.put(taskRuns, task("build-amd64", "Unknown"));
    server.plan(`PATCH ${taskRuns}/hello-1-build-amd64`, () => {
      server.put(runs, run("hello-1", "False"));
      return { status: 400, body: { message: "Once the TaskRun is complete, no updates are allowed" } };
    });
    await expect(followed()).rejects.toThrow("hello-1: task build-arm64 failed: exited with code 1");
  });

  it("does not end a run whose task is tried again", async () => {
    server.put(runs, run("hello-1", "Unknown"));
    const retried = task("push", "Unknown", {
      podName: "",
      retriesStatus: [{}],
      conditions: [{ type: "Succeeded", status: "Unknown", reason: "ToBeRetried" }],
    });
    server.put(taskRuns, task("build-amd64", "Unknown"));
    server.put(taskRuns, retried);
    server.plan(`GET ${runs}/hello-1`, (call) => (call > 4 ? { body: run("hello-1", "True") } : undefined));
    await followed();
    expect(changed(/^PATCH/)).toEqual([]);
  });

  it("repeats a run that had failed before, once, and keeps of the failed repeats the newest alone", async () => {
    server.put(runs, run("hello-1", "False"));
    server.put(runs, run("hello-1-old", "False", "2024-01-01T00:01:00Z", "hello-1"));
    server.put(runs, run("hello-1-older", "False", "2024-01-01T00:00:30Z", "hello-1"));
    server.plan(`GET ${runs}/hello-1-new1`, () => {
      server.objects.get(`${runs}/hello-1-new1`).status = ended("True");
      return undefined;
    });
    expect((await followed()).run).toBe("hello-1-new1");
    expect(lines[0]).toBe("hello-1 had failed before: trying again as hello-1-new1");
    expect(changed(/^(POST|DELETE)/)).toEqual([`DELETE ${runs}/hello-1-older`, `POST ${runs}`]);
  });

  describe("that loses a pod", () => {
    const stepFailed = { conditions: [{ type: "Succeeded", status: "False", reason: "StepFailed", message: "exited with code 137" }] };
    const drained = {
      metadata: { name: "build-arm64-pod", labels: {} },
      status: { phase: "Failed", conditions: [{ type: "DisruptionTarget", status: "True", message: "Eviction API: evicting" }] },
    };
    const again = [1, 2, 3, 4].map((number) => `hello-1-new${number}`);
    /** Each run fails by the loss of its pod, but for the last of them. */
    const losing = (...names: string[]) => {
      for (const [i, name] of names.entries()) {
        server.plan(`GET ${runs}/${name}`, (call) => {
          if (i === 0 && call === 1) return undefined;
          const end = i === names.length - 1 ? "True" : "False";
          server.put(runs, run(name, end, `2024-01-01T00:0${i}:00Z`, i === 0 ? undefined : "hello-1"));
          return undefined;
        });
      }
      server.put(runs, run("hello-1", "Unknown"));
      server.plan(`GET ${taskRuns}`, () => ({ body: { items: [task("build-arm64", "False", stepFailed)] } }));
    };

    it("is repeated in the same update, as often as the build has retries, with the loss in the reason", async () => {
      server.put(pods, drained);
      losing("hello-1", ...again.slice(0, 2));
      expect((await followed(quick, server.api(), { ...reference, retries: 2 })).run).toBe("hello-1-new2");
      expect(lines).toContain("hello-1: task build-arm64 failed: exited with code 137; its pod was taken away (Eviction API: evicting)");
      expect(lines).toContain("hello-1 had failed before: trying again as hello-1-new1");
      expect(changed(/^POST/)).toHaveLength(2);
    });

    it("fails with that reason when it has lost one more than the build has retries", async () => {
      losing("hello-1", ...again.slice(0, 3));
      const end = followed(quick, server.api(), { ...reference, retries: 2 });
      await expect(end).rejects.toThrow("hello-1-new2: task build-arm64 failed: exited with code 137; its pod was deleted");
      expect(changed(/^POST/)).toHaveLength(2);
    });

    it("is not repeated without retries, nor where a run is followed once", async () => {
      losing("hello-1", ...again.slice(0, 1));
      await expect(followed()).rejects.toThrow("its pod was deleted");
      const once = followOnce(server.api(), { ...reference, retries: 2 }, (line) => lines.push(line), quick);
      await expect(once).rejects.toThrow(RunFailed);
      expect(changed(/^POST/)).toEqual([]);
    });

    it("is not repeated when the step failed by itself", async () => {
      server.put(pods, { metadata: { name: "build-arm64-pod", labels: {} }, status: { phase: "Failed", conditions: [] } });
      losing("hello-1", ...again.slice(0, 1));
      const end = followed(quick, server.api(), { ...reference, retries: 2 });
      await expect(end).rejects.toThrow(/^hello-1: task build-arm64 failed: exited with code 137$/);
      expect(changed(/^POST/)).toEqual([]);
    });
  });

  it("makes one repeat, not two, when the answer to the first request for it gets lost", async () => {
    server.put(runs, run("hello-1", "False"));
    server.plan(`POST ${runs}`, () => {
      server.put(runs, run("hello-1-made", "True", "2024-01-02T00:00:00Z", "hello-1"));
      return { status: 503, body: { message: "gone" } };
    });
    expect((await followed()).run).toBe("hello-1-made");
    expect(changed(/^POST/)).toHaveLength(1);
  });

  it("survives an API server that is away for a moment, but not one that refuses", async () => {
    server.put(runs, run("hello-1", "True"));
    server.plan(`GET ${runs}/hello-1`, (call) => (call === 1 ? { status: 503, body: {} } : undefined));
    expect((await followed()).run).toBe("hello-1");
    await expect(followed(quick, new KubernetesApi(server.kubeconfig.replace(token, "other")))).rejects.toThrow(/^Unauthorized$/);
  });

  it("says how to go on if the run is gone, or another one has its name", async () => {
    const sentence = "the run hello-1 is no longer in builds: `pulumi up --refresh` makes it again";
    await expect(followed()).rejects.toThrow(sentence);
    const other = run("hello-1", "True");
    other.metadata.uid = "another";
    server.put(runs, other);
    await expect(followed()).rejects.toThrow(sentence);
  });

  it.each([
    [
      0,
      "hello-1: build-arm64: waits for a node: the cluster has none of arm64. It starts by itself once a zone of the arm64 pool has a replica",
    ],
    [1, "hello-1: build-arm64: waits for a node: 0/2 nodes are available: Insufficient memory."],
  ])("says, once, that the scheduler finds no node (the architecture has %i)", async (nodes, expected) => {
    server.put(runs, run("hello-1", "Unknown"));
    server.put(taskRuns, task("build-arm64", "Unknown", { steps: [], startTime: "2024-01-01T00:00:00Z" }));
    if (nodes) server.put("/api/v1/nodes", { metadata: { name: "n", labels: { "kubernetes.io/arch": "arm64" } } });
    server.put(pods, {
      metadata: { name: "build-arm64-pod", labels: { "tekton.dev/pipelineTask": "build-arm64", "tekton.dev/pipelineRun": "hello-1" } },
      spec: { nodeSelector: { "kubernetes.io/arch": "arm64" } },
      status: {
        conditions: [
          { type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/2 nodes are available: Insufficient memory." },
        ],
      },
    });
    server.plan(`GET ${runs}/hello-1`, (call) => (call > 8 ? { body: run("hello-1", "True") } : undefined));
    await followed({ ...quick, secondsWithoutNode: 0.01 });
    expect(lines).toEqual([expected]);
  });

  it("frees the volumes of all runs of the build that are over when it has ended well, whoever started them, and of no other", async () => {
    server.put(runs, run("hello-1", "False"));
    server.put(runs, run("good", "True", "2024-01-01T00:01:00Z", "hello-1"));
    server.put(claims, claim("first", "hello-1"));
    server.put(claims, claim("second", "good", ["kubernetes.io/pvc-protection", "other/finalizer"]));
    server.put(claims, claim("by-push", "hello-push"));
    server.put(claims, claim("by-clock", "hello-rebuild"));
    server.put(claims, claim("of-another", "other-push"));
    server.put(runs, run("hello-push", "False"));
    server.put(runs, run("hello-rebuild", "Unknown"));
    const other = run("other-push", "True");
    other.metadata.labels = { "openshift-multiarch/build": "other" };
    server.put(runs, other);
    await followed();
    const left = (name: string) => server.objects.get(`${claims}/${name}`)?.metadata;
    expect(left("by-push")).toMatchObject({ finalizers: [], deletionTimestamp: expect.any(String) });
    expect(left("by-clock")).toEqual(claim("by-clock", "hello-rebuild").metadata);
    expect(left("of-another")).toEqual(claim("of-another", "other-push").metadata);
    expect(left("first")).toMatchObject({ finalizers: [], deletionTimestamp: expect.any(String) });
    expect(left("second")).toMatchObject({ finalizers: ["other/finalizer"], deletionTimestamp: expect.any(String) });
    expect(changed(/^(DELETE|PATCH)/)[0]).toMatch(/^DELETE/);
  });

  it("keeps the volume of a run that has failed, for a look into it", async () => {
    server.put(runs, run("hello-1", "Unknown"));
    server.put(claims, claim("first", "hello-1"));
    server.plan(`GET ${runs}/hello-1`, (call) => (call > 1 ? { body: run("hello-1", "False") } : undefined));
    await expect(followed()).rejects.toThrow();
    expect(changed(/^DELETE/)).toEqual([]);
  });

  it("has built what it has built although the volume cannot be freed", async () => {
    server.put(runs, run("hello-1", "True"));
    server.put(claims, claim("first", "hello-1"));
    server.plan(`DELETE ${claims}/first`, () => ({ status: 403, body: { message: "forbidden" } }));
    expect((await followed()).run).toBe("hello-1");
    expect(lines.at(-1)).toBe("hello-1: its volume stays until the run is replaced: forbidden");
  });

  it("asks little of the API server, however many are followed: 8 calls at a time", async () => {
    let open = 0;
    let most = 0;
    const names = Array.from({ length: 60 }, (_, index) => `many-${index}`);
    for (const name of names) server.put(runs, run(name, "True"));
    const api = server.api();
    const { get } = api;
    api.get = async <T>(path: string) => {
      most = Math.max(most, ++open);
      try {
        return (await get.call(api, path)) as T;
      } finally {
        open--;
      }
    };
    const all = names.map((name) => follow(api, { ...reference, name, uid: `uid-${name}` }, () => {}, quick));
    expect((await Promise.all(all)).map((built) => built.run)).toEqual(names);
    expect(most).toBe(8);
  });
});

it("says when it is stopped that the runs go on, and leaves them alone", async () => {
  server.put(runs, run("hello-1", "Unknown"));
  server.put(taskRuns, task("build-arm64", "Unknown"));
  const program = `
    const { KubernetesApi } = require("./cluster/kubernetes-api");
    const { follow } = require("./tekton/follow");
    follow(new KubernetesApi(process.env.KUBECONFIG_TEXT), ${JSON.stringify(reference)}, (line) => console.log(line));`;
  const child = spawn("node", ["--require", "tsx/cjs", "--eval", program], {
    cwd: join(__dirname, "../.."),
    env: { PATH: process.env.PATH, KUBECONFIG_TEXT: server.kubeconfig },
  });
  let output = "";
  child.stdout.on("data", (chunk) => {
    if (!output.includes("running") && String(chunk).includes("running")) child.kill("SIGINT");
    output += chunk;
  });
  const status = await new Promise((resolve) => child.on("close", resolve));
  expect(output).toContain("hello: no longer followed; its run hello-1 goes on, the next `pulumi up` picks it up\n");
  expect(status).toBe(32);
  expect(changed(/^(POST|PATCH|DELETE)/)).toEqual([]);
});

describe("a kubeconfig", () => {
  const config = (user: string) =>
    `current-context: a\nclusters: [{name: c, cluster: {server: "https://api:6443", certificate-authority-data: Y2E=}}]
contexts: [{name: b, context: {cluster: x, user: y}}, {name: a, context: {cluster: c, user: u}}]\nusers: [{name: u, user: ${user}}]`;

  it("gives server and client certificate of its current context", () => {
    const { server, options } = connection(config("{client-certificate-data: Y2VydA==, client-key-data: a2V5}"));
    expect(server).toBe("https://api:6443");
    expect([options.ca, options.cert, options.key].map(String)).toEqual(["ca", "cert", "key"]);
    expect(options.rejectUnauthorized).toBe(true);
  });
  it("is refused if it leads nowhere or to other files and programs", () => {
    expect(() => connection("")).toThrow("no current context");
    expect(() => connection(config("{exec: {command: aws}}"))).toThrow("neither a token nor a client certificate");
  });
});
