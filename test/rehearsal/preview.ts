import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import { parse, parseDocument } from "yaml";
import { checkout } from "../../rehearsal/machine/places";
import { configFile, pulumi, pulumiEnvironment, stack } from "../../rehearsal/stack/environment";
import { comment } from "../../review/comment";
import { previewStack } from "../../review/preview";
import type { Change } from "./changes";

/** What a preview plans and says, and what a pull request's comment shows of it. */
export interface Preview {
  /** 0, or pulumi's exit code after an error. */
  readonly code: number | undefined;
  /** What does not stay the same, as `<operation> <logical name>`, in the order of the plan. */
  readonly touches: string[];
  readonly errors: string[];
  /** But for the one that every preview of this stack has: its Git server speaks no TLS. */
  readonly warnings: string[];
  /** As `npm run preview` writes it. */
  readonly comment: string;
}

const standing = /^(?:warning: )?The repository of builds\[0\].* is read over http:\/\/ or git:\/\//;

export const onStack = (file: string) => ["--stack", stack, "--config-file", file, "--non-interactive", "--color", "never"];

/** The preview of the running stack with a configuration, by the real engine, as `npm run preview` asks for it. */
export async function preview(file: string, ...options: string[]): Promise<Preview> {
  // Any flag can be given as PULUMI_OPTION_<FLAG>.
  const environment = { ...pulumiEnvironment(), PULUMI_OPTION_CONFIG_FILE: file };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  try {
    const found = await previewStack(stack, options);
    if (found.plan === undefined) throw new Error(found.problem);
    const { steps, errors, warnings } = found.plan;
    return {
      code: found.code,
      // The engine's diff leaves out the providers that it makes by itself.
      touches: steps.filter(({ name }) => !name.startsWith("default_")).map(({ op, name }) => `${op} ${name}`),
      errors: [...errors],
      warnings: warnings.filter((message) => !standing.test(message)),
      comment: comment([found]),
    };
  } finally {
    vi.unstubAllEnvs();
  }
}

/** What a comment's diff shows as changed, as `<operation> <logical name>`. */
export const shownAsChanged = (text: string): string[] =>
  [...text.matchAll(/^ *(?:~|\+-|\+|-) ?\S+: \((update|replace|create|delete)\)\n(?: *\[id=.*\]\n)? *\[urn=\S*::(\S+)\]$/gm)].map(
    ([, operation, name]) => `${operation} ${name}`,
  );

/** The preview of one change to the running stack. Secrets go to the copy of its file as they would to the file itself. */
export async function previewOf({ path: [key = "", ...inside], value }: Change): Promise<Preview> {
  const folder = mkdtempSync(join(tmpdir(), "rehearsal-change-"));
  try {
    const file = join(folder, `Pulumi.${stack}.yaml`);
    const document = parseDocument(readFileSync(configFile, "utf8"));
    const { name }: { name: string } = parse(readFileSync(join(checkout, "Pulumi.yaml"), "utf8"));
    // The project's keys that are a text are its secrets; all others are objects and lists.
    const secret = inside.length === 0 && !String(key).includes(":") && typeof value === "string";
    if (!secret) document.setIn(["config", String(key).includes(":") ? key : `${name}:${key}`, ...inside], document.createNode(value));
    writeFileSync(file, document.toString({ lineWidth: 0 }), { mode: 0o600 });
    if (secret) await pulumi(["config", "set", "--secret", String(key), "--config-file", file, "--stack", stack], String(value));
    return await preview(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
