/** What of mvdan.cc/sh's syntax package, compiled to JavaScript, is used here. Its nodes are Go structures with these fields. */
declare module "mvdan-sh" {
  interface Pos {
    Offset(): number;
    Line(): number;
  }
  interface Node {
    Pos(): Pos;
    End(): Pos;
    readonly Cmd?: Node | null;
    readonly Negated?: boolean;
    readonly Redirs?: Node[] | null;
    readonly Args?: Node[] | null;
    readonly Assigns?: Node[] | null;
    readonly Cond?: Node[] | null;
    readonly Patterns?: Node[] | null;
    readonly Parts?: Node[] | null;
    readonly X?: Node;
    readonly Y?: Node;
    readonly Value?: unknown;
  }
  export const syntax: {
    NewParser(): { Parse(source: string, name: string): Node };
    Walk(node: Node, visit: (node: Node | null) => boolean): void;
    NodeType(node: Node): string;
  };
}
