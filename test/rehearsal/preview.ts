import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, parseDocument } from "yaml";
import { CommandError, run } from "../../rehearsal/machine/exec";
import { checkout, places } from "../../rehearsal/machine/places";
import { configFile, pulumi, pulumiEnvironment, stack } from "../../rehearsal/stack/environment";
import type { Change } from "./changes";

/** What `pulumi preview` plans and says. */
export interface Preview {
  /** 0, or pulumi's exit code after an error. */
  readonly code: number | undefined;
  /** What does not stay the same, as `<operation> <logical name>`, in the order of the plan. */
  readonly touches: string[];
  readonly errors: string[];
  /** But for the one that every preview of this stack has: its Git server speaks no TLS. */
  readonly warnings: string[];
}

const standing = /^(?:warning: )?The repository of builds\[0\].* is read over http:\/\/ or git:\/\//;

export const onStack = (file: string) => ["--stack", stack, "--config-file", file, "--non-interactive", "--color", "never"];

/** The preview of the running stack with a configuration, by the real engine. */
export async function preview(file: string, ...options: string[]): Promise<Preview> {
  let code: number | undefined = 0;
  const output = await run([join(places.path, "pulumi"), "preview", "--json", ...onStack(file), ...options], {
    cwd: checkout,
    env: pulumiEnvironment(),
  }).catch((error: unknown) => {
    if (!(error instanceof CommandError) || !error.stdout.startsWith("{")) throw error;
    code = error.code;
    return error.stdout;
  });
  const plan = JSON.parse(output) as {
    steps?: { op: string; urn: string }[];
    diagnostics?: { severity: string; message: string }[];
  };
  const said = (severity: string) => (plan.diagnostics ?? []).filter((line) => line.severity === severity).map(({ message }) => message);
  return {
    code,
    touches: (plan.steps ?? []).filter(({ op }) => op !== "same" && op !== "read").map(({ op, urn }) => `${op} ${urn.split("::").at(-1)}`),
    errors: said("error"),
    warnings: said("warning").filter((message) => !standing.test(message)),
  };
}

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
