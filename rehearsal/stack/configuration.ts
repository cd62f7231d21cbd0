import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, parseDocument } from "yaml";
import { checkout } from "../machine/places";
import { configFile, passphraseFile, projectFile, pulumi, stack, stateFolder } from "./environment";
import { secrets } from "./secrets";

/**
 * Makes the stack if there is none, and its configuration: the checkout's Pulumi.rehearsal.yaml with the secrets of this
 * environment added. What has not changed since is left as it is, ciphertexts included.
 */
export async function prepareStack(): Promise<void> {
  mkdirSync(stateFolder, { recursive: true, mode: 0o700 });
  // Made up for this environment: the state is gone when it is.
  if (!existsSync(passphraseFile)) writeFileSync(passphraseFile, randomBytes(24).toString("base64url"), { mode: 0o600 });
  const project = readFileSync(join(checkout, "Pulumi.yaml"), "utf8");
  writeFileSync(projectFile, project);
  const { name }: { name: string } = parse(project);
  const template = readFileSync(join(checkout, `Pulumi.${stack}.yaml`), "utf8");
  const previous = existsSync(configFile) ? readFileSync(configFile, "utf8") : "";
  writeFileSync(configFile, mergeConfig(template, previous, name), { mode: 0o600 });
  if (!stackExists(name)) await pulumi(["stack", "init", stack, "--no-select"]);

  const [listed, wanted] = await Promise.all([pulumi(["config", "--show-secrets", "--json"]), secrets()]);
  const present: Record<string, { value?: string }> = JSON.parse(listed);
  for (const [key, value] of Object.entries(wanted)) {
    const current = present[`${name}:${key}`]?.value;
    // pulumi drops line ends at the end of what it reads. By stdin: arguments can be read by every user of the machine.
    if (value !== undefined && current !== value.trimEnd()) await pulumi(["config", "set", "--secret", key], value.trimEnd());
    if (value === undefined && current !== undefined) await pulumi(["config", "rm", key]);
  }
}

const stackExists = (project: string) => existsSync(join(stateFolder, ".pulumi", "stacks", project, `${stack}.json`));

/**
 * The configuration to use: all of `template`, and from the configuration used so far the encryption salt and the secrets.
 *
 * @param project name of the project: its keys are `<project>:<key>`.
 */
export function mergeConfig(template: string, previous: string, project: string): string {
  const document = parseDocument(template);
  const before: { encryptionsalt?: string; config?: Record<string, unknown> } | null = parse(previous);
  if (before?.encryptionsalt !== undefined) document.set("encryptionsalt", before.encryptionsalt);
  for (const [key, value] of Object.entries(before?.config ?? {})) {
    const secret = typeof value === "object" && value !== null && "secure" in value;
    if (secret && key.startsWith(`${project}:`) && !document.hasIn(["config", key])) document.setIn(["config", key], value);
  }
  return document.toString({ lineWidth: 0 });
}
