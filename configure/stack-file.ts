import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { isObject } from "../config/paths";
import { secretKeys } from "../config/secrets";
import { Mistake } from "../review/mistake";
import { type Answers, listOf, valuesOf } from "./questions";

const secrets = Object.keys(secretKeys).map((key) => `openshift-multiarch:${key}`);

function settingsIn(file: string): Record<string, unknown> {
  try {
    const read: unknown = parse(file) ?? {};
    if (isObject(read)) return read;
  } catch {}
  throw new Mistake("The file that is there is no YAML of a stack, so its secrets cannot be kept: move it away. Nothing was written.");
}

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
    environment: flow(answers.stack),
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

/**
 * A new stack file with what only Pulumi could write of the one that it replaces: its own keys, such as the salt of the encryption,
 * and settings that are encrypted; secrets that are in plain text as well.
 *
 * @throws Mistake where it is no file of a stack, so that nothing of it could be kept.
 */
export function withKept(text: string, replaced: string): string {
  const { config, ...own } = settingsIn(replaced);
  const there = parse(text).config;
  const isSecret = (key: string, value: unknown) => secrets.includes(key) || (isObject(value) && Object.hasOwn(value, "secure"));
  const encrypted = Object.entries(isObject(config) ? config : {}).filter(
    ([key, value]) => isSecret(key, value) && !Object.hasOwn(there, key),
  );
  const more = encrypted.length === 0 ? "" : `${indented(stringify(Object.fromEntries(encrypted), { lineWidth: 0 }), 2)}\n`;
  return `${text}${more}${Object.keys(own).length === 0 ? "" : stringify(own, { lineWidth: 0 })}`;
}
