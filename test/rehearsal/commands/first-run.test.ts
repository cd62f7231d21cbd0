import { expect, it } from "vitest";
import { announcement } from "../../../rehearsal/commands/first-run";
import { expectation } from "../../../rehearsal/machine/first-run";

const expected = (seconds: number, processor: number) => ({ expected: { seconds, processor } });
const parts = [
  { name: "Debian packages", lane: "machine" as const, after: [], ...expected(60, 40) },
  { name: "Go modules of pulumi", lane: "modules" as const, after: [], ...expected(16, 14) },
  { name: "toolchain: pause", lane: "compile" as const, after: [], ...expected(8, 12) },
  { name: "toolchain: pulumi", lane: "compile" as const, after: [], ...expected(150, 294) },
];

it("a first run says at the start how long it takes here and what it does, lane by lane", () => {
  expect(announcement(parts, { cores: 2, pace: 2, fresh: false })).toEqual([
    "This run takes about 6 min on this machine (2 cores, each taking 2.0 times as long as the reference machine's).",
    "First, in about 6 min, what is not in the cache, as far as it can be at the same time:",
    "  the machine: Debian packages",
    "  downloads: Go modules of pulumi",
    "  toolchain, one component at a time: pause, pulumi",
  ]);
});

it("the cluster and the builds are added where there is no stack yet", () => {
  const lines = announcement(parts.slice(2, 3), { cores: 2, pace: 1, fresh: true });
  const rest = Math.ceil(expectation("end", "pulumi up and proof").seconds / 60);
  expect(lines[1]).toMatch(/^First, in about 8 s,/);
  expect(lines.at(-1)).toBe(`Then the cluster, the builds and their proof, in about ${rest} min.`);
});
