import { posix } from "node:path";
import type { KubeObject } from "./api";
import type { Condition } from "./olm-decisions";

/** What the EFS CSI driver and its operator decide, without the API and without AWS (kubernetes-sigs/aws-efs-csi-driver, pkg/driver/controller.go). */

export const driverName = "efs.csi.aws.com";

export type StorageClass = KubeObject & {
  provisioner: string;
  parameters?: Record<string, string>;
  reclaimPolicy?: "Delete" | "Retain";
  volumeBindingMode?: string;
};
export type Claim = KubeObject<
  {
    storageClassName?: string;
    volumeName?: string;
    accessModes?: string[];
    volumeMode?: string;
    resources?: { requests?: { storage?: string } };
  },
  { phase?: string }
>;
export type Volume = KubeObject<
  {
    claimRef?: { namespace: string; name: string; uid: string };
    persistentVolumeReclaimPolicy?: string;
    hostPath?: { path: string };
    storageClassName?: string;
  },
  { phase?: string }
>;
export type ClusterCsiDriver = KubeObject<{ managementState?: string }, { conditions?: Condition[]; observedGeneration?: number }>;
export type NodeObject = KubeObject<{ unschedulable?: boolean }, { conditions?: { type: string; status: string }[] }>;

export interface AccessPoint {
  readonly id: string;
  readonly clientToken: string;
  readonly path: string;
  readonly gid: number | undefined;
}

/** The access point that a claim becomes. */
export interface AccessPointRequest {
  readonly fileSystemId: string;
  /** Root folder of the access point, from the root of the file system. */
  readonly path: string;
  readonly uid: number;
  readonly gid: number;
  /** Octal, as in the StorageClass. */
  readonly permissions: string;
}

export const volumeName = ({ metadata }: Claim): string => `pvc-${metadata.uid}`;

/** Whether it is on this driver to make a volume for the claim now. */
export function isWaiting(claim: Claim, storageClass: StorageClass | undefined): boolean {
  const { spec, metadata } = claim;
  if (storageClass?.provisioner !== driverName || spec?.volumeName || metadata.deletionTimestamp) return false;
  // The controller manager hands a claim over by this annotation, and with WaitForFirstConsumer only once a node is chosen.
  const annotations = metadata.annotations ?? {};
  if (annotations["volume.kubernetes.io/storage-provisioner"] !== driverName) return false;
  return storageClass.volumeBindingMode !== "WaitForFirstConsumer" || annotations[selectedNode] !== undefined;
}

const selectedNode = "volume.kubernetes.io/selected-node";

/** A claim that cannot be served as it stands; the message is what the event on the claim shows. */
export class Refusal extends Error {
  override readonly name = "Refusal";
}

const invalid = (message: string) => new Refusal(`rpc error: code = InvalidArgument desc = ${message}`);

/**
 * The access point for a claim.
 *
 * @param existing access points of the same file system: their group ids are taken.
 * @throws Refusal when the StorageClass or the claim asks for what the driver does not do.
 */
export function accessPointFor(claim: Claim, storageClass: StorageClass, existing: readonly AccessPoint[]): AccessPointRequest {
  const parameters = storageClass.parameters ?? {};
  const needed = (key: string): string => {
    const value = parameters[key];
    if (value === undefined || value === "") throw invalid(`Missing ${key} parameter`);
    return value;
  };
  const id = (key: string): number | undefined => {
    const value = parameters[key];
    if (value === undefined) return undefined;
    if (!/^\d+$/.test(value)) throw invalid(`Failed to parse invalid ${key}: ${value}`);
    return Number(value);
  };
  const mode = needed("provisioningMode");
  if (mode !== "efs-ap") throw invalid(`Provisioning mode ${mode} is not supported. Only Access point provisioning: 'efs-ap' is supported`);
  if (claim.spec?.volumeMode === "Block") throw invalid("Volume capabilities not supported: block volumes");
  const fileSystemId = needed("fileSystemId");
  const permissions = needed("directoryPerms");
  if (!/^[0-7]{3,4}$/.test(permissions)) throw invalid(`Invalid directoryPerms: ${permissions}`);
  const uid = id("uid");
  const gid = id("gid");
  if ((uid === undefined) !== (gid === undefined)) throw invalid(`Missing ${uid === undefined ? "uid" : "gid"}: uid and gid go together`);
  const groupId = gid ?? freeGroup(id("gidRangeStart") ?? 50_000, id("gidRangeEnd") ?? 7_000_000, existing);
  return { fileSystemId, path: rootPath(claim, parameters), uid: uid ?? groupId, gid: groupId, permissions };
}

function freeGroup(start: number, end: number, existing: readonly AccessPoint[]): number {
  if (start <= 0 || end <= start) throw invalid(`gidRangeStart ${start} and gidRangeEnd ${end} are no range`);
  const taken = new Set(existing.map(({ gid }) => gid));
  for (let candidate = start; candidate <= end; candidate += 1) if (!taken.has(candidate)) return candidate;
  throw new Refusal("rpc error: code = Internal desc = Failed to locate a free GID for given file system");
}

