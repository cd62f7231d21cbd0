import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { checkVersion } from "../../cluster/cluster-version";
import { update } from "../../cluster/cluster-version-reached";
import { limits } from "../../cluster/limits";
import { runCommand } from "./api-server";
import { VersionCluster } from "./version-cluster";

let cluster: VersionCluster;
let told: string[];
beforeEach(async () => {
  cluster = await new VersionCluster().start();
  told = [];
  vi.spyOn(process.stderr, "write").mockImplementation((text) => told.push(String(text)) > 0);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await cluster.stop();
});

const patches = () => cluster.server.calls.filter((call) => call.startsWith("PATCH")).length;
const bring = (version: string, seconds = 60) => update(cluster.server.api(), version, seconds);
const now = () => cluster.version.status.desired.version;

describe("the update of a cluster", () => {
  it("is asked for as oc does it, followed with the cluster's own words, and ends when the cluster has the version", async () => {
    await bring("4.20.2");
    expect(cluster.version.spec).toMatchObject({
      channel: "stable-4.20",
      desiredUpdate: { version: "4.20.2", image: "quay.io/openshift-release-dev/ocp-release@sha256:4.20.2" },
    });
    expect(cluster.version.status).toMatchObject({
      desired: { version: "4.20.2" },
      history: [{ version: "4.20.2", state: "Completed" }, { version: "4.20.1" }],
    });
    expect(told.join("")).toMatch(/^ClusterVersion version: Working towards 4\.20\.2(?:: \d+ of 900 done \(\d+% complete\))?$/m);
    expect(patches()).toBe(1);
  });

  it("is the work of a program that prints the version", async () => {
    const environment = { KUBECONFIG_CONTENT: cluster.server.kubeconfig, VERSION: "4.20.2", SECONDS: "60" };
    const { status, stdout, stderr } = await runCommand("cluster/cluster-version-reached.ts", environment);
    expect({ status, stdout }, stderr).toEqual({ status: 0, stdout: "4.20.2\n" });
    expect(now()).toBe("4.20.2");
  });

  it("to another minor version has its channel first", async () => {
    await bring("4.21.2");
    expect([cluster.version.spec.channel, now()]).toEqual(["stable-4.21", "4.21.2"]);
    expect(told.join("")).toContain("the channel stable-4.20 becomes stable-4.21");
  });

  it("keeps risks that were accepted, and takes back what is left of other requests", async () => {
    cluster.setSpec({ desiredUpdate: { version: "4.20.1", architecture: "Multi", acceptRisks: [{ name: "LostDisks" }] } });
    await bring("4.20.2");
    expect(cluster.version.spec.desiredUpdate).toEqual({
      version: "4.20.2",
      image: "quay.io/openshift-release-dev/ocp-release@sha256:4.20.2",
      acceptRisks: [{ name: "LostDisks" }],
    });
  });

  it.each([
    ["4.22.1", "no minor version may be left out"],
    ["4.20.9", "the channel stable-4.20 offers 4.20.2"],
    ["4.20.3", "LostDisks: Disks get lost. https://example.com/1"],
  ])("to %s changes nothing", async (version, why) => {
    await expect(bring(version)).rejects.toThrow(why);
    expect(patches()).toBe(0);
  });

  it("that somebody else has asked for is followed", async () => {
    cluster.setSpec({ desiredUpdate: { version: "4.20.2" } });
    await cluster.work();
    await bring("4.20.2");
    expect(patches()).toBe(0);
    expect(cluster.version.status).toMatchObject({ history: [{ version: "4.20.2", state: "Completed" }, {}] });
  });

  it("that the cluster has already, or is beyond, is none", async () => {
    await bring("4.20.1");
    cluster.setSpec({ desiredUpdate: { version: "4.20.2" } });
    await cluster.work();
    await bring("4.20.1");
    expect(patches()).toBe(0);
    expect(told.join("")).toContain("the cluster has 4.20.2, which is later than cluster.version, 4.20.1: nothing is changed");
  });

  it("waits for the nodes of each pool, and says what is left when its time is over", async () => {
    cluster.putPool("worker", {}, [{ type: "Updated", status: "False" }]);
    await expect(bring("4.20.2", 5)).rejects.toThrow(
      /not ready after .*4\.20\.2 runs, and the pool worker has updated 1 of 2 nodes\nOpenShift goes on by itself: .* Run pulumi up again, which follows it\.$/s,
    );
  });

  describe("that the cluster does not take", () => {
    const short = { releaseRefused: 0.5, updatesRetrieved: 0.5 };
    const usual = { ...limits };
    beforeEach(() => void Object.assign(limits, short));
    afterEach(() => void Object.assign(limits, usual));

    it("is taken back, with its channel", async () => {
      const before = structuredClone(cluster.version.spec);
      // Not told before it is asked for: the operator's own precondition finds it.
      const gate = "ack-4.20-kube-1.34-api-removals-in-4.21";
      const look = cluster.work;
      cluster.server.plan("PATCH /apis/config.openshift.io/v1/clusterversions/version", () => {
        cluster.putConfigMap("openshift-config-managed", "admin-gates", { [gate]: "APIs are removed" });
        return undefined;
      });
      await look();
      await expect(bring("4.21.2")).rejects.toThrow(
        /Precondition "ClusterVersionUpgradeable" failed .*APIs are removed\nThe cluster stays at 4\.20\.1, and is asked for no other version any more\.$/s,
      );
      expect(cluster.version.spec).toEqual(before);
      expect(now()).toBe("4.20.1");
    });

    it("as far as can be seen, but has begun meanwhile, is followed and not taken back", async () => {
      let refused = false;
      cluster.server.plan("GET /apis/config.openshift.io/v1/clusterversions/version", () => {
        if (refused || now() !== "4.20.2") return undefined;
        refused = true;
        return { status: 403, body: { message: "forbidden for a moment" } };
      });
      await bring("4.20.2");
      expect([refused, patches()]).toEqual([true, 1]);
      expect(cluster.version.status).toMatchObject({ history: [{ version: "4.20.2", state: "Completed" }, {}] });
    });

    it("and cannot be taken back either, is said to be so, with the first reason", async () => {
      cluster.server.plan("PATCH /apis/config.openshift.io/v1/clusterversions/version", (call) =>
        call === 1 ? undefined : { status: 403, body: { message: "forbidden now" } },
      );
      await expect(bring("4.21.9")).rejects.toThrow(
        /the channel stable-4\.21 offers 4\.21\.2;.*\nIt could not be taken back either \(.*forbidden now.*\), so the cluster may be under way to 4\.21\.9: oc adm upgrade tells\./s,
      );
    });

    it("as its channel turns out not to offer it, leaves the channel as it was", async () => {
      await expect(bring("4.21.9")).rejects.toThrow(/the channel stable-4\.21 offers 4\.21\.2;/);
      expect(cluster.version.spec).toMatchObject({ channel: "stable-4.20" });
      expect(cluster.version.spec.desiredUpdate).toBeUndefined();
    });
  });
});

