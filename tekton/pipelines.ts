import type { Architecture } from "../config/settings";
import type { Param, Pipeline, PipelineRun, PipelineTask, TaskRunSpec, WorkspaceBinding, WorkspaceDeclaration } from "./resources";

/** How an image comes about: `containerfile` builds only; `nodejs` installs per architecture first; `quarkus` compiles once first. */
export type PipelineKind = "containerfile" | "nodejs" | "quarkus";

/** What one image is built from and where it goes. */
export interface BuildSource {
  /** Name of the build, and so of its Pipeline; its runs are called `<name>-<suffix>`. */
  name: string;
  pipeline: PipelineKind;
  /** URL of the Git repository. */
  repository: string;
  /** Branch, tag or commit. */
  revision: string;
  /** Build context: a folder of the repository, `.` for all of it. */
  context: string;
  /** Relative to `context`. */
  containerfile: string;
  /** Where the index is pushed to, as repository:tag. */
  image: string;
}

/** What a namespace offers to the runs in it. */
export interface RunEnvironment {
  namespace: string;
  /** A class of ReadWriteMany volumes that nodes of every architecture can mount. */
  storageClass: string;
  /** Names of Secrets. */
  secrets: { registryCredentials: string; npmrc?: string; mavenSettings?: string };
}

/**
 * Service accounts by what their pods do. Code of third parties (npm, Maven) runs under `sources`, which has no right and no secret.
 * `build` and `push` may use pipelines-scc, as buildah needs it.
 */
export const serviceAccounts = { sources: "image-sources", build: "image-build", push: "image-push" } as const;

const accountOfTask: Record<string, string> = {
  "git-clone": serviceAccounts.sources,
  "npm-build": serviceAccounts.sources,
  "maven-package": serviceAccounts.sources,
  "buildah-build": serviceAccounts.build,
  "buildah-push": serviceAccounts.push,
};

const layouts = "layouts";
const pipelineParam = (name: string): Param => ({ name, value: `$(params.${name})` });
const bind = (...names: string[]) => names.map((name) => ({ name, workspace: name }));

/** One retry: for a node that goes away or a registry that hiccups. What fails twice is an error of the build. */
const retries = 1;

function clone(folders: string[]): PipelineTask {
  return {
    name: "clone",
    displayName: "Fetch the sources",
    taskRef: { name: "git-clone" },
    params: [pipelineParam("url"), pipelineParam("revision"), { name: "folders", value: folders }],
    workspaces: bind("shared"),
    retries,
    timeout: "10m0s",
  };
}

function build(architecture: Architecture, source: string, after: string): PipelineTask {
  return {
    name: `build-${architecture}`,
    displayName: `Build the image for ${architecture}`,
    taskRef: { name: "buildah-build" },
    runAfter: [after],
    params: [
      { name: "architecture", value: architecture },
      { name: "source", value: source },
      pipelineParam("context"),
      pipelineParam("containerfile"),
      // Never one layout for two architectures: nothing locks its index.json (https://github.com/containers/image/issues/1028).
      { name: "layout", value: `${layouts}/${architecture}` },
      { name: "commit", value: "$(tasks.clone.results.commit)" },
      { name: "url", value: "$(tasks.clone.results.url)" },
      { name: "timestamp", value: "$(tasks.clone.results.timestamp)" },
    ],
    workspaces: bind("shared", "dockerconfig"),
    retries,
    timeout: "40m0s",
  };
}

function push(architectures: Architecture[]): PipelineTask {
  return {
    name: "push",
    displayName: "Push the index",
    taskRef: { name: "buildah-push" },
    runAfter: architectures.map((architecture) => `build-${architecture}`),
    params: [
      pipelineParam("image"),
      { name: "architectures", value: [...architectures] },
      { name: "layouts", value: layouts },
      { name: "run", value: "$(context.pipelineRun.name)" },
    ],
    workspaces: bind("shared", "dockerconfig"),
    retries,
    timeout: "15m0s",
  };
}

/**
 * Tasks are written out per architecture instead of a matrix: a matrix is a barrier between stages, and here each architecture
 * goes on by itself. There is no `finally` task: the volume with all that a run leaves goes away with the run.
 */
function pipeline(kind: PipelineKind, description: string, tasks: PipelineTask[], workspaces: WorkspaceDeclaration[] = []): Pipeline {
  return {
    apiVersion: "tekton.dev/v1",
    kind: "Pipeline",
    metadata: { name: kind },
    spec: {
      description,
      params: [
        { name: "url", description: "Git repository" },
        { name: "revision", description: "Branch, tag or commit" },
        { name: "context", description: "Build context, a folder of the repository", default: "." },
        { name: "containerfile", description: "Containerfile, relative to the context", default: "Containerfile" },
        { name: "image", description: "Where the index is pushed to, as repository:tag" },
      ],
      workspaces: [
        { name: "shared", description: "A ReadWriteMany volume that nodes of every architecture mount" },
        { name: "dockerconfig", description: "Registry credentials: a file config.json or .dockerconfigjson", optional: true },
        ...workspaces,
      ],
      results: [
        { name: "IMAGE_URL", description: "Repository and tag of the index", value: "$(tasks.push.results.IMAGE_URL)" },
        { name: "IMAGE_DIGEST", description: "Digest of the index", value: "$(tasks.push.results.IMAGE_DIGEST)" },
        { name: "IMAGES", description: "repository@digest of each architecture's image", value: "$(tasks.push.results.IMAGES)" },
        // The names under which Tekton Chains looks for the origin of an image.
        { name: "CHAINS-GIT_URL", description: "Git repository", value: "$(tasks.clone.results.url)" },
        { name: "CHAINS-GIT_COMMIT", description: "Commit that was built", value: "$(tasks.clone.results.commit)" },
      ],
      tasks,
    },
  };
}

