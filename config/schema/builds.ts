import * as z from "zod";
import { architectures } from "../architecture";
import { defaults } from "../defaults";
import { imagePatterns, isImageToPush, isPinnedImage, isRepository, withTag } from "../images";
import { label, oneOf, text, whole } from "./parts";

const insideRepository = (right: string) => text(/^(?![/-])(?!(?:.*\/)?\.\.(?:\/|$))[A-Za-z0-9._@+/ -]+$/, right);
const pipelineKinds = ["containerfile", "nodejs", "quarkus"] as const;
/** Whose sources are read without a name, or with a token that gitCredentials has. */
const openUrl = /(?:https?|git):\/\/[^\s/@?#]+\/[^\s?#]+/;
const sshHost = /[A-Za-z0-9._-]+@(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\])/;
/** The two forms of git-clone(1); their user is no secret, and there is no password. */
const sshUrl = new RegExp(`ssh:\\/\\/${sshHost.source}(?::\\d{1,5})?\\/[^\\s?#]+|${sshHost.source}:(?!\\/\\/)[^\\s?#:]+`);
const gitUrl = new RegExp(`^(?:${openUrl.source}|${sshUrl.source})$`);
const gitUrlText =
  'an https://, http:// or git:// address without user, password, query or fragment, such as "https://github.com/example/app.git", or one for ssh with its user, such as "git@github.com:example/app.git" or "ssh://git@example.com:2222/app.git"';

