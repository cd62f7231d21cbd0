import { beforeEach, describe, expect, it } from "vitest";
import { type Graph, type Updates, updatesOf } from "../../../rehearsal/cluster/update-service";
import { reconcileVersion, updateSeconds } from "../../../rehearsal/cluster/version-operator";
import { MemoryObjects } from "./memory-objects";

const release = (version: string) => ({ version, image: `quay.io/release@sha256:${version}` });
const node = (version: string) => ({
  version,
  payload: release(version).image,
  metadata: { "io.openshift.upgrades.graph.release.channels": "stable-4.20,fast-4.20" },
});
const risk = (name: string, type: string) => ({ name, message: `${name} happens.`, url: "https://example.com", matchingRules: [{ type }] });
const graph: Graph = {
  nodes: ["4.20.1", "4.20.2", "4.20.3", "4.20.4", "4.21.1"].map(node),
  edges: [
    [0, 1],
    [0, 2],
    [0, 4],
  ],
  conditionalEdges: [
    { edges: [{ from: "4.20.1", to: "4.20.3" }], risks: [risk("LostDisks", "Always")] },
    { edges: [{ from: "4.20.1", to: "4.20.4" }], risks: [risk("SlowDisks", "PromQL")] },
  ],
};
const versions = { apiVersion: "config.openshift.io/v1", plural: "clusterversions" };
const operators = { ...versions, plural: "clusteroperators" };

describe("what the update service knows", () => {
  it("is what leads away from a version; what is conditional is not recommended as well", () => {
    const { current, available, conditional } = updatesOf(graph, "stable-4.20", "4.20.1");
    expect(current?.channels).toEqual(["fast-4.20", "stable-4.20"]);
    expect(available.map(({ version }) => version)).toEqual(["4.20.2", "4.21.1"]);
    expect(conditional.map(({ release }) => release.version)).toEqual(["4.20.3", "4.20.4"]);
  });

  it("is nothing about a version that the channel does not have", () => {
    expect(updatesOf(graph, "stable-4.20", "4.19.1")).toEqual({
      available: [],
      conditional: [],
      refused: {
        reason: "VersionNotFound",
        message:
          'Unable to retrieve available updates: currently reconciling cluster version 4.19.1 not found in the "stable-4.20" channel',
      },
    });
  });
});

