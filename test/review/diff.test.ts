import { expect, it } from "vitest";
import { readableDiff } from "../../review/diff";
import { real } from "./real";

const printed = real("preview.stdout.txt");
const diff = readableDiff(printed);

it("a real diff keeps every line but those of providers", () => {
  const gone = printed.split("\n").filter((line) => !diff.split("\n").includes(line) && line !== "");
  expect(gone).toHaveLength(5);
  for (const line of gone) expect(line).toMatch(/^ {8}\[provider=urn:pulumi:\S+\]$/);
  expect(diff).toContain("~ replicas: 1 => 2");
  expect(diff).toContain("    5 changes. 69 unchanged");
});

it("the diff in colours and the one without are the same", () => {
  expect(real("preview.color.stdout.txt")).toContain("\x1b[");
  expect(readableDiff(real("preview.color.stdout.txt"))).toBe(diff);
});

it("signs of life are no part of the diff", () => {
  expect(readableDiff("Previewing\n@ previewing update.......\n    + d:e:F: (create)\n@ previewing refresh..\n")).toBe(
    "Previewing\n    + d:e:F: (create)",
  );
});
