import { describe, expect, it } from "vitest";
import { table } from "../../../rehearsal/machine/first-run";
import { doParts, expectedSeconds, type Lane, type Part, secondsLeft, startable } from "../../../rehearsal/machine/parts";

const part = (name: string, lane: Lane, after: string[] = [], seconds = 10, processor = 20) => ({
  name,
  lane,
  after,
  expected: { seconds, processor },
});

/** Parts whose work notes its start and its end, and ends when all that can be under way with it has started. */
function noting(parts: readonly ReturnType<typeof part>[]): { work: Part[]; notes: string[] } {
  const notes: string[] = [];
  const work = parts.map((one) => ({
    ...one,
    work: async () => {
      notes.push(`+${one.name}`);
      await new Promise(setImmediate);
      notes.push(`-${one.name}`);
    },
  }));
  return { work, notes };
}

describe("the parts of a first run", () => {
  it("start as soon as their lane is free and what they come after is finished; what is not in the list is", () => {
    const compile = [part("a", "compile", ["packages"]), part("b", "compile"), part("c", "compile")];
    const packages = part("packages", "machine", ["done long ago"]);
    const names = (parts: readonly { name: string }[]) => parts.map(({ name }) => name);
    expect(names(startable([...compile, packages], []))).toEqual(["b", "packages"]);
    expect(names(startable([part("a", "compile", ["packages"]), part("c", "compile")], [packages]))).toEqual(["c"]);
    expect(names(startable([part("c", "compile")], [part("b", "compile")]))).toEqual([]);
  });

  it("are done one at a time in a lane, and at the same time in several", async () => {
    const { work, notes } = noting([
      part("a", "compile"),
      part("b", "compile"),
      part("modules", "modules"),
      part("late", "machine", ["b"]),
    ]);
    const left: string[][] = [];
    await doParts(work, (_, rest) => left.push(rest.map(({ name }) => name)));
    expect(notes.filter((note) => !note.endsWith("modules"))).toEqual(["+a", "-a", "+b", "-b", "+late", "-late"]);
    expect(notes.slice(0, 2)).toEqual(["+a", "+modules"]);
    expect(left.at(-2)).toEqual(["late"]);
    expect(left.at(-1)).toEqual([]);
  });

  it("that wait for each other are named", async () => {
    const { work } = noting([part("a", "compile", ["b"]), part("b", "compile", ["a"])]);
    await expect(doParts(work)).rejects.toThrow("these parts wait for each other: a, b");
  });
});

describe("the time of a first run", () => {
  it("is that of the processors where something else always has use for them", () => {
    expect(expectedSeconds([part("a", "compile", [], 100, 200), part("images", "images", [], 60, 60)], 2)).toBe(130);
  });

  it("is that of what waits for each other where this takes longer", () => {
    const downloads = [part("packages", "machine", [], 60, 10), part("python", "machine", ["packages"], 30, 10)];
    expect(expectedSeconds([...downloads, part("a", "compile", ["python"], 20, 40)], 2)).toBe(110);
  });

  it("is shorter by what the cache has, and on more cores by what keeps them busy", () => {
    const all = [part("a", "compile", [], 100, 200), part("b", "compile", [], 50, 100)];
    expect(expectedSeconds(all.slice(1), 2)).toBe(50);
    expect(expectedSeconds(all, 4)).toBe(75);
    expect(expectedSeconds([part("install", "machine", [], 60, 60)], 4)).toBe(60);
    expect(expectedSeconds([], 2)).toBe(0);
  });

  it("that is left follows the machine's guessed pace at first, and its real one after a minute of work", () => {
    expect(secondsLeft({ total: 1000, left: 950, elapsed: 90, pace: 1.5 })).toBe(1425);
    expect(secondsLeft({ total: 1000, left: 500, elapsed: 1000, pace: 1 })).toBe(1000);
  });

  it("is read from a table with tabs, whose comments count for nothing", () => {
    expect(table("# lane\tpart\ncompile\tpause\t8\t12\n\nmachine\tDebian packages\t60\t40\n")).toEqual([
      { lane: "compile", name: "pause", seconds: 8, processor: 12 },
      { lane: "machine", name: "Debian packages", seconds: 60, processor: 40 },
    ]);
  });
});
