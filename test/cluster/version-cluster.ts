import type { KubeObject, Objects, Resource } from "../../rehearsal/cluster/objects";
import { type Graph, updatesOf } from "../../rehearsal/cluster/update-service";
import { reconcileVersion } from "../../rehearsal/cluster/version-operator";
import { ApiServer } from "../tekton/api-server";

const release = (version: string) => ({ version, image: `quay.io/openshift-release-dev/ocp-release@sha256:${version}` });
const channels = "stable-4.20,stable-4.21";
const node = (version: string) => ({
  version,
  payload: release(version).image,
  metadata: { "io.openshift.upgrades.graph.release.channels": channels },
});
const risk = { name: "LostDisks", message: "Disks get lost.", url: "https://example.com/1", matchingRules: [{ type: "Always" }] };
const nodes = ["4.20.1", "4.20.2", "4.20.3", "4.21.2"].map(node);

/** What the update service answers for each channel: 4.20.2 is recommended, 4.20.3 is not, 4.21.2 is in a channel of its own. */
export const graphs: Readonly<Record<string, Graph>> = {
  "stable-4.20": {
    nodes: nodes.slice(0, 3),
    edges: [[0, 1]],
    conditionalEdges: [{ edges: [{ from: "4.20.1", to: "4.20.3" }], risks: [risk] }],
  },
  "stable-4.21": { nodes, edges: [[0, 3]] },
};

export const path = "/apis/config.openshift.io/v1/clusterversions";
const poolPath = "/apis/machineconfiguration.openshift.io/v1/machineconfigpools";

/** An API server with a cluster of version 4.20.1, and the rehearsal's cluster-version operator, whose clock runs fast, at work on it. */
export class VersionCluster {
  readonly server = new ApiServer();
  private timer?: NodeJS.Timeout;
  private readonly began = Date.now();

  async start(): Promise<this> {
    await this.server.start();
    this.server.put(path, {
      apiVersion: "config.openshift.io/v1",
      kind: "ClusterVersion",
      metadata: { name: "version", generation: 1 },
      spec: { clusterID: "7f9a7c1e-6a1f-4c39-9a3e-3b1f0f8d1c11", channel: "stable-4.20" },
      status: {
        desired: release("4.20.1"),
        history: [
          { ...release("4.20.1"), state: "Completed", startedTime: "2026-01-01T00:00:00Z", completionTime: "2026-01-01T01:00:00Z" },
        ],
        availableUpdates: [],
        conditions: [],
      },
    });
    await this.work();
    this.timer = setInterval(() => void this.work(), 100);
    return this;
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.server.stop();
  }

  /** One look of the operator; a second takes it a quarter. */
  work = (): Promise<unknown> =>
    reconcileVersion(
      this.objects as unknown as Objects,
      async ({ channel = "", version }) => updatesOf(graphs[channel] ?? { nodes: [], edges: [] }, channel, version),
      new Date(this.began + (Date.now() - this.began) * 4),
    );

  get version(): KubeObject & { spec: Record<string, unknown>; status: { desired: { version: string } } } {
    return this.server.objects.get(`${path}/version`);
  }

  setSpec(spec: Record<string, unknown>): void {
    this.version.spec = { ...this.version.spec, ...spec };
  }

  putPool(name: string, spec: object, conditions: object[] = [{ type: "Updated", status: "True" }]): void {
    this.server.put(poolPath, { metadata: { name }, spec, status: { machineCount: 2, updatedMachineCount: 1, conditions } });
  }

  putConfigMap(namespace: string, name: string, data: Record<string, string>): void {
    this.server.put(`/api/v1/namespaces/${namespace}/configmaps`, { metadata: { name }, data });
  }

  private readonly objects = {
    get: async ({ apiVersion, plural }: Resource, name: string, namespace?: string) => {
      const group = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
      return structuredClone(this.server.objects.get(`${group}${namespace ? `/namespaces/${namespace}` : ""}/${plural}/${name}`));
    },
    list: async () => [],
    replaceStatus: async (_: Resource, { status }: KubeObject) => {
      Object.assign(this.version, { status });
    },
  };
}
