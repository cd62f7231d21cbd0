import { verbatim } from "./verbatim";

/** How an image comes about: `containerfile` builds only; `nodejs` installs per architecture first; `quarkus` compiles once first. */
export type PipelineKind = "containerfile" | "nodejs" | "quarkus";

/** A step of the user's own before the image is built. */
export interface Prepare {
  /** Container image that the script runs in; it needs a shell. */
  image: string;
  /** Run by sh in the build context, as an ordinary user with a home directory. */
  script: string;
  /** Whether it runs once for all architectures, as what it makes is the same for each; else natively on each. @default false */
  once?: boolean;
}

/** Minutes that the tasks of a build may take, in each attempt, the wait for a node and for images included. */
export interface Minutes {
  /** @default 10 */
  clone?: number;
  /** npm, Maven, or a step of the user's own. @default 20 */
  prepare?: number;
  /** The image of one architecture. @default 40 */
  build?: number;
  /** @default 15 */
  push?: number;
}

/** What the steps that compile and build may use at most. */
export interface StepLimits {
  /** Processors. @default 16 */
  cpu?: number;
  /** GiB. @default 16 */
  memory?: number;
  /** GiB of the node's disk: sources, base images, unpacked, and the image's own layers. @default 60 */
  storage?: number;
}

/** What one image is built from, how, and where it goes. */
export interface BuildSource {
  /** Name of the build, and so of its Pipeline; its runs are called `<name>-<suffix>`. */
  name: string;
  pipeline: PipelineKind;
  /** Only with `containerfile`. */
  prepare?: Prepare;
  /** URL of the Git repository. */
  repository: string;
  /** Branch, tag or commit. */
  revision: string;
  /** Whether the repository's submodules are fetched, or the paths of those that are. @default true */
  submodules?: boolean | string[];
  /** Whether files of Git LFS are fetched. @default true */
  lfs?: boolean;
  /** Whether the sources keep their .git. @default false */
  gitFolder?: boolean;
  /** Build context: a folder of the repository, `.` for all of it. */
  context: string;
  /** Relative to `context`, or to the repository's root when it begins with a slash. */
  containerfile: string;
  /** Stage of the Containerfile that becomes the image. @default the last one */
  target?: string;
  /** Values of the Containerfile's ARGs. */
  buildArgs?: Record<string, string>;
  /** Labels of the image, beside those that name the commit. */
  labels?: Record<string, string>;
  /** Environment of npm, Maven and the step of the user's own. */
  environment?: Record<string, string>;
  /** Where the index is pushed to, as repository:tag. */
  image: string;
  /** More tags of the index, in which `{commit}` and `{branch}` stand for what was built. */
  tags?: string[];
  /** Repository that keeps layers from one build to the next, to which the architecture is added; without it nothing is kept. */
  cache?: string;
  /** Whether what npm, Maven or the step of the user's own has downloaded is kept from one run to the next. @default false */
  downloads?: boolean;
  /** Whether RUN instructions see the namespace's RHEL entitlement. @default false */
  entitlement?: boolean;
  minutes?: Minutes;
  resources?: StepLimits;
  /** How often in a row an update repeats the build when a run of it has lost a pod. @default 1 */
  retries?: number;
}

/** Elements of a list parameter: NAME=value, in an order of their own. */
const assignments = (values: Record<string, string> = {}): string[] =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${verbatim(value)}`)
    .sort();

/** What a build gives for each parameter that a pipeline may have. @param insecureRegistries registries that are spoken to by plain http. */
export const parametersOf = (source: BuildSource, insecureRegistries: readonly string[] = []): Record<string, string | string[]> => ({
  url: source.repository,
  revision: verbatim(source.revision),
  "on-branch": "",
  submodules: Array.isArray(source.submodules) ? source.submodules.join("\n") : String(source.submodules ?? true),
  lfs: String(source.lfs ?? true),
  insecure: String(insecureRegistries.includes(/^http:\/\/([^/]+)/.exec(source.repository)?.[1] ?? "")),
  "git-folder": String(source.gitFolder ?? false),
  context: source.context,
  containerfile: source.containerfile,
  target: source.target ?? "",
  "build-args": assignments(source.buildArgs),
  labels: assignments(source.labels),
  environment: assignments(source.environment),
  "prepare-image": source.prepare?.image ?? "",
  "prepare-script": verbatim(source.prepare?.script ?? ""),
  image: source.image,
  tags: [...(source.tags ?? [])],
  cache: source.cache ?? "",
  rebuild: "",
  "insecure-registries": [...insecureRegistries],
});
