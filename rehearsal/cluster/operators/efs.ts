import { isDeepStrictEqual } from "node:util";
import type { Api, Resource } from "./api";
import { applyCrds, readCrds } from "./crds";
import {
  anyNodeHas,
  type ClusterCsiDriver,
  type CsiNode,
  driverConditions,
  driverName,
  driverTags,
  type Infrastructure,
} from "./efs-decisions";
import { log, Mirror, Worker } from "./loop";
import { withConditions } from "./olm-decisions";

const manager = "aws-efs-csi-driver-operator";
const clusterCsiDrivers: Resource = { apiVersion: "operator.openshift.io/v1", plural: "clustercsidrivers" };
const csiDrivers: Resource = { apiVersion: "storage.k8s.io/v1", plural: "csidrivers" };
const csiNodes: Resource = { apiVersion: "storage.k8s.io/v1", plural: "csinodes" };
const infrastructures: Resource = { apiVersion: "config.openshift.io/v1", plural: "infrastructures" };

/** Milliseconds until it is looked again whether all nodes have the driver, and whether it is there. */
const lookAgain = 2000;
const lookSoon = 250;

/** The driver itself. */
export interface Driver {
  /** Starts what of it does not run; says whether its controller answers. */
  ensure(tags: string): Promise<boolean>;
  stop(): Promise<void>;
}

export interface EfsSettings {
  /** Folder with the operator's CRDs; ClusterCSIDriver itself belongs to the platform. */
  readonly crds: string;
  readonly driver: Driver;
}

/**
 * Stands in for the EFS CSI driver operator: where ClusterCSIDriver asks for it, the real driver runs, as processes instead of a
 * Deployment and a DaemonSet.
 */
export class EfsOperator {
  private readonly worker: Worker;
  private readonly drivers: Mirror<ClusterCsiDriver>;
  private readonly nodes: Mirror<CsiNode>;
  private running = false;

  constructor(
    private readonly api: Api,
    private readonly settings: EfsSettings,
  ) {
    this.worker = new Worker("efs operator", () => this.reconcile());
    this.drivers = new Mirror(api, clusterCsiDrivers, this.worker.wake);
    this.nodes = new Mirror(api, csiNodes, this.worker.wake);
  }

  /** To be called once, when the operator's CSV has succeeded. */
  async start(): Promise<void> {
    await applyCrds(this.api, readCrds(this.settings.crds), manager);
    for (const part of [this.drivers, this.nodes]) void part.run();
    await Promise.all([this.drivers.synced, this.nodes.synced]);
    void this.worker.run();
  }

  stop(): void {
    for (const part of [this.worker, this.drivers, this.nodes]) part.stop();
  }

  /** The operator's CSV is gone: driver and volumes stay, nobody looks after them. */
  async remove(): Promise<void> {
    this.stop();
  }

  private async reconcile(): Promise<number | undefined> {
    const driver = this.drivers.all().find(({ metadata }) => metadata.name === driverName);
    const state = driver?.spec?.managementState ?? "Managed";
    if (!driver || driver.metadata.deletionTimestamp || state === "Removed") {
      this.running = false;
      await this.settings.driver.stop();
      await this.api.delete(csiDrivers, driverName);
      if (driver) await this.report(driver, "Removed");
      return undefined;
    }
    if (state === "Unmanaged") return undefined;
    if (!this.running) await this.announce();
    const answers = await this.settings.driver.ensure(await this.tags());
    const available = answers && anyNodeHas(this.nodes.all());
    await this.report(driver, available ? "Available" : "Deploying");
    return available ? lookAgain : lookSoon;
  }

  private async announce(): Promise<void> {
    await this.api.apply(
      {
        apiVersion: csiDrivers.apiVersion,
        kind: "CSIDriver",
        metadata: { name: driverName, annotations: { "csi.openshift.io/managed": "true" } },
        spec: { attachRequired: false, podInfoOnMount: false, fsGroupPolicy: "None", volumeLifecycleModes: ["Persistent"] },
      },
      manager,
    );
    this.running = true;
  }

  private async tags(): Promise<string> {
    const infrastructure = await this.api.get<Infrastructure>(infrastructures, "cluster");
    if (!infrastructure) throw new Error("infrastructure/cluster is not there");
    return driverTags(infrastructure);
  }

  private async report(driver: ClusterCsiDriver, state: "Deploying" | "Available" | "Removed"): Promise<void> {
    const { metadata, status } = driver;
    const next = withConditions(status?.conditions, driverConditions(state), new Date().toISOString().replace(/\.\d+Z$/, "Z"));
    if (isDeepStrictEqual(next, status?.conditions) && status?.observedGeneration === metadata.generation) return;
    const patch = { conditions: next, observedGeneration: metadata.generation, readyReplicas: state === "Available" ? 1 : 0 };
    this.drivers.learn(await this.api.patch(clusterCsiDrivers, metadata, { status: patch }, "status"));
    log("efs operator", `ClusterCSIDriver ${driverName}: ${state}`);
  }
}