const revisionText = "a branch, a tag or a commit";
/** What git-check-ref-format(1) lets a name be; and no option. */
const gitName = /^(?![-/])(?!@$)(?!.*(?:\.\.|@\{|\/\/|[~^:?*[\\\x7f]))(?!(?:.*\/)?\.)(?!.*\.lock(?:\/|$))(?!.*[./]$)[!-\uffff]{1,250}$/;

const flag = (right: string, standard: boolean, description: string) =>
  z
    .boolean({ error: right })
    .default(standard)
    .meta({ description, examples: [!standard] });

/** What a shell, Node.js and Java take as a name alike. */
const variable = /^[A-Za-z_][A-Za-z0-9_]*$/;
const record = (key: RegExp, right: string) =>
  z
    .record(z.string().regex(key, { error: right }), z.string({ error: "a text, in quotes where it looks like a number or a yes or no" }), {
      error: right,
    })
    .default({});

const minutesOf = (what: string, standard: number) =>
  whole("minutes, from 1 to 1440", 1, 1440)
    .default(standard)
    .meta({ description: `Time that ${what} may take, the wait for a node included.`, unit: "minutes", examples: [standard * 2] });
const minutes = z
  .strictObject(
    {
      clone: minutesOf("the clone", defaults.build.minutes.clone),
      prepare: minutesOf(
        "what runs once before the image is built (Maven, a prepare step that is run once)",
        defaults.build.minutes.prepare,
      ),
      build: minutesOf("the build of one architecture, npm and a prepare step included,", defaults.build.minutes.build),
      push: minutesOf("the push, in each of two attempts,", defaults.build.minutes.push),
    },
    { error: "an object with clone, prepare, build and push" },
  )
  .prefault({})
  .meta({ description: "Time limits of the build's tasks; that of the whole run follows from them." });

const resources = z
  .strictObject(
    {
      cpu: whole("processors, from 1 to 192", 1, 192)
        .optional()
        .meta({ description: "Processors that a step which compiles or builds may use; 16 without it.", examples: [4] }),
      memory: whole("GiB, from 1 to 768", 1, 768)
        .optional()
        .meta({ description: "Memory that such a step may use; 16 without it.", unit: "GiB", examples: [32] }),
      storage: whole("GiB, from 10 to 1000", 10, 1000)
        .optional()
        .meta({
          description: "Disk of the node that such a step may use; 60 without it, 20 where nothing but a compiler runs.",
          unit: "GiB",
          examples: [120],
        }),
    },
    { error: "an object with cpu, memory and storage" },
  )
  .optional()
  .meta({ description: "What the steps that compile and build may use at most." });

const prepare = z
  .strictObject(
    {
      image: z
        .string({ error: 'an image with registry and tag or digest, such as "docker.io/library/golang:1.26"' })
        .refine(isPinnedImage, { error: 'an image with registry and tag or digest, such as "docker.io/library/golang:1.26"' })
        .meta({
          description: "Image that the script runs in; it needs sh, and to exist for the architectures of the build.",
          pattern: imagePatterns.pinned,
          examples: ["docker.io/library/golang:1.26"],
        }),
      script: z
        .string({ error: "the text of a shell script" })
        .regex(/\S/, { error: "the text of a shell script" })
        .meta({
          description: "Run by sh in the build context, as an ordinary user; what it makes there is part of the context.",
          examples: ["go build -o app ."],
        }),
      once: flag("true or false", false, "Whether it runs once for all architectures, as with bytecode; else it runs natively on each."),
    },
    { error: "an object with image and script" },
  )
  .optional()
  .meta({ description: "What runs before the image is built, with the pipeline containerfile: for Gradle, pnpm, Go, Rust and the like." });

const tagTemplate = /^(?:[A-Za-z0-9_]|\{(?:commit|branch)\})(?:[A-Za-z0-9._-]|\{(?:commit|branch)\})*$/;

export const build = z.strictObject(
  {
    name: text(/^(?=.{1,40}$)[a-z](?:[a-z0-9-]*[a-z0-9])?$/, `${label}, at most 40 characters`).meta({
      description: "Name of the build: that of its Pipeline, and the key under which the stack's outputs have its image.",
      examples: ["htop"],
    }),
    pipeline: oneOf(pipelineKinds).meta({
      description:
        "What is done before the image is built: containerfile nothing, nodejs npm ci (without development dependencies), quarkus mvn package. Each natively on each architecture.",
      examples: ["containerfile"],
    }),
    repository: z
      .string({ error: gitUrlText })
      .refine((value) => gitUrl.test(value) && (URL.canParse(value) || !value.includes("://")), { error: gitUrlText })
      .meta({
        description: "Git repository of the sources. One that not everybody may read needs gitCredentials.",
        pattern: gitUrl.source,
        examples: ["https://github.com/example/app.git"],
      }),
    revision: z
      .string({
        // 1234567, 0123456 and 12e4567 are numbers to YAML: what somebody wrote can no longer be told.
        error: ({ input }) =>
          typeof input === "number" ? `${revisionText} in quotes, without which YAML makes a number of it` : revisionText,
      })
      .regex(gitName, { error: revisionText })
      .default(defaults.build.revision)
      .meta({
        description: "What is built. A branch is not built again when it moves: name the new commit for that.",
        examples: ["v1.0.0"],
      }),
    context: insideRepository("a folder of the repository, relative and without ..")
      .default(defaults.build.context)
      .meta({
        description: "Folder of the repository that is built.",
        examples: ["examples/htop"],
      }),
    containerfile: text(
      /^(?!-|\/[/-])(?!(?:.*\/)?\.\.(?:\/|$))[A-Za-z0-9._@+/ -]+$/,
      "a file below the context, or with / in front below the repository's root, without ..",
    )
      .default(defaults.build.containerfile)
      .meta({
        description:
          "Containerfile (Dockerfile) of the image, relative to the context; one that begins with / is relative to the repository's root.",
        examples: ["src/main/docker/Dockerfile.jvm"],
      }),
    submodules: z
      .union([z.boolean(), z.array(insideRepository("a path in the repository")).min(1)], {
        error: "true, false, or a list of their paths",
      })
      .default(true)
      .meta({
        description: "Whether the repository's submodules are fetched, or the paths of those that are.",
        examples: [["vendor/library"]],
      }),
    lfs: flag("true or false", true, "Whether files of Git LFS are fetched; with false their pointers are built into the image."),
    gitFolder: flag("true or false", false, "Whether the sources keep their .git, for what reads the commit itself or copies the folder."),
    prepare,
    target: text(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "the name of a stage of the Containerfile")
      .optional()
      .meta({ description: "Stage of the Containerfile that becomes the image; without it the last one.", examples: ["runtime"] }),
    buildArgs: record(variable, "an object of names of ARGs and their texts").meta({
      description: "Values of the Containerfile's ARGs. They are seen in the image's history: secrets go into buildSecrets.",
      propertyNames: { pattern: variable.source },
      examples: [{ VERSION: "1.2.3" }],
    }),
    labels: record(/^[A-Za-z0-9](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?$/, "an object of names of labels and their texts").meta({
      description: "Labels of the image, beside org.opencontainers.image.revision and source.",
      examples: [{ "org.opencontainers.image.title": "htop" }],
    }),
    environment: record(variable, "an object of names of environment variables and their texts").meta({
      description: "Environment of npm, Maven and the prepare step.",
      propertyNames: { pattern: variable.source },
      examples: [{ MAVEN_ARGS: "-DskipTests" }],
    }),
    image: z
      .string({ error: 'where to push, such as "quay.io/example/app:latest"' })
      .refine(isImageToPush, { error: 'registry, lower-case repository and tag, without a digest, such as "quay.io/example/app:latest"' })
      .meta({
        description:
          "Where the manifest list of all architectures is pushed, with an entry of registryCredentials; no two builds push to the same. Without a tag it is latest.",
        pattern: imagePatterns.toPush,
        examples: ["quay.io/example/app:latest"],
      })
      .transform(withTag),
    tags: z
      .array(text(tagTemplate, "a tag, in which {commit} and {branch} stand for what was built"), { error: "a list of tags" })
      .default([])
      .meta({
        description:
          "More tags of the image. {commit} is the full commit id; one with {branch} is left out where revision is no branch or tag.",
        examples: [["{commit}", "{branch}-latest"]],
      }),
    cache: z
      .union([z.boolean(), z.string().refine(isRepository)], { error: 'true, false, or a repository, such as "quay.io/example/cache"' })
      .optional()
      .meta({
        description:
          "Where layers are kept from one build to the next: true for the image's repository with -cache and the architecture behind its name, or another repository. Without it they are kept for sources that anybody may read.",
        examples: [false],
      }),
    architectures: z
      .array(oneOf(architectures), { error: "a list of architectures" })
      .min(1, { error: "at least one architecture" })
      .optional()
      .meta({ description: "Architectures of this image, each of a pool; without it those of all pools.", examples: [["arm64"]] }),
    entitlement: flag("true or false", false, "Whether RUN instructions get the subscription of rhelEntitlement."),
    minutes,
    resources,
  },
  { error: "an object with name, pipeline, repository and image" },
);

type Parsed = z.output<typeof build>;

/**
 * A build with the repository that keeps its layers. Those of its stages hold the sources: by default only of such that anybody may read.
 * @param isPrivate whether the sources are read with credentials.
 */
export function completeBuild({ cache, ...rest }: Parsed, isPrivate: boolean): Omit<Parsed, "cache"> & { cache?: string } {
  if (typeof cache === "string") return { ...rest, cache };
  const kept = cache ?? !isPrivate;
  return { ...rest, ...(kept && { cache: `${rest.image.replace(/:[^:/]+$/, "")}-cache` }) };
}

export const builds = z
  .array(build, { error: "a list of objects with name, pipeline, repository and image" })
  .default([])
  .meta({ description: "Images to build and push, one entry each. pulumi up follows their runs." });
