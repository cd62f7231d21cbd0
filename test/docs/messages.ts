import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { type Node as ShellNode, syntax } from "mvdan-sh";
import * as ts from "typescript";

/** Texts that the program, its stages and its tasks print, read from their sources by the parsers of their languages. */
export interface Message {
  readonly file: string;
  readonly line: number;
  /** What varies is a gap: `…`. */
  readonly text: string;
  /** Whether it says that something went wrong, or may: it is thrown, refused, failed or warned of. */
  readonly trouble: boolean;
}

const gap = "…";

export function messagesIn(file: string, source = readFileSync(file, "utf8")): Message[] {
  return file.endsWith(".sh") ? ofShell(file, source) : ofTypeScript(file, source);
}

/** What a script's `fail`, `warn`, `say` and `echo` are given, and its assignments: some messages have an end of their own. */
function ofShell(file: string, source: string): Message[] {
  const found: Message[] = [];
  syntax.Walk(syntax.NewParser().Parse(source, file), (node) => {
    if (!node || syntax.NodeType(node) !== "CallExpr") return true;
    const [command, ...words] = (node.Args ?? []).map(textOfWord);
    const assigned = (node.Assigns ?? []).flatMap(({ Value }) => (Value ? [textOfWord(Value as ShellNode)] : []));
    const texts = /^(?:fail|fail_with_hint|warn|say|echo)$/.test(command ?? "") ? [words.join(" ")] : assigned;
    for (const text of texts.map(tidy).filter(hasWords))
      found.push({ file, line: node.Pos().Line(), text, trouble: /^(?:fail|fail_with_hint|warn)$/.test(command ?? "") });
    return true;
  });
  return found;
}

export function textOfWord(word: ShellNode): string {
  const type = syntax.NodeType(word);
  if (type === "Lit" || type === "SglQuoted") return String(word.Value).replace(/\\(.)/g, "$1");
  return type === "Word" || type === "DblQuoted" ? (word.Parts ?? []).map(textOfWord).join("") : gap;
}

/** Calls whose last text is for users. */
const sayers = /^(?:new \w*(?:Error|UserMistake|Unanswered)|refuse|warnings\.push|pulumi\.log\.warn)$/;
/** The same for what the preflight finds. */
const findings = /^(?:problem|unchecked|warning)$/;

/** Every text of a module; what is thrown, refused or warned of is trouble. */
function ofTypeScript(file: string, source: string): Message[] {
  const tree = ts.createSourceFile(basename(file), source, ts.ScriptTarget.ES2022, true);
  const found: Message[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) return;
    const called = ts.isNewExpression(node)
      ? `new ${node.expression.getText()}`
      : ts.isCallExpression(node)
        ? node.expression.getText()
        : "";
    const says = sayers.test(called) || (file.startsWith("preflight/") && findings.test(called));
    const said = says ? (node as ts.CallExpression | ts.NewExpression).arguments?.findLast(isText) : undefined;
    const text = tidy(isText(node) ? textOf(node) : said ? textOf(said) : "");
    const line = tree.getLineAndCharacterOfPosition(node.getStart()).line + 1;
    if (hasWords(text)) found.push({ file, line, text, trouble: said !== undefined });
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

const isText = (node: ts.Node): boolean =>
  ts.isStringLiteralLike(node) ||
  ts.isTemplateExpression(node) ||
  (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken && (isText(node.left) || isText(node.right)));

function textOf(node: ts.Node): string {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node)) return node.head.text + node.templateSpans.map(({ literal }) => gap + literal.text).join("");
  if (ts.isBinaryExpression(node)) return textOf(node.left) + textOf(node.right);
  return gap;
}

const tidy = (text: string) =>
  text
    .replace(/\s+/g, " ")
    .replace(/…(?:\s*…)+/g, gap)
    .trim();
/** Gaps alone are a text that is written elsewhere. */
const hasWords = (text: string) => /[a-zA-Z]{2}/.test(text);

/**
 * Whether a text of a page is that message: it begins as the message does, and its parts between gaps stand in it in their order. A
 * page may leave out the end, or whatever else, by a gap.
 */
export function isSaid(shown: string, { text }: Message): boolean {
  const parts = shown.split(gap).map((part) => part.trim());
  const begins = shown.startsWith(gap) || text.startsWith(parts[0] ?? "") || (text.startsWith(gap) && text.includes(parts[0] ?? ""));
  let from = 0;
  const all = parts.every((part) => {
    const at = text.indexOf(part, from);
    from = at + part.length;
    return at >= 0;
  });
  return begins && all && parts.join("").length > 0;
}

/** Texts in backquotes in the first column of a page's tables. */
export function shownIn(page: string): string[] {
  const rows = page.split("\n").filter((line) => line.startsWith("| `"));
  return rows.map((row) => /^\| `([^`]+)`/.exec(row)?.[1] ?? "");
}
