import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { KubeObject } from "../../../../rehearsal/cluster/operators/api";
import { EfsOperator } from "../../../../rehearsal/cluster/operators/efs";
import { type ClusterCsiDriver, driverConditions, driverName, driverTags } from "../../../../rehearsal/cluster/operators/efs-decisions";
import { MemoryApi } from "./memory-api";

const drivers = { apiVersion: "operator.openshift.io/v1", plural: "clustercsidrivers" };
const storage = "storage.k8s.io/v1";
const infrastructure = (resourceTags: { key: string; value: string }[] = []): KubeObject => ({
  apiVersion: "config.openshift.io/v1",
  kind: "Infrastructure",
  metadata: { name: "cluster" },
  status: { infrastructureName: "multiarch-abcde", platformStatus: { aws: { region: "eu-west-3", resourceTags } } },
});

describe("the operator of the EFS CSI driver", () => {
  let memory: MemoryApi;
  let operator: EfsOperator;
  let crds: string;
  const driver = { ensure: vi.fn(async (_tags: string) => false), stop: vi.fn(async () => {}) };

  beforeEach(async () => {
    vi.spyOn(process.stderr, "write").mockReturnValue(true);
    vi.clearAllMocks();
    driver.ensure.mockResolvedValue(false);
    memory = new MemoryApi();
    crds = mkdtempSync(join(tmpdir(), "openshift-multiarch-test-crds-"));
    await memory.create(
      { apiVersion: "config.openshift.io/v1", plural: "infrastructures" },
      infrastructure([{ key: "team", value: "build" }]),
    );
    operator = new EfsOperator(memory.api, { crds, driver });
    await operator.start();
  });
  afterEach(() => {
    operator.stop();
    rmSync(crds, { recursive: true });
    vi.restoreAllMocks();
  });

  const ask = (managementState = "Managed") =>
    memory.create<ClusterCsiDriver>(drivers, {
      apiVersion: drivers.apiVersion,
      kind: "ClusterCSIDriver",
      metadata: { name: driverName },
      spec: { managementState },
    });
  const available = async () => {
    const { status } = (await memory.get<ClusterCsiDriver>(drivers, driverName)) ?? {};
    return status?.conditions?.filter(({ type }) => type.endsWith("ServiceControllerAvailable")).map((condition) => condition.status);
  };
  const until = (test: () => Promise<void>) => vi.waitFor(test, { timeout: 5000, interval: 20 });

  it("starts nothing before it is asked to", async () => {
    await new Promise((done) => setTimeout(done, 300));
    expect(driver.ensure).not.toHaveBeenCalled();
  });

  it("starts the driver with the tags of the cluster and of the user, and says that it is available once the controller answers and a node has it", async () => {
    await ask();
    await until(async () => expect(await available()).toEqual(["False", "False"]));
    expect(driver.ensure).toHaveBeenCalledWith("kubernetes.io/cluster/multiarch-abcde:owned team:build");
    expect(await memory.get({ apiVersion: storage, plural: "csidrivers" }, driverName)).toMatchObject({ spec: { attachRequired: false } });
    driver.ensure.mockResolvedValue(true);
    await new Promise((done) => setTimeout(done, 600));
    expect(await available()).toEqual(["False", "False"]);
    await memory.create(
      { apiVersion: storage, plural: "csinodes" },
      { apiVersion: storage, kind: "CSINode", metadata: { name: "node" }, spec: { drivers: [{ name: driverName }] } },
    );
    await until(async () => expect(await available()).toEqual(["True", "True"]));
  });

  it("ends the driver and takes its registration away when it is not wanted any more", async () => {
    await ask();
    await until(async () => expect(driver.ensure).toHaveBeenCalled());
    await memory.delete(drivers, driverName);
    await until(async () => expect(await memory.get({ apiVersion: storage, plural: "csidrivers" }, driverName)).toBeUndefined());
    expect(driver.stop).toHaveBeenCalled();
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