describe("the cluster-version operator", () => {
  let memory: MemoryObjects;
  let now: Date;
  const ask = async ({ version }: { version: string }): Promise<Updates> => updatesOf(graph, "stable-4.20", version);
  const look = (seconds = 0) => {
    now = new Date(now.getTime() + seconds * 1000);
    return reconcileVersion(memory.objects, ask, now);
  };
  // biome-ignore lint/suspicious/noExplicitAny: an object of the API.
  const cluster = async () => (await memory.get(versions, "version")) as any;
  const condition = async (type: string) => (await cluster()).status.conditions.find((one: { type: string }) => one.type === type);
  const want = async (desiredUpdate: object) => {
    const object = await cluster();
    await memory.create(versions, { ...object, spec: { ...object.spec, desiredUpdate } });
    await look();
  };

  beforeEach(async () => {
    memory = new MemoryObjects();
    now = new Date("2026-01-02T00:00:00Z");
    const completed = {
      ...release("4.20.1"),
      state: "Completed",
      startedTime: "2026-01-01T00:00:00Z",
      completionTime: "2026-01-01T01:00:00Z",
    };
    await memory.create(versions, {
      apiVersion: versions.apiVersion,
      kind: "ClusterVersion",
      metadata: { name: "version", generation: 1 },
      spec: { clusterID: "id", channel: "stable-4.20" },
      status: { desired: release("4.20.1"), history: [completed], availableUpdates: [], conditions: [] },
    });
    await look();
  });

  it("tells the updates, and of risks only what it can tell without monitoring", async () => {
    const { status } = await cluster();
    expect(status.availableUpdates.map(({ version }: { version: string }) => version)).toEqual(["4.20.2", "4.21.1"]);
    expect(status.conditionalUpdates.map(({ conditions: [recommended] }: { conditions: object[] }) => recommended)).toMatchObject([
      { type: "Recommended", status: "False", reason: "LostDisks", message: "LostDisks happens. https://example.com" },
      { type: "Recommended", status: "Unknown", reason: "EvaluationFailed" },
    ]);
  });

  it("writes nothing when nothing is new", async () => {
    const before = await cluster();
    await look(60);
    expect(await cluster()).toEqual(before);
  });

  it("goes through an update with the real one's words and history, and gives its version to the cluster operators", async () => {
    await memory.create(operators, {
      ...versions,
      kind: "ClusterOperator",
      metadata: { name: "etcd" },
      status: { versions: [{ name: "operator", version: "4.20.1" }] },
    });
    await want({ version: "4.20.2" });
    expect(await look(updateSeconds / 2)).toBe(true);
    expect(await condition("Progressing")).toMatchObject({
      status: "True",
      message: "Working towards 4.20.2: 450 of 900 done (50% complete)",
    });
    expect((await cluster()).status).toMatchObject({
      desired: release("4.20.2"),
      history: [{ state: "Partial", completionTime: null }, { version: "4.20.1" }],
    });
    expect(await look(updateSeconds)).toBe(false);
    expect(await condition("Progressing")).toMatchObject({ status: "False", message: "Cluster version is 4.20.2" });
    expect((await cluster()).status.history).toMatchObject([{ version: "4.20.2", state: "Completed" }, { version: "4.20.1" }]);
    expect((await memory.get(operators, "etcd"))?.status).toEqual({ versions: [{ name: "operator", version: "4.20.2" }] });
  });

  it.each([
    [{ version: "4.20.9" }, 'Invalid value: "4.20.9": when image is empty the update must be an available update'],
    [{ version: "latest" }, 'Invalid value: "latest": must be a semantic version'],
    [{ version: "" }, "Required value: must specify architecture, version, or image"],
  ])("calls %j invalid, and stays where it is", async (desiredUpdate, why) => {
    await want(desiredUpdate);
    expect((await condition("Invalid")).message).toContain(why);
    expect((await cluster()).status.desired.version).toBe("4.20.1");
    await want({ version: "4.20.2" });
    expect(await condition("Invalid")).toBeUndefined();
  });

  it.each([
    ["4.20.0", "ClusterVersionRollback", "4.20.0 is less than the current target 4.20.1, and the cluster has no previous Semantic Version"],
    ["4.22.0", "ClusterVersionGiantHop", "4.22.0 is more than one minor version beyond the current target 4.20.1 (4.22 > 4.(20+1))"],
  ])("does not accept the release %s, even by its image", async (version, name, why) => {
    await want(release(version));
    const accepted = await condition("ReleaseAccepted");
    expect(accepted).toMatchObject({ status: "False", reason: "PreconditionChecks" });
    expect(accepted.message).toContain(`Precondition "${name}" failed`);
    expect(accepted.message).toContain(why);
    expect((await cluster()).status.desired.version).toBe("4.20.1");
  });

  it("takes what is not recommended by its image, as the real one does", async () => {
    await want(release("4.20.3"));
    expect((await cluster()).status.desired.version).toBe("4.20.3");
  });

  it("takes no other minor version before the gates of its own are acknowledged, and the operators are ready", async () => {
    const config = (namespace: string, name: string, data: object) =>
      memory.create(
        { apiVersion: "v1", plural: "configmaps" },
        { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace }, data },
      );
    await config("openshift-config-managed", "admin-gates", { "ack-4.20-a": "APIs are removed", "ack-4.19-b": "long ago" });
    await memory.create(operators, {
      ...versions,
      kind: "ClusterOperator",
      metadata: { name: "etcd" },
      status: { conditions: [{ type: "Upgradeable", status: "False", message: "etcd is too old" }] },
    });
    await want(release("4.21.1"));
    expect(await condition("Upgradeable")).toMatchObject({
      reason: "MultipleReasons",
      message: expect.stringContaining("* APIs are removed\n* etcd is too old"),
    });
    expect((await condition("ReleaseAccepted")).message).toContain('Precondition "ClusterVersionUpgradeable" failed');
    await memory.remove(operators, "etcd");
    await config("openshift-config", "admin-acks", { "ack-4.20-a": "true" });
    await look();
    expect(await condition("Upgradeable")).toBeUndefined();
    expect((await cluster()).status.desired.version).toBe("4.21.1");
  });
});
