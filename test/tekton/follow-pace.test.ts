import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError, type KubernetesApi } from "../../cluster/kubernetes-api";
import { follow, type Pace } from "../../tekton/follow";

/** The clock of these tests: it stands still while anything happens, and goes on to the next waking when all sleep. */
const clock = vi.hoisted(() => ({ now: 0, sleepers: [] as { at: number; wake: () => void }[] }));
vi.mock("node:timers/promises", () => ({
  setTimeout: (milliseconds: number) => new Promise<void>((wake) => clock.sleepers.push({ at: clock.now + milliseconds, wake })),
}));

const start = Date.parse("2024-01-01T00:00:00Z");

async function passTime(seconds: number): Promise<void> {
  const end = clock.now + seconds * 1000;
  for (;;) {
    // Everything that happens without a wait has happened by then.
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    const [next] = clock.sleepers.sort((a, b) => a.at - b.at);
    if (!next || next.at > end) break;
    clock.sleepers.shift();
    clock.now = next.at;
    next.wake();
  }
  clock.now = end;
}

beforeEach(() => {
  clock.now = start;
  clock.sleepers = [];
  vi.spyOn(Date, "now").mockImplementation(() => clock.now);
});
afterEach(async () => {
  for (const cluster of followed) cluster.status = "True";
  await passTime(1000);
  followed.length = 0;
  vi.restoreAllMocks();
});

type Status = "True" | "False" | "Unknown";
const condition = (status: Status, reason = "") => [{ type: "Succeeded", status, reason }];
const results = Object.entries({
  image: `r.example.com/hello@sha256:${"d".repeat(64)}`,
  members: "r.example.com/hello@sha256:a",
  "CHAINS-GIT_COMMIT": "c0ffee",
}).map(([name, value]) => ({ name, value }));
const running = {
  podName: "pod",
  startTime: new Date(start).toISOString(),
  steps: [{ name: "build", running: {} }],
  conditions: condition("Unknown"),
};
const waiting = { startTime: new Date(start).toISOString(), conditions: condition("Unknown", "Pending") };

/** All end well when a test is over: each one that is still followed makes the others slower. */
const followed: Cluster[] = [];

/** A cluster with one build's run, whose task is as `task` says. Answers at once; what it is asked is kept with the second of the asking. */
class Cluster {
  readonly calls: { second: number; call: string }[] = [];
  readonly told: { second: number; line: string }[] = [];
  status: Status = "Unknown";
  reason = "";
  task: object = running;
  labels: Record<string, string> = {};
  refusals: Record<string, number> = {};
  claims: object[] = [];
  repeats: object[] = [];
  /** Further tasks, as their statuses. */
  others: object[] = [];
  nodes = 1;
  private built?: Promise<unknown>;

  constructor(readonly name = "hello") {}

  private run = (name: string) => ({
    metadata: { name, namespace: "builds", uid: `uid-${name}`, labels: { "openshift-multiarch/build": this.name } },
    spec: {},
    status: { conditions: condition(this.status, this.reason), results },
  });
  private answer(call: string): unknown {
    this.calls.push({ second: (clock.now - start) / 1000, call });
    const [method, url] = call.split(" ");
    const { pathname, searchParams } = new URL(url, "https://api");
    const refusal = Object.entries(this.refusals).find(([pattern]) => new RegExp(pattern).test(call))?.[1];
    if (refusal) throw new ApiError(refusal, `refused with ${refusal}`);
    if (method !== "GET") return {};
    const kind = pathname.split("/").at(-1);
    const selector = searchParams.get("labelSelector");
    // A list without a selector, as an empty one is, would hold the objects of all builds.
    if (!selector && /s$/.test(kind ?? "")) throw new Error(`${call}: asked for everything`);
    if (kind === "taskruns")
      return {
        items: [this.task, ...this.others].map((status, index) => ({
          metadata: {
            name: `${this.name}-task${index || ""}`,
            labels: { "tekton.dev/pipelineTask": `build${index || ""}`, ...this.labels },
          },
          status,
        })),
      };
    if (kind === "pods")
      return {
        items: [
          {
            metadata: { name: "pod", labels: { "tekton.dev/pipelineTask": "build" } },
            spec: { nodeSelector: { "kubernetes.io/arch": "arm64" } },
            status: { conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: "no room" }] },
          },
        ],
      };
    if (kind === "nodes") return { items: Array.from({ length: this.nodes }, () => ({})) };
    if (kind === "persistentvolumeclaims") return { items: this.claims };
    if (kind === "pipelineruns")
      return { items: selector?.includes("/repeats=") ? this.repeats : [this.run(`${this.name}-1`), ...this.repeats] };
    return this.run(kind ?? "");
  }
  readonly api = {
    get: async (path: string) => this.answer(`GET ${path}`),
    find: async (path: string) => this.answer(`GET ${path}`),
    text: async (path: string) => String(this.answer(`GET ${path}`)),
    patch: async (path: string) => this.answer(`PATCH ${path}`),
    delete: async (path: string) => this.answer(`DELETE ${path}`),
    create: async (path: string) => this.answer(`POST ${path}`),
  } as unknown as KubernetesApi;

  follow(pace?: Pace): this {
    const reference = { build: this.name, namespace: "builds", name: `${this.name}-1`, uid: `uid-${this.name}-1` };
    const tell = (line: string) => this.told.push({ second: (clock.now - start) / 1000, line });
    followed.push(this);
    this.built = follow(this.api, reference, tell, pace);
    this.built.catch(() => {});
    return this;
  }
  /** Lets the run end well, and waits until that is seen. */
  async end(): Promise<unknown> {
    this.status = "True";
    await passTime(60);
    return this.built;
  }
  seconds = (call: RegExp) => this.calls.filter((made) => call.test(made.call)).map(({ second }) => second);
}
const each = (every: number, count: number, from = 0) => Array.from({ length: count }, (_, index) => from + every * index);
const looks = /GET .*\/taskruns\?/;

