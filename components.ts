import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type Architecture, UserMistake } from "./config";
import { architectures } from "./config/architecture";
import { needsCredentials } from "./config/git-credentials";
import { build, completeBuild } from "./config/schema/builds";
import { namespace } from "./config/schema/pipelines";
import { withAuth } from "./config/secrets";
import { BuildNamespace } from "./tekton/build-namespace";
import { MultiArchBuild } from "./tekton/multi-arch-build";

/**
 * What other Pulumi programs, of any language, can use of this one (`pulumi package add`, see docs/components.md). Pulumi reads the arguments
 * here for its schema: interfaces of texts, numbers, lists and maps alone, no unions and nothing that is read-only.
 */

export { PullSecret } from "./cluster/pull-secret";

/** One image, built natively on each architecture. */
export interface ImageArgs {
  /** Name of the build, and of its Pipeline. */
  name: string;
  /** How it comes about: `containerfile`, `nodejs` or `quarkus`. */
  pipeline: string;
  /** Address of a public Git repository: https://, http:// or git://. */
  repository: string;
  /** Branch, tag or commit. Default: main */
  revision?: string;
  /** Folder of the repository. Default: . */
  context?: string;
  /** File below the context, or with a slash in front below the repository's root. Default: Containerfile */
  containerfile?: string;
  /** Whether submodules are fetched. Default: true */
  submodules?: boolean;
  /** Whether files of Git LFS are fetched. Default: true */
  lfs?: boolean;
  /** Whether the sources keep their .git. Default: false */
  gitFolder?: boolean;
  /** Stage of the Containerfile. Default: the last one */
  target?: string;
  /** Values of the Containerfile's ARGs; the image's history shows them. */
  buildArgs?: { [name: string]: string };
  /** Labels of the image. */
  labels?: { [name: string]: string };
  /** Environment of npm and Maven. */
  environment?: { [name: string]: string };
  /** Where to push, as registry/repository:tag. */
  image: string;
  /** More tags, in which {commit} and {branch} stand for what was built. */
  tags?: string[];
  /** Whether downloads of npm and Maven are kept, and layers, in the image's repository with -cache behind its name. Default: true */
  cache?: boolean;
}

/** Arguments of ImageBuilds. */
export interface ImageBuildsArgs {
  /** kubeconfig of a cluster administrator. */
  kubeconfig: pulumi.Input<string>;
  /** A name of the cluster that never changes: another one replaces everything. */
  clusterIdentifier: string;
  /** A class of ReadWriteMany volumes that nodes of every architecture can mount. */
  storageClass: pulumi.Input<string>;
  /** A Docker config.json with the registries' credentials. */
  registryCredentials: pulumi.Input<string>;
  /** Architectures of every image: `amd64`, `arm64`. The cluster needs a node of each. */
  architectures: string[];
  /** The images. */
  images: ImageArgs[];
  /** The namespace to make. Default: build-multiarch */
  namespace?: string;
  /** Content of an .npmrc file. */
  npmrc?: pulumi.Input<string>;
  /** Content of a settings.xml file. */
  mavenSettings?: pulumi.Input<string>;
  /** Whether images get a list of what is in them, made by syft from ghcr.io. Default: true */
  sbom?: boolean;
  /** The output `results` of the stack's last update: what was built then is not asked for again. */
  // biome-ignore lint/suspicious/noExplicitAny: Pulumi's schema knows `any`, not `unknown`.
  lastResults?: pulumi.Input<{ [name: string]: any }>;
}

/**
 * Images for several architectures, built on an OpenShift cluster that is there already, with OpenShift Pipelines and a class of shared
 * volumes. An update follows the builds, and fails when one has failed; the next one repeats it.
 */
export class ImageBuilds extends pulumi.ComponentResource {
  /** repository@sha256:... of each image. */
  readonly references: pulumi.Output<{ [name: string]: string }>;
  /** More about each build, for `lastResults` of the next update. */
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  readonly results: pulumi.Output<{ [name: string]: any }>;

  constructor(name: string, args: ImageBuildsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("openshift-multiarch:index:ImageBuilds", name, {}, opts);
    const checked = check(args);
    const provider = new kubernetes.Provider(
      `${name}-cluster`,
      { kubeconfig: pulumi.secret(args.kubeconfig), clusterIdentifier: args.clusterIdentifier, enableSecretMutable: true },
      { parent: this },
    );
    const inside = { parent: this, providers: [provider] };
    const namespace = new BuildNamespace(
      `${name}-namespace`,
      {
        ...checked.namespace,
        sbom: args.sbom,
        storageClass: args.storageClass,
        registryCredentials: pulumi.secret(args.registryCredentials).apply(withAuth),
        npmrc: args.npmrc,
        mavenSettings: args.mavenSettings,
      },
      inside,
    );
    const builds = checked.images.map(
      (image) =>
        new MultiArchBuild(
          `${name}-${image.name}`,
          { ...image, namespace, architectures: checked.architectures, kubeconfig: args.kubeconfig, lastResults: args.lastResults ?? {} },
          { ...inside, dependsOn: namespace },
        ),
    );
    this.results = pulumi.output(Object.fromEntries(builds.map(({ name: built, result }) => [built, result])));
    this.references = this.results.apply(referencesOf);
    this.registerOutputs({ references: this.references, results: this.results });
  }
}

/** In a program of its own, a failed build ends that program; here it has to fail the component. @throws UserMistake with the reasons */
export function referencesOf(results: Record<string, { image: string } | { failure: string }>): Record<string, string> {
  const failed = Object.entries(results).flatMap(([name, result]) => ("failure" in result ? [`${name}: ${result.failure}`] : []));
  if (failed.length > 0) throw new UserMistake(`Images were not built:\n${failed.map((line) => `  - ${line}`).join("\n")}`);
  return Object.fromEntries(Object.entries(results).map(([name, result]) => [name, "image" in result ? result.image : ""]));
}

/** As the stack's configuration is checked. */
function check(args: ImageBuildsArgs) {
  const problems: string[] = [];
  const told = (where: string, result: { error?: { issues: readonly { path: readonly PropertyKey[]; message: string }[] } }) => {
    for (const { path, message } of result.error?.issues ?? [])
      problems.push(`${[where, ...path.map(String)].filter(Boolean).join(".")}: expected ${message}`);
  };
  const images = args.images.map((image, i) => {
    const result = build.safeParse(image);
    told(`images[${i}]`, result);
    return result;
  });
  const space = namespace.safeParse(args.namespace === undefined ? {} : { name: args.namespace });
  told("", space);
  const wanted = architectures.filter((architecture) => args.architectures.includes(architecture));
  if (wanted.length === 0 || wanted.length !== new Set(args.architectures).size)
    problems.push(`architectures is ${JSON.stringify(args.architectures)}; expected one or more of ${architectures.join(", ")}`);
  if (problems.length > 0 || !space.success)
    throw new UserMistake(`The arguments have mistakes:\n${problems.map((line) => `  - ${line}`).join("\n")}`);
  return {
    images: images.flatMap(({ data }) => (data ? [completeBuild(data, needsCredentials(undefined, data.repository))] : [])),
    namespace: space.data,
    architectures: wanted as Architecture[],
  };
}
