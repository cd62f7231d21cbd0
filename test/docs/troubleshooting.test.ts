import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { isSaid, type Message, messagesIn, shownIn } from "./messages";

const root = join(__dirname, "..", "..");
const page = readFileSync(join(root, "docs", "troubleshooting.md"), "utf8");
const shown = shownIn(page);
const sources = execFileSync(
  "git",
  ["ls-files", "--cached", "--others", "--exclude-standard", "index.ts", "config", "infra", "cluster", "tekton", "preflight"],
  {
    cwd: root,
    encoding: "utf8",
  },
);
const messages = sources
  .trim()
  .split("\n")
  .filter((file) => /\.(?:ts|sh)$/.test(file))
  .flatMap((file) => messagesIn(file, readFileSync(join(root, file), "utf8")));

const where = ({ file, line, text }: Message) => `${file}:${line}: ${text}`;

it("every message of docs/troubleshooting.md is one of the program, its stages or its tasks", () => {
  expect(shown.length).toBeGreaterThan(100);
  expect(shown.filter((text) => !messages.some((message) => isSaid(text, message)))).toEqual([]);
});

it("whatever the program, its stages and its tasks throw, refuse, fail with or warn of is in docs/troubleshooting.md", () => {
  const trouble = messages.filter((message) => message.trouble);
  expect(trouble.length).toBeGreaterThan(100);
  // A reason that stands between two gaps is said by what is put in front of it.
  const own = trouble.filter(({ text }) => text.replaceAll("…", "").trim().length > 3);
  expect(own.filter((message) => !shown.some((text) => isSaid(text, message))).map(where)).toEqual([]);
});

it("no message stands in docs/troubleshooting.md twice", () => {
  expect(shown.filter((text, i) => shown.indexOf(text) !== i)).toEqual([]);
});

it.each([
  ["fail", 'fail "no folder \'$1\' in $(wc -l <<<"$x") of $y"', "no folder '…' in … of …", true],
  ["warn in a list", '[[ -f x ]] || warn "gone"', "gone", true],
  ["say", "say 'going on'", "going on", false],
])("a script's %s is read by a shell parser", (_, source, text, trouble) => {
  expect(messagesIn("x.sh", source)).toMatchObject([{ text, trouble }]);
});

it.each([
  ["an error", "throw new ApiError(404, `no $" + "{name} here`);", "no … here"],
  ["a joined text", "throw new Error(`a $" + '{b} ` + "cd ef");', "a … cd ef"],
  ["a warning", "pulumi.log.warn(`mind $" + "{it}`, this);", "mind …"],
])("%s of a module is read by TypeScript's parser", (_, source, text) => {
  expect(messagesIn("x.ts", source)).toContainEqual({ file: "x.ts", line: 1, text, trouble: true });
});

it("a message is told from another by its beginning and the order of its parts", () => {
  const message = messagesIn("x.sh", 'fail "cannot fetch from $URL: it is not public"')[0];
  expect(["cannot fetch from …", "cannot fetch from …: it is not public", "… is not public"].map((text) => isSaid(text, message))).toEqual([
    true,
    true,
    true,
  ]);
  expect(["fetch from …", "cannot fetch: …", "cannot push …", "…"].map((text) => isSaid(text, message))).toEqual([
    false,
    false,
    false,
    false,
  ]);
});
