import * as z from "zod";
import { defaults } from "../defaults";
import { imagePatterns, isOfficial, isPinnedImage, isRepository } from "../images";
import { architectureName } from "./machines";
import { whole } from "./parts";

export const flag = (standard: boolean, description: string) =>
  z
    .boolean({ error: "true or false" })
    .default(standard)
    .meta({ description, examples: [!standard] });

/** Names and their texts; a name that is wrong is answered with what one may be. */
const names = (pattern: RegExp, right: string, name: string) =>
  z
    .record(z.string(), z.string({ error: "a text, in quotes where it looks like a number, or like true and false" }), { error: right })
    .superRefine((value, context) => {
      for (const key of Object.keys(value)) if (!pattern.test(key)) context.addIssue({ code: "custom", path: [key], message: name });
    })
    .default({})
    .meta({ propertyNames: { pattern: pattern.source } });

/** What a shell, Node.js and Java take as a name alike. As a key of an object, __proto__ is none. */
const variable = /^(?!__proto__$)[A-Za-z_][A-Za-z0-9_]*$/;
const variableText = "a name of letters, digits and _, without a digit first";

/**
 * Without those that tell the platform: buildah sets them for each architecture, but to one that is given it gives "priority"
 * (containers/buildah, imagebuildah/build.go), and every member of the image would be built for the same architecture.
 */
const argument = /^(?!__proto__$|(?:TARGET|BUILD)(?:PLATFORM|OS|ARCH|VARIANT)$)[A-Za-z_][A-Za-z0-9_]*$/;
const argumentText = `${variableText}, and none of TARGETARCH, TARGETPLATFORM and the like, which the build sets for each architecture`;
export const buildArgs = names(argument, "an object of names of ARGs and their texts", argumentText).meta({
  description: "Values of the Containerfile's ARGs. They are seen in the image's history: secrets go into buildSecrets.",
  examples: [{ VERSION: "1.2.3" }],
});

export const environment = names(variable, "an object of names of variables and their texts", variableText).meta({
  description: "Environment of npm, Maven and the prepare step. The image does not get it.",
  examples: [{ MAVEN_ARGS: "-DskipTests" }],
});

/** Those that say which commit an image is of are the program's own. */
const labelName = /^(?!org\.opencontainers\.image\.(?:revision|source)$)[A-Za-z0-9](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?$/;
export const labels = names(
  labelName,
  "an object of names of labels and their texts",
  "a name of letters, digits and ._/-, other than org.opencontainers.image.revision and source, which the build sets",
).meta({
  description: "Labels of the image, beside org.opencontainers.image.revision and source, which say what it was built from.",
  examples: [{ "org.opencontainers.image.title": "htop" }],
});

const tagTemplate = /^(?![.-])(?:[A-Za-z0-9._-]|\{(?:commit|branch)\}){1,128}$/;
/** With the id of a commit in its place, and the shortest name of a branch; https://github.com/distribution/reference, TagRegexp. */
const fits = (template: string) => template.replaceAll("{commit}", "c".repeat(40)).replaceAll("{branch}", "b").length <= 128;
const tagText = "a tag of at most 128 characters, in which {commit} (40 of them) and {branch} stand for what was built";
export const tags = z
  .array(z.string({ error: tagText }).regex(tagTemplate, { error: tagText, abort: true }).refine(fits, { error: tagText }), {
    error: "a list of tags",
  })
  .default([])
  .meta({
    description:
      "More tags of the image. {commit} is the full commit id; one with {branch} is left out where revision is no branch or tag.",
    uniqueItems: true,
    examples: [["{commit}", "{branch}-latest"]],
  });

export const ofAccount =
  'a repository of an account of Docker Hub, such as "docker.io/example/app:latest": nobody but Docker pushes to others';
const cacheText = 'true, false, or a repository without a tag, such as "quay.io/example/cache"';
export const cache = z
  .union(
    [
      z.boolean(),
      z
        .string()
        .refine((value) => isRepository(value) && !isOfficial(value), { error: cacheText })
        .meta({ pattern: imagePatterns.repository }),
    ],
    {
      error: cacheText,
    },
  )
  .optional()
  .meta({
    description:
      "Where layers are kept from one build to the next: true for the image's repository with -cache and the architecture behind its name, or another repository, to which the architecture is added. Without it they are kept for sources that anybody may read. What npm, Maven and the prepare step download is kept in the cluster in any case but false.",
    errorMessage: cacheText,
    examples: [false],
  });

export const ofArchitectures = z
  .array(architectureName, { error: "a list of architectures" })
  .min(1, { error: "at least one architecture" })
  .optional()
  .meta({
    description: "Architectures of this image, each of a pool; without it those of all pools.",
    uniqueItems: true,
    examples: [["arm64"]],
  });

const minutesOf = (what: string, standard: number) =>
  whole("minutes, from 1 to 1440", 1, 1440)
    .default(standard)
    .meta({ description: `Time that ${what} may take, the wait for a node included.`, unit: "minutes", examples: [standard * 2] });
/** Time limits of a build's tasks. */
export const minutes = z
  .strictObject(
    {
      clone: minutesOf("the clone", defaults.build.minutes.clone),
      prepare: minutesOf("what runs before the image is built (npm, Maven or a prepare step)", defaults.build.minutes.prepare),
      build: minutesOf("the build of one architecture's image", defaults.build.minutes.build),
      push: minutesOf("the push, in each of two attempts,", defaults.build.minutes.push),
    },
    { error: "an object with clone, prepare, build and push" },
  )
  .prefault({})
  .meta({ description: "Time limits of the build's tasks; that of the whole run follows from them." });

/** What a second try can mend is tried again; a command of the build that fails is not. */
export const retries = whole("times, from 0 to 5", 0, 5)
  .default(defaults.build.retries)
  .meta({
    description:
      "How often in a row pulumi up repeats the build when a pod of it was lost, as with its node; never when a command of it failed.",
    examples: [3],
  });

/** What the steps that compile and build may use at most. */
export const resources = z
  .strictObject(
    {
      cpu: whole("processors, from 1 to 192", 1, 192)
        .optional()
        .meta({
          description: "Processors that a step which compiles or builds may use; 16 without it.",
          unit: "processors",
          examples: [4],
        }),
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

const imageText = 'an image with registry and tag or digest, such as "docker.io/library/golang:1.26"';
/** A step of the user's own before the image is built. */
export const prepare = z
  .strictObject(
    {
      image: z
        .string({ error: imageText })
        .refine(isPinnedImage, { error: imageText })
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
      once: flag(false, "Whether it runs once for all architectures, as with bytecode; else it runs natively on each."),
    },
    { error: "an object with image and script" },
  )
  .optional()
  .meta({ description: "What runs before the image is built, with the pipeline containerfile: for Gradle, pnpm, Go, Rust and the like." });
