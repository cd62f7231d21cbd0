import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Node, Parser } from "commonmark";

/** The pages of the repository, as a Markdown parser reads them. */

export const root = join(__dirname, "..", "..");

export interface Block {
  /** What follows the fence: `sh tested`. */
  readonly info: string;
  readonly text: string;
  readonly line: number;
}

export interface Page {
  /** Relative to the repository. */
  readonly file: string;
  readonly blocks: readonly Block[];
  readonly links: readonly string[];
  /** Texts in backquotes. */
  readonly code: readonly string[];
  /** Anchors of the headings, as GitHub makes them. */
  readonly anchors: readonly string[];
}

export function pages(): Page[] {
  const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], { cwd: root, encoding: "utf8" });
  return files
    .trim()
    .split("\n")
    .map((file) => page(file, readFileSync(join(root, file), "utf8")));
}

export function page(file: string, text: string): Page {
  const blocks: Block[] = [];
  const anchors: string[] = [];
  const nodes: Node[] = [];
  const walker = new Parser().parse(text).walker();
  for (let step = walker.next(); step; step = walker.next()) if (step.entering) nodes.push(step.node);
  for (const node of nodes) {
    if (node.type === "code_block") blocks.push({ info: node.info ?? "", text: node.literal ?? "", line: node.sourcepos[0][0] });
    if (node.type === "heading") anchors.push(anchor(textOf(node)));
  }
  // The parser knows no tables, but what stands in their cells is links and code all the same.
  const links = nodes.flatMap(({ type, destination }) => (type === "link" && destination ? [destination] : []));
  const code = nodes.flatMap(({ type, literal }) => (type === "code" && literal ? [literal] : []));
  return { file, blocks, links, code, anchors };
}

function textOf(node: Node): string {
  if (node.literal) return node.literal;
  const texts: string[] = [];
  for (let child = node.firstChild; child; child = child.next) texts.push(textOf(child));
  return texts.join("");
}

const anchor = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replace(/\s/g, "-");
