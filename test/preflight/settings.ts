import { type PlainSettings, parseSettings } from "../../config/settings";

const secret = '{"auths":{"quay.io":{"auth":"dXNlcjpodW50ZXIy"},"registry.redhat.io":{"auth":"dXNlcjpodW50ZXIy"}}}';

/** Settings of a cluster lab.example.com: a control plane of 8 vCPUs, an amd64 node and an arm64 node of 8 each. */
export function settingsOf(change: { cluster?: object; pools?: object[]; builds?: object[]; namespace?: object } = {}): PlainSettings {
  const cluster = {
    name: "lab",
    baseDomain: "example.com",
    version: "4.19.42",
    controlPlane: { instanceType: "m6a.2xlarge", zone: "eu-west-3a" },
    ...change.cluster,
  };
  const pools = change.pools ?? [
    { architecture: "amd64", instanceType: "m6a.2xlarge", zones: [{ name: "eu-west-3a", replicas: 1 }] },
    { architecture: "arm64", instanceType: "m7g.2xlarge", zones: [{ name: "eu-west-3b", replicas: 1 }] },
  ];
  const { builds = [], namespace = {} } = change;
  return parseSettings({
    region: "eu-west-3",
    values: { cluster, pools, builds, namespace, pullSecret: secret, registryCredentials: secret },
  }).settings;
}
