import { KubernetesApi } from "./kubernetes-api";
import { observe, operatorVerdict, unresolvable, type Wanted } from "./operator-state";
import { waitUntil } from "./patience";
import { required, runProgram } from "./program";

/** Waits until the operator of a Subscription can be used; progress on stderr, the name of its ClusterServiceVersion on stdout. */
async function main(): Promise<void> {
  const api = new KubernetesApi(required("KUBECONFIG_CONTENT"));
  const wanted: Wanted = {
    namespace: required("NAMESPACE"),
    subscription: required("SUBSCRIPTION"),
    channel: required("CHANNEL"),
    serves: (process.env.SERVES ?? "").split(" ").filter(Boolean),
    makes: process.env.MAKES || undefined,
  };
  let resolvable = Date.now();
  const look = async () => {
    const state = await observe(api, wanted);
    if (!unresolvable(wanted, state)) resolvable = Date.now();
    return operatorVerdict(wanted, state, (Date.now() - resolvable) / 1000);
  };
  const subject = `Subscription ${wanted.namespace}/${wanted.subscription}`;
  process.stdout.write(`${await waitUntil(look, { subject, seconds: Number(required("SECONDS")) })}\n`);
}

if (require.main === module) runProgram(main);
