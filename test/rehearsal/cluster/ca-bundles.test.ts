import { expect, it } from "vitest";
import { wantedData } from "../../../rehearsal/cluster/ca-bundles";

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
