import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { minutes, timeouts } from "../../infra/limits";

const stage = (name: string) => readFileSync(join(__dirname, "../../infra/stages", `${name}.sh`), "utf8");
/** Minutes after which a stage ends what it runs, in the order of the file. */
const limits = (name: string) => [...stage(name).matchAll(/watched "\$log" (\d+)/g)].map((match) => Number(match[1]));

describe("time-outs", () => {
  it("are made of the limits that the stages have", () => {
    expect(limits("identity")).toEqual([minutes.manifests, minutes.manifests]);
    expect(limits("install").filter((limit) => ![minutes.wait, minutes.install].includes(limit as 90))).toEqual([]);
    expect(Math.max(...limits("install"))).toBe(minutes.install);
    expect(limits("install")).toContain(minutes.wait);
    expect(stage("access")).toContain(`SECONDS + ${minutes.access * 60}`);
    expect(stage("lib")).toMatch(/watched "\$log" "\$\{DESTROY_MINUTES:\?\}"/);
  });

  it.each([10, 60, 600])("leave every stage the time that it gives itself, for a removal of %d minutes", (removal) => {
    const number = (text: string) => Number(/^(\d+)m$/.exec(text)?.[1]);
    const given = timeouts(removal);
    expect(number(given.install)).toBeGreaterThan(removal + 240 + 90);
    expect(number(given.removal)).toBeGreaterThan(removal);
    expect(number(given.identity)).toBeGreaterThan(20);
    expect(number(given.access)).toBeGreaterThan(15);
    expect(number(given.tools)).toBeGreaterThanOrEqual(30);
  });
});
