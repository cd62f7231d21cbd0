import { ApiError, KubernetesApi, UnreachableError } from "../cluster/kubernetes-api";
import { nearest } from "../config/suggest";
import { Mistake } from "../review/mistake";
import { explained, pulumi } from "../review/pulumi";
import { committedStacks } from "../review/stacks";

/** Where the builds of a stack are. */
export interface Place {
  /** As messages call it. */
  readonly stack: string;
  readonly api: KubernetesApi;
  readonly namespace: string;
  /** The stack's output `builds`: what its last update knew of each build. */
  readonly results: Readonly<Record<string, unknown>>;
}

/**
 * The place of a stack's builds, whose cluster answers and has Tekton.
 * @param stack @default the one that `pulumi stack select` has chosen.
 * @throws Mistake with what is missing, and what to do about it.
 */
export async function placeOf(stack: string | undefined): Promise<Place> {
  const name = stack ?? "the selected stack";
  const { kubeconfig, buildNamespace: namespace, builds = {} } = await outputs(stack);
  if (typeof kubeconfig !== "string" || typeof namespace !== "string")
    throw new Mistake(`${name} has no cluster yet, as it has no outputs kubeconfig and buildNamespace: \`pulumi up\` makes it`);
  const api = client(name, kubeconfig);
  const tekton = await asked(name, () => api.find("/apis/tekton.dev/v1"));
  if (tekton === undefined)
    throw new Mistake(`the cluster of ${name} has no Tekton (tekton.dev/v1): \`pulumi up\` installs OpenShift Pipelines, and waits for it`);
  return { stack: name, api, namespace, results: builds as Place["results"] };
}

function client(stack: string, kubeconfig: string): KubernetesApi {
  try {
    return new KubernetesApi(kubeconfig);
  } catch (error) {
    throw new Mistake(`${stack}: ${(error as Error).message}: \`pulumi refresh\`, then \`pulumi up\``);
  }
}

async function outputs(stack: string | undefined): Promise<Record<string, unknown>> {
  const outcome = await pulumi(["stack", "output", "--json", "--show-secrets", ...(stack === undefined ? [] : ["--stack", stack])]);
  if (outcome.code !== 0) {
    if (/no stack selected/.test(outcome.stderr))
      throw new Mistake(`no stack is selected: name one by --stack, or \`pulumi stack select\` it${known(stack)}`);
    if (stack !== undefined && /no stack named|stack '.*' not found/.test(outcome.stderr))
      throw new Mistake(`there is no stack ${stack} in this backend (PULUMI_BACKEND_URL)${known(stack)}`);
    throw new Mistake(explained(stack ?? "STACK", outcome));
  }
  try {
    return JSON.parse(outcome.stdout) as Record<string, unknown>;
  } catch {
    // The parser's own message quotes the text, which has secrets.
    throw new Mistake("pulumi stack output printed no JSON");
  }
}

/** The stacks that there may be. */
function known(stack: string | undefined): string {
  let names: string[] = [];
  try {
    names = committedStacks();
  } catch {
    // No checkout of git: nothing to suggest.
  }
  const meant = stack === undefined ? undefined : nearest(stack, names);
  return names.length === 0 ? "" : meant === undefined ? `. Files of stacks: ${names.join(", ")}` : `. Did you mean ${meant}?`;
}

/**
 * An answer of the cluster, or a Mistake with what to look at when there is none. Not waited for: who sits in front of it sees that
 * there is none.
 */
export async function asked<T>(stack: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof UnreachableError)
      throw new Mistake(
        `${error.message}. If the cluster of ${stack} is there, a VPN, or a proxy (HTTPS_PROXY, NO_PROXY), has to lead to it from here`,
      );
    if (error instanceof ApiError && (error.status === 401 || error.status === 403))
      throw new Mistake(
        `the cluster does not take the kubeconfig that ${stack} has in its outputs (${error.message}): \`pulumi refresh\`, then \`pulumi up\``,
      );
    throw error;
  }
}
