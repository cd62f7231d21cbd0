import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { type Answers, listOf, valuesOf } from "./questions";

/** A value on one line, in quotes where YAML would take it for something else. */
const flow = (value: unknown) => stringify(value, { collectionStyle: "flow", lineWidth: 0 }).trimEnd();
const indented = (text: string, spaces: number) => text.trimEnd().replaceAll(/^/gm, " ".repeat(spaces));

/**
 * The text of a stack's file: the template, in which the settings have their comments, with the answers in its places. The library
 * writes each value, but not the file: it would move comments that stand between two settings into the one above.
 */
export function stackFile(answers: Answers): string {
  const { cluster, pools, builds } = valuesOf(answers);
  const zones = pools[0]?.zones.map((zone) => `- ${flow(zone)}`).join("\n") ?? "";
  const places: Record<string, string> = {
    stack: answers.stack ?? "",
    region: flow(answers.region),
    accounts: flow(listOf(answers.accounts ?? "")),
    name: flow(cluster.name),
    baseDomain: flow(cluster.baseDomain),
    version: JSON.stringify(cluster.version),
    zone: flow(cluster.controlPlane.zone),
    zones: `\n${indented(zones, 8)}`,
    builds: builds.length === 0 ? "[]" : `\n${indented(stringify(builds, { lineWidth: 0 }), 4)}`,
  };
  const template = readFileSync(join(__dirname, "stack.yaml"), "utf8");
  return template.replaceAll(/<<(\w+)>>/g, (_, place) => places[place] ?? "").replaceAll(/ +$/gm, "");
}

/** Whether a stack file has what only Pulumi can write: with another file in its place, the stack's secrets are lost. */
export function isInUse(text: string): boolean {
  const { encryptionsalt, encryptedkey, config } = (parse(text) ?? {}) as Record<string, unknown>;
  return encryptionsalt !== undefined || encryptedkey !== undefined || JSON.stringify(config ?? {}).includes('{"secure":');
}
