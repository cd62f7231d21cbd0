import { syntax } from "mvdan-sh";

/** The parser hands out a new object for a node each time. */
const same = (a: Node | undefined, b: Node) =>
  a !== undefined && a.Pos().Offset() === b.Pos().Offset() && a.End().Offset() === b.End().Offset();

type Node = ReturnType<ReturnType<typeof syntax.NewParser>["Parse"]>;

/** One small change to a script. Offsets count bytes, as the parser does. */
export interface ShellMutant {
  readonly mutator: string;
  readonly start: number;
  readonly end: number;
  readonly original: string;
  readonly replacement: string;
  readonly line: number;
  /** First and last line of the statement that it is in: a test that runs none of them cannot see it. */
  readonly lines: readonly [number, number];
}

const swapped: Record<string, string> = {
  "&&": "||",
  "||": "&&",
  "==": "!=",
  "=": "!=",
  "!=": "==",
  "-eq": "-ne",
  "-ne": "-eq",
  "-lt": "-ge",
  "-ge": "-lt",
  "-gt": "-le",
  "-le": "-gt",
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
  "+": "-",
  "-": "+",
  "*": "/",
};
/** Commands whose short options stand in one word. */
const clustered = new Set(["set", "tar", "rm", "mkdir", "cp", "chmod", "grep", "sed", "read"]);
const messages = new Set(["fail", "say", "warn"]);
const doesNothing = new Set([":", "true"]);
/** What holds a list of statements. */
const lists = new Set(["File", "Block", "Subshell", "IfClause", "WhileClause", "ForClause", "CaseItem"]);
const simple = new Set(["CallExpr", "DeclClause", "TestClause", "ArithmCmd", "LetClause"]);

/**
 * All mutants of a script: a statement dropped, a test negated, an operator swapped, a flag dropped, a number changed, a message
 * emptied, a redirection, the end of a pipe or a pattern of a case taken away. What is inside the programs of sed and awk stays.
 */
