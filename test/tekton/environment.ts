import { syntax } from "mvdan-sh";

type Node = ReturnType<ReturnType<typeof syntax.NewParser>["Parse"]>;

/** What bash sets by itself. */
const ofBash = new Set(["BASH_REMATCH", "BASH_SOURCE", "IFS", "PIPESTATUS"]);

/** What the commands of a function, or those outside of all functions, do. */
interface Part {
  readonly reads: Set<string>;
  readonly sets: Set<string>;
  readonly calls: Set<string>;
}

/**
 * The environment variables that a script lives on: those in capitals that its commands read, that it does not set itself, and that it
 * has no value of its own for. Of functions, only those that are called count: a library holds more than a script needs.
 * `${GENERATED:-}` is one: empty is what it means without a value. `${PAUSE:-5}` is none: only tests set it.
 */
export function environmentRead(script: string): string[] {
  const parts = partsOf(script);
  const called = new Set([""]);
  // A set is walked through to its end, what is added on the way included.
  for (const name of called) for (const call of parts.get(name)?.calls ?? []) if (parts.has(call)) called.add(call);
  const used = [...called].map((name) => parts.get(name) as Part);
  const given = new Set([...ofBash, ...used.flatMap(({ sets }) => [...sets])]);
  return [...new Set(used.flatMap(({ reads }) => [...reads]))].filter((name) => !given.has(name)).sort();
}

/** By name of the function; "" is what stands outside of all. */
function partsOf(script: string): Map<string, Part> {
  const bytes = Buffer.from(script);
  const textOf = (node: Node) => bytes.subarray(node.Pos().Offset(), node.End().Offset()).toString();
  const parts = new Map<string, Part>();
  const around = [""];
  const open: string[] = [];
  const part = () => {
    const name = around[around.length - 1];
    const found = parts.get(name) ?? { reads: new Set(), sets: new Set(), calls: new Set() };
    parts.set(name, found);
    return found;
  };
  syntax.Walk(syntax.NewParser().Parse(script, "script"), (node) => {
    if (node === null) {
      if (open.pop() === "FuncDecl") around.pop();
      return true;
    }
    const type = syntax.NodeType(node);
    open.push(type);
    if (type === "FuncDecl") around.push(String(node.Name?.Value));
    if (type === "CallExpr") for (const word of node.Args?.slice(0, 1) ?? []) part().calls.add(textOf(word));
    if (type === "Assign" && node.Name) part().sets.add(String(node.Name.Value));
    if (type === "ParamExp" && node.Param) {
      const name = String(node.Param.Value);
      const hasDefault = node.Exp?.Word && new RegExp(`^\\$\\{${name}:?-`).test(textOf(node));
      if (/^[A-Z][A-Z0-9_]*$/.test(name) && !hasDefault) part().reads.add(name);
    }
    return true;
  });
  return parts;
}
