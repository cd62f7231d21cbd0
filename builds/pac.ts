import { stringify } from "yaml";
import { noBranch } from "../config/schema";
import { Mistake } from "../review/mistake";
import { specToRepeat } from "../tekton/following";
import { pipelinesAsCode } from "../tekton/pipelines-as-code";
import { type Build, templateFor } from "./build";
import { asked } from "./stack";
import { parameterOf, revisionOf } from "./started";

/**
 * Prints what Pipelines as Code needs of a build: the Repository for its namespace, and a file for its repository.
 * @returns the exit code. @throws Mistake
 */
export async function pac(build: Build): Promise<number> {
  const { place, pipeline } = build;
  const { name, namespace } = pipeline.metadata;
  const revision = revisionOf(pipeline);
  if (noBranch.test(revision)) throw new Mistake(`${name} builds ${revision}: only a branch is pushed to; name one in its \`revision\``);
  const template = templateFor(build);
  const operator = await asked(place.stack, () =>
    place.api.find<{ spec?: { pruner?: { keep?: number } } }>("/apis/operator.tekton.dev/v1alpha1/tektonconfigs/config"),
  );
  const keep = operator?.spec?.pruner?.keep;
  const { file, repository } = pipelinesAsCode(
    {
      name,
      namespace,
      repository: String(parameterOf(pipeline, "url") ?? ""),
      revision,
      tags: [parameterOf(pipeline, "tags") ?? []].flat(),
      ...(keep !== undefined && { keep }),
    },
    specToRepeat(template),
  );
  const text = (object: object) => stringify(object, { lineWidth: 0 });
  process.stdout.write(
    `# For the cluster: kubectl apply -f FILE, and \`tkn pac\` for the webhook or the GitHub App.\n${text(repository)}---\n# For the repository, on its default branch: .tekton/${name}.yaml\n${text(file)}`,
  );
  return 0;
}
