import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
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

describe("before npm's packages are there, the shell", () => {
  const rehearsal = join(__dirname, "..", "..", "..", "rehearsal");
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "how-long-"));
    mkdirSync(join(folder, "checkout", "rehearsal", "machine"), { recursive: true });
    cpSync(join(rehearsal, "machine", "first-run.tsv"), join(folder, "checkout", "rehearsal", "machine", "first-run.tsv"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** What it says on a machine with so many cores. */
  const says = (cores = 2) => {
    const script = `checkout=${folder}/checkout; nproc() { echo ${cores}; }; source ${join(rehearsal, "commands", "how-long.sh")}; say_how_long`;
    const env = { ...process.env, OPENSHIFT_MULTIARCH_HOME: join(folder, "home") };
    return spawnSync("bash", ["--norc", "-euo", "pipefail", "-c", script], { encoding: "utf8", env });
  };
  const minutes = (cores?: number) => Number(/about (\d+) min on \d+ cores/.exec(says(cores).stderr)?.[1]);
  const built = (name: string) => mkdirSync(join(folder, "home", "cache", "toolchain", `${name}-0123456789abcdef`), { recursive: true });
  const sum = (lanes: string[], of: "seconds" | "processor") =>
    lanes.flatMap((lane) => measuredParts(lane).map((name) => expectation(lane, name)[of])).reduce((total, value) => total + value, 0);
  const end = sum(["start", "end"], "seconds");
  const processor = sum(["machine", "modules", "compile", "images"], "processor");

  it("says how long all of it takes where the cache is empty, and how long its end where it is full", () => {
    expect(says().status).toBe(0);
    expect(minutes()).toBe(Math.floor((Math.floor(processor / 2) + end) / 60) + 1);
    for (const name of measuredParts("compile")) built(name);
    for (const file of ["images/index.json", "python/requirements"]) {
      mkdirSync(join(folder, "home", "cache", file, ".."), { recursive: true });
      writeFileSync(join(folder, "home", "cache", file), "");
    }
    expect(minutes()).toBe(Math.floor(end / 60) + 1);
  });

  it("takes off what is built of the toolchain, and not what only begins with that name", () => {
    built("pulumi-language-nodejs");
    built("pulumi-resource-kubernetes");
    const off = ["pulumi-language-nodejs", "pulumi-resource-kubernetes"].flatMap((name) =>
      ["compile", "modules"].map((lane) => expectation(lane, name).processor),
    );
    const left = off.reduce((total, value) => total - value, processor);
    // On one core, where a component is worth minutes.
    expect(minutes(1)).toBe(Math.floor((left + end) / 60) + 1);
  });

  it("leaves it to those that say it better once they are there", () => {
    mkdirSync(join(folder, "checkout", "node_modules"));
    expect(says()).toMatchObject({ status: 0, stderr: "" });
  });
});
