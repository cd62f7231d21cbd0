import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { announcement } from "../../../rehearsal/commands/first-run";
import { expectation, measuredParts } from "../../../rehearsal/machine/first-run";

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

it("before npm's packages are there the shell says it: all of it for an empty cache, the end for a full one; with them it says nothing", () => {
  const folder = mkdtempSync(join(tmpdir(), "how-long-"));
  const rehearsal = join(__dirname, "..", "..", "..", "rehearsal");
  const [checkout, home] = [join(folder, "checkout"), join(folder, "home")];
  const script = `checkout=${checkout}; nproc() { echo 2; }; source ${join(rehearsal, "commands", "how-long.sh")}; say_how_long`;
  const says = () =>
    spawnSync("bash", ["-euo", "pipefail", "-c", script], { encoding: "utf8", env: { ...process.env, OPENSHIFT_MULTIARCH_HOME: home } });
  const sum = (lanes: string[], of: "seconds" | "processor") =>
    lanes.flatMap((lane) => measuredParts(lane).map((name) => expectation(lane, name)[of])).reduce((total, value) => total + value, 0);
  const end = sum(["start", "end"], "seconds");
  const all = sum(["machine", "modules", "compile", "images"], "processor") / 2 + end;
  try {
    mkdirSync(join(checkout, "rehearsal", "machine"), { recursive: true });
    cpSync(join(rehearsal, "machine", "first-run.tsv"), join(checkout, "rehearsal", "machine", "first-run.tsv"));
    const { status, stderr } = says();
    expect([status, Math.abs(Number(/about (\d+) min on 2 cores/.exec(stderr)?.[1]) - all / 60) <= 1]).toEqual([0, true]);
    for (const name of measuredParts("compile"))
      mkdirSync(join(home, "cache", "toolchain", `${name}-0123456789abcdef`), { recursive: true });
    for (const file of ["images/index.json", "python/requirements"]) {
      mkdirSync(join(home, "cache", file, ".."), { recursive: true });
      writeFileSync(join(home, "cache", file), "");
    }
    expect(says().stderr).toContain(`about ${Math.floor(end / 60) + 1} min on 2 cores`);
    mkdirSync(join(checkout, "node_modules"));
    expect(says()).toMatchObject({ status: 0, stderr: "" });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
