import { expect, it } from "vitest";
import { reference, settings } from "../../configure/reference";
import { problems, withValue } from "../config/values";
import { changes } from "../rehearsal/changes";

const words = { "carried out": "carried out", partly: "warned about", refused: "refused" } as const;
/** Of a key with several rows: all outcomes. */
const outcome = (key: string) => {
  const rows = changes.filter(({ setting }) => setting.replace(/\[\d*\]/g, "[]") === key);
  return (
    [...new Set(rows.map((row) => `${words[row.outcome]}${row.outcome === "refused" && row.what ? ` (${row.what})` : ""}`))].join(", ") ||
    undefined
  );
};
const text = reference(outcome);
const rows = text.split("\n").flatMap((line) => (line.startsWith("| `") ? [line.split(/(?<!\\)\|/).map((cell) => cell.trim())] : []));

it("docs/configuration.md has every setting, as its schema describes it (`npm run schema` writes it)", async () => {
  await expect(text).toMatchFileSnapshot("../../docs/configuration.md");
});

it("every setting says what it is, what it may be, and its default", () => {
  expect(rows.length).toBeGreaterThan(55);
  for (const [, key, what, values, ...rest] of rows) {
    expect([key, what?.endsWith("."), values !== ""]).toEqual([key, true, true]);
    expect([key, rest.includes("required") || rest.some((cell) => /^`|^none$|^those of/.test(cell))]).toEqual([key, true]);
  }
});

it("every setting that is no object has an example, and its row in the table of changes", () => {
  const leaves = rows.filter(([, , , values]) => !/^an? (?:object|list of objects)$/.test(values ?? ""));
  const withoutExample = leaves.filter((cells) => cells.length === 9 && cells[6] === "").map(([, key]) => key);
  const withoutChange = leaves.filter((cells) => !/^\[[\w, ()]+\]\(changes\.md\)$/.test(cells.at(-2) ?? "")).map(([, key]) => key);
  expect(withoutExample).toEqual([]);
  // It only chooses whose credentials are taken; those of another account are refused.
  expect(withoutChange).toEqual(["`aws:profile`"]);
});

const examples = settings().own.flatMap(({ key, part }) => (part.examples ?? []).map((example) => [key, example] as const));
it.each(examples)("the example of %s is right, in a configuration that is right without it: %j", (key, example) => {
  // The pool of the examples is the one for arm64; the base has no disk there.
  const path = key.replace(/^pools\[\](?!\.rootVolume\.)/, "pools[1]").replaceAll("[]", "[0]");
  expect(problems(withValue(path, example))).toEqual([]);
});
