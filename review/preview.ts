import { masker } from "../config/mask";
import type { StackPreview } from "./comment";
import { readableDiff } from "./diff";
import { environmentSecrets } from "./environment-secrets";
import { Mistake } from "./mistake";
import { explained, type Known, known, planned } from "./pulumi";
import { answers } from "./reachable";

/** Kubernetes clients wait so many seconds for a server that is known to be silent. */
const clientSeconds = "1";

/**
 * The preview of one stack. It changes nothing, neither in AWS nor in the state, and needs no cluster that answers. Whatever goes wrong
 * is part of the result, so that the other stacks have theirs.
 *
 * @param more options for `pulumi preview`.
 */
export async function previewStack(stack: string, more: readonly string[] = []): Promise<StackPreview> {
  const empty = { stack, code: undefined, diff: "", notes: [] };
  let facts: Known = { outputs: {}, secrets: [] };
  try {
    facts = await known(stack);
    const silent = await silentServer(facts.outputs);
    const outcome = await planned(["preview", "--suppress-outputs", "--suppress-progress", ...more], stack, environment(silent));
    const unexplained = outcome.code !== 0 && (outcome.plan?.errors.length ?? 0) === 0;
    const result = {
      ...empty,
      code: outcome.code,
      ...(outcome.plan && { plan: outcome.plan }),
      diff: readableDiff(outcome.stdout),
      notes:
        silent === undefined
          ? []
          : [`${silent} does not answer here: Kubernetes objects are compared with the state, not with the cluster.`],
      ...(unexplained && { problem: explained(stack, outcome) }),
    };
    return withoutSecrets(result, facts.secrets);
  } catch (error) {
    if (!(error instanceof Mistake)) throw error;
    return withoutSecrets({ ...empty, problem: error.message }, facts.secrets);
  }
}

/** The address of the stack's API server when it does not answer; undefined when it does, and when there is no cluster yet. */
export async function silentServer({ apiUrl }: Known["outputs"]): Promise<string | undefined> {
  if (typeof apiUrl !== "string" || !URL.canParse(apiUrl)) return undefined;
  return (await answers(apiUrl)) ? undefined : apiUrl;
}

/**
 * The Kubernetes provider asks a silent server again for the kind of every custom resource, one after another, 10 to 30 s each time
 * (provider.go, Diff; clients.go, IsNamespacedKind), and plans without an answer in the end: with a second each it is there sooner.
 */
const environment = (silent: string | undefined): NodeJS.ProcessEnv =>
  silent === undefined || process.env.PULUMI_K8S_CLIENT_TIMEOUT ? {} : { PULUMI_K8S_CLIENT_TIMEOUT: clientSeconds };

/** Everything of a result that is text, without secrets. */
export function withoutSecrets<T>(result: T, secrets: readonly string[]): T {
  const masked = masker([...secrets, ...environmentSecrets()]);
  return JSON.parse(JSON.stringify(result), (_, value) => (typeof value === "string" ? masked(value) : value));
}
