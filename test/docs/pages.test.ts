import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";
import { expect, it } from "vitest";
import { home } from "../../rehearsal/machine/places";
import { commandsIn, problemOf } from "./commands";
import { page, pages, root } from "./pages";

/** Links, names of files and commands of all pages. */

const all = pages();
const programs = /^(?:npm|npx|pulumi|oc|kubectl|aws|git|podman)$/;
const sourceFile = /^[\w.-]+(?:\/[\w.-]+)*\.(?:ts|sh|md|json|yaml|yml|py)$/;

it("every link to a file of the repository leads to one, and every anchor to a heading", () => {
  const broken = all.flatMap(({ file, links, anchors }) =>
    links
      .filter((link) => !/^(?:https?|mailto):/.test(link))
      .filter((link) => {
        const [path, hash] = link.split("#");
        const target = path === "" ? file : normalize(join(dirname(file), path));
        if (!existsSync(join(root, target))) return true;
        const headings = path === "" ? anchors : all.find((other) => other.file === target)?.anchors;
        return hash !== undefined && !headings?.includes(hash);
      })
      .map((link) => `${file}: ${link}`),
  );
  expect(all.flatMap(({ links }) => links).length).toBeGreaterThan(40);
  expect(broken).toEqual([]);
});

it("every source file that docs/extending.md and CONTRIBUTING.md name is there", () => {
  const named = all.filter(({ file }) => file === "docs/extending.md" || file === "CONTRIBUTING.md");
  const files = named.flatMap(({ code }) => code).filter((text) => sourceFile.test(text) && text.includes("/"));
  expect(files.length).toBeGreaterThan(30);
  expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});

it("every file and folder of rehearsal/ and test/ that docs/rehearsal.md names is there: where a part is, and what would show a lie", () => {
  const code = all.filter(({ file }) => file === "docs/rehearsal.md").flatMap((one) => one.code);
  const paths = code.filter((text) => /^(rehearsal|test)\/[\w./-]+\*?$/.test(text));
  expect(paths.length).toBeGreaterThan(30);
  const there = (path: string) => readdirSync(join(root, dirname(path))).some((name) => name.startsWith(basename(path, "*")));
  expect(paths.filter((path) => (path.endsWith("*") ? !there(path) : !existsSync(join(root, path))))).toEqual([]);
});

it("every name of a variable or function that docs/extending.md gives beside a file is in that file", () => {
  const text = readFileSync(join(root, "docs", "extending.md"), "utf8");
  const named = [...text.matchAll(/`([\w./-]+\.ts)`, `(\w+)`/g)];
  expect(named.length).toBeGreaterThan(6);
  expect(named.filter(([, file, name]) => !readFileSync(join(root, file), "utf8").includes(name)).map(([whole]) => whole)).toEqual([]);
});

it("every block of commands says where they can be run: `sh tested`, `sh rehearsal` or `sh real-aws`", () => {
  const marked = ["sh tested", "sh rehearsal", "sh real-aws"];
  const wrong = all.flatMap(({ file, blocks }) =>
    blocks
      .filter(({ info, text }) =>
        /^(?:sh|bash|shell|console)\b/.test(info)
          ? !marked.includes(info)
          : info === "" && commandsIn(text).some(([program]) => programs.test(program)),
      )
      .map(({ info, line }) => `${file}:${line}: ${info || "(nothing)"}`),
  );
  expect(wrong).toEqual([]);
});

const blocks = all.flatMap(({ file, blocks }) => blocks.filter(({ info }) => info.startsWith("sh ")).map((block) => ({ file, ...block })));

it("what the pages call tested is a command of npm's", () => {
  const commands = blocks.filter(({ info }) => info === "sh tested").flatMap(({ text }) => commandsIn(text));
  expect(commands.length).toBeGreaterThan(8);
  expect(commands.filter(([program]) => !/^(?:npm|npx)$/.test(program)).map((words) => words.join(" "))).toEqual([]);
});

it("npm's commands in the pages are scripts that there are, with words and options that their help names", () => {
  const commands = blocks
    .flatMap(({ file, text }) => commandsIn(text).map((words) => ({ file, words })))
    .filter(({ words }) => /^(?:npm|npx)$/.test(words[0]));
  expect(commands.length).toBeGreaterThan(10);
  expect(commands.flatMap(({ file, words }) => problemOf(words).map((problem) => `${file}: ${problem}`))).toEqual([]);
});

it("pulumi's commands in the pages have the options that its own help names", () => {
  const commands = blocks
    .flatMap(({ file, text }) => commandsIn(text).map((words) => ({ file, words })))
    .filter(({ words }) => words[0] === "pulumi");
  expect(commands.length).toBeGreaterThan(8);
  expect(commands.flatMap(({ file, words }) => problemOf(words).map((problem) => `${file}: ${problem}`))).toEqual([]);
});

it("a page is read by a Markdown parser: fences, links in tables, headings", () => {
  const read = page("x.md", "# A `b` c!\n\n| a |\n| - |\n| [x](y.md#z) `f.ts` |\n\n```sh tested\nnpm test\n```\n");
  expect(read).toMatchObject({
    anchors: ["a-b-c"],
    links: ["y.md#z"],
    code: ["b", "f.ts"],
    blocks: [{ info: "sh tested", text: "npm test\n" }],
  });
});

it.each([
  ["npm run rehearse -- status   # what runs", [["npm", "run", "rehearse", "--", "status"]]],
  [
    "oc get csr -o name | xargs oc adm certificate approve",
    [
      ["oc", "get", "csr", "-o", "name"],
      ["xargs", "oc", "adm", "certificate", "approve"],
    ],
  ],
  ["pulumi config set --secret x < f.json", [["pulumi", "config", "set", "--secret", "x"]]],
  ["cat > f <<'Y'\npulumi: up\nY\npulumi up", [["cat"], ["pulumi", "up"]]],
])("commands are read as a shell reads them: %s", (text, words) => {
  expect(commandsIn(text)).toEqual(words);
});

it.each([
  ["npm run nothing", "there is no script nothing"],
  ["npm run rehearse -- dance", "npm run rehearse -- --help does not name dance"],
  ["npm run rehearse -- destroy --soft", "npm run rehearse -- --help does not name --soft"],
])("%s would be found", (command, problem) => {
  expect(problemOf(command.split(" "))).toEqual([problem]);
});

it("an option that pulumi does not have would be found, where pulumi is installed", () => {
  const there = [join(home, "path", "pulumi"), "pulumi"].some((program) => spawnSync(program, ["version"]).error === undefined);
  expect(problemOf(["pulumi", "stack", "output", "--louder"])).toEqual(there ? ["pulumi stack output --help does not name --louder"] : []);
});
