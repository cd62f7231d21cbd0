/**
 * A block of code that its content cannot end, of whatever text: the fence is longer than any row of backticks in it (CommonMark
 * 0.31.2, 4.5). In code there are no mentions, links, images or HTML either.
 */
export function fenced(text: string, prefix = ""): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([row]) => row.length));
  const fence = "`".repeat(longest + 1);
  return [`${fence}text`, ...text.split("\n"), fence].map((line) => (line === "" ? prefix.trimEnd() : `${prefix}${line}`)).join("\n");
}

/** A name within a line: nothing in it is markup. */
export const code = (name: string): string => `\`${name.replace(/[`\s]+/g, " ").trim() || " "}\``;

/** The first lines of a text that have room in so many characters, and how many more there are. */
export function firstLines(text: string, room: number): { readonly shown: string; readonly left: number; readonly all: number } {
  const lines = text.split("\n");
  let [length, count] = [0, 0];
  for (const line of lines) {
    length += line.length + 1;
    if (length > room) break;
    count++;
  }
  return { shown: lines.slice(0, count).join("\n"), left: lines.length - count, all: lines.length };
}

/** Divides room: whoever needs less than an even share leaves the rest to the others. */
export function shares(needs: readonly number[], room: number): number[] {
  const given = needs.map(() => 0);
  let left = Math.max(0, room);
  const order = needs.map((_, index) => index).sort((a, b) => (needs[a] ?? 0) - (needs[b] ?? 0));
  for (const [done, index] of order.entries()) {
    given[index] = Math.min(needs[index] ?? 0, Math.floor(left / (order.length - done)));
    left -= given[index] ?? 0;
  }
  return given;
}
