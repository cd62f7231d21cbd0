import * as pulumi from "@pulumi/pulumi";
import { beforeAll, expect, it } from "vitest";
import { loadSettings, UserMistake } from "../../config";

const credentials = '{"auths":{"quay.io":{"auth":"dTpodW50ZXIy"}}}';
const stack = {
  "aws:region": "eu-west-3",
  "openshift-multiarch:cluster": '{"name":"lab","baseDomain":"example.com","version":"4.19.42"}',
  "openshift-multiarch:pools": '[{"architecture":"arm64","instanceType":"m7g.2xlarge","zones":[{"name":"eu-west-3b","replicas":1}]}]',
  "openshift-multiarch:pullSecret": credentials,
  "openshift-multiarch:registryCredentials": credentials,
};

beforeAll(() => pulumi.runtime.setMocks({ newResource: () => ({ id: "", state: {} }), call: () => ({}) }, "openshift-multiarch", "test"));

it("a stack's configuration becomes settings whose secrets are secret outputs", async () => {
  pulumi.runtime.setAllConfig(stack);
  const settings = loadSettings();
  expect(settings.cluster).toMatchObject({
    region: "eu-west-3",
    version: "4.19.42",
    zones: ["eu-west-3b"],
    workerInstanceType: "m6a.2xlarge",
  });
  expect(await pulumi.isSecret(settings.cluster.pullSecret)).toBe(true);
  expect(await pulumi.isSecret(settings.namespace.registryCredentials)).toBe(true);
  expect(settings.namespace.npmrc).toBeUndefined();
});

it("a mistake is an error that Pulumi prints without a stack trace", () => {
  pulumi.runtime.setAllConfig({ ...stack, "openshift-multiarch:cluster": '{"name":"lab"}', "openshift-multiarch:pols": "[]" });
  expect(loadSettings).toThrow(UserMistake);
  expect(loadSettings).toThrow(/cluster.baseDomain is missing.*cluster.version is missing.*pols is not a setting; did you mean pools\?/s);
  try {
    loadSettings();
  } catch (error) {
    expect(pulumi.RunError.isInstance(error)).toBe(true);
  }
});
