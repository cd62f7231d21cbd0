import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { syntax } from "mvdan-sh";
import { home } from "../../rehearsal/machine/places";
import { textOfWord } from "./messages";
import { root } from "./pages";

/** Commands of the pages, and what can be told of them without running them. */

/** Each command with its arguments, as a shell reads them; none of what is no shell. */
export function commandsIn(text: string): string[][] {
  const found: string[][] = [];
  try {
    syntax.Walk(syntax.NewParser().Parse(text, "page"), (node) => {
      const words = node && syntax.NodeType(node) === "CallExpr" ? (node.Args ?? []).map(textOfWord) : [];
      if (words.length > 0) found.push(words);
      return true;
    });
  } catch {
    return [];
  }
  return found;
}

const scripts: Record<string, string> = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).scripts;
const known = /^(?:ci|install|test|start)$/;
const helps = new Map<string, string>();

function help(command: readonly string[], program = command[0]): string {
  const key = command.join(" ");
  const cached = helps.get(key);
  if (cached !== undefined) return cached;
  const { stdout, stderr } = spawnSync(program, [...command.slice(1), "--help"], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" },
  });
  helps.set(key, `${stdout}${stderr}`);
  return `${stdout}${stderr}`;
}

/** Words of a command that its help has to know; what is written in capitals, or is a value, is the reader's own. */
const missing = (words: readonly string[], text: string, shown: string): string[] =>
  words
    .map((word) => word.split("=")[0])
    .filter((word) => !new RegExp(`(?:^|[^\\w-])${word.replaceAll("-", "\\-")}(?![\\w-])`).test(text))
    .map((word) => `${shown} --help does not name ${word}`);

/** Why a command cannot be right; empty if nothing speaks against it, or if nothing here can tell. */
export function problemOf(words: readonly string[]): string[] {
  const [program, ...rest] = words;
  if (program === "npm") return ofNpm(rest);
  if (program === "npx") return existsSync(join(root, "node_modules", ".bin", rest[0] ?? "")) ? [] : [`there is no ${rest[0]}`];
  return program === "pulumi" ? ofPulumi(rest) : [];
}

function ofNpm([command = "", ...words]: readonly string[]): string[] {
  // Silent: npm's own lines would stand before what the script prints.
  const rest = words.filter((word) => word !== "-s");
  if (command !== "run" && command !== "test") return known.test(command) ? [] : [`npm ${command} is not known here`];
  const script = command === "test" ? "test" : (rest[0] ?? "");
  if (scripts[script] === undefined) return [`there is no script ${script}`];
  const given = rest.slice(rest.indexOf("--") + 1);
  if (!rest.includes("--")) return [];
  // A folder or a stack is the reader's choice; the words and options of the script are not.
  const own = given
    .filter((word) => /^--?[a-z]|^[a-z]+$/.test(word))
    .slice(0, script === "rehearse" && given[0] === "shell" ? 1 : undefined);
  const shown = `npm run ${script} --`;
  return missing(own, help(["npm", "run", "-s", script, "--"]), shown);
}

/** Commands of pulumi that have commands of their own. */
const groups = /^(?:config|stack|package|plugin|state|policy)$/;

function ofPulumi(rest: readonly string[]): string[] {
  const installed = join(home, "path", "pulumi");
  const program = existsSync(installed) ? installed : "pulumi";
  if (spawnSync(program, ["version"]).error) return [];
  const [first = "", second = ""] = rest;
  const command = groups.test(first) && /^[a-z]/.test(second) ? [first, second] : [first];
  const text = help(["pulumi", ...command], program);
  const shown = ["pulumi", ...command].join(" ");
  // The help of a command that there is not is that of what is above it.
  if (!new RegExp(`^\\s+${shown}\\b`, "m").test(text) && !new RegExp(`^Aliases:\\n.*\\b${command.at(-1)}\\b`, "m").test(text))
    return [`${shown} is no command`];
  return missing(
    rest.slice(command.length).filter((word) => /^--?[a-z]/.test(word)),
    text,
    shown,
  );
}
