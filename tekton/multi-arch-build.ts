import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { KubernetesApi } from "../cluster/kubernetes-api";
import { defaults } from "../config/defaults";
import type { Architecture } from "../config/settings";
import type { BuildNamespace } from "./build-namespace";
import type { BuildSource } from "./build-source";
import { fingerprint } from "./fingerprint";
import { follow } from "./follow";
import { buildLabel } from "./following";
import { exitCodeAfterMessage } from "./interruption";
import { type BuildResult, type Built, lastBuilt, lostArchitectures, resultOf } from "./results";
import { pipelineFor, runTemplate } from "./runs";
import { signatureProblem } from "./signed";

export interface MultiArchBuildArgs extends BuildSource {
  namespace: BuildNamespace;
  /** Architectures of the image. */
  architectures: Architecture[];
  /** Access to the cluster, for following the run. */
  kubeconfig: pulumi.Input<string>;
  /** Whether Chains signs what is pushed: it is waited for then. @default false */
  signed?: boolean;
  /** What the stack's last update knew of its builds, by name. */
  lastResults: pulumi.Input<Record<string, unknown>>;
}

/**
 * One image for all architectures: its Pipeline and the PipelineRun that builds it, which `up` follows to its end.
 * A run is made once for each content (source, pipeline, tasks, architectures); whatever else changes does not build again.
 * A run that fails makes the update fail, but no other build; the next `up` repeats it.
 */
export class MultiArchBuild extends pulumi.ComponentResource {
  /** Name of the build. */
  readonly name: string;
  /** What became of the stack's run. Unknown in the preview of one that no `up` has followed to a success yet. */
  readonly result: pulumi.Output<BuildResult>;
  /** `repository@sha256:...` of the pushed index; undefined if the run has failed. */
  readonly image: pulumi.Output<string | undefined>;

  constructor(name: string, args: MultiArchBuildArgs, opts: pulumi.ComponentResourceOptions) {
    const { namespace, architectures, kubeconfig, lastResults, name: buildName, ...source } = args;
    super("openshift-multiarch:tekton:MultiArchBuild", name, { ...source, architectures }, opts);
    this.name = buildName;

    const { metadata, ...pipelineContent } = pipelineFor(args, architectures, namespace.environment);
    const pipeline = new kubernetes.apiextensions.CustomResource(
      `${name}-pipeline`,
      { ...pipelineContent, metadata: { ...metadata, labels: { [buildLabel]: args.name } } },
      { parent: this },
    );

    const template = namespace.storageClass.apply((storageClass) => runTemplate(args, architectures, namespace.environment, storageClass));
    const content = template.apply((run) => fingerprint({ run: run.spec, pipeline: pipelineContent.spec }));
    const suffix = new random.RandomString(
      `${name}-suffix`,
      { length: 5, upper: false, special: false, keepers: { content } },
      { parent: this },
    );

    const run = new kubernetes.apiextensions.CustomResource(
      `${name}-run`,
      {
        apiVersion: "tekton.dev/v1",
        kind: "PipelineRun",
        metadata: {
          name: pulumi.interpolate`${args.name}-${suffix.result}`,
          namespace: namespace.name,
          labels: { [buildLabel]: args.name },
          // A wait has no branch for failure: it would sit out its time-out. Following knows the difference.
          annotations: { "pulumi.com/skipAwait": "true" },
        },
        spec: template.apply((run) => run.spec),
      },
      // Tekton refuses changes to the spec of a run. Status and finalizers (Tekton Chains) are written by controllers.
      { parent: this, dependsOn: [pipeline], replaceOnChanges: ["spec"], ignoreChanges: ["status", "metadata.finalizers"] },
    );

    const last = pulumi.output(args.lastResults).apply((results) => lastBuilt(results, args.name));
    last.apply((built) => this.warnOfLoss(built, args));
    this.result = pulumi.unsecret(
      pulumi.all([run.metadata, last]).apply(([metadata, built]): pulumi.Output<BuildResult> => {
        const { name: runName = "", uid = "" } = metadata;
        const known = resultOf(built, uid);
        if (known) return pulumi.output(known);
        if (pulumi.runtime.isDryRun()) return pulumi.output(pulumi.unknown as never);
        const { name: build, retries = defaults.build.retries } = args;
        const reference = { build, namespace: namespace.name, name: runName, uid, retries };
        return pulumi.output(args.kubeconfig).apply((kubeconfig) => this.followed(kubeconfig, reference, args, built));
      }),
    );
    this.image = this.result.apply((result) => ("image" in result ? result.image : undefined));
    this.registerOutputs({ image: this.image });
  }

  private async followed(
    kubeconfig: string,
    reference: Parameters<typeof follow>[1],
    { architectures, signed }: MultiArchBuildArgs,
    last: Built | undefined,
  ): Promise<BuildResult> {
    const { uid } = reference;
    try {
      const built = await follow(apiOf(kubeconfig), reference, (line) => pulumi.log.info(line, this, undefined, false));
      const problem = signed && (await signatureProblem(apiOf(kubeconfig), { ...reference, run: built.run }));
      if (problem) await pulumi.log.warn(problem, this);
      return { ...built, uid, architectures: [...architectures].sort() };
    } catch (error) {
      const failure = (error as Error).message;
      // An error that is thrown would end the program, and with it what is followed for all other builds.
      await pulumi.log.error(failure, this);
      process.exitCode = exitCodeAfterMessage;
      return { uid, failure, ...(last && { last }) };
    }
  }

  private async warnOfLoss(built: Built | undefined, { architectures, image }: MultiArchBuildArgs): Promise<void> {
    const lost = lostArchitectures(built, architectures);
    if (lost.length === 0) return;
    await pulumi.log.warn(
      `${image} will lose ${lost.join(" and ")}: its next index holds ${[...architectures].sort().join(" and ")} alone, as neither \`pools\` nor the build's own \`architectures\` have more.`,
      this,
    );
  }
}

/** All builds ask over the same connections. */
const apis = new Map<string, KubernetesApi>();

function apiOf(kubeconfig: string): KubernetesApi {
  const api = apis.get(kubeconfig) ?? new KubernetesApi(kubeconfig);
  apis.set(kubeconfig, api);
  return api;
}
