import type { Architecture } from "../config/settings";
import type { Minutes, PipelineKind, Prepare } from "./build-source";
import { versionOf } from "./fingerprint";
import { build, clone, prepare, push } from "./pipeline-tasks";
import type { ParamSpec, Pipeline, PipelineTask, Task, WorkspaceDeclaration } from "./resources";
import { pushResults } from "./steps/buildah-push/step";
import { foundResults } from "./steps/find-built/step";

/** What the tasks of a pipeline depend on. */
export interface Shape {
  pipeline: PipelineKind;
  prepare?: Pick<Prepare, "once">;
  minutes?: Minutes;
  /** Whether RUN instructions see a subscription of RHEL. @default false */
  entitlement?: boolean;
  /** Workspaces with secrets that runs bind, of which an image may become another one. @default none */
  secrets?: readonly string[];
  /** What the image depends on beside its sources and parameters: the tasks themselves. @default "" */
  version?: string;
}

/** The order in which a stack lists its pools is no difference between two builds. */
export const sorted = (architectures: readonly Architecture[]): Architecture[] => [...architectures].sort();

const string = (name: string, description: string, standard?: string): ParamSpec => ({
  name,
  description,
  ...(standard !== undefined && { default: standard }),
});
const list = (name: string, description: string): ParamSpec => ({ name, type: "array", description, default: [] });

/** What a pipeline can be told; each has those that its tasks use. */
const params: ParamSpec[] = [
  string("url", "Git repository"),
  string("revision", "Branch, tag or commit", "main"),
  string("on-branch", "Branch that the commit must be on, as its tip or before it; empty: any commit is built", ""),
  string("submodules", "Which submodules are fetched: true for all, false for none, or paths of those that are, one a line", "true"),
  string("lfs", "Whether files of Git LFS are fetched: true or false", "true"),
  string("insecure", "Whether Git's credentials may go over http://: true or false", "false"),
  string("git-folder", "Whether the sources keep their .git: true or false", "false"),
  string("context", "Build context, a folder of the repository", "."),
  string(
    "containerfile",
    "Containerfile, relative to the context, or to the repository's root when it begins with a slash",
    "Containerfile",
  ),
  string("target", "Stage that becomes the image; empty: the last one", ""),
  list("build-args", "Values of the Containerfile's ARGs, as NAME=value"),
  list("labels", "Labels of the image, as NAME=value"),
  list("environment", "Environment of what runs before the image is built, as NAME=value"),
  string("prepare-image", "Image that the step before the build runs in"),
  string("prepare-script", "What the step before the build runs, with sh"),
  string("image", "Where the index is pushed to, as repository:tag"),
  list("tags", "More tags of the index, in which {commit} and {branch} stand for what was built"),
  string("cache", "Repository that keeps layers, to which the architecture is added; empty: nothing is kept", ""),
  string("rebuild", "Any text: the image is built anew, whatever earlier runs have left; empty: what is there is taken", ""),
  list("insecure-registries", "Registries, as host:port, that are spoken to by plain http"),
];

/** What a run can bind; each pipeline has those that its tasks use. */
const workspaces: WorkspaceDeclaration[] = [
  { name: "shared", description: "A ReadWriteMany volume that nodes of every architecture mount" },
  {
    name: "downloads",
    description: "What earlier runs of the build have downloaded: a ReadWriteMany volume, or a folder of one",
    optional: true,
  },
  {
    name: "git-credentials",
    description: "Credentials of Git servers: .git-credentials, or ssh-privatekey and known_hosts",
    optional: true,
  },
  { name: "dockerconfig", description: "Registry credentials: a file config.json or .dockerconfigjson", optional: true },
  { name: "npmrc", description: "npm's settings: a file .npmrc", optional: true },
  { name: "maven-settings", description: "Maven's settings: a file settings.xml", optional: true },
  {
    name: "build-secrets",
    description: "Secrets of the build: each file is one, mounted where a RUN asks for it by its name",
    optional: true,
  },
  { name: "rhel-entitlement", description: "RHEL entitlement: entitlement.pem and entitlement-key.pem", optional: true },
  { name: "trust", description: "Certificates that are trusted in addition: a file ca-bundle.crt", optional: true },
];

