import { describe, expect, it } from "vitest";
import { architectureLabel, architecturePolicy } from "../../../rehearsal/cluster/architecture-policy";
import { proxyConfig } from "../../../rehearsal/cluster/proxy";

describe("the admission policy for node architectures", () => {
  const { spec } = architecturePolicy().policy;

  it("acts on nodes and their status, and only on those with our label", () => {
    expect(spec.matchConstraints.resourceRules[0]?.resources).toEqual(["nodes", "nodes/status"]);
    expect(spec.matchConditions[0]?.expression).toContain(`'${architectureLabel}' in object.metadata.labels`);
  });

  it("writes the label's value into both labels and the status", () => {
    const expression = spec.mutations[0]?.jsonPatch.expression ?? "";
    for (const path of [
      "/metadata/labels/kubernetes.io~1arch",
      "/metadata/labels/beta.kubernetes.io~1arch",
      "/status/nodeInfo/architecture",
    ]) {
      expect(expression).toContain(`path: "${path}", value: object.metadata.labels['${architectureLabel}']`);
    }
  });
});

describe("kube-proxy", () => {
  it("listens on loopback only and masquerades what it translates", () => {
    const config = proxyConfig("n");
    expect([config.healthzBindAddress, config.metricsBindAddress].every((address) => address.startsWith("127.0.0.1:"))).toBe(true);
    expect(config.nftables.masqueradeAll).toBe(true);
  });
});