/** Builds a Containerfile on a node of each architecture. */
export function containerfile(architectures: Architecture[]): Pipeline {
  return pipeline("containerfile", "Builds a Containerfile natively for every architecture and pushes one index.", [
    clone(["source"]),
    ...architectures.map((architecture) => build(architecture, "source", "clone")),
    push(architectures),
  ]);
}

/** Node.js: every architecture has a source folder of its own, as node_modules may hold compiled modules. */
export function nodejs(architectures: Architecture[]): Pipeline {
  const source = (architecture: Architecture) => `source/${architecture}`;
  const install = (architecture: Architecture): PipelineTask => ({
    name: `npm-${architecture}`,
    displayName: `Install dependencies for ${architecture}`,
    taskRef: { name: "npm-build" },
    runAfter: ["clone"],
    params: [{ name: "source", value: source(architecture) }, pipelineParam("context")],
    workspaces: bind("shared", "npmrc"),
    retries,
    timeout: "20m0s",
  });
  return pipeline(
    "nodejs",
    "Installs a Node.js application's dependencies and builds its image natively for every architecture, and pushes one index.",
    [
      clone(architectures.map(source)),
      ...architectures.map(install),
      ...architectures.map((architecture) => build(architecture, source(architecture), `npm-${architecture}`)),
      push(architectures),
    ],
    [{ name: "npmrc", description: "npm's settings: a file .npmrc", optional: true }],
  );
}

/** Quarkus on the JVM: bytecode is compiled once and copied into the image of each architecture. */
export function quarkus(architectures: Architecture[]): Pipeline {
  const compile: PipelineTask = {
    name: "package",
    displayName: "Compile once for all architectures",
    taskRef: { name: "maven-package" },
    runAfter: ["clone"],
    params: [{ name: "source", value: "source" }, pipelineParam("context")],
    workspaces: bind("shared", "maven-settings"),
    retries,
    timeout: "20m0s",
  };
  return pipeline(
    "quarkus",
    "Compiles a Quarkus application once, builds its image natively for every architecture and pushes one index.",
    [clone(["source"]), compile, ...architectures.map((architecture) => build(architecture, "source", "package")), push(architectures)],
    [{ name: "maven-settings", description: "Maven's settings: a file settings.xml", optional: true }],
  );
}

export const pipelines: Record<PipelineKind, (architectures: Architecture[]) => Pipeline> = { containerfile, nodejs, quarkus };

/** Architecture of the nodes for tasks that could run anywhere: task images and Java are best tried on amd64. */
export const homeArchitecture = (architectures: Architecture[]): Architecture =>
  architectures.includes("amd64") ? "amd64" : architectures[0];

/** Where each task of a pipeline runs and as whom. A Pipeline cannot say this, only a run can. */
function taskRunSpecs(pipeline: Pipeline, architectures: Architecture[]): TaskRunSpec[] {
  return pipeline.spec.tasks.map((task) => {
    const architecture = architectures.find((candidate) => task.name.endsWith(`-${candidate}`)) ?? homeArchitecture(architectures);
    return {
      pipelineTaskName: task.name,
      serviceAccountName: accountOfTask[task.taskRef.name],
      podTemplate: { nodeSelector: { "kubernetes.io/arch": architecture }, automountServiceAccountToken: false },
    };
  });
}

/** The run of a build, still without a name: what it holds is what decides whether the image must be built again. */
export function runTemplate(source: BuildSource, architectures: Architecture[], environment: RunEnvironment): PipelineRun {
  const pipeline = pipelines[source.pipeline](architectures);
  const { registryCredentials, npmrc, mavenSettings } = environment.secrets;
  const declared = new Set(pipeline.spec.workspaces.map((workspace) => workspace.name));
  const secret = (name: string, secretName?: string): WorkspaceBinding[] =>
    secretName && declared.has(name) ? [{ name, secret: { secretName } }] : [];
  return {
    apiVersion: "tekton.dev/v1",
    kind: "PipelineRun",
    metadata: { namespace: environment.namespace },
    spec: {
      pipelineRef: { name: source.name },
      params: [
        { name: "url", value: source.repository },
        { name: "revision", value: source.revision },
        { name: "context", value: source.context },
        { name: "containerfile", value: source.containerfile },
        { name: "image", value: source.image },
      ],
      workspaces: [
        {
          name: "shared",
          // One volume for each run, so runs cannot meet in it. EFS does not care about the size, the API asks for one.
          volumeClaimTemplate: {
            spec: {
              accessModes: ["ReadWriteMany"],
              storageClassName: environment.storageClass,
              resources: { requests: { storage: "10Gi" } },
            },
          },
        },
        ...secret("dockerconfig", registryCredentials),
        ...secret("npmrc", npmrc),
        ...secret("maven-settings", mavenSettings),
      ],
      taskRunTemplate: { serviceAccountName: serviceAccounts.sources },
      taskRunSpecs: taskRunSpecs(pipeline, architectures),
      timeouts: { pipeline: "1h0m0s" },
    },
  };
}