const usedParams = (tasks: PipelineTask[]): ParamSpec[] => {
  const used = new Set([...JSON.stringify(tasks).matchAll(/\$\(params\.([^.()[]+)/g)].map(([, name]) => name));
  return params.filter(({ name }) => used.has(name));
};

const usedWorkspaces = (tasks: PipelineTask[]): WorkspaceDeclaration[] => {
  const used = new Set(tasks.flatMap((task) => task.workspaces.map(({ workspace }) => workspace)));
  return workspaces.filter(({ name }) => used.has(name));
};

/** The pipelines by what they do before the image is built: what, whether once for all architectures, and the folder that it makes. */
const kinds = {
  containerfile: { description: "Builds a Containerfile natively for every architecture and pushes one index.", generated: "" },
  prepared: {
    description: "Runs a step of the user's own and builds a Containerfile natively for every architecture, and pushes one index.",
    before: "prepared",
    once: false,
    generated: "",
  },
  "prepared-once": {
    description: "Runs a step of the user's own once, builds a Containerfile natively for every architecture and pushes one index.",
    before: "prepared",
    once: true,
    generated: "",
  },
  nodejs: {
    description:
      "Installs a Node.js application's dependencies and builds its image natively for every architecture, and pushes one index.",
    before: "nodejs",
    once: false,
    generated: "node_modules",
  },
  quarkus: {
    description: "Compiles a Quarkus application once, builds its image natively for every architecture and pushes one index.",
    before: "quarkus",
    once: true,
    generated: "target",
  },
} as const;
export type PipelineName = keyof typeof kinds;

const nameOf = ({ pipeline, prepare }: Shape): PipelineName =>
  pipeline !== "containerfile" || !prepare ? pipeline : prepare.once ? "prepared-once" : "prepared";

/**
 * The pipeline of a build.
 *
 * Tasks are written out per architecture instead of a matrix: a matrix is a barrier between stages, and here each architecture
 * goes on by itself. There is no `finally` task: the volume with all that a run leaves goes away with the run.
 */
export function pipelineOf(shape: Shape, given: readonly Architecture[]): Pipeline {
  const architectures = sorted(given);
  const name = nameOf(shape);
  const kind = kinds[name];
  const { minutes = {}, version = "", entitlement = false, secrets = [] } = shape;
  const preparations = "before" in kind ? (kind.once ? [undefined] : architectures).map((one) => prepare(kind.before, one, minutes)) : [];
  const builds = architectures.map((architecture, i) => build(architecture, preparations[i] ?? preparations[0], kind.generated, minutes));
  const following = [...preparations, ...builds];
  const seen = secrets.filter((name) => following.some(({ workspaces: bound }) => bound.some(({ workspace }) => workspace === name)));
  // A step of the user's own may write it.
  const containerfile = name.startsWith("prepared") ? "" : "$(params.containerfile)";
  const tasks = [
    clone(architectures, following, [version, ...(entitlement ? ["entitled"] : []), ...seen].join(" "), minutes, containerfile),
    ...following,
    push(architectures, minutes),
  ];
  return {
    apiVersion: "tekton.dev/v1",
    kind: "Pipeline",
    metadata: { name },
    spec: {
      description: kind.description,
      params: usedParams(tasks),
      workspaces: usedWorkspaces(tasks),
      results: [
        // Tekton leaves out those of a task that was skipped. What was found, Chains is not told of: it would sign anew, as of this run, what
        // another one has built, if that one it was.
        ...pushResults.map((result) => ({ ...result, value: `$(tasks.push.results.${result.name})` })),
        ...foundResults.map((result) => ({ ...result, value: `$(tasks.clone.results.${result.name})` })),
        // The names under which Tekton Chains looks for the origin of an image.
        { name: "CHAINS-GIT_URL", description: "Git repository", value: "$(tasks.clone.results.url)" },
        { name: "CHAINS-GIT_COMMIT", description: "Commit that was built", value: "$(tasks.clone.results.commit)" },
      ],
      tasks,
    },
  };
}

/** The same, with all that an image depends on of the tasks. @param tasks that the pipeline may use. */
export function versionedPipeline(shape: Shape, architectures: readonly Architecture[], tasks: readonly Task[]): Pipeline {
  const version = versionOf(pipelineOf(shape, architectures), tasks);
  return pipelineOf({ ...shape, version }, architectures);
}

/** The shape of each pipeline, by its name. */
export const shapes: Record<PipelineName, Shape> = {
  containerfile: { pipeline: "containerfile" },
  prepared: { pipeline: "containerfile", prepare: {} },
  "prepared-once": { pipeline: "containerfile", prepare: { once: true } },
  nodejs: { pipeline: "nodejs" },
  quarkus: { pipeline: "quarkus" },
};
