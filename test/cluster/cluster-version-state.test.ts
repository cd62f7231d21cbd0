import { describe, expect, it } from "vitest";
import {
  type ClusterVersionObject,
  channelFor,
  compareVersions,
  doneVerdict,
  offerVerdict,
  refusals,
  takenVerdict,
  type VersionState,
} from "../../cluster/cluster-version-state";
import { limits } from "../../cluster/limits";

type Status = ClusterVersionObject["status"];
const condition = (type: string, status: string, message = "", reason = "") => ({ type, status, reason, message });
const quiet = [
  condition("Available", "True", "Done applying 4.20.1"),
  condition("Failing", "False"),
  condition("Progressing", "False", "Cluster version is 4.20.1"),
  condition("ReleaseAccepted", "True", 'Payload loaded version="4.20.1" image="quay.io/a@sha256:1" architecture="Multi"'),
  condition("RetrievedUpdates", "True"),
];
/** Conditions as they are, but for these. */
const saying = (...changed: typeof quiet) => [...quiet.filter(({ type }) => !changed.some((one) => one.type === type)), ...changed];
const image = (version: string) => `quay.io/openshift-release-dev/ocp-release@sha256:${version}`;
const release = (version: string) => ({ version, image: image(version) });
const cluster = (status: Partial<Status> = {}, spec: ClusterVersionObject["spec"] = { channel: "stable-4.20" }): VersionState => ({
  version: {
    spec,
    status: {
      desired: release("4.20.1"),
      history: [{ version: "4.20.1", state: "Completed" }],
      availableUpdates: [release("4.20.3"), release("4.20.2")],
      conditions: quiet,
      ...status,
    },
  },
  pools: [],
  gates: [],
});
const pool = (name: string, more: VersionState["pools"][number]["status"] = {}, spec = {}): VersionState["pools"][number] => ({
  metadata: { name },
  spec: { configuration: { name: "rendered-2" }, ...spec },
  status: { configuration: { name: "rendered-2" }, conditions: [condition("Updated", "True")], ...more },
});

describe("versions", () => {
  it("are in the order of Semantic Versioning, each before the next", () => {
    const sorted = ["4.9.60", "4.10.0-ec.4", "4.10.0-rc.2", "4.10.0-rc.10", "4.10.0", "4.10.2", "4.10.11", "4.20.1", "5.0.0"];
    for (const [i, a] of sorted.entries()) {
      for (const [j, b] of sorted.entries()) expect([a, b, Math.sign(compareVersions(a, b))]).toEqual([a, b, Math.sign(i - j)]);
    }
  });
});

describe("the channel of an update", () => {
  it.each([
    ["stable-4.20", "4.20.9", "stable-4.20"],
    ["stable-4.20", "4.21.2", "stable-4.21"],
    ["eus-4.18", "4.19.1", "eus-4.20"],
    ["eus-4.18", "4.20.1", "eus-4.20"],
    ["fast-4.9", "4.10.0", "fast-4.10"],
    ["eus-4.22", "4.21.2", "eus-4.22"],
    ["in-house", "4.21.2", "in-house"],
    ["", "4.21.2", "stable-4.21"],
    [undefined, "4.20.9", "stable-4.20"],
  ])("of a cluster in %s to %s is %s", (channel, wanted, expected) => {
    expect(channelFor(channel, wanted)).toBe(expected);
  });
});