describe("a version that has changed in the configuration", () => {
  /** What is said, and how the program ends. */
  async function check(wanted: string, { before = "4.20.1", preview = true, kubeconfig = cluster.server.kubeconfig } = {}) {
    vi.spyOn(pulumi.runtime, "isDryRun").mockReturnValue(preview);
    const error = vi.spyOn(pulumi.log, "error").mockResolvedValue();
    const warn = vi.spyOn(pulumi.log, "warn").mockResolvedValue();
    const exit = vi.spyOn(process, "exit").mockImplementation(() => {
      throw new Error("ended");
    });
    await checkVersion(kubeconfig, before, wanted).catch((ended: Error) => expect(ended.message).toBe("ended"));
    return {
      errors: error.mock.calls.map(([text]) => text),
      warnings: warn.mock.calls.map(([text]) => text),
      exits: exit.mock.calls.flat(),
    };
  }

  it("is no question to the cluster while it is the same", async () => {
    expect(await check("4.20.1")).toEqual({ errors: [], warnings: [], exits: [] });
    expect(cluster.server.calls).toEqual([]);
  });

  it("is told with what it means", async () => {
    expect(await check("4.20.2")).toMatchObject({
      errors: [],
      warnings: [expect.stringMatching(/OpenShift updates itself from 4\.20\.1 to 4\.20\.2 \(channel stable-4\.20\)/)],
    });
    expect((await check("4.21.2")).warnings).toContainEqual(expect.stringContaining("channel stable-4.21 in the place of stable-4.20"));
    expect(patches()).toBe(0);
  });

  it("is refused before anything is made, in the update as in the preview, with all reasons and the way back", async () => {
    cluster.putPool("worker", { paused: true });
    for (const preview of [true, false]) {
      const { errors, exits } = await check("4.20.9", { preview });
      expect(errors.at(-1)).toMatch(
        /^cluster\.version is "4\.20\.9", to which the cluster is not updated:\n {2}- the MachineConfigPool worker is paused: .*\n {2}- the channel stable-4\.20 offers 4\.20\.2; .*\nUntil then, set it back to "4\.20\.1"\.$/,
      );
      expect(exits).toContain(32);
    }
  });

  it("names the gates of the cluster's minor version that nobody has acknowledged", async () => {
    cluster.putConfigMap("openshift-config-managed", "admin-gates", { "ack-4.20-a": "A", "ack-4.20-b": "B", "ack-4.19-c": "C" });
    cluster.putConfigMap("openshift-config", "admin-acks", { "ack-4.20-a": "true" });
    await cluster.work();
    expect((await check("4.21.2")).errors.join()).toContain(`admin-acks --type=merge -p '{"data":{"ack-4.20-b":"true"}}'`);
  });

  it("is refused below what the cluster has, not below what it was asked for before", async () => {
    expect((await check("4.20.0", { before: "4.20.1" })).errors.join()).toContain("OpenShift does not go back");
  });

  it("is left to the update where a preview cannot reach the cluster", async () => {
    await cluster.stop();
    const seen = /cluster\.version is "4\.20\.2" and was "4\.20\.1": whether the cluster takes it could not be seen: /;
    expect(await check("4.20.2")).toMatchObject({ errors: [], warnings: [expect.stringMatching(seen)], exits: [] });
  }, 30_000);
});
