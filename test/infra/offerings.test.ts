import { describe, expect, it } from "vitest";
import { missingTypes, wantedTypes } from "../../infra/offerings";

const wanted = wantedTypes({
  cluster: { controlPlane: { instanceType: "m6a.2xlarge", zone: "us-east-1a" } },
  pools: [
    { instanceType: "m6a.xlarge", zones: [{ name: "us-east-1a" }] },
    { instanceType: "m7g.2xlarge", zones: [{ name: "us-east-1a" }, { name: "us-east-1e" }] },
  ],
} as Parameters<typeof wantedTypes>[0]);
const offered = (...pairs: [string, string][]) => ({
  instanceTypes: pairs.map(([type]) => type),
  locations: pairs.map(([, zone]) => zone),
});

describe("instance types", () => {
  it("are wanted by the control plane, and by every zone of every pool, those with no machine included", () => {
    expect(wanted).toEqual([
      { setting: "cluster.controlPlane", type: "m6a.2xlarge", zone: "us-east-1a" },
      { setting: "pools[0].zones[0]", type: "m6a.xlarge", zone: "us-east-1a" },
      { setting: "pools[1].zones[0]", type: "m7g.2xlarge", zone: "us-east-1a" },
      { setting: "pools[1].zones[1]", type: "m7g.2xlarge", zone: "us-east-1e" },
    ]);
  });

  it("are refused in a zone that lacks them, with the zones that have them", () => {
    const offerings = offered(
      ["m7g.2xlarge", "us-east-1d"],
      ["m6a.2xlarge", "us-east-1a"],
      ["m7g.2xlarge", "us-east-1a"],
      // Another type there says nothing of this one.
      ["m6a.2xlarge", "us-east-1e"],
    );
    expect(missingTypes(wanted, offerings)).toEqual([
      "pools[0].zones[0]: AWS has no m6a.xlarge in us-east-1a; no zone of the region has it: choose another type",
      "pools[1].zones[1]: AWS has no m7g.2xlarge in us-east-1e; the zones that have it: us-east-1a, us-east-1d",
    ]);
  });

  it("that every zone has are no problem", () => {
    expect(
      missingTypes(
        wanted,
        offered(["m6a.2xlarge", "us-east-1a"], ["m6a.xlarge", "us-east-1a"], ["m7g.2xlarge", "us-east-1a"], ["m7g.2xlarge", "us-east-1e"]),
      ),
    ).toEqual([]);
  });
});