describe("an update is refused", () => {
  it("never where it is offered, or the cluster has it or is under way to it", () => {
    expect(refusals(cluster(), "4.20.3")).toEqual([]);
    expect(refusals(cluster(), "4.20.1")).toEqual([]);
    const under = cluster({ conditions: saying(condition("Progressing", "True"), condition("Failing", "True")) });
    expect(refusals(under, "4.20.1")).toEqual([]);
  });

  it("to a version before that of the cluster, and with nothing else", () => {
    const lines = ['the cluster has 4.20.1, and OpenShift does not go back: set it to "4.20.1", or to a later version'];
    expect(refusals(cluster({ conditions: saying(condition("Failing", "True")) }), "4.20.0")).toEqual(lines);
    expect(refusals(cluster(), "4.19.30")).toEqual(lines);
  });

  it.each(["4.22.1", "5.0.0"])("to %s, as it leaves out the next minor version", (wanted) => {
    expect(refusals(cluster(), wanted)).toEqual([
      "the cluster has 4.20.1, and no minor version may be left out: set it to a version of 4.21 first",
    ]);
  });

  it.each([
    [condition("Invalid", "True", "spec.x", "InvalidClusterVersion"), /^ClusterVersion is invalid.*InvalidClusterVersion: spec\.x$/],
    [
      condition("Failing", "True", "etcd is degraded", "ClusterOperatorDegraded"),
      /cannot keep up 4\.20\.1: ClusterOperatorDegraded: etcd is degraded/,
    ],
    [
      condition("Progressing", "True", "Working towards 4.20.1: 1 of 9 done"),
      /is being updated to 4\.20\.1: .*\(Working towards 4\.20\.1: 1 of 9 done\)/,
    ],
  ])("while the cluster says %j", (said, line) => {
    expect(refusals(cluster({ conditions: saying(said) }), "4.20.3")).toEqual([expect.stringMatching(line)]);
    expect(refusals(cluster({ conditions: saying({ ...said, status: "False" }) }), "4.20.3")).toEqual([]);
  });

  it("while a pool of nodes is paused, with what unpauses it", () => {
    const state = { ...cluster(), pools: [pool("master"), pool("worker", {}, { paused: true })] };
    expect(refusals(state, "4.20.3")).toEqual([
      'the MachineConfigPool worker is paused: oc patch machineconfigpool/worker --type=merge -p \'{"spec":{"paused":false}}\'',
    ]);
  });

  it("to another minor version, not to a patch, while the cluster is not ready for it; with what acknowledges its gates", () => {
    const conditions = saying(condition("Upgradeable", "False", "APIs are removed in 4.21", "AdminAckRequired"));
    const state = cluster({ conditions });
    expect(refusals(state, "4.20.3")).toEqual([]);
    expect(refusals(state, "4.21.2")).toEqual([
      "the cluster is not ready for another minor version: AdminAckRequired: APIs are removed in 4.21",
    ]);
    expect(refusals({ ...state, gates: ["ack-4.20-a", "ack-4.20-b"] }, "4.21.2")).toEqual([
      expect.stringContaining(
        `oc -n openshift-config patch configmap admin-acks --type=merge -p '{"data":{"ack-4.20-a":"true","ack-4.20-b":"true"}}'`,
      ),
    ]);
  });

  it.each([
    ["the object", { desired: { ...release("4.20.1"), architecture: "amd64" } }],
    ["the operator", { conditions: saying(condition("ReleaseAccepted", "True", 'Payload loaded version="4.20.1" architecture="amd64"')) }],
  ])("while the release is of one architecture, as %s tells", (_, status) => {
    expect(refusals(cluster(status), "4.20.3")).toEqual([
      "the cluster's release is of amd64 alone, and so would be the next one: oc adm upgrade --to-multi-arch first",
    ]);
  });

  it("to a version that the channel does not offer, with those that it does", () => {
    expect(refusals(cluster(), "4.20.9")).toEqual([
      "the channel stable-4.20 offers 4.20.3, 4.20.2; for what another one offers: oc adm upgrade channel NAME",
    ]);
    expect(refusals(cluster({ availableUpdates: null }), "4.20.9")).toEqual([
      "the channel stable-4.20 offers none now; for what another one offers: oc adm upgrade channel NAME",
    ]);
    const inChannels = { ...release("4.20.1"), channels: ["candidate-4.20", "fast-4.20", "stable-4.20"] };
    expect(refusals(cluster({ desired: inChannels }), "4.20.9")).toEqual([
      "the channel stable-4.20 offers 4.20.3, 4.20.2; for what another one offers (4.20.1 is in candidate-4.20, fast-4.20): oc adm upgrade channel NAME",
    ]);
    const away = saying(condition("RetrievedUpdates", "False", "Unable to retrieve available updates: no route", "RemoteFailed"));
    expect(refusals(cluster({ conditions: away }), "4.20.9")).toEqual([
      "the cluster does not know its updates: RemoteFailed: Unable to retrieve available updates: no route",
    ]);
    // What was known before stays an update, as for oc.
    expect(refusals(cluster({ conditions: away }), "4.20.3")).toEqual([]);
  });

  it("to a version that is not recommended, with the reason and the way to accept it", () => {
    const conditionalUpdates = [
      { release: release("4.20.4"), conditions: [condition("Recommended", "False", "Disks get lost. https://example.com/1", "LostDisks")] },
    ];
    expect(refusals(cluster({ conditionalUpdates }), "4.20.4")).toEqual([
      "Red Hat does not recommend it for this cluster: LostDisks: Disks get lost. https://example.com/1; to accept that, oc adm upgrade --to=4.20.4 --allow-not-recommended, and then pulumi up, which follows",
    ]);
  });

  it("to another minor version only where its channel is known not to have the cluster's", () => {
    const inChannels = (...channels: string[]) => cluster({ desired: { ...release("4.20.1"), channels } });
    expect(refusals(inChannels("stable-4.20", "stable-4.21"), "4.21.2")).toEqual([]);
    expect(refusals(inChannels(), "4.21.2")).toEqual([]);
    expect(refusals(inChannels("candidate-4.21", "stable-4.20"), "4.21.2")).toEqual([
      expect.stringMatching(/^the channel stable-4\.21 has no update for 4\.20\.1, which is in candidate-4\.21, stable-4\.20: /),
    ]);
  });

  it("for every reason at once", () => {
    const conditions = saying(condition("Failing", "True", "x"), condition("Invalid", "True", "y"));
    expect(refusals({ ...cluster({ conditions }), pools: [pool("worker", {}, { paused: true })] }, "4.20.9")).toHaveLength(4);
  });
});

