import type { Architecture } from "../config/settings";
import type { Param, Pipeline, PipelineTask, WorkspaceDeclaration } from "./resources";

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

const layouts = "layouts";
const pipelineParam = (name: string): Param => ({ name, value: `$(params.${name})` });
const bind = (...names: string[]) => names.map((name) => ({ name, workspace: name }));

/**
 * Minutes that a task may take, in each attempt, the wait for a node and for its images included. Most take a tenth of it: what takes
 * longer hangs.
 */
const minutes = { clone: 10, dependencies: 20, build: 40, push: 15 } as const;

/**
 * Only the push is tried again: it costs seconds, and would else throw away all that was built because a registry hiccuped. What fails
 * in the other tasks (a wrong revision, a broken Containerfile, a test) fails again, so that a second attempt would only delay the
 * message; downloads are tried again by git-clone, npm, Maven and buildah themselves. A run that was lost with its node is
 * repeated by the next `pulumi up`.
 */
const retriesOfPush = 1;

/** As Go writes a duration, which is what the API gives back. */
export const duration = (total: number): string => (total < 60 ? `${total}m0s` : `${Math.floor(total / 60)}h${total % 60}m0s`);

/** The order in which a stack lists its pools is no difference between two builds. */
export const sorted = (architectures: readonly Architecture[]): Architecture[] => [...architectures].sort();

function clone(folders: string[]): PipelineTask {
  return {
    name: "clone",
    displayName: "Fetch the sources",
    taskRef: { name: "git-clone" },
    params: [
      pipelineParam("url"),
      pipelineParam("revision"),
      { name: "folders", value: folders },
      // Looked for here, where a typing error costs seconds and one pod.
      pipelineParam("context"),
      pipelineParam("containerfile"),
    ],
    workspaces: bind("shared"),
    timeout: duration(minutes.clone),
  };
}

/** @param generated folder in the context that an earlier task has made, which a .containerignore must not leave out. */
function build(architecture: Architecture, source: string, after: string, generated: string): PipelineTask {
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
      { name: "generated", value: generated },
      // Never one layout for two architectures: nothing locks its index.json (https://github.com/containers/image/issues/1028).
      { name: "layout", value: `${layouts}/${architecture}` },
      { name: "commit", value: "$(tasks.clone.results.commit)" },
      { name: "url", value: "$(tasks.clone.results.url)" },
      { name: "timestamp", value: "$(tasks.clone.results.timestamp)" },
    ],
    workspaces: bind("shared", "dockerconfig"),
    timeout: duration(minutes.build),
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
    retries: retriesOfPush,
    timeout: duration(minutes.push),
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
export function containerfile(given: Architecture[]): Pipeline {
  const architectures = sorted(given);
  return pipeline("containerfile", "Builds a Containerfile natively for every architecture and pushes one index.", [
    clone(["source"]),
    ...architectures.map((architecture) => build(architecture, "source", "clone", "")),
    push(architectures),
  ]);
}

/** Node.js: every architecture has a source folder of its own, as node_modules may hold compiled modules. */
export function nodejs(given: Architecture[]): Pipeline {
  const architectures = sorted(given);
  const source = (architecture: Architecture) => `source/${architecture}`;
  const install = (architecture: Architecture): PipelineTask => ({
    name: `npm-${architecture}`,
    displayName: `Install dependencies for ${architecture}`,
    taskRef: { name: "npm-build" },
    runAfter: ["clone"],
    params: [{ name: "source", value: source(architecture) }, pipelineParam("context")],
    workspaces: bind("shared", "npmrc"),
    timeout: duration(minutes.dependencies),
  });
  return pipeline(
    "nodejs",
    "Installs a Node.js application's dependencies and builds its image natively for every architecture, and pushes one index.",
    [
      clone(architectures.map(source)),
      ...architectures.map(install),
      ...architectures.map((architecture) => build(architecture, source(architecture), `npm-${architecture}`, "node_modules")),
      push(architectures),
    ],
    [{ name: "npmrc", description: "npm's settings: a file .npmrc", optional: true }],
  );
}

/** Quarkus on the JVM: bytecode is compiled once and copied into the image of each architecture. */
export function quarkus(given: Architecture[]): Pipeline {
  const architectures = sorted(given);
  const compile: PipelineTask = {
    name: "package",
    displayName: "Compile once for all architectures",
    taskRef: { name: "maven-package" },
    runAfter: ["clone"],
    params: [{ name: "source", value: "source" }, pipelineParam("context")],
    workspaces: bind("shared", "maven-settings"),
    timeout: duration(minutes.dependencies),
  };
  return pipeline(
    "quarkus",
    "Compiles a Quarkus application once, builds its image natively for every architecture and pushes one index.",
    [
      clone(["source"]),
      compile,
      ...architectures.map((architecture) => build(architecture, "source", "package", "target")),
      push(architectures),
    ],
    [{ name: "maven-settings", description: "Maven's settings: a file settings.xml", optional: true }],
  );
}

export const pipelines: Record<PipelineKind, (architectures: Architecture[]) => Pipeline> = { containerfile, nodejs, quarkus };
