import { Parser } from "commonmark";
import { describe, expect, it } from "vitest";
import { comment, commentLimit, countLine, failed, marker, type StackPreview } from "../../review/comment";
import { readableDiff } from "../../review/diff";
import { readEvents } from "../../review/events";
import { real } from "./real";

const preview: StackPreview = {
  stack: "dev",
  code: 0,
  plan: readEvents(real("preview.events.jsonl")),
  diff: readableDiff(real("preview.stdout.txt")),
  notes: [],
};
const plan = { counts: {}, steps: [], warnings: [], errors: [] };

/** The blocks of a document, by the reference implementation of CommonMark. */
function blocks(markdown: string): { type: string; text: string; info: string | null }[] {
  const walker = new Parser().parse(markdown).walker();
  const found = [];
  for (let event = walker.next(); event; event = walker.next()) {
    const { type, literal, info } = event.node;
    if (event.entering) found.push({ type, text: literal ?? "", info });
  }
  return found;
}
const codeBlocks = (markdown: string) =>
  blocks(markdown).flatMap(({ type, text }) => (type === "code_block" ? [text.replace(/\n$/, "")] : []));

it("the comment of a real preview says how much changes, what is warned of and lost, and then the diff", async () => {
  await expect(comment([preview])).toMatchFileSnapshot("comment.txt");
});

it("the comment of a real preview that was refused says why", () => {
  const refused = { ...preview, code: 1, plan: readEvents(real("refused.events.jsonl")), diff: readableDiff(real("refused.stdout.txt")) };
  const text = comment([refused]);
  expect(text).toContain("**The preview failed.** Until then:");
  expect(codeBlocks(text)[0]).toMatch(/^The cluster keeps what it was made with:\n {2}- cluster\.name is "other"/);
});

it("begins with the marker, by which it is found again", () => expect(comment([]).startsWith(`${marker}\n`)).toBe(true));

it("a stack that failed does not hide the others", () => {
  const broken: StackPreview = { stack: "prod", code: undefined, diff: "", notes: [], problem: "no backend" };
  const text = comment([broken, preview]);
  expect(text.indexOf("no backend")).toBeGreaterThan(text.indexOf("### `prod`"));
  expect(text.indexOf("### `dev`")).toBeGreaterThan(text.indexOf("no backend"));
  expect([broken, preview].map(failed)).toEqual([true, false]);
  expect(failed({ ...preview, code: 255 })).toBe(true);
  expect(failed({ ...preview, plan: { ...plan, errors: ["x"] } })).toBe(true);
});

it("operations are counted in the order of a reader's interest, and what stays is counted apart", () => {
  expect(countLine({ same: 4, delete: 1, create: 2, read: 9, discard: 1, import: 3, replace: 5, update: 0 })).toBe(
    "**2 to create, 5 to replace, 1 to delete, 3 to import**, 4 unchanged",
  );
  expect(countLine({ same: 4 })).toBe("**No changes**, 4 unchanged");
  expect(countLine({})).toBe("**No changes**");
});

it("the comment of a real preview names what is updated and for which properties, and the images that are built; a run is no loss", () => {
  const text = comment([preview]);
  expect(text).toContain("\n\nWill be built: `quarkus`\n\n");
  expect(text).toContain("- `workers-arm64-eu-west-3b` (`spec.replicas`)\n");
  expect(text).toContain("- `builds-maven-package` (`spec.steps[0].image`)\n");
  expect(text).not.toContain("deleted or replaced");
});

const run = "kubernetes:tekton.dev/v1:PipelineRun";
const random = "random:index/randomString:RandomString";
const shown = (...steps: { op: string; type: string; name: string }[]) =>
  comment([{ ...preview, diff: "", plan: { ...plan, steps: steps.map((step) => ({ ...step, keys: [] })) } }]);

it("an image is built by a run that is new as well; a run that is deleted is a loss, and so is a replaced text of something else", () => {
  expect(shown({ op: "create", type: run, name: "app-run" })).toContain("Will be built: `app`");
  const gone = shown({ op: "delete", type: run, name: "app-run" }, { op: "delete", type: random, name: "app-suffix" });
  expect(gone).toContain(
    `> Will be deleted or replaced: 2\n>\n> - delete \`app-run\` (\`${run}\`)\n> - delete \`app-suffix\` (\`${random}\`)`,
  );
  expect(gone).not.toContain("Will be built");
  expect(shown({ op: "replace", type: random, name: "password" })).toContain("> - replace `password`");
});

it("twenty updates are named, the rest is counted", () => {
  const text = shown(...Array.from({ length: 22 }, (_, i) => ({ op: "update", type: "a:b:C", name: `n${i}` })));
  expect(text).toContain("Will be updated: 22\n\n- `n0`\n");
  expect(text).toContain("- `n19`\n- and 2 more");
});

