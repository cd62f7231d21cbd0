import { KubernetesApi } from "./kubernetes-api";
import { type Look, waitUntil } from "./patience";
import { required, runProgram } from "./program";

/** Whether Tekton's ConfigMap has the flags, each as `<name>=<value>`. */
export function flagsVerdict(flags: readonly string[], data: Readonly<Record<string, string>> | undefined): Look<string> {
  if (!data) return { kind: "waiting", why: "it is not there yet" };
  const other = flags.filter((flag) => {
    const [name = "", value] = flag.split("=");
    return data[name] !== value;
  });
  if (other.length === 0) return { kind: "ready", value: flags.join(" ") };
  return { kind: "waiting", why: `it does not have ${other.join(", ")} yet: the operator is at work` };
}

/** Waits until Tekton's controller has the flags; progress on stderr. */
async function main(): Promise<void> {
  const api = new KubernetesApi(required("KUBECONFIG_CONTENT"));
  const namespace = required("NAMESPACE");
  const flags = required("FLAGS").split(" ");
  const path = `/api/v1/namespaces/${namespace}/configmaps/feature-flags`;
  const look = async () => flagsVerdict(flags, (await api.find<{ data?: Record<string, string> }>(path))?.data);
  await waitUntil(look, { subject: `ConfigMap ${namespace}/feature-flags`, seconds: Number(required("SECONDS")) });
}

if (require.main === module) runProgram(main);
