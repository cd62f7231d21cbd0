import { createHash } from "node:crypto";
import * as command from "@pulumi/command";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { programCommand } from "../cluster/program";
import type { Architecture } from "../config/settings";
import type { BuildNamespace } from "./build-namespace";
import { buildLabel, type FollowedBuild } from "./following";
import { type BuildSource, pipelines, runTemplate } from "./pipelines";

export interface MultiArchBuildArgs extends BuildSource {
  namespace: BuildNamespace;
  /** Architectures of the image. */
  architectures: Architecture[];
  /** Access to the cluster for the command that follows the run. */
  kubeconfig: pulumi.Input<string>;
}

/**
 * One image for all architectures: its Pipeline and the PipelineRun that builds it.
 * A run is made once for each content (source, pipeline, tasks, architectures); whatever else changes does not build again.
 */
export class MultiArchBuild extends pulumi.ComponentResource {
  /** Name of the build. */
  readonly name: string;
  /** `repository@sha256:...` of the pushed index. */
  readonly image: pulumi.Output<string>;

  constructor(name: string, args: MultiArchBuildArgs, opts: pulumi.ComponentResourceOptions) {
    super("openshift-multiarch:tekton:MultiArchBuild", name, {}, opts);
    this.name = args.name;
    const { namespace, architectures } = args;
    const { metadata: _, ...pipelineContent } = pipelines[args.pipeline](architectures);

    const pipeline = new kubernetes.apiextensions.CustomResource(
      `${name}-pipeline`,
      { ...pipelineContent, metadata: { name: args.name, namespace: namespace.name, labels: { [buildLabel]: args.name } } },
      { parent: this },
    );

    const template = namespace.storageClass.apply((storageClass) =>
      runTemplate(args, architectures, { namespace: namespace.name, storageClass, secrets: namespace.secrets }),
    );
    const used = new Set(pipelineContent.spec.tasks.map((task) => task.taskRef.name));
    const tasks = namespace.tasks.filter((task) => used.has(task.metadata.name));
    const content = template.apply((run) => fingerprint({ run: run.spec, pipeline: pipelineContent.spec, tasks }));
    const suffix = new random.RandomString(
      `${name}-suffix`,
      { length: 5, upper: false, special: false, keepers: { content } },
      { parent: this },
    );
    const runName = pulumi.interpolate`${args.name}-${suffix.result}`;

    const run = new kubernetes.apiextensions.CustomResource(
      `${name}-run`,
      {
        apiVersion: "tekton.dev/v1",
        kind: "PipelineRun",
        metadata: {
          name: runName,
          namespace: namespace.name,
          labels: { [buildLabel]: args.name },
          // A wait has no branch for failure: it would sit out its time-out. The command below knows the difference.
          annotations: { "pulumi.com/skipAwait": "true" },
        },
        spec: template.apply((run) => run.spec),
      },
      // Tekton refuses changes to the spec of a run. Status and finalizers (Tekton Chains) are written by controllers.
      { parent: this, dependsOn: [pipeline], replaceOnChanges: ["spec"], ignoreChanges: ["status", "metadata.finalizers"] },
    );

    const follow = new command.local.Command(
      `${name}-follow`,
      {
        create: programCommand("tekton/follow.ts"),
        // The result stands once the run is over; other inputs (a renewed kubeconfig) do not change it.
        update: 'printf %s "$PULUMI_COMMAND_STDOUT"',
        triggers: [runName],
        environment: { FOLLOW_RUN: runName, FOLLOW_NAMESPACE: namespace.name, FOLLOW_KUBECONFIG: pulumi.secret(args.kubeconfig) },
        logging: "stderr",
      },
      { parent: this, dependsOn: [run], customTimeouts: { create: "90m" } },
    );

    this.image = follow.stdout.apply((stdout) => (JSON.parse(stdout) as FollowedBuild).image);
    this.registerOutputs({ image: this.image });
  }
}

/** Short digest of a plain object. */
function fingerprint(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
}
