import { setTimeout as sleep } from "node:timers/promises";
import { type KubernetesApi, labelled } from "../cluster/kubernetes-api";
import { patiently } from "../cluster/patience";

/** What Chains writes on a run that it has looked at (tektoncd/chains, pkg/chains/annotations.go). */
const annotation = "chains.tekton.dev/signed";

/** Seconds that Chains has for a run that is over; it takes one or two, and three where it tries again. */
const secondsToSign = 60;

interface Annotated {
  readonly metadata: { readonly name?: string; readonly annotations?: Readonly<Record<string, string>> };
}

/** How it stands with the signatures of a run or a task: undefined while Chains has not looked at it. */
export function signatures({ metadata }: Annotated): "signed" | "failed" | undefined {
  const said = metadata.annotations?.[annotation];
  return said === "true" ? "signed" : said === undefined ? undefined : "failed";
}

/**
 * Waits until Chains has signed what a run has pushed, which it does when the run is over: the images by the task that pushed them, then the
 * provenance by the run, so that the run's is its last word. Resolves to what is wrong; undefined when all is well. An image without a
 * signature is there all the same, so this is no failure of its build.
 */
export async function signatureProblem(
  api: Pick<KubernetesApi, "find" | "get">,
  { namespace, run }: { readonly namespace: string; readonly run: string },
  seconds = secondsToSign,
): Promise<string | undefined> {
  const tekton = `/apis/tekton.dev/v1/namespaces/${namespace}`;
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = await patiently(() => api.find<Annotated>(`${tekton}/pipelineruns/${run}`));
    if (!found) return undefined;
    if (signatures(found)) {
      const ofRun = labelled(`${tekton}/taskruns`, `tekton.dev/pipelineRun=${run}`);
      const { items } = await patiently(() => api.get<{ items: Annotated[] }>(ofRun));
      const failed = [
        ...(signatures(found) === "failed" ? [`pipelinerun/${run}`] : []),
        ...items.filter((task) => signatures(task) === "failed").map(({ metadata }) => `taskrun/${metadata.name}`),
      ];
      return failed.length > 0 ? refusal(namespace, run, failed) : undefined;
    }
    if (Date.now() > end) return `${run}: its images are pushed, but not signed ${seconds} s later; Tekton Chains may still do it`;
    await sleep(Math.min(1000, seconds * 1000));
  }
}

const refusal = (namespace: string, run: string, failed: readonly string[]) =>
  `${run}: its images are pushed, but Tekton Chains could not sign them: oc -n openshift-pipelines logs deployment/tekton-chains-controller says why; ` +
  `once that is mended, oc -n ${namespace} annotate ${failed.join(" ")} chains.tekton.dev/signed- chains.tekton.dev/retries- has it try again`;
