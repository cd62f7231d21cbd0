import { describe, expect, it } from "vitest";
import { masqueradeRules } from "../../../rehearsal/machine/network";

describe("masquerading", () => {
  it("leaves traffic to nodes, pods and services alone", () => {
    expect(masqueradeRules()).toContain("ip saddr 10.214.0.0/16 ip daddr != { 10.213.0.0/24, 10.214.0.0/16, 10.215.0.0/16 }");
  });
});
