import { describe, expect, it } from "vitest";
import { injectBundles, wantedData } from "../../../rehearsal/cluster/ca-bundles";
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
    await injectBundles(memory.objects, bundles);
    expect(await data(memory, "new")).toEqual({ more: "stays", "ca-bundle.crt": "TRUSTED" });
    expect(await data(memory, "old")).toEqual({ "ca-bundle.crt": "TRUSTED" });
    memory.patch = () => Promise.reject(new Error("written again"));
    await injectBundles(memory.objects, bundles);
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
    await expect(injectBundles(memory.objects, bundles)).rejects.toThrow("immutable cannot be written");
    expect(await data(memory, "well")).toEqual({ "ca-bundle.crt": "TRUSTED" });
  });
});
