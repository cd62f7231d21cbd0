import { readFileSync, writeFileSync } from "node:fs";

const file = "/etc/hosts";
const begin = "# openshift-multiarch rehearsal: begin (removed by `npm run rehearse -- destroy`)";
const end = "# openshift-multiarch rehearsal: end";

/** The text of a hosts file with our block in place of an earlier one; without a block when there are no names. Pure. */
export function withHosts(text: string, names: Readonly<Record<string, string>>): string {
  const kept: string[] = [];
  let inside = false;
  for (const line of text.split("\n")) {
    if (line.startsWith("# openshift-multiarch rehearsal: begin")) inside = true;
    else if (inside && line === end) inside = false;
    else if (!inside) kept.push(line);
  }
  const rest = kept.join("\n");
  const block = Object.entries(names).map(([name, address]) => `${address} ${name}`);
  if (block.length === 0) return rest;
  return `${rest}${rest === "" || rest.endsWith("\n") ? "" : "\n"}${[begin, ...block, end].join("\n")}\n`;
}

/** Writes names (name -> address) into the machine's hosts file, in place of those that an earlier call wrote. */
export function ensureHosts(names: Readonly<Record<string, string>>): void {
  const before = readFileSync(file, "utf8");
  const after = withHosts(before, names);
  // In place, not by rename: in a container /etc/hosts is a mount.
  if (after !== before) writeFileSync(file, after);
}

/** Removes our block from the machine's hosts file. */
export function removeHosts(): void {
  ensureHosts({});
}
