import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type ClusterCsiDriver,
  driverConditions,
  driverName,
  driverTags,
  type Infrastructure,
  reconcile,
} from "../../../rehearsal/cluster/efs-operator";
import { MemoryObjects } from "./memory-objects";

const drivers = { apiVersion: "operator.openshift.io/v1", plural: "clustercsidrivers" };
const csvs = { apiVersion: "operators.coreos.com/v1alpha1", plural: "clusterserviceversions" };
const storage = "storage.k8s.io/v1";
const infrastructure = (resourceTags: { key: string; value: string }[] = []): Infrastructure => ({
  apiVersion: "config.openshift.io/v1",
  kind: "Infrastructure",
  metadata: { name: "cluster" },
  status: { infrastructureName: "multiarch-abcde", platformStatus: { aws: { resourceTags } } },
});

describe("the operator of the EFS CSI driver", () => {
  let memory: MemoryObjects;
  const driver = { ensure: vi.fn(async (_tags: string) => false), stop: vi.fn(async () => {}) };
  const look = (at = "2026-01-01T00:00:00Z") => reconcile(memory.objects, driver, new Date(at));

  beforeEach(async () => {
    vi.spyOn(process.stderr, "write").mockReturnValue(true);
    vi.clearAllMocks();
    driver.ensure.mockResolvedValue(false);
    memory = new MemoryObjects();
    await memory.create(
      { apiVersion: "config.openshift.io/v1", plural: "infrastructures" },
      infrastructure([{ key: "team", value: "build" }]),
    );
  });
  afterEach(() => vi.restoreAllMocks());

  /** The operator's version as OLM reports it in its own namespace, or a copy in another one. */
  const version = (phase: string, reason = "InstallSucceeded") =>
    memory.create(csvs, {
      apiVersion: csvs.apiVersion,
      kind: "ClusterServiceVersion",
      metadata: {
        name: "aws-efs-csi-driver-operator.v4.19.0",
        ...(reason === "Copied"
          ? { namespace: "default", labels: { "olm.copiedFrom": "openshift-cluster-csi-drivers" } }
          : { namespace: "openshift-cluster-csi-drivers" }),
      },
      status: { phase, reason },
    });
  const ask = (managementState = "Managed") =>
    memory.create(drivers, {
      apiVersion: drivers.apiVersion,
      kind: "ClusterCSIDriver",
      metadata: { name: driverName },
      spec: { managementState },
    });
  const status = async () => ((await memory.get(drivers, driverName)) as ClusterCsiDriver | undefined)?.status;
  const available = async () =>
    (await status())?.conditions?.filter(({ type }) => type.endsWith("ServiceControllerAvailable")).map((condition) => condition.status);
  const node = () =>
    memory.create(
      { apiVersion: storage, plural: "csinodes" },
      { apiVersion: storage, kind: "CSINode", metadata: { name: "node" }, spec: { drivers: [{ name: driverName }] } },
    );

  it.each([["Installing"], ["Failed"]])("starts nothing while OLM says of its version that it is %s", async (phase) => {
    await ask();
    await version(phase);
    await version("Succeeded", "Copied");
    expect(await look()).toBeUndefined();
    expect(driver.ensure).not.toHaveBeenCalled();
  });

  it("starts nothing before it is asked to", async () => {
    await version("Succeeded");
    expect(await look()).toBe("Removed");
    expect(driver.ensure).not.toHaveBeenCalled();
  });

  it("starts the driver with the tags of the cluster and of the user, and says that it is available once the controller answers and a node has it", async () => {
    await version("Succeeded");
    await ask();
    expect(await look()).toBe("Deploying");
    expect(await available()).toEqual(["False", "False"]);
    expect(driver.ensure).toHaveBeenCalledWith("kubernetes.io/cluster/multiarch-abcde:owned team:build");
    expect(await memory.get({ apiVersion: storage, plural: "csidrivers" }, driverName)).toMatchObject({ spec: { attachRequired: false } });
    driver.ensure.mockResolvedValue(true);
    expect(await look()).toBe("Deploying");
    await node();
    expect(await look("2026-01-01T00:01:00Z")).toBe("Available");
    expect(await available()).toEqual(["True", "True"]);
    await look("2026-01-01T00:02:00Z");
    expect((await status())?.conditions?.[0]).toMatchObject({ lastTransitionTime: "2026-01-01T00:01:00Z" });
  });

  describe("in a cluster whose service accounts are those of an identity provider", () => {
    const subscriptions = { apiVersion: "operators.coreos.com/v1alpha1", plural: "subscriptions" };
    const subscribe = (env?: { name: string; value: string }[]) =>
      memory.create(subscriptions, {
        apiVersion: subscriptions.apiVersion,
        kind: "Subscription",
        metadata: { name: "aws-efs-csi-driver-operator", namespace: "openshift-cluster-csi-drivers" },
        spec: { name: "aws-efs-csi-driver-operator", ...(env && { config: { env } }) },
      });
    beforeEach(async () => {
      await memory.create(
        { apiVersion: "config.openshift.io/v1", plural: "authentications" },
        {
          apiVersion: "config.openshift.io/v1",
          kind: "Authentication",
          metadata: { name: "cluster" },
          spec: { serviceAccountIssuer: "https://issuer.example.com" },
        },
      );
      await version("Succeeded");
      await ask();
    });

    it.each([[undefined], [[{ name: "ROLEARN", value: "a-role" }]], [[{ name: "ROLE", value: "arn:aws:iam::123456789012:role/a" }]]])(
      "starts no driver where its Subscription names no role: %j",
      async (env) => {
        await subscribe(env);
        expect(await look()).toBe("Deploying");
        expect(driver.ensure).not.toHaveBeenCalled();
      },
    );

    it("starts it where it names one", async () => {
      await subscribe([{ name: "ROLEARN", value: "arn:aws:iam::123456789012:role/a" }]);
      await look();
      expect(driver.ensure).toHaveBeenCalled();
    });
  });

  it("ends the driver and takes its registration away when it is not wanted any more", async () => {
    await version("Succeeded");
    await ask();
    await look();
    await memory.remove(drivers, driverName);
    expect(await look()).toBe("Removed");
    expect(await memory.get({ apiVersion: storage, plural: "csidrivers" }, driverName)).toBeUndefined();
    expect(driver.stop).toHaveBeenCalled();
  });

  it("leaves everything as it is when its version is gone, and when nobody is to manage the driver", async () => {
    await ask();
    expect(await look()).toBeUndefined();
    await version("Succeeded");
    await ask("Unmanaged");
    expect(await look()).toBeUndefined();
    expect(driver.ensure).not.toHaveBeenCalled();
    expect(driver.stop).not.toHaveBeenCalled();
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

it("refuses to start a driver whose access points `destroy cluster` would not find", () => {
  expect(() => driverTags({ ...infrastructure(), status: {} })).toThrow("names no infrastructure");
});