describe("an update that is asked for", () => {
  const { version } = cluster();
  const conditional = (status: string): ClusterVersionObject => ({
    ...version,
    status: {
      ...version.status,
      conditionalUpdates: [{ release: release("4.20.4"), conditions: [condition("Recommended", status, "a risk")] }],
    },
  });

  it("has the image that the channel offers", () => {
    expect(offerVerdict(version, "4.20.3", 0)).toEqual({ kind: "ready", value: image("4.20.3") });
  });

  it("is waited for while the cluster may not know the channel yet, and then given up", () => {
    expect(offerVerdict(version, "4.20.9", limits.updatesRetrieved)).toMatchObject({ kind: "waiting" });
    expect(offerVerdict(version, "4.20.9", limits.updatesRetrieved + 1)).toMatchObject({
      kind: "failed",
      why: expect.stringMatching(
        /^cluster\.version is "4\.20\.9", to which the cluster is not updated:\n {2}- the channel stable-4\.20 offers/,
      ),
    });
  });

  it("is waited for while its risks are looked at, and given up as soon as they are known", () => {
    expect(offerVerdict(conditional("Unknown"), "4.20.4", limits.updatesRetrieved + 1)).toMatchObject({ kind: "waiting" });
    expect(offerVerdict(conditional("False"), "4.20.4", 0)).toMatchObject({ kind: "failed", why: expect.stringContaining("a risk") });
  });

  it("is taken when the cluster is under way to it", () => {
    expect(takenVerdict(version, "4.20.3", 0)).toEqual({ kind: "waiting", why: "the cluster-version operator loads 4.20.3" });
    expect(takenVerdict(version, "4.20.1", 0)).toMatchObject({ kind: "ready" });
  });

  it("is not taken when it is invalid, or when the release has been refused for long enough", () => {
    const said = (one: (typeof quiet)[number]) => cluster({ conditions: saying(one) }).version;
    expect(takenVerdict(said(condition("Invalid", "True", "no such version")), "4.20.3", 0)).toEqual({
      kind: "failed",
      why: "no such version",
    });
    const refused = said(condition("ReleaseAccepted", "False", "it is not signed", "RetrievePayload"));
    expect(takenVerdict(refused, "4.20.3", limits.releaseRefused - 1)).toEqual({ kind: "waiting", why: "it is not signed" });
    expect(takenVerdict(refused, "4.20.3", limits.releaseRefused)).toEqual({ kind: "failed", why: "it is not signed" });
  });
});