function rootPath(claim: Claim, { basePath = "", subPathPattern, ensureUniqueDirectory }: Record<string, string | undefined>): string {
  const name = volumeName(claim);
  const { namespace = "", uid = "" } = claim.metadata;
  const known: Record<string, string> = { ".PVC.name": claim.metadata.name, ".PVC.namespace": namespace, ".PV.name": name };
  const filled = subPathPattern?.replace(/\$\{([^}]*)\}/g, (_, key: string) => {
    const value = known[key];
    if (value === undefined) throw invalid(`subPathPattern: $\{${key}} is not known`);
    return value;
  });
  const folder = filled === undefined ? name : ensureUniqueDirectory === "false" ? filled : `${filled}-${uid}`;
  const path = posix.join("/", basePath, folder);
  if (path.length > 100) throw invalid(`Proposed path '${path}' exceeds EFS limit of 100 characters`);
  if (path.split("/").length - 1 > 4) throw invalid(`EFS limits to 4 levels of subdirectories: '${path}'`);
  if (path === "/" || [basePath, folder].some((part) => part.split("/").includes("..")))
    throw invalid(`'${path}' is not a folder of the file system`);
  return path;
}

export const zoneLabel = "topology.kubernetes.io/zone";

/**
 * Refuses a claim whose pods could not mount it: each node in question needs a mount target in its zone. The real driver
 * finds out only at the mount, which then hangs until DeadlineExceeded; the stand-in has no mount that could fail.
 *
 * @param zones zones in which the file system has an available mount target.
 */
export function checkMountTargets(fileSystemId: string, zones: ReadonlySet<string>, claim: Claim, nodes: readonly NodeObject[]): void {
  const chosen = claim.metadata.annotations?.[selectedNode];
  const asked = nodes.filter(({ metadata, spec }) => (chosen === undefined ? spec?.unschedulable !== true : metadata.name === chosen));
  for (const { metadata } of asked) {
    const zone = metadata.labels?.[zoneLabel];
    if (zone === undefined || zones.has(zone)) continue;
    throw new Refusal(
      `rpc error: code = DeadlineExceeded desc = file system ${fileSystemId} has no available mount target in ${zone}, the zone of node ${metadata.name}`,
    );
  }
}

/** The PersistentVolume of a claim. `folder` stands for the access point's root on this machine. */
export function persistentVolume(
  claim: Claim,
  storageClass: StorageClass,
  fileSystemId: string,
  accessPointId: string,
  folder: string,
): Volume {
  const { metadata, spec } = claim;
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: {
      name: volumeName(claim),
      annotations: { "pv.kubernetes.io/provisioned-by": driverName, [handleAnnotation]: `${fileSystemId}::${accessPointId}` },
      finalizers: [volumeFinalizer],
    },
    spec: {
      capacity: { storage: spec?.resources?.requests?.storage ?? "1Gi" },
      accessModes: spec?.accessModes ?? ["ReadWriteMany"],
      volumeMode: "Filesystem",
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? "Delete",
      storageClassName: storageClass.metadata.name,
      claimRef: {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        namespace: metadata.namespace ?? "",
        name: metadata.name,
        uid: metadata.uid ?? "",
      },
      hostPath: { path: folder, type: "Directory" },
    },
  } as Volume;
}

export const volumeFinalizer = "external-provisioner.volume.kubernetes.io/finalizer";
/** A real volume has this in `spec.csi.volumeHandle`. */
export const handleAnnotation = "rehearsal/volume-handle";

/** File system and access point of a volume that this driver made. */
export function handleOf({ metadata }: Volume): { fileSystemId: string; accessPointId: string } | undefined {
  const [fileSystemId, accessPointId] = (metadata.annotations?.[handleAnnotation] ?? "").split("::");
  return fileSystemId && accessPointId ? { fileSystemId, accessPointId } : undefined;
}

/** `delete`: data, access point and object go; `forget`: only our hold on the object goes; undefined: it stays. */
export function fateOf(volume: Volume, claimExists: boolean): "delete" | "forget" | undefined {
  if (volume.metadata.annotations?.["pv.kubernetes.io/provisioned-by"] !== driverName) return undefined;
  const deleted = volume.metadata.deletionTimestamp !== undefined;
  if (volume.spec?.persistentVolumeReclaimPolicy !== "Delete")
    return deleted && volume.metadata.finalizers?.includes(volumeFinalizer) ? "forget" : undefined;
  return volume.status?.phase === "Released" || (deleted && !claimExists) ? "delete" : undefined;
}

/** Conditions of ClusterCSIDriver as library-go's controllers for the node and the controller service write them. */
export function driverConditions(state: "Deploying" | "Available" | "Removed"): Condition[] {
  const controllers = ["AWSEFSDriverNodeServiceController", "AWSEFSDriverControllerServiceController"];
  return controllers.flatMap((name): Condition[] => {
    const kind = name.includes("Node") ? "DaemonSet" : "Deployment";
    return [
      {
        type: `${name}Available`,
        status: state === "Available" ? "True" : "False",
        reason: state === "Available" ? "AsExpected" : state,
        message: state === "Deploying" ? `Waiting for ${kind} to deploy` : "",
      },
      {
        type: `${name}Progressing`,
        status: state === "Deploying" ? "True" : "False",
        reason: state === "Deploying" ? state : "AsExpected",
      },
      { type: `${name}Degraded`, status: "False", reason: "AsExpected" },
    ];
  });
}
