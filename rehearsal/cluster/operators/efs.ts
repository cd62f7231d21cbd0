import { createHash } from "node:crypto";
import { chmodSync, chownSync, mkdirSync, rmSync } from "node:fs";
import { join, resolve, sep } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { onPath, run } from "../../machine/exec";
import { type Api, isConflict, type KubeObject, type Resource } from "./api";
import type { FileSystems } from "./aws";
import { applyCrds, readCrds } from "./crds";
import {
  accessPointFor,
  type Claim,
  type ClusterCsiDriver,
  checkMountTargets,
  driverConditions,
  driverName,
  fateOf,
  handleOf,
  isWaiting,
  type NodeObject,
  persistentVolume,
  Refusal,
  type StorageClass,
  type Volume,
  volumeFinalizer,
  volumeName,
} from "./efs-decisions";
import { describe, keyOf, log, Mirror, Worker } from "./loop";
import { withConditions } from "./olm-decisions";

const manager = "aws-efs-csi-driver-operator";
const clusterCsiDrivers: Resource = { apiVersion: "operator.openshift.io/v1", plural: "clustercsidrivers" };
const csiDrivers: Resource = { apiVersion: "storage.k8s.io/v1", plural: "csidrivers" };
const storageClasses: Resource = { apiVersion: "storage.k8s.io/v1", plural: "storageclasses" };
const claims: Resource = { apiVersion: "v1", plural: "persistentvolumeclaims" };
const volumes: Resource = { apiVersion: "v1", plural: "persistentvolumes" };
const nodes: Resource = { apiVersion: "v1", plural: "nodes" };

/** Milliseconds until the driver is "rolled out", so that a program that does not wait for it is found out. */
const rolloutTime = 1000;

export interface EfsSettings {
  /** Folder with the operator's CRDs; ClusterCSIDriver itself belongs to the platform. */
  readonly crds: string;
  /** Folder on this machine that holds the file systems' contents. */
  readonly volumes: string;
  readonly fileSystems: FileSystems;
}

/**
 * The EFS CSI driver operator and the driver's provisioner: a claim becomes an access point in the emulator and a folder
 * on the machine. Differences from the real one, all from the lack of a mount:
 *  - an access point makes every client its own user; a folder cannot, so it is open to everybody (and hands that on to
 *    what is created in it, where `setfacl` is installed). Files keep the uid of who wrote them.
 *  - no DaemonSet, Deployment or Secret; mount options and encryption in transit are not looked at.
 *  - a missing mount target is refused when the volume is made, not when it is mounted.
 */
export class EfsOperator {
  private readonly worker: Worker;
  private readonly provisioner: Worker;
  private readonly drivers: Mirror<ClusterCsiDriver>;
  private readonly classes: Mirror<StorageClass>;
  private readonly claims: Mirror<Claim>;
  private readonly volumes: Mirror<Volume>;
  private readonly nodes: Mirror<NodeObject>;
  /** When the driver was first seen as managed. */
  private rollout: number | undefined;
  /** Per claim (uid): failures so far and when to try again. */
  private readonly retries = new Map<string, { failures: number; after: number }>();
  /** Volumes (uid) whose data and access point are gone already; the copy of the object may lag behind. */
  private readonly reclaimed = new Set<string>();
  private inheritance: Promise<boolean> | undefined;

  constructor(
    private readonly api: Api,
    private readonly settings: EfsSettings,
  ) {
    this.worker = new Worker("efs operator", () => this.reconcileDriver());
    this.provisioner = new Worker("efs provisioner", () => this.provision());
    this.drivers = new Mirror(api, clusterCsiDrivers, this.worker.wake);
    this.classes = new Mirror(api, storageClasses, this.provisioner.wake);
    this.claims = new Mirror(api, claims, this.provisioner.wake);
    this.volumes = new Mirror(api, volumes, this.provisioner.wake);
    // Nodes change every few seconds (heartbeats are Leases, but conditions still tick); they wake nobody.
    this.nodes = new Mirror(api, nodes, () => {});
  }

  /** To be called once, when the operator's CSV has succeeded. */
  async start(): Promise<void> {
    await applyCrds(this.api, readCrds(this.settings.crds), manager);
    for (const part of [this.drivers, this.classes, this.claims, this.volumes, this.nodes]) void part.run();
    await Promise.all([this.classes.synced, this.claims.synced, this.volumes.synced, this.nodes.synced]);
    void this.worker.run();
    void this.provisioner.run();
  }

