import { describe, expect, it } from "vitest";
import { withHosts } from "../../../rehearsal/machine/hosts";

describe("the block in /etc/hosts", () => {
  const before = "127.0.0.1 localhost\n\n# kept\n10.0.0.5 printer\n";

  it("is added at the end, and taken out without a trace", () => {
    const after = withHosts(before, { "api.multiarch.rehearsal.test": "10.213.0.1" });
    expect(after.startsWith(before)).toBe(true);
    expect(after).toContain("\n10.213.0.1 api.multiarch.rehearsal.test\n");
    expect(withHosts(after, {})).toBe(before);
  });

  it("replaces an earlier one instead of adding a second", () => {
    const twice = withHosts(withHosts(before, { a: "10.0.0.1" }), { b: "10.0.0.2" });
    expect(twice.match(/: begin/g)).toHaveLength(1);
    expect(twice).not.toContain("10.0.0.1 a");
  });

  it("works on a file without a last newline", () => {
    expect(withHosts("127.0.0.1 localhost", { a: "10.0.0.1" })).toMatch(/^127\.0\.0\.1 localhost\n# openshift-multiarch/);
  });
});
