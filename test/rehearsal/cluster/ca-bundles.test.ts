import { describe, expect, it, vi } from "vitest";
import { injector, wantedData } from "../../../rehearsal/cluster/ca-bundles";
import type { KubeObject } from "../../../rehearsal/cluster/objects";
import { MemoryObjects } from "./memory-objects";

const bundles = { service: "SERVICE", trusted: "TRUSTED" };

it.each([
  [
    "the annotation of service-ca",
    { annotations: { "service.beta.openshift.io/inject-cabundle": "true" } },
    { "service-ca.crt": "SERVICE" },
  ],
  [
    "the label of the network operator",
    { labels: { "config.openshift.io/inject-trusted-cabundle": "true" } },
    { "ca-bundle.crt": "TRUSTED" },
  ],
  ["a label that says no", { labels: { "config.openshift.io/inject-trusted-cabundle": "false" } }, undefined],
  ["neither", {}, undefined],
])("a ConfigMap with %s gets what it asks for", (_, metadata, wanted) => {
  expect(wantedData({ metadata: { name: "some", ...metadata } }, bundles)).toEqual(wanted);
});

describe("a look at all ConfigMaps", () => {
  const configMaps = { apiVersion: "v1", plural: "configmaps" };
  const asking = (name: string): KubeObject => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: "some", labels: { "config.openshift.io/inject-trusted-cabundle": "true" } },
  });
  const data = async (memory: MemoryObjects, name: string) => (await memory.get(configMaps, name, "some"))?.data;

  it("writes what is missing or another's, and once it is there nothing", async () => {
    const memory = new MemoryObjects();
    await memory.create(configMaps, { ...asking("new"), data: { more: "stays" } });
    await memory.create(configMaps, { ...asking("old"), data: { "ca-bundle.crt": "OLD" } });
    const inject = injector(memory.objects);
    await inject(bundles);
    expect(await data(memory, "new")).toEqual({ more: "stays", "ca-bundle.crt": "TRUSTED" });
    expect(await data(memory, "old")).toEqual({ "ca-bundle.crt": "TRUSTED" });
    memory.patch = () => Promise.reject(new Error("written again"));
    await inject(bundles);
  });

  it("reads no ConfigMap again that is right, until somebody changes it or there are other certificates", async () => {
    const memory = new MemoryObjects();
    for (const name of ["one", "two"]) await memory.create(configMaps, asking(name));
    const [inject, get] = [injector(memory.objects), vi.spyOn(memory, "get")];
    const reads = async (now = bundles) => {
      get.mockClear();
      await inject(now);
      return get.mock.calls.map(([, name]) => name);
    };
    expect(await reads()).toEqual(["one", "two"]);
    // What it has written itself is looked at once more.
    expect(await reads()).toEqual(["one", "two"]);
    expect(await reads()).toEqual([]);
    await memory.patch(configMaps, { name: "two", namespace: "some" }, { data: { "ca-bundle.crt": "OTHER" } });
    expect(await reads()).toEqual(["two"]);
    expect(await data(memory, "two")).toEqual({ "ca-bundle.crt": "TRUSTED" });
    expect(await reads({ ...bundles, trusted: "NEW" })).toEqual(["one", "two"]);
    expect(await data(memory, "one")).toEqual({ "ca-bundle.crt": "NEW" });
  });

  it("serves the others where one has just gone, and where one cannot be written says so after them", async () => {
    const memory = new MemoryObjects();
    for (const name of ["gone", "immutable", "well"]) await memory.create(configMaps, asking(name));
    const { get, patch } = memory;
    memory.get = async (resource, name, namespace) => (name === "gone" ? undefined : get(resource, name, namespace));
    memory.patch = async (resource, metadata, change) => {
      if (metadata.name !== "well") throw new Error(`${metadata.name} cannot be written`);
      return patch(resource, metadata, change);
    };
    await expect(injector(memory.objects)(bundles)).rejects.toThrow("immutable cannot be written");
    expect(await data(memory, "well")).toEqual({ "ca-bundle.crt": "TRUSTED" });
  });
});
