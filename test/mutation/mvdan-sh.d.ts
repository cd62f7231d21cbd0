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
    /** The text of a literal; an assignment's word. */
    readonly Value?: unknown;
    /** The variable of an expansion; its default. */
    readonly Param?: Node;
    readonly Exp?: { readonly Word?: Node | null } | null;
    /** The variable of an assignment. */
    readonly Name?: Node | null;
  }
  export const syntax: {
    NewParser(): { Parse(source: string, name: string): Node };
    Walk(node: Node, visit: (node: Node | null) => boolean): void;
    NodeType(node: Node): string;
  };
}
