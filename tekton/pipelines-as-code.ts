import { branchOf } from "../config/revision";
import type { Architecture } from "../config/settings";
import type { BuildSource } from "./build-source";
import type { RunEnvironment } from "./runs";
import { paramsOfPush, placeOf, startedRun } from "./triggers";

const annotation = (name: string) => `pipelinesascode.tekton.dev/${name}`;

/** What Pipelines as Code reads as a list has its elements between brackets, with commas; a comma in one is written as in HTML. */
const listOf = (element: string) => `[${element.replaceAll(",", "&#44;")}]`;

/** A branch as a pattern; of what means something in one, Git lets the name of a branch have these. */
const literally = (branch: string) => branch.replace(/[{}]/g, "\\$&");

/** The address of a repository by which its server calls it in events: that of its page, also where it is read over ssh. */
function pageOf(repository: string): string {
  if (/^https?:/.test(repository)) return repository.replace(/\/+$/, "").replace(/\.git$/, "");
  const { host, path } = placeOf(repository);
  return `https://${host}/${path}`;
}

/**
 * A build for Pipelines as Code (https://pipelinesascode.com/docs/): the file `.tekton/<name>.yaml` of its repository, and the object in
 * the namespace that says which repository may start runs there. The rest, the webhook or the GitHub App, is made by `tkn pac`.
 * @param storageClass as of `runTemplate`.
 * @param keep finished runs of the build to keep.
 */
export function pipelinesAsCode(
  source: BuildSource,
  architectures: readonly Architecture[],
  environment: RunEnvironment,
  storageClass: string,
  keep: number,
) {
  const { name } = source;
  // Double braces are what Pipelines as Code fills in.
  const params = paramsOfPush(source, "{{ revision }}");
  const { metadata, spec, ...run } = startedRun(source, architectures, environment, storageClass, { by: "push", params });
  return {
    /** Content of `.tekton/<name>.yaml`. */
    file: {
      ...run,
      metadata: {
        generateName: `${name}-push-`,
        labels: metadata.labels,
        annotations: {
          [annotation("on-event")]: listOf("push"),
          [annotation("on-target-branch")]: listOf(`refs/heads/${literally(branchOf(source.revision))}`),
          [annotation("max-keep-runs")]: String(keep),
        },
      },
      spec: {
        ...spec,
        // A name alone would be looked for among the repository's own files.
        pipelineRef: {
          resolver: "cluster",
          params: [
            { name: "kind", value: "pipeline" },
            { name: "name", value: name },
            { name: "namespace", value: environment.namespace },
          ],
        },
      },
    },
    repository: {
      apiVersion: "pipelinesascode.tekton.dev/v1alpha1",
      kind: "Repository",
      metadata: { name, namespace: environment.namespace },
      spec: { url: pageOf(source.repository) },
    },
  };
}
