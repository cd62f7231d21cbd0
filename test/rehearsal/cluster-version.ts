import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Document } from "yaml";
import type { Graph } from "../../rehearsal/cluster/update-service";
import { kubectl } from "../../rehearsal/stack/environment";
import { stackOutputs } from "../../rehearsal/stack/state";
import { eventually, json } from "./operators";
import { preview } from "./preview";

/** What the end-to-end test has of its own. */
interface Stack {
  /** A copy of the stack's configuration with a change. */
  readonly changedConfig: (change: (config: Document) => void) => string;
  readonly up: (file: string, ...options: string[]) => Promise<{ code: number | null; output: string }>;
}

const channels = "candidate-4.19,candidate-4.20,stable-4.19,stable-4.20";
const node = (version: string, digit: string) => ({
  version,
  payload: `quay.io/openshift-release-dev/ocp-release@sha256:${digit.repeat(64)}`,
  metadata: { "io.openshift.upgrades.graph.release.channels": channels },
});
const risk = { name: "LostDisks", message: "Disks get lost.", url: "https://example.com/1", matchingRules: [{ type: "Always" }] };
const patches = [node("4.19.0", "0"), node("4.19.7", "1"), node("4.19.8", "2")];
/** Of the update service, for each channel: 4.19.7 is recommended, 4.19.8 is not, and 4.20 is in a channel of its own. */
const graphs: Readonly<Record<string, Graph>> = {
  "stable-4.19": { nodes: patches, edges: [[0, 1]], conditionalEdges: [{ edges: [{ from: "4.19.0", to: "4.19.8" }], risks: [risk] }] },
  "stable-4.20": { nodes: [...patches, node("4.20.5", "3")], edges: [[1, 3]] },
};

const clusterVersion = () => json("get", "clusterversion", "version");
const pool = (spec: object) => ({
  apiVersion: "machineconfiguration.openshift.io/v1",
  kind: "MachineConfigPool",
  metadata: { name: "worker" },
  spec: { machineConfigSelector: {}, nodeSelector: {}, ...spec },
});
const gate = "ack-4.19-kube-1.33-api-removals-in-4.20";

/**
 * The last of the running stack, as there is no way back: it gets later versions of OpenShift. The update service is the test's, the API server
 * and the CRDs are real, the cluster-version operator is the rehearsal's.
 */
export function clusterVersionSteps({ changedConfig, up }: Stack): void {
  const withVersion = (version: string) =>
    changedConfig((config) => config.setIn(["config", "openshift-multiarch:cluster", "version"], version));

  describe("with a later version of OpenShift", () => {
    let service: Server;
    const asked = new Set<string>();
    beforeAll(async () => {
      service = createServer((request, response) => {
        const query = new URL(request.url ?? "", "http://service").searchParams;
        asked.add(`${query.get("arch")} ${query.get("channel")}`);
        const graph = graphs[query.get("channel") ?? ""];
        response.writeHead(graph ? 200 : 404).end(JSON.stringify(graph ?? {}));
      });
      await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
      const upstream = `http://127.0.0.1:${(service.address() as AddressInfo).port}/graph`;
      await kubectl(["patch", "clusterversion", "version", "--type=merge", "--patch", JSON.stringify({ spec: { upstream } })]);
      await eventually(30, "the cluster knows its updates", async () => (await clusterVersion()).status.availableUpdates?.[0]);
    });
    afterAll(() => {
      service?.closeAllConnections();
      service?.close();
    });

    it.each([
      ["4.18.9", "the cluster has 4.19.0, and OpenShift does not go back"],
      ["4.21.1", "the cluster has 4.19.0, and no minor version may be left out"],
      ["4.19.9", "the channel stable-4.19 offers 4.19.7;"],
      ["4.19.8", "Red Hat does not recommend it for this cluster: LostDisks: Disks get lost. https://example.com/1;"],
    ])("refuses %s in the preview, and leaves the cluster alone", async (version, why) => {
      const { code, errors } = await preview(withVersion(version));
      expect(code).not.toBe(0);
      expect(errors.join("\n")).toContain(`cluster.version is "${version}", to which the cluster is not updated:\n  - ${why}`);
      expect((await clusterVersion()).spec.desiredUpdate).toBeUndefined();
    });

    it("refuses it while a pool of nodes is paused", async () => {
      await kubectl(["create", "--filename=-"], JSON.stringify(pool({ paused: true })));
      const { errors } = await preview(withVersion("4.19.7"));
      expect(errors.join("\n")).toContain("the MachineConfigPool worker is paused: oc patch machineconfigpool/worker");
      await kubectl(["delete", "machineconfigpool", "worker"]);
    });

    it("says in the preview what it means, and plans nothing but the update", async () => {
      const { code, touches, errors, warnings } = await preview(withVersion("4.19.7"));
      expect({ code, errors }).toEqual({ code: 0, errors: [] });
      expect(warnings.join("\n")).toContain("OpenShift updates itself from 4.19.0 to 4.19.7 (channel stable-4.19)");
      expect([...touches].sort()).toEqual(["update cluster", "update version", "update version-reached"]);
    });

    it("updates the cluster, follows it to its end, and keeps the version of the install", async () => {
      const { code, output } = await up(withVersion("4.19.7"));
      expect(code).toBe(0);
      expect(output).toMatch(/ClusterVersion version: Working towards 4\.19\.7: \d+ of 900 done \(\d+% complete\)/);
      const { status } = await clusterVersion();
      expect(status.history.map(({ version, state }: { version: string; state: string }) => [version, state])).toEqual([
        ["4.19.7", "Completed"],
        ["4.19.0", "Completed"],
      ]);
      expect(status.desired.image).toBe(node("4.19.7", "1").payload);
      expect(await stackOutputs()).toMatchObject({ version: "4.19.7", installedVersion: "4.19.0" });
      expect((await up(withVersion("4.19.7"), "--expect-no-changes")).code).toBe(0);
    });

    it("refuses the way back", async () => {
      const { errors } = await preview(withVersion("4.19.0"));
      expect(errors.join("\n")).toContain("the cluster has 4.19.7, and OpenShift does not go back");
    });

    it("refuses the next minor version until its gate is acknowledged, and then changes the channel as well", async () => {
      const gates = `--from-literal=${gate}=APIs are removed in 4.20.`;
      await kubectl(["create", "configmap", "admin-gates", "--namespace=openshift-config-managed", gates]);
      await eventually(10, "the cluster is not upgradeable", async () =>
        (await clusterVersion()).status.conditions.find(({ type }: { type: string }) => type === "Upgradeable"),
      );
      const { errors } = await preview(withVersion("4.20.5"));
      expect(errors.join("\n")).toMatch(
        /not ready for another minor version: .*APIs are removed in 4\.20\..*admin-acks --type=merge -p '\{"data":\{"ack-4\.19-/,
      );
      await kubectl(["create", "configmap", "admin-acks", "--namespace=openshift-config", `--from-literal=${gate}=true`]);
      await eventually(10, "the cluster is upgradeable", async () =>
        (await clusterVersion()).status.conditions.every(({ type }: { type: string }) => type !== "Upgradeable") ? true : undefined,
      );
      expect((await up(withVersion("4.20.5"))).code).toBe(0);
      const { spec, status } = await clusterVersion();
      expect([spec.channel, status.desired.version, status.history.length]).toEqual(["stable-4.20", "4.20.5", 3]);
      expect([...asked]).toEqual(expect.arrayContaining(["multi stable-4.19", "multi stable-4.20"]));
    });
  });
}
