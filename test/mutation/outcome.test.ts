import { describe, expect, it } from "vitest";
import { type Equivalent, score, stale, survivors, type Tried, table } from "./outcome";
import { fromReport, merge } from "./typescript";

const mutant = (more: Partial<Tried> = {}): Tried => ({
  file: "a.ts",
  line: 1,
  text: "if (a < 1)",
  mutator: "EqualityOperator",
  original: "a < 1",
  replacement: "a <= 1",
  result: "survived",
  ...more,
});
const equivalent: Equivalent = {
  file: "a.ts",
  mutator: "EqualityOperator",
  original: "a < 1",
  replacement: "a <= 1",
  reason: "a is never 1",
};

describe("the score", () => {
  it("counts what runs out of time as noticed, what nothing executes as not, and leaves out what is no program", () => {
    const tried = (["killed", "timeout", "survived", "unseen", "invalid"] as const).map((result) => mutant({ result }));
    expect(score(tried, [])).toEqual({ killed: 2, survived: 2, equivalent: 0, percent: 50 });
  });

  it("leaves out what changes nothing: the same change of the same file, in the same line if one is named", () => {
    expect(score([mutant(), mutant({ result: "killed" })], [equivalent])).toEqual({ killed: 1, survived: 0, equivalent: 1, percent: 100 });
    for (const other of [{ file: "b.ts" }, { replacement: "true" }, { original: "b < 1" }, { mutator: "Other" }])
      expect(survivors([mutant(other)], [equivalent])).toHaveLength(1);
    expect(survivors([mutant()], [{ ...equivalent, text: "while (a < 1)" }])).toHaveLength(1);
  });

  it("names entries of the list that no survivor is any more", () => {
    expect(stale([mutant()], [equivalent])).toEqual([]);
    expect(stale([mutant({ result: "killed" })], [equivalent])).toEqual([equivalent]);
    expect(stale([mutant({ file: "b.ts" })], [equivalent])).toEqual([]);
  });

  it("is a line per folder and one per language", () => {
    const folder = { name: "infra", language: "TypeScript", files: [], tests: [] } as const;
    const lines = table([{ folder, tried: [mutant(), mutant({ result: "killed" })] }], []).split("\n");
    expect(lines[2]).toMatch(/^\| infra +\| TypeScript +\| 2 +\| 1 +\| 1 +\| 0 +\| 50\.0 % \|$/);
    expect(lines[3]).toMatch(/^\| all TypeScript +\| aim 85 % +\| 2 /);
  });
});

it("a later run has the last word on what it has tried, and none on the rest", () => {
  const [first, second] = [mutant({ range: "a.ts:1:0-1:5" }), mutant({ range: "a.ts:2:0-2:5" })];
  expect(merge([first, second], [{ ...second, result: "killed" }]).map(({ result }) => result)).toEqual(["survived", "killed"]);
  expect(merge([first], [{ ...first, result: "unseen" }])).toEqual([first]);
});

it("Stryker's report is read with what stood there before", () => {
  const location = { start: { line: 1, column: 5 }, end: { line: 2, column: 4 } };
  const report = {
    files: {
      "a.ts": { source: "if (a &&\n  b) c", mutants: [{ mutatorName: "Logic", replacement: "x", status: "NoCoverage", location }] },
    },
  };
  expect(fromReport(report)).toEqual([
    {
      file: "a.ts",
      line: 1,
      text: "if (a &&",
      mutator: "Logic",
      original: "a &&\n  b",
      replacement: "x",
      result: "unseen",
      range: "a.ts:1:4-2:3",
    },
  ]);
});
