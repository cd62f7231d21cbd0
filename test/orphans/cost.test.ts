import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cost, hourly, machines, monthly } from "../../orphans/cost";

const page = readFileSync(join(__dirname, "..", "..", "docs", "cost.md"), "utf8");
/** Price of a row of docs/cost.md, by the beginning of its first cell. */
const priced = (start: string): number =>
  Number(
    page
      .split("\n")
      .find((line) => line.startsWith(`| ${start}`))
      ?.split("|")[3],
  );
const object = (kind: string, size?: string | number) => ({ kind, id: "x", name: "", size, commands: [] });

describe("what an orphan costs", () => {
  it("has the prices of docs/cost.md", () => {
    expect([hourly.natgateway, hourly["elastic-ip"], hourly.loadbalancer]).toEqual([
      priced("NAT gateways"),
      priced("their addresses"),
      priced("network load balancers"),
    ]);
    expect([monthly.volume, monthly["file-system"]]).toEqual([priced("disks of the workers"), priced("EFS, stored ")]);
    expect([machines["m6a.2xlarge"], machines["m7g.2xlarge"]]).toEqual([priced("control plane"), priced("arm64 workers")]);
  });

  it("is counted a day, by size where AWS bills by size", () => {
    expect(cost([object("instance", "m6a.2xlarge"), object("natgateway"), object("vpc")]).dollarsADay).toBeCloseTo(
      24 * (0.3456 + 0.045),
      6,
    );
    expect(cost([object("volume", 730), object("file-system", 73)]).dollarsADay).toBeCloseTo(
      730 * 0.08 * (24 / 730) + 73 * 0.3 * (24 / 730),
      6,
    );
    expect(cost([])).toEqual({ dollarsADay: 0, without: [] });
  });

  it("names types of machines that it has no price of, each once", () => {
    expect(cost([object("instance", "x9.large"), object("instance", "x9.large"), object("instance", "a1.large")])).toEqual({
      dollarsADay: 0,
      without: ["a1.large", "x9.large"],
    });
  });
});