describe("an update that is under way", () => {
  const working = "Working towards 4.20.3: 120 of 900 done (13% complete)";
  const under = (more: Partial<Status> = {}, ...changed: typeof quiet) =>
    cluster({
      desired: release("4.20.3"),
      history: [{ version: "4.20.3", state: "Partial" }],
      conditions: saying(condition("Progressing", "True", working), ...changed),
      ...more,
    });
  const done = { history: [{ version: "4.20.3", state: "Completed" }], conditions: quiet };

  it("is told with the cluster's own words", () => {
    expect(doneVerdict(under(), "4.20.3", 0)).toEqual({ kind: "waiting", why: working });
  });

  it("says what fails, and gives up when it fails for long", () => {
    const failing = under({}, condition("Failing", "True", "etcd is degraded", "ClusterOperatorDegraded"));
    expect(doneVerdict(failing, "4.20.3", limits.failing - 1)).toEqual({
      kind: "waiting",
      why: `${working} (ClusterOperatorDegraded: etcd is degraded)`,
    });
    expect(doneVerdict(failing, "4.20.3", limits.failing)).toEqual({ kind: "failed", why: "ClusterOperatorDegraded: etcd is degraded" });
  });

  it("is not done before the operator says so in the history and in the condition", () => {
    expect(doneVerdict(under({ history: [{ version: "4.20.3", state: "Completed" }] }), "4.20.3", 0)).toMatchObject({ kind: "waiting" });
    expect(doneVerdict(under({ conditions: quiet }), "4.20.3", 0)).toMatchObject({ kind: "waiting" });
    expect(doneVerdict(under(done), "4.20.3", 0)).toMatchObject({ kind: "ready" });
  });

  it("is not done before the nodes of every pool have it, but for those that are paused", () => {
    const nodes = { machineCount: 3, updatedMachineCount: 1, conditions: [condition("Updated", "False")] };
    const before = { configuration: { name: "rendered-1" } };
    for (const behind of [pool("worker", nodes), pool("worker", { ...nodes, ...before, conditions: [condition("Updated", "True")] })]) {
      expect(doneVerdict({ ...under(done), pools: [pool("master"), behind] }, "4.20.3", 0)).toEqual({
        kind: "waiting",
        why: "4.20.3 runs, and the pool worker has updated 1 of 3 nodes",
      });
    }
    expect(doneVerdict({ ...under(done), pools: [pool("worker", nodes, { paused: true })] }, "4.20.3", 0)).toMatchObject({ kind: "ready" });
  });

  it("gives up on a pool that is degraded for long", () => {
    const degraded = { ...under(done), pools: [pool("worker", { conditions: [condition("Degraded", "True", "no space left")] })] };
    expect(doneVerdict(degraded, "4.20.3", limits.failing)).toEqual({ kind: "failed", why: "MachineConfigPool worker: no space left" });
  });

  it("ends when somebody asks for another version", () => {
    expect(doneVerdict(under({ desired: release("4.20.2") }), "4.20.3", 0)).toMatchObject({ kind: "failed" });
  });
});
