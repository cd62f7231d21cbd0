import { describe, expect, it } from "vitest";
import {
  type AccessPoint,
  accessPointFor,
  type Claim,
  checkMountTargets,
  driverConditions,
  driverName,
  fateOf,
  handleOf,
  isWaiting,
  type NodeObject,
  persistentVolume,
  type StorageClass,
  type Volume,
} from "../../../../rehearsal/cluster/operators/efs-decisions";

const parameters = { provisioningMode: "efs-ap", fileSystemId: "fs-1", directoryPerms: "700", uid: "0", gid: "0", basePath: "/pv" };
const storageClass = (changes: Record<string, string | undefined> = {}): StorageClass => ({
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name: "efs-csi" },
  provisioner: driverName,
  parameters: Object.fromEntries(
    Object.entries({ ...parameters, ...changes }).filter((entry): entry is [string, string] => entry[1] !== undefined),
  ),
});
const claim = (annotations: Record<string, string> = {}): Claim => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: {
    name: "shared",
    namespace: "build",
    uid: "u1",
    annotations: { "volume.kubernetes.io/storage-provisioner": driverName, ...annotations },
  },
  spec: { storageClassName: "efs-csi", accessModes: ["ReadWriteMany"], resources: { requests: { storage: "5Gi" } } },
});
const taken = (gid: number): AccessPoint => ({ id: `fsap-${gid}`, clientToken: "", path: "/", gid });

describe("a claim", () => {
  it("waits for this driver until it has a volume", () => {
    expect(isWaiting(claim(), storageClass())).toBe(true);
    expect(isWaiting({ ...claim(), spec: { volumeName: "pvc-u1" } }, storageClass())).toBe(false);
    expect(isWaiting(claim(), { ...storageClass(), provisioner: "ebs.csi.aws.com" })).toBe(false);
    expect(isWaiting(claim(), undefined)).toBe(false);
  });

  it("waits for a node first when its class says so", () => {
    const late = { ...storageClass(), volumeBindingMode: "WaitForFirstConsumer" };
    expect(isWaiting(claim(), late)).toBe(false);
    expect(isWaiting(claim({ "volume.kubernetes.io/selected-node": "n" }), late)).toBe(true);
  });

  it("becomes an access point below the base path with the class's identity", () => {
    expect(accessPointFor(claim(), storageClass(), [])).toEqual({
      fileSystemId: "fs-1",
      path: "/pv/pvc-u1",
      uid: 0,
      gid: 0,
      permissions: "700",
    });
  });

  it("gets the first free group when the class names none", () => {
    const free = storageClass({ uid: undefined, gid: undefined });
    expect(accessPointFor(claim(), free, [taken(50_000), taken(50_001)])).toMatchObject({ uid: 50_002, gid: 50_002 });
  });

  it("is named by the class's pattern, unique unless told otherwise", () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder of the driver
    const pattern = "${.PVC.namespace}/${.PVC.name}";
    expect(accessPointFor(claim(), storageClass({ subPathPattern: pattern }), []).path).toBe("/pv/build/shared-u1");
    expect(accessPointFor(claim(), storageClass({ subPathPattern: pattern, ensureUniqueDirectory: "false" }), []).path).toBe(
      "/pv/build/shared",
    );
  });

  it.each<[string, Record<string, string | undefined>, string]>([
    ["another mode", { provisioningMode: "efs-dir" }, "Provisioning mode efs-dir is not supported"],
    ["no file system", { fileSystemId: undefined }, "Missing fileSystemId parameter"],
    ["no permissions", { directoryPerms: undefined }, "Missing directoryPerms parameter"],
    ["permissions that are none", { directoryPerms: "rwx" }, "Invalid directoryPerms"],
    ["a uid without a gid", { gid: undefined }, "uid and gid go together"],
    ["a uid that is no number", { uid: "root" }, "Failed to parse invalid uid"],
    ["a path that leaves the file system", { basePath: "/../x" }, "is not a folder of the file system"],
    ["a path too deep", { basePath: "/a/b/c/d" }, "EFS limits to 4 levels"],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder of the driver
    ["an unknown placeholder", { subPathPattern: "${.PVC.color}" }, "is not known"],
  ])("is refused with %s", (_, changes, message) => {
    expect(() => accessPointFor(claim(), storageClass(changes), [])).toThrow(message);
  });

  it("is refused when a node could not mount it", () => {
    const node = (name: string, zone: string): NodeObject => ({
      apiVersion: "v1",
      kind: "Node",
      metadata: { name, labels: { "topology.kubernetes.io/zone": zone } },
    });
    const nodes = [node("n1", "a"), node("n2", "b")];
    expect(() => checkMountTargets("fs-1", new Set(["a", "b"]), claim(), nodes)).not.toThrow();
    expect(() => checkMountTargets("fs-1", new Set(["a"]), claim(), nodes)).toThrow("no available mount target in b, the zone of node n2");
    expect(() => checkMountTargets("fs-1", new Set(["a"]), claim({ "volume.kubernetes.io/selected-node": "n1" }), nodes)).not.toThrow();
  });
});

describe("a volume", () => {
  const volume = persistentVolume(claim(), storageClass(), "fs-1", "fsap-1", "/volumes/fs-1/pv/pvc-u1");
  const inPhase = (phase: string, changes: Partial<Volume["metadata"]> = {}, spec = volume.spec): Volume => ({
    ...volume,
    metadata: { ...volume.metadata, ...changes },
    spec,
    status: { phase },
  });

  it("is bound to its claim, for all nodes, and knows its access point", () => {
    expect(volume.spec).toMatchObject({
      claimRef: { namespace: "build", name: "shared", uid: "u1" },
      accessModes: ["ReadWriteMany"],
      capacity: { storage: "5Gi" },
    });
    expect(volume.spec).not.toHaveProperty("nodeAffinity");
    expect(handleOf(volume)).toEqual({ fileSystemId: "fs-1", accessPointId: "fsap-1" });
  });

  it("goes with its data once released", () => {
    expect(fateOf(inPhase("Bound"), true)).toBeUndefined();
    expect(fateOf(inPhase("Released"), false)).toBe("delete");
    expect(fateOf(inPhase("Bound", { deletionTimestamp: "now" }), true)).toBeUndefined();
    expect(fateOf(inPhase("Bound", { deletionTimestamp: "now" }), false)).toBe("delete");
  });

  it("keeps its data under Retain and is none of ours when another made it", () => {
    const retained = { ...volume.spec, persistentVolumeReclaimPolicy: "Retain" };
    expect(fateOf(inPhase("Released", {}, retained), false)).toBeUndefined();
    expect(fateOf(inPhase("Released", { deletionTimestamp: "now" }, retained), false)).toBe("forget");
    expect(fateOf(inPhase("Released", { annotations: {} }), false)).toBeUndefined();
  });
});

it("reports the driver as available by both conditions that a program waits for", () => {
  const status = (state: Parameters<typeof driverConditions>[0]) =>
    driverConditions(state)
      .filter(({ type }) => type.endsWith("Available"))
      .map(({ type, status: value }) => `${type}=${value}`);
  expect(status("Available")).toEqual([
    "AWSEFSDriverNodeServiceControllerAvailable=True",
    "AWSEFSDriverControllerServiceControllerAvailable=True",
  ]);
  expect(status("Deploying")[0]).toBe("AWSEFSDriverNodeServiceControllerAvailable=False");
});