  stop(): void {
    for (const part of [this.worker, this.provisioner, this.drivers, this.classes, this.claims, this.volumes, this.nodes]) part.stop();
  }

  /** The operator's CSV is gone: driver and volumes stay, nobody looks after them. */
  async remove(): Promise<void> {
    this.stop();
  }

  private async reconcileDriver(): Promise<number | undefined> {
    const driver = this.drivers.all().find(({ metadata }) => metadata.name === driverName);
    const state = driver?.spec?.managementState ?? "Managed";
    if (!driver || driver.metadata.deletionTimestamp || state === "Removed") {
      this.rollout = undefined;
      await this.api.delete(csiDrivers, driverName);
      if (driver) await this.report(driver, "Removed");
      return undefined;
    }
    if (state === "Unmanaged") return undefined;
    if (this.rollout === undefined) {
      const available = driver.status?.conditions?.some(
        ({ type, status }) => type.endsWith("ControllerServiceControllerAvailable") && status === "True",
      );
      this.rollout = available ? 0 : Date.now();
      await this.api.apply(
        {
          apiVersion: csiDrivers.apiVersion,
          kind: "CSIDriver",
          metadata: { name: driverName, annotations: { "csi.openshift.io/managed": "true" } },
          spec: { attachRequired: false, podInfoOnMount: false, fsGroupPolicy: "None", volumeLifecycleModes: ["Persistent"] },
        },
        manager,
      );
    }
    const left = this.rollout + rolloutTime - Date.now();
    await this.report(driver, left > 0 ? "Deploying" : "Available");
    if (left > 0) return left;
    this.provisioner.wake();
    return undefined;
  }

  private async report(driver: ClusterCsiDriver, state: "Deploying" | "Available" | "Removed"): Promise<void> {
    const { metadata, status } = driver;
    const next = withConditions(status?.conditions, driverConditions(state), new Date().toISOString().replace(/\.\d+Z$/, "Z"));
    if (isDeepStrictEqual(next, status?.conditions) && status?.observedGeneration === metadata.generation) return;
    const patch = { conditions: next, observedGeneration: metadata.generation, readyReplicas: state === "Available" ? 1 : 0 };
    this.drivers.learn(await this.api.patch(clusterCsiDrivers, metadata, { status: patch }, "status"));
    log("efs operator", `ClusterCSIDriver ${driverName}: ${state}`);
  }

  /** One volume after the other, as the real driver's provisioner with its one worker thread. */
  private async provision(): Promise<number | undefined> {
    if (this.rollout === undefined || Date.now() < this.rollout + rolloutTime) return undefined;
    for (const volume of this.volumes.all()) await this.reclaim(volume);
    let again: number | undefined;
    const waiting = this.claims.all().filter((claim) => isWaiting(claim, this.classOf(claim)));
    for (const claim of waiting) {
      const uid = claim.metadata.uid ?? "";
      const { failures, after } = this.retries.get(uid) ?? { failures: 0, after: 0 };
      let wait = after - Date.now();
      if (wait <= 0) {
        try {
          await this.make(claim);
          this.retries.delete(uid);
          continue;
        } catch (error) {
          if (!(error instanceof Refusal)) log("efs provisioner", `${keyOf(claim)}: ${describe(error)}`);
          // The external provisioner starts at 1 s and doubles up to 5 min; nobody here waits that long.
          wait = Math.min(1000 * 2 ** failures, 30_000);
          this.retries.set(uid, { failures: failures + 1, after: Date.now() + wait });
          const reason = `failed to provision volume with StorageClass "${claim.spec?.storageClassName}": ${describe(error)}`;
          await this.event(claim, "Warning", "ProvisioningFailed", reason);
        }
      }
      again = Math.min(again ?? wait, wait);
    }
    return again;
  }

  private classOf = (claim: Claim) => this.classes.all().find(({ metadata }) => metadata.name === claim.spec?.storageClassName);

