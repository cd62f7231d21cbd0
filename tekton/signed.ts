import { setTimeout as sleep } from "node:timers/promises";
import type { KubernetesApi } from "../cluster/kubernetes-api";
import { patiently } from "../cluster/patience";

/** What Chains writes on a run that it has looked at (tektoncd/chains, pkg/chains/annotations.go). */
const annotation = "chains.tekton.dev/signed";

/** Seconds that Chains has for a run that is over; it takes one or two, and three where it tries again. */
const secondsToSign = 60;

interface Annotated {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
}

/** How it stands with the signatures of a run's images: undefined while Chains has not looked at it. */
export function signatures({ metadata }: Annotated): "signed" | "failed" | undefined {
  const said = metadata.annotations?.[annotation];
  return said === "true" ? "signed" : said === undefined ? undefined : "failed";
}

/**
 * Waits until Chains has signed what a run has pushed, which it does when the run is over. Resolves to what is wrong; undefined when all
 * is well. An image without a signature is there all the same, so this is no failure of its build.
 */
export async function signatureProblem(
  api: Pick<KubernetesApi, "find">,
  { namespace, run }: { readonly namespace: string; readonly run: string },
  seconds = secondsToSign,
): Promise<string | undefined> {
  const again = `oc -n ${namespace} annotate pipelinerun ${run} chains.tekton.dev/signed- chains.tekton.dev/retries-`;
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = await patiently(() => api.find<Annotated>(`/apis/tekton.dev/v1/namespaces/${namespace}/pipelineruns/${run}`));
    const state = found && signatures(found);
    if (!found || state === "signed") return undefined;
    if (state === "failed") {
      return `${run}: its images are pushed, but Tekton Chains could not sign them: oc -n openshift-pipelines logs deployment/tekton-chains-controller says why; once that is mended, ${again} has it try again`;
    }
    if (Date.now() > end) return `${run}: its images are pushed, but not signed ${seconds} s later; Tekton Chains may still do it`;
    await sleep(Math.min(1000, seconds * 1000));
  }
}