export function shellMutants(source: string): ShellMutant[] {
  const bytes = Buffer.from(source);
  const text = (start: number, end: number) => bytes.subarray(start, end).toString();
  const of = (node: Node) => text(node.Pos().Offset(), node.End().Offset());
  const found: ShellMutant[] = [];
  const parents: Node[] = [];

  const statementAround = (): Node => {
    for (let index = parents.length - 1; index > 0; index--) {
      if (syntax.NodeType(parents[index]) === "Stmt" && lists.has(syntax.NodeType(parents[index - 1]))) return parents[index];
    }
    return parents[1] ?? parents[0];
  };
  const add = (mutator: string, start: number, end: number, replacement: string) => {
    const around = statementAround();
    const original = text(start, end);
    if (original === replacement) return;
    const line = text(0, start).split("\n").length;
    found.push({ mutator, start, end, original, replacement, line, lines: [around.Pos().Line(), around.End().Line()] });
  };
  // A statement ends behind its semicolon, which stays.
  const body = (node: Node) => of(node).replace(/\s*;$/, "");
  const replace = (mutator: string, node: Node, replacement: string) =>
    add(mutator, node.Pos().Offset(), node.Pos().Offset() + Buffer.byteLength(body(node)), replacement);

  /** A test that is true whenever this one is false. */
  function opposite(test: Node): string | undefined {
    const written = of(test);
    if (syntax.NodeType(test) === "UnaryTest") {
      const [flag] = written.split(/\s/, 1);
      if (flag === "!") return written.replace(/^!\s*/, "");
      const other = { "-z": "-n", "-n": "-z" }[flag];
      return other ? written.replace(flag, other) : `! ${written}`;
    }
    if (syntax.NodeType(test) !== "BinaryTest" || !test.X || !test.Y) return undefined;
    const between = text(test.X.End().Offset(), test.Y.Pos().Offset()).trim();
    return swapped[between] && !/&&|\|\|/.test(between) ? swapped[between] : undefined;
  }
  const negate = (statement: Node) => {
    const { Cmd } = statement;
    if (!Cmd || syntax.NodeType(Cmd) === "BinaryCmd") return;
    // The test inside is turned into its opposite already.
    if (syntax.NodeType(Cmd) === "TestClause" && Cmd.X && opposite(Cmd.X) !== undefined) return;
    replace("Negation", statement, statement.Negated ? body(statement).replace(/^!\s*/, "") : `! ${body(statement)}`);
  };

  const visit: Record<string, (node: Node) => void> = {
    Stmt(node) {
      const type = node.Cmd ? syntax.NodeType(node.Cmd) : "";
      const parent = parents.at(-2);
      const asked =
        parent && ((syntax.NodeType(parent) === "BinaryCmd" && same(parent.X, node) && logic(parent)) || isCondition(parent, node));
      if (asked) negate(node);
      else if (simple.has(type) && !doesNothing.has(of(node)) && !declaresOnly(node)) {
        replace("Statement", node, ":");
        if (type === "TestClause" || type === "ArithmCmd") negate(node);
      }
      for (const redirection of node.Redirs ?? []) {
        const written = of(redirection);
        if (/^2>\s*\/dev\/null$|^\d*<</.test(written)) continue;
        add("Redirection", redirection.Pos().Offset(), redirection.End().Offset(), "");
      }
    },
    BinaryCmd(node) {
      const { X, Y } = node;
      if (!X || !Y) return;
      if (logic(node)) operator("Logic", node);
      else replace("Pipe", node, body(X));
    },
    BinaryTest: (node) => operator("Comparison", node),
    BinaryArithm: (node) => operator("Arithmetic", node),
    UnaryTest(node) {
      const parent = parents.at(-2);
      if (parent && syntax.NodeType(parent) === "UnaryTest") return;
      replace("Test", node, opposite(node) ?? `! ${of(node)}`);
    },
    CallExpr(node) {
      const words = node.Args ?? [];
      const name = words[0] ? of(words[0]) : "";
      words.forEach((word, index) => {
        if (index === 0) return;
        const written = of(word);
        const from = words[index - 1].End().Offset();
        if (/^-[A-Za-z]{2,5}$/.test(written) && clustered.has(name)) {
          for (const letter of written.slice(1)) {
            const option = name === "set" && letter === "o" && words[index + 1];
            const end = option ? option.End().Offset() : word.End().Offset();
            add("Flag", word.Pos().Offset(), end, written.replace(letter, ""));
          }
        } else if (/^-[^-\s]|^--[a-z]/.test(written)) add("Flag", from, word.End().Offset(), "");
        else if (/^\d+$/.test(written)) number(word, name === "exit" || name === "return");
        if (index === 1 && messages.has(name) && written.length > 4) replace("Message", word, '""');
      });
    },
    Assign(node) {
      if (node.Value && /=\d+$/.test(of(node))) number(node.Value as Node, false);
    },
    Word(node) {
      const parent = parents.at(-2);
      if (parent && /^(BinaryArithm|ArithmCmd|ArithmExp|BinaryTest)$/.test(syntax.NodeType(parent)) && /^\d+$/.test(of(node)))
        number(node, false);
    },
    CaseItem(node) {
      const patterns = node.Patterns ?? [];
      if (patterns.length < 2) return;
      patterns.forEach((pattern, index) => {
        if (index > 0) add("Pattern", patterns[index - 1].End().Offset(), pattern.End().Offset(), "");
        else add("Pattern", pattern.Pos().Offset(), patterns[1].Pos().Offset(), "");
      });
    },
  };

  function operator(mutator: string, node: Node) {
    const { X, Y } = node;
    if (!X || !Y) return;
    const [start, end] = [X.End().Offset(), Y.Pos().Offset()];
    const written = text(start, end);
    const other = swapped[written.trim()];
    if (other) add(mutator, start, end, written.replace(written.trim(), other));
  }
  function logic({ X, Y }: Node): boolean {
    return X !== undefined && Y !== undefined && /&&|\|\|/.test(text(X.End().Offset(), Y.Pos().Offset()));
  }
  function number(node: Node, status: boolean) {
    const value = Number(of(node));
    // 022 of umask is octal.
    replace("Number", node, String((status && value > 0) || /^0\d/.test(of(node)) ? 0 : value + 1));
  }
  function isCondition(parent: Node, node: Node): boolean {
    return /^(IfClause|WhileClause)$/.test(syntax.NodeType(parent)) && (parent.Cond ?? []).some((one) => same(one, node));
  }
  /** `local a b`: dropped, the names are only global. */
  function declaresOnly({ Cmd }: Node): boolean {
    return Cmd !== undefined && Cmd !== null && syntax.NodeType(Cmd) === "DeclClause" && !of(Cmd).includes("=");
  }

  syntax.Walk(syntax.NewParser().Parse(source, "script"), (node) => {
    if (node === null) {
      parents.pop();
      return true;
    }
    // Without what it sources no script works, and in those of tasks its text stands in place of this line (tekton/steps/shared.ts).
    if (syntax.NodeType(node) === "Stmt" && /^source\s/.test(of(node))) return false;
    parents.push(node);
    visit[syntax.NodeType(node)]?.(node);
    return true;
  });
  const seen = new Set<string>();
  return found.filter((mutant) => {
    const result = mutated(source, mutant);
    return seen.has(result) ? false : seen.add(result);
  });
}

/** The script with that one change. */
export function mutated(source: string, { start, end, replacement }: Pick<ShellMutant, "start" | "end" | "replacement">): string {
  const bytes = Buffer.from(source);
  return Buffer.concat([bytes.subarray(0, start), Buffer.from(replacement), bytes.subarray(end)]).toString();
}