it("twenty losses are named, the rest is counted", () => {
  const steps = Array.from({ length: 23 }, (_, i) => ({ op: i % 2 ? "delete" : "replace", type: "a:b:C", name: `n${i}`, keys: ["k"] }));
  const text = comment([{ ...preview, plan: { ...plan, steps: [...steps, { op: "create", type: "a:b:C", name: "new", keys: [] }] } }]);
  expect(text).toContain("> Will be deleted or replaced: 23\n>\n> - replace `n0` (`a:b:C`) for `k`\n> - delete `n1` (`a:b:C`)\n");
  expect(text).toContain("> - replace `n18` (`a:b:C`) for `k`\n> - delete `n19` (`a:b:C`)\n> - and 3 more\n");
  expect(text).not.toContain("`new`");
});

/** Whatever a setting, a message or a name may hold that Markdown or HTML gives a meaning. */
const hostile = [
  "```",
  "````",
  "`````text",
  "~~~",
  "</details>",
  "<!-- ",
  "-->",
  "> [!NOTE]",
  "# title",
  "@somebody",
  "[a](https://example.com)",
  "![x](https://example.com/x.png)",
  "<script>alert(1)</script>",
  "| a | b |",
  "",
  "   ",
  "\t",
  "\\`",
  "&amp;",
  "ordinary",
];
/** The same at every run. */
function pseudo(seed: number) {
  let state = seed;
  return (below: number) => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return Math.floor((state / 4294967296) * below);
  };
}

describe("nothing that the comment shows becomes markup", () => {
  for (let seed = 1; seed <= 40; seed++) {
    const next = pseudo(seed);
    const lines = (count: number) => Array.from({ length: count }, () => hostile[next(hostile.length)] ?? "").join("\n");
    const diff = `first\n${lines(30)}\nlast`;
    const [warning, error, note] = [`a${lines(3)}\nz`, `b${lines(3)}\nz`, `c${lines(3)}\nz`];
    it(`texts of random markup, seed ${seed}`, () => {
      const name = lines(3);
      const steps = [
        { op: "delete", type: `${lines(2)}t`, name, keys: [] },
        { op: "update", type: "t", name, keys: [lines(2)] },
        { op: "create", type: run, name: `${name}-run`, keys: [] },
      ];
      const text = comment([
        { stack: "dev", code: 0, plan: { ...plan, steps, warnings: [warning], errors: [error] }, diff, notes: [note] },
      ]);
      const found = blocks(text);
      expect(codeBlocks(text)).toEqual([error, warning, note, diff]);
      expect(found.filter(({ type }) => type === "heading")).toHaveLength(2);
      expect(found.filter(({ type }) => type === "link" || type === "image" || type === "html_inline")).toEqual([]);
      expect(found.filter(({ type }) => type === "html_block").map(({ text }) => text)).toEqual([
        marker,
        "<details><summary>The diff</summary>",
        "</details>",
      ]);
      expect(found.filter(({ type, text }) => type === "text" && text.includes("@somebody"))).toEqual([]);
    });
  }
});

describe("the comment is never longer than GitHub takes", () => {
  const line = "        ~ property: 1 => 2\n";
  for (const [what, stacks, lines] of [
    ["one stack with a long diff", 1, 10_000],
    ["seven stacks with long diffs", 7, 5_000],
    ["two hundred stacks", 200, 100],
  ] as const) {
    it(what, () => {
      const text = comment(
        Array.from({ length: stacks }, (_, i) => ({ ...preview, stack: `stack-${i}`, diff: `${line.repeat(lines)}end` })),
      );
      expect(text.length).toBeLessThanOrEqual(commentLimit);
      expect(text).toContain("**Cut:**");
      for (let i = 0; i < stacks; i++) expect(text).toContain(`### \`stack-${i}\`\n\n**3 to update, 2 to replace**`);
      if (stacks < 10) expect(text.length).toBeGreaterThan(commentLimit - 300);
    });
  }

  it("whatever the limit", () => {
    for (let limit = 400; limit < 6_000; limit += 37)
      expect(comment([preview, { ...preview, stack: "b" }], limit).length).toBeLessThanOrEqual(limit);
  });

  it("a diff is cut at the end of a line, and says how many there are", () => {
    const lines = Array.from({ length: 10_000 }, (_, i) => `line ${i}`);
    const text = comment([{ ...preview, plan, diff: lines.join("\n") }]);
    const [shown = ""] = codeBlocks(text);
    const count = shown.split("\n").length;
    expect(shown).toBe(lines.slice(0, count).join("\n"));
    expect(text).toContain(`**Cut:** ${count} of 10000 lines have room`);
  });

  it("a short diff leaves its share to a long one, and is not cut itself", () => {
    const text = comment([preview, { ...preview, stack: "b", diff: `${line.repeat(10_000)}end` }]);
    expect(codeBlocks(text)).toContain(preview.diff);
    expect(text.match(/\*\*Cut:/g)).toHaveLength(1);
    expect(text.length).toBeGreaterThan(commentLimit - 300);
  });

  it("long messages are cut, with a count of what is left", () => {
    const warnings = Array.from({ length: 1_000 }, (_, i) => `warning ${i}`);
    const text = comment([{ ...preview, plan: { ...plan, warnings, errors: ["x".repeat(100_000)] } }]);
    expect(text).toMatch(/> warning 0\n> warning 1\n/);
    expect(text).toMatch(/> \d+ more lines in the log of the job/);
    expect(text.length).toBeLessThan(12_000);
  });
});
