import { specialSecretSig, specialSigKey } from "@pulumi/pulumi/runtime/rpc";

/** What each stage prints, by the name of its script, from the environment that it is given. */
export type Printed = Readonly<Record<string, (environment: Readonly<Record<string, string>>) => unknown>>;

/** Outputs of a command that has run a stage: what it printed, an object as JSON. Any other command prints nothing. */
export function printedBy(printed: Printed, inputs: Readonly<Record<string, unknown>>): { readonly stdout: string } {
  const { create, environment } = bare(inputs) as { create?: string; environment?: Record<string, string> };
  const value = printed[/infra\/stages\/([a-z]+)\.sh/.exec(create ?? "")?.[1] ?? ""]?.(environment ?? {}) ?? "";
  return { stdout: typeof value === "string" ? value : JSON.stringify(value) };
}

/** Inputs as a provider gets them: marks of secrets are theirs to see. */
function bare(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(bare);
  const map = value as Record<string, unknown>;
  if (map[specialSigKey] === specialSecretSig) return bare(map.value);
  return Object.fromEntries(Object.entries(map).map(([name, inner]) => [name, bare(inner)]));
}