  private async make(claim: Claim): Promise<void> {
    const storageClass = this.classOf(claim);
    const name = volumeName(claim);
    // A volume that is there already waits for the controller manager to bind it.
    if (!storageClass || this.volumes.all().some(({ metadata }) => metadata.name === name)) return;
    const { fileSystems } = this.settings;
    const fileSystemId = storageClass.parameters?.fileSystemId ?? "";
    const existing = fileSystemId === "" ? [] : await fileSystems.accessPoints(fileSystemId);
    const wanted = accessPointFor(claim, storageClass, existing);
    checkMountTargets(fileSystemId, await fileSystems.mountTargetZones(fileSystemId), claim, this.nodes.all());
    const before = existing.find(({ clientToken }) => clientToken === name);
    const accessPointId = before?.id ?? (await fileSystems.createAccessPoint(wanted, name));
    const folder = this.folder(fileSystemId, wanted.path);
    mkdirSync(folder, { recursive: true });
    chownSync(folder, wanted.uid, wanted.gid);
    chmodSync(folder, Number.parseInt(wanted.permissions, 8) | 0o777);
    this.inheritance ??= onPath("setfacl");
    if (await this.inheritance) await run(["setfacl", "-d", "-m", "u::rwx,g::rwx,o::rwx", folder]);
    const volume = persistentVolume(claim, storageClass, fileSystemId, accessPointId, folder);
    const made = await this.api.create<Volume>(volumes, volume).catch((error) => {
      if (!isConflict(error)) throw error;
    });
    if (made) this.volumes.learn(made);
    await this.event(claim, "Normal", "ProvisioningSucceeded", `Successfully provisioned volume ${name}`);
    log("efs provisioner", `${keyOf(claim)}: ${fileSystemId}::${accessPointId} ${folder}`);
  }

  private folder(fileSystemId: string, path: string): string {
    const root = join(this.settings.volumes, fileSystemId);
    const folder = resolve(root, `.${path}`);
    if (!/^fs-[0-9a-z]+$/.test(fileSystemId) || !folder.startsWith(root + sep))
      throw new Refusal(`${fileSystemId}${path} is no folder of a file system`);
    return folder;
  }

  private async reclaim(volume: Volume): Promise<void> {
    const { metadata, spec } = volume;
    const claimExists = this.claims.all().some((claim) => claim.metadata.uid === spec?.claimRef?.uid);
    const fate = fateOf(volume, claimExists);
    if (!fate || this.reclaimed.has(metadata.uid ?? "")) return;
    const handle = handleOf(volume);
    if (fate === "delete" && handle) {
      const folder = resolve(spec?.hostPath?.path ?? "");
      if (folder.startsWith(join(this.settings.volumes, handle.fileSystemId) + sep)) rmSync(folder, { recursive: true, force: true });
      await this.settings.fileSystems.deleteAccessPoint(handle.accessPointId);
      log("efs provisioner", `${metadata.name}: ${handle.fileSystemId}::${handle.accessPointId} deleted`);
    }
    if (!metadata.deletionTimestamp) await this.api.delete(volumes, metadata.name);
    const current = await this.api.get<Volume>(volumes, metadata.name);
    if (current) {
      const finalizers = (current.metadata.finalizers ?? []).filter((one) => one !== volumeFinalizer);
      await this.api.patch(volumes, metadata, { metadata: { finalizers, resourceVersion: current.metadata.resourceVersion } });
    }
    this.reclaimed.add(metadata.uid ?? "");
  }

  /** An event on a claim; the same one again counts up. */
  private async event(claim: Claim, type: "Normal" | "Warning", reason: string, message: string): Promise<void> {
    const { name, namespace, uid } = claim.metadata;
    const hash = createHash("sha256").update(`${uid}${reason}${message}`).digest("hex").slice(0, 16);
    const events: Resource = { apiVersion: "v1", plural: "events" };
    const time = new Date().toISOString().replace(/\.\d+Z$/, "Z");
    const before = await this.api.get<KubeObject & { count?: number; firstTimestamp?: string }>(events, `${name}.${hash}`, namespace);
    await this.api.apply(
      {
        apiVersion: "v1",
        kind: "Event",
        metadata: { name: `${name}.${hash}`, namespace },
        involvedObject: { apiVersion: "v1", kind: "PersistentVolumeClaim", name, namespace, uid },
        type,
        reason,
        message,
        source: { component: driverName },
        count: (before?.count ?? 0) + 1,
        firstTimestamp: before?.firstTimestamp ?? time,
        lastTimestamp: time,
      } as unknown as KubeObject,
      driverName,
    );
  }
}
