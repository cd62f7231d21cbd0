import { setTimeout as sleep } from "node:timers/promises";
import { KubernetesApi } from "./kubernetes-api";
import { runProgram } from "./program";

/** What OLM reports about one Subscription at one moment. */
export interface OperatorState {
  /** `status` of the Subscription. */
  readonly subscription?: { installedCSV?: string; currentCSV?: string; conditions?: Condition[] };
  /** `status` of the ClusterServiceVersion that the Subscription names. */
  readonly version?: { phase?: string; reason?: string; message?: string };
  /** Resources that the API server does not serve yet. */
  readonly missing: readonly string[];
}

interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
}

export type Verdict = { readonly kind: "ready" } | { readonly kind: "waiting" | "failed"; readonly why: string };

/**
 * Whether an operator can be used. A failed ClusterServiceVersion is not final while OLM retries it, an unresolvable
 * Subscription is: its conditions are the ones of operator-framework/api, pkg/operators/v1alpha1/subscription_types.go.
 */
export function operatorVerdict(state: OperatorState): Verdict {
  const unresolved = state.subscription?.conditions?.find(({ type, status }) => type === "ResolutionFailed" && status === "True");
  if (unresolved) return { kind: "failed", why: `OLM cannot resolve the Subscription: ${unresolved.message ?? unresolved.reason ?? ""}` };
  const name = state.subscription?.installedCSV;
  if (!name) return { kind: "waiting", why: `OLM installs ${state.subscription?.currentCSV ?? "the operator"}` };
  if (state.version?.phase !== "Succeeded") {
    const { phase = "unknown", message = "" } = state.version ?? {};
    return { kind: "waiting", why: `${name} is ${phase}${message ? `: ${message}` : ""}` };
  }
  if (state.missing.length > 0) return { kind: "waiting", why: `the API server does not serve ${state.missing.join(", ")}` };
  return { kind: "ready" };
}

async function observe(api: KubernetesApi, subscription: string, namespace: string, serves: string[]): Promise<OperatorState> {
  const olm = `/apis/operators.coreos.com/v1alpha1/namespaces/${namespace}`;
  const status = (await api.find<{ status?: OperatorState["subscription"] }>(`${olm}/subscriptions/${subscription}`))?.status;
  const installed = status?.installedCSV;
  const version = installed
    ? (await api.find<{ status?: OperatorState["version"] }>(`${olm}/clusterserviceversions/${installed}`))?.status
    : undefined;
  const missing: string[] = [];
  for (const name of serves) {
    const crd = await api.find<{ status?: { conditions?: Condition[] } }>(
      `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`,
    );
    const established = crd?.status?.conditions?.some(({ type, status }) => type === "Established" && status === "True");
    if (!established) missing.push(name);
  }
  return { subscription: status, version, missing };
}

/** Waits until the operator is ready; progress on stderr, the name of the ClusterServiceVersion on stdout. */
async function main(): Promise<void> {
  const { KUBECONFIG_CONTENT = "", SUBSCRIPTION = "", NAMESPACE = "", SERVES = "", SECONDS = "900" } = process.env;
  const api = new KubernetesApi(KUBECONFIG_CONTENT);
  const deadline = Date.now() + Number(SECONDS) * 1000;
  let said = "";
  while (true) {
    const state = await observe(api, SUBSCRIPTION, NAMESPACE, SERVES.split(" ").filter(Boolean));
    const verdict = operatorVerdict(state);
    if (verdict.kind === "ready") {
      process.stdout.write(`${state.subscription?.installedCSV}\n`);
      return;
    }
    if (verdict.kind === "failed") throw new Error(`Subscription ${NAMESPACE}/${SUBSCRIPTION}: ${verdict.why}`);
    if (Date.now() > deadline) throw new Error(`Subscription ${NAMESPACE}/${SUBSCRIPTION}: not ready after ${SECONDS} s: ${verdict.why}`);
    if (verdict.why !== said) process.stderr.write(`${verdict.why}\n`);
    said = verdict.why;
    await sleep(1000);
  }
}

if (require.main === module) runProgram(main);
