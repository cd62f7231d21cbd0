import { branchOf } from "../config/revision";
import type { BuildSource } from "./build-source";
import { fingerprint } from "./fingerprint";
import { buildLabel } from "./following";
import { paramsOfPush, placeOf, startedByLabel } from "./triggers";

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
 * Name of the Repository: of one address there can be one alone in a cluster, for however many builds (openshift-pipelines/pipelines-as-code,
 * pkg/webhook/validation.go, checkIfRepoExist). Two addresses that differ in what a name cannot have are told apart by the end.
 */
function nameOf(page: string): string {
  const words = new URL(page).pathname
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
  return `${words.slice(-50).replace(/^-/, "")}-${fingerprint(page).slice(0, 6)}`;
}

/** What is told of a build. */
export interface PushedBuild extends Pick<BuildSource, "name" | "repository" | "revision" | "tags"> {
  namespace: string;
  /** Finished runs to keep. @default all, for whoever else deletes them */
  keep?: number;
}

/**
 * A build for Pipelines as Code (https://pipelinesascode.com/docs/): the file `.tekton/<name>.yaml` of its repository, and the object in
 * the namespace that says which repository may start runs there: of files of its default branch alone, as every file of a branch
 * could bind the namespace's secrets (docs/content/docs/guides/repository-crd, "PipelineRun definition provenance"). The rest, the webhook or the GitHub App, is made by `tkn pac`.
 * @param run spec of a run of the build: what a Pipeline cannot say, its nodes, accounts and volumes.
 */
export function pipelinesAsCode({ name, namespace, repository, revision, tags, keep }: PushedBuild, run: Record<string, unknown>) {
  const page = pageOf(repository);
  return {
    /** Content of `.tekton/<name>.yaml` on the default branch, whichever branch is built. */
    file: {
      apiVersion: "tekton.dev/v1",
      kind: "PipelineRun",
      metadata: {
        generateName: `${name}-push-`,
        labels: { [buildLabel]: name, [startedByLabel]: "push" },
        annotations: {
          [annotation("on-event")]: listOf("push"),
          [annotation("on-target-branch")]: listOf(`refs/heads/${literally(branchOf(revision))}`),
          ...(keep !== undefined && { [annotation("max-keep-runs")]: String(keep) }),
        },
      },
      spec: {
        ...run,
        // Double braces are what Pipelines as Code fills in.
        params: paramsOfPush({ revision, tags }, "{{ revision }}"),
        // A name alone would be looked for among the repository's own files.
        pipelineRef: {
          resolver: "cluster",
          params: [
            { name: "kind", value: "pipeline" },
            { name: "name", value: name },
            { name: "namespace", value: namespace },
          ],
        },
      },
    },
    repository: {
      apiVersion: "pipelinesascode.tekton.dev/v1alpha1",
      kind: "Repository",
      metadata: { name: nameOf(page), namespace },
      spec: { url: page, settings: { pipelinerun_provenance: "default_branch" } },
    },
  };
}
