import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { KubeObject } from "../../../../rehearsal/cluster/operators/api";
import { LifecycleManager, prepareCluster } from "../../../../rehearsal/cluster/operators/olm";
import type { ClusterServiceVersion, Subscription, SubscriptionSpec } from "../../../../rehearsal/cluster/operators/olm-decisions";
import { olmGroup, resources } from "../../../../rehearsal/cluster/operators/olm-resources";
import { MemoryApi } from "./memory-api";

const namespace = "openshift-operators";
const pipelines = "openshift-pipelines-operator-rh";
const crd: KubeObject = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "tektonconfigs.operator.tekton.dev" },
};

let memory: MemoryApi;
let olm: LifecycleManager;
let installed: ReadonlySet<string>;
let bundled: KubeObject[];

beforeEach(async () => {
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  memory = new MemoryApi();
  installed = new Set();
  bundled = [crd];
  await prepareCluster(memory.api);
  olm = new LifecycleManager(
    memory.api,
    (name) => (name === pipelines ? bundled : []),
    (names) => {
      installed = names;
    },
  );
  void olm.run();
});
afterEach(() => {
  olm.stop();
  vi.restoreAllMocks();
});

const subscribe = (name: string, spec: Partial<SubscriptionSpec> = {}) =>
  memory.create<Subscription>(resources.subscriptions, {
    apiVersion: olmGroup,
    kind: "Subscription",
    metadata: { name, namespace },
    spec: { source: "redhat-operators", sourceNamespace: "openshift-marketplace", name, ...spec },
  });
const status = async (name = pipelines) => (await memory.get<Subscription>(resources.subscriptions, name, namespace))?.status;
const failure = async (name = pipelines) => (await status(name))?.conditions?.find(({ type }) => type === "ResolutionFailed");
const versions = async () =>
  (await memory.list<ClusterServiceVersion>(resources.csvs)).map(({ metadata, status }) => `${metadata.name} ${status?.phase}`);
const until = (test: () => Promise<unknown> | unknown) =>
  vi.waitFor(async () => expect(await test()).toBeTruthy(), { timeout: 10_000, interval: 20 });

describe("OLM", () => {
  it("says at first that the catalog does not answer, and installs once it does: CRDs before the version", async () => {
    await subscribe(pipelines);
    await until(failure);
    expect(await failure()).toMatchObject({
      status: "True",
      reason: "ErrorPreventedResolution",
      message: expect.stringMatching(
        /^error using catalogsource openshift-marketplace\/redhat-operators: failed to list bundles: rpc error/,
      ),
    });
    expect(await versions()).toEqual([]);
    await until(async () => (await versions()).length > 0);
    expect(await memory.get(resources.crds, crd.metadata.name)).toBeDefined();
    await until(() => installed.has(pipelines));
    expect(await versions()).toEqual([`${pipelines}.v1.24.0 Succeeded`]);
    expect(await status()).toMatchObject({ state: "AtLatestKnown", installedCSV: `${pipelines}.v1.24.0` });
  });

  it("says so again, for a while, of an operator that is installed and works", async () => {
    await subscribe(pipelines);
    await until(() => installed.has(pipelines));
    await until(failure);
    expect(await failure()).toMatchObject({ reason: "ErrorPreventedResolution" });
    expect(await status()).toMatchObject({ state: "AtLatestKnown", installedCSV: `${pipelines}.v1.24.0` });
    await until(async () => !(await failure()));
    expect(installed.has(pipelines)).toBe(true);
  });

  it("does not install a version whose CRDs are missing", async () => {
    bundled = [];
    await subscribe(pipelines);
    await until(async () => (await versions())[0]?.endsWith("Pending"));
    await sleep(1500);
    expect((await memory.list<ClusterServiceVersion>(resources.csvs))[0].status).toMatchObject({
      phase: "Pending",
      reason: "RequirementsNotMet",
    });
    expect(installed.size).toBe(0);
    await memory.apply(crd);
    await until(() => installed.has(pipelines));
  });

  it("fails all Subscriptions of a namespace when one cannot be satisfied", async () => {
    await subscribe("nobody-has-it");
    await subscribe(pipelines);
    await until(async () => (await failure())?.reason === "ConstraintsNotSatisfiable");
    expect((await failure())?.message).toBe(
      "constraints not satisfiable: no operators found in package nobody-has-it in the catalog referenced by subscription nobody-has-it, " +
        "subscription nobody-has-it exists",
    );
    expect(await versions()).toEqual([]);
    await memory.delete(resources.subscriptions, "nobody-has-it", namespace);
    await until(() => installed.has(pipelines));
  });

  it("goes to the newer version of another channel and removes the old one, and never back", async () => {
    await subscribe(pipelines, { channel: "pipelines-1.20" });
    await until(() => installed.has(pipelines));
    await memory.patch(resources.subscriptions, { name: pipelines, namespace }, { spec: { channel: "latest" } });
    await until(async () => (await versions()).join() === `${pipelines}.v1.24.0 Succeeded`);
    expect(await status()).toMatchObject({
      state: "AtLatestKnown",
      installedCSV: `${pipelines}.v1.24.0`,
      currentCSV: `${pipelines}.v1.24.0`,
    });
    await memory.patch(resources.subscriptions, { name: pipelines, namespace }, { spec: { channel: "pipelines-1.22" } });
    await sleep(2500);
    expect(await versions()).toEqual([`${pipelines}.v1.24.0 Succeeded`]);
    expect(await status()).toMatchObject({ state: "AtLatestKnown", installedCSV: `${pipelines}.v1.24.0` });
  });

  it("shows the packages of the catalog with their channels", async () => {
    type Manifest = KubeObject<unknown, { channels: { name: string; currentCSV: string; entries: unknown[] }[] }>;
    const resource = { apiVersion: "packages.operators.coreos.com/v1", plural: "packagemanifests" };
    const channels = (await memory.get<Manifest>(resource, pipelines, "openshift-marketplace"))?.status?.channels ?? [];
    expect(channels.find(({ name }) => name === "pipelines-1.20")).toEqual({
      name: "pipelines-1.20",
      currentCSV: `${pipelines}.v1.20.5`,
      entries: [{ name: `${pipelines}.v1.20.5`, version: "1.20.5" }],
    });
  });
});
