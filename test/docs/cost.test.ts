import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { stackFile } from "../program";

const page = readFileSync(join(__dirname, "..", "..", "docs", "cost.md"), "utf8");
const cells = (line: string) =>
  line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
const rows = page
  .split("\n")
  .map(cells)
  .filter(({ length }) => length === 5);
const billed = rows.filter(([, unit]) => unit === "hour" || unit === "GB-month" || unit === "IOPS-month");
const monthly = billed.map(([, unit, price, quantity]) => Number(price) * Number(quantity) * (unit === "hour" ? 730 : 1));

it("each month's cost in docs/cost.md is price times quantity", () => {
  expect(billed.length).toBeGreaterThan(8);
  expect(billed.map((row) => row[4])).toEqual(monthly.map((value) => value.toFixed(2)));
});

it("the sum in docs/cost.md is that of its rows", () => {
  const sum = billed.reduce((total, row) => total + Number(row[4]), 0);
  expect(rows.find(([what]) => what === "**together**")?.[4]).toBe(`**${sum.toFixed(2)}**`);
});

it("docs/cost.md counts the machines, zones and disks of Pulumi.dev.yaml", () => {
  const { "openshift-multiarch:cluster": cluster, "openshift-multiarch:pools": pools } = stackFile("dev");
  const row = (start: string) => billed.find(([what]) => what.startsWith(start)) ?? [];
  const nodes = (pool: (typeof pools)[number]) => pool.zones.reduce((sum, { replicas }) => sum + replicas, 0);
  expect(row("control plane,")).toMatchObject({ 0: `control plane, ${cluster.controlPlane.instanceType}`, 3: "1" });
  for (const pool of pools) {
    const name = `${pool.architecture} workers, ${pool.instanceType}`;
    expect(row(`${pool.architecture} workers,`)).toMatchObject({ 0: name, 3: String(nodes(pool)) });
  }
  expect(row("NAT gateways")[3]).toBe(String(new Set(pools.flatMap(({ zones }) => zones.map(({ name }) => name))).size));
  expect(row("disk of the control plane")[3]).toBe(String(cluster.controlPlane.rootVolume.size));
  // gp3 has 3000 operations a second anyway.
  expect(row("its operations beyond 3000")[3]).toBe(String(cluster.controlPlane.rootVolume.iops - 3000));
  // 120 GiB is the installer's own disk of a worker.
  expect(row("disks of the workers")[3]).toBe(String(120 * pools.reduce((sum, pool) => sum + nodes(pool), 0)));
});

it("what docs/cost.md saves without workers is what they cost", () => {
  const workers = billed.filter(([what]) => / workers, /.test(what)).reduce((sum, row) => sum + Number(row[4]), 0);
  const sum = billed.reduce((total, row) => total + Number(row[4]), 0);
  expect(page).toMatch(new RegExp(`\\| ${Math.round(workers / 10) * 10} of the table's sum +\\|`));
  expect(page).toContain(`about ${Math.round((sum - workers) / 10) * 10} dollars a month`);
});

it("README.md and docs/cost.md name the same sum, to ten dollars", () => {
  const sum = billed.reduce((total, row) => total + Number(row[4]), 0);
  const readme = readFileSync(join(__dirname, "..", "..", "README.md"), "utf8");
  expect(readme).toContain(`about ${Math.round(sum / 10) * 10} US dollars a month`);
});
