import { KubernetesApi, labelled } from "./kubernetes-api";
import { waitUntil } from "./patience";
import { required, runProgram } from "./program";
import { type SigningState, signingSecret, signingVerdict } from "./signing";

/**
 * Waits until Tekton Chains has its settings and its key; controllers that are older than the key start anew. Progress on stderr, the public key
 * as PEM on stdout.
 */
async function main(): Promise<void> {
  const api = new KubernetesApi(required("KUBECONFIG_CONTENT"));
  const core = `/api/v1/namespaces/${required("NAMESPACE")}`;
  const wanted: Record<string, string> = JSON.parse(required("SETTINGS"));
  const read = async () => {
    const [secret, config, { items: pods }] = await Promise.all([
      api.find<NonNullable<SigningState["secret"]>>(`${core}/secrets/${signingSecret}`),
      api.find<NonNullable<SigningState["config"]>>(`${core}/configmaps/chains-config`),
      api.get<{ items: SigningState["pods"] }>(labelled(`${core}/pods`, "app=tekton-chains-controller")),
    ]);
    const { look, restart } = signingVerdict(wanted, process.env.PUBLIC_KEY || undefined, { secret, config, pods });
    for (const name of restart) await api.delete(`${core}/pods/${name}`);
    return look;
  };
  const key = await waitUntil(read, { subject: "Tekton Chains", seconds: Number(required("SECONDS")) });
  process.stdout.write(`${key.trim()}\n`);
}

if (require.main === module) runProgram(main);