describe("a run that is followed alone", () => {
  it("is looked at every 1.5 seconds", async () => {
    const cluster = new Cluster();
    cluster.follow();
    await passTime(6);
    expect(cluster.seconds(looks)).toEqual(each(1.5, 5));
  });

  it("is heard of every 15 seconds while nothing changes, counted from the last line", async () => {
    const cluster = new Cluster();
    cluster.follow();
    await passTime(50);
    expect(cluster.told).toEqual([
      { second: 0, line: "hello-1: build: running" },
      // At the first look after 15 seconds have gone by since the line before.
      { second: 16.5, line: "hello-1: build running 17 s" },
      { second: 33, line: "hello-1: build running 33 s" },
      { second: 49.5, line: "hello-1: build running 50 s" },
    ]);
  });

  it("has nobody look for nodes for its first 20 seconds, and then each 20 seconds while a task waits; says what it finds once", async () => {
    const cluster = new Cluster();
    cluster.task = waiting;
    cluster.follow();
    await passTime(65);
    // At the first look at which the wait is 20 s, rounded as it is told, and from there on at the first look after 20 seconds.
    expect(cluster.seconds(/\/pods\?/)).toEqual([19.5, 40.5, 61.5]);
    expect(cluster.calls.find(({ call }) => call.includes("/nodes"))?.call).toBe(
      "GET /api/v1/nodes?labelSelector=kubernetes.io%2Farch%3Darm64",
    );
    expect(cluster.told.filter(({ line }) => line.includes("waits for a node"))).toEqual([
      { second: 19.5, line: "hello-1: build: waits for a node: no room" },
    ]);
  });

  it("has nodes looked for again as soon as the time between two searches is over", async () => {
    const cluster = new Cluster();
    cluster.task = waiting;
    cluster.follow({ secondsBetweenLooks: 2, secondsBetweenHeartbeats: 60, secondsWithoutNode: 10 });
    await passTime(31);
    expect(cluster.seconds(/\/pods\?/)).toEqual([10, 20, 30]);
  });

  it("has nobody look for nodes while its task runs, however long", async () => {
    const cluster = new Cluster();
    cluster.follow();
    await passTime(65);
    expect(cluster.seconds(/\/pods\?/)).toEqual([]);
  });

  it("says again what it waits for when that has changed", async () => {
    const cluster = new Cluster();
    cluster.task = waiting;
    cluster.follow();
    await passTime(30);
    cluster.nodes = 0;
    await passTime(35);
    const lines = cluster.told.filter(({ line }) => line.includes("waits for a node")).map(({ line }) => line);
    expect(lines).toEqual([
      "hello-1: build: waits for a node: no room",
      expect.stringContaining("hello-1: build: waits for a node: the cluster has none of arm64"),
    ]);
  });
});

describe("runs that are followed together", () => {
  const several = (count: number) => Array.from({ length: count }, (_, index) => new Cluster(`build-${index}`));

  it.each([
    [4, 1.5],
    [15, 1.5],
    [20, 2],
    [40, 4],
  ])("are looked at so seldom that %i of them make 20 calls a second at most: each every %s seconds", async (count, pause) => {
    const clusters = several(count);
    for (const cluster of clusters) cluster.follow();
    await passTime(40);
    for (const cluster of clusters)
      expect(cluster.seconds(looks).slice(1)).toEqual(
        each(pause, Math.floor(40 / pause), pause).map((second) => expect.closeTo(second, 5)),
      );
    const calls = clusters.flatMap((cluster) => cluster.calls.filter(({ second }) => second > 0 && second <= 40));
    expect(calls.length / 40).toBeLessThanOrEqual(20.5);
  });

  it.each([
    [4, 16.5],
    [8, 31.5],
    [16, 60.8],
  ])("are heard of so seldom that a screen can be read: %i of them each after %s seconds", async (count, second) => {
    const clusters = several(count);
    for (const cluster of clusters) cluster.follow();
    await passTime(second + 1);
    for (const { told } of clusters) expect(told.map((line) => line.second)).toEqual([0, expect.closeTo(second, 5)]);
  });

  it("make each other slower only as long as they are followed", async () => {
    const clusters = several(40);
    for (const cluster of clusters) cluster.follow();
    await passTime(4);
    await Promise.all(clusters.map((cluster) => cluster.end()));
    const late = new Cluster();
    late.follow();
    const begin = (clock.now - start) / 1000;
    await passTime(3);
    expect(late.seconds(looks)).toEqual(each(1.5, 3, begin));
  });
});

