import { expect, it } from "vitest";
import { readableDiff } from "../../review/diff";
import { real } from "./real";

const printed = real("preview.stdout.txt");
const diff = readableDiff(printed);

it("a real diff keeps every line but those of what is read, of providers and of the wait", () => {
  const gone = printed.split("\n").filter((line) => !diff.split("\n").includes(line) && line !== "");
  expect(gone.filter((line) => !line.includes("[provider="))).toEqual([
    "    > pulumi:pulumi:StackReference: (read)",
    "        [id=organization/openshift-multiarch/rehearsal]",
    expect.stringMatching(/^ {8}\[urn=.*last-update\]$/),
    '        name: "organization/openshift-multiarch/rehearsal"',
  ]);
  expect(diff).toContain("~ replicas: 1 => 2");
  expect(diff).toContain("    5 changes. 69 unchanged");
});

it("the diff in colours and the one without are the same", () => {
  expect(real("preview.color.stdout.txt")).toContain("\x1b[");
  expect(readableDiff(real("preview.color.stdout.txt"))).toBe(diff);
});

it("what follows something that is read is shown", () => {
  const text =
    "Previewing\n    > a:b:C: (read)\n        name: 1\n\n          deep: 2\n    + d:e:F: (create)\n        name: 3\n@ previewing update....\nResources:";
  expect(readableDiff(text)).toBe("Previewing\n    + d:e:F: (create)\n        name: 3\nResources:");
});
