import { plain } from "./events";

const indentation = (line: string): number => line.length - line.trimStart().length;

/**
 * What `pulumi --diff` printed, for a reviewer: without colours, signs of life and what is only read (the stack's own last outputs:
 * all of them, at every preview), and without the provider of each resource, which is the longest of its lines.
 */
export function readableDiff(output: string): string {
  const lines: string[] = [];
  let reading: number | undefined;
  for (const line of plain(output).split("\n")) {
    if (reading !== undefined && (line.trim() === "" || indentation(line) > reading)) continue;
    reading = /^\s*> \S+: \(read\)$/.test(line) ? indentation(line) : undefined;
    if (reading !== undefined || /^@ \w+ing /.test(line) || /^\s*\[provider=urn:[^\]]*\]$/.test(line)) continue;
    lines.push(line);
  }
  return lines.join("\n").trim();
}