describe("the API server", () => {
  it("is asked for what belongs to the run or the build, by label, never for all", async () => {
    const cluster = new Cluster();
    cluster.task = waiting;
    cluster.follow();
    await passTime(25);
    await cluster.end();
    const selectors = cluster.calls
      .map(({ call }) => new URL(call.split(" ")[1], "https://api"))
      .filter(({ searchParams }) => searchParams.has("labelSelector"))
      .map(({ pathname, searchParams }) => `${pathname.split("/").at(-1)} ${searchParams.get("labelSelector")}`);
    expect(new Set(selectors)).toEqual(
      new Set([
        "pipelineruns openshift-multiarch/repeats=hello-1",
        "pipelineruns openshift-multiarch/build=hello",
        "taskruns tekton.dev/pipelineRun=hello-1",
        "pods tekton.dev/pipelineRun=hello-1",
        "nodes kubernetes.io/arch=arm64",
        "persistentvolumeclaims openshift-multiarch/build=hello",
      ]),
    );
  });

  it("is asked for the last lines of the failed step's container, and for no more than a log's share of them", async () => {
    const cluster = new Cluster();
    cluster.task = {
      podName: "pod",
      conditions: condition("False"),
      steps: [{ name: "build", container: "its-container", terminated: { exitCode: 1 } }],
    };
    const followed = cluster.follow();
    await passTime(2);
    cluster.status = "False";
    await passTime(2);
    await expect(followed.end()).rejects.toThrow("hello-1: task build failed");
    const [log, ...others] = cluster.calls.map(({ call }) => call).filter((call) => call.includes("/log"));
    // 40 lines of 5,000 bytes: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/, "get read log of the specified Pod".
    expect(log).toBe("GET /api/v1/namespaces/builds/pods/pod/log?container=its-container&tailLines=40&limitBytes=200000");
    expect(others).toEqual([]);
  });

  it("is asked for no log of a run that failed without a task, of which Tekton's reason is all there is to say", async () => {
    const cluster = new Cluster();
    const followed = cluster.follow();
    await passTime(2);
    cluster.status = "False";
    cluster.reason = "PipelineRunTimeout";
    await passTime(2);
    await expect(followed.end()).rejects.toThrow("hello-1: PipelineRunTimeout: Tekton gives no reason");
    expect(cluster.calls.filter(({ call }) => call.includes("/log"))).toEqual([]);
    expect(cluster.told.map(({ line }) => line)).toEqual(["hello-1: build: running"]);
  });

  it("may refuse to have a task ended, which costs time alone; an error that is no answer ends the following", async () => {
    const cluster = new Cluster();
    cluster.others = [{ podName: "pod-2", conditions: condition("False"), steps: [] }];
    cluster.refusals = { "PATCH .*/taskruns/hello-task": 400 };
    const refused = cluster.follow();
    await passTime(2);
    expect(cluster.seconds(/^PATCH .*\/taskruns\/hello-task/)).toEqual([0, 1.5]);
    await refused.end();

    const broken = new Cluster();
    broken.others = cluster.others;
    broken.follow();
    broken.api.patch = async () => {
      throw new TypeError("no such thing");
    };
    await passTime(2);
    await expect(broken.end()).rejects.toThrow("no such thing");
  });

  it("may have deleted a volume already when its protection is to be taken away, but not refuse that", async () => {
    const claim = { metadata: { name: "volume", ownerReferences: [{ uid: "uid-hello-1" }] } };
    const stays = async (status: number) => {
      const cluster = new Cluster();
      cluster.claims = [claim];
      cluster.refusals = { "PATCH .*/persistentvolumeclaims/volume": status };
      await cluster.follow().end();
      expect(cluster.seconds(/^PATCH .*\/persistentvolumeclaims\/volume/)).toHaveLength(1);
      return cluster.told.map(({ line }) => line).filter((line) => line.includes("volume stays"));
    };
    expect(await stays(404)).toEqual([]);
    expect(await stays(403)).toEqual(["hello-1: its volume stays until the run is replaced: refused with 403"]);
  });
});
