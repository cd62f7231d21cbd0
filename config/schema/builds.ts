import * as z from "zod";
import { type Architecture, architectures } from "../architecture";
import { defaults } from "../defaults";
import { imagePatterns, isImageToPush, isOfficial, withTag } from "../images";
import { gitName, revisionText } from "../revision";
import {
  buildArgs,
  cache,
  environment,
  flag,
  labels,
  minutes,
  ofAccount,
  ofArchitectures,
  prepare,
  resources,
  retries,
  tags,
} from "./build-parts";
import { label, oneOf, text, when } from "./parts";

// A blank in front of a name or behind it is a slip of the hand.
const folderPattern = /^(?![/ -])(?!(?:.*\/)?\.\.(?:\/|$))[A-Za-z0-9._@+/ -]*[A-Za-z0-9._@+/-]$/;
const insideRepository = (right: string) => text(folderPattern, right);
const submodulesText = "true, false, or a list of their paths";
const pipelineKinds = ["containerfile", "nodejs", "quarkus"] as const;
// No dollar: as a result of the clone the address is filled into the tasks behind it as it is, where $(NAME) means a variable.
/** Whose sources are read without a name, or with a token that gitCredentials has. */
const openUrl = /(?:https?|git):\/\/[^\s/@?#$]+\/[^\s?#$]+/;
const sshHost = /[A-Za-z0-9._-]+@(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\])/;
/** The two forms of git-clone(1); their user is no secret, and there is no password. */
const sshUrl = new RegExp(`ssh:\\/\\/${sshHost.source}(?::\\d{1,5})?\\/[^\\s?#$]+|${sshHost.source}:(?!\\/\\/)[^\\s?#$:]+`);
const gitUrl = new RegExp(`^(?:${openUrl.source}|${sshUrl.source})$`);
const gitUrlText =
  'an https://, http:// or git:// address without user, password, query, fragment or $ (%24), such as "https://github.com/example/app.git", or one for ssh with its user, such as "git@github.com:example/app.git" or "ssh://git@example.com:2222/app.git"';

/** Only the pipeline containerfile takes a step of the user's own: `checkBuilds` says so. */
const noOtherStep = when(
  { properties: { pipeline: { enum: ["nodejs", "quarkus"] } }, required: ["pipeline"] },
  { properties: { prepare: false } },
);

/** A revision that no push moves, or none that is known by this name: Git takes heads/main for refs/heads/main, a server's event has no such branch. */
export const noBranch = /^(?:HEAD|(?:heads|tags)\/.*|refs\/(?!heads\/).*|[0-9a-f]{40}|[0-9a-f]{64})$/;
// As checkBuild has it.
const triggerNeedsBranch = when({ required: ["trigger"] }, { properties: { revision: { not: { pattern: noBranch.source } } } });

export const build = z
  .strictObject(
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
          description:
            "Git repository of the sources. One that not everybody may read needs gitCredentials, or buildGitCredentials of its own.",
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
          description: "What is built. When a branch moves, pulumi up does not build it again: name the new commit, or see trigger.",
          examples: ["v1.0.0"],
        }),
      context: insideRepository("a folder of the repository, relative and without ..")
        .default(defaults.build.context)
        .meta({
          description: "Folder of the repository that is built.",
          examples: ["examples/htop"],
        }),
      containerfile: text(
        /^(?![ -]|\/[/ -])(?!(?:.*\/)?\.\.(?:\/|$))[A-Za-z0-9._@+/ -]*[A-Za-z0-9._@+-]$/,
        "a file below the context, or with / in front below the repository's root, without ..",
      )
        .default(defaults.build.containerfile)
        .meta({
          description:
            "Containerfile (Dockerfile) of the image, relative to the context; one that begins with / is relative to the repository's root.",
          examples: ["src/main/docker/Dockerfile.jvm"],
        }),
      submodules: z
        .union([z.boolean(), z.array(z.string())], { error: submodulesText })
        .refine((value) => typeof value === "boolean" || (value.length > 0 && value.every((path) => folderPattern.test(path))), {
          error: submodulesText,
        })
        .default(true)
        .meta({
          description: "Whether the repository's submodules are fetched, or the paths of those that are.",
          // For editors: what the second rule above says.
          anyOf: [{ type: "boolean" }, { type: "array", minItems: 1, items: { type: "string", pattern: folderPattern.source } }],
          examples: [["vendor/library"]],
        }),
      lfs: flag(true, "Whether files of Git LFS are fetched; with false their pointers are built into the image."),
      gitFolder: flag(false, "Whether the sources keep their .git, for what reads the commit itself or copies the folder."),
      prepare,
      target: text(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "the name of a stage of the Containerfile")
        .optional()
        .meta({ description: "Stage of the Containerfile that becomes the image; without it the last one.", examples: ["runtime"] }),
      buildArgs,
      labels,
      environment,
      image: z
        .string({ error: 'where to push, such as "quay.io/example/app:latest"' })
        .refine((value) => !isOfficial(value), { error: ofAccount, abort: true })
        .refine(isImageToPush, { error: 'registry, lower-case repository and tag, without a digest, such as "quay.io/example/app:latest"' })
        .meta({
          description:
            "Where the manifest list of all architectures is pushed, with an entry of registryCredentials; no two builds push to the same. Without a tag it is latest.",
          pattern: imagePatterns.toPush,
          examples: ["quay.io/example/app:latest"],
        })
        .transform(withTag),
      tags,
      cache,
      architectures: ofArchitectures,
      entitlement: flag(false, "Whether RUN instructions get the subscription of rhelEntitlement."),
      trigger: oneOf(["github", "gitlab"])
        .optional()
        .meta({
          description:
            "Whose pushes to the branch of revision start the build: github (and what sends the same: Forgejo, Gitea) or gitlab. They go to the output webhooks with the secret of the output webhookSecret; without it nothing listens.",
          examples: ["github"],
        }),
      rebuild: oneOf(["daily", "weekly", "monthly"])
        .optional()
        .meta({
          description: "How often the build is started anew, for newer base images and packages and for commits that no push told of.",
          examples: ["weekly"],
        }),
      minutes,
      resources,
      retries,
    },
    { error: "an object with name, pipeline, repository and image" },
  )
  .meta({ allOf: [noOtherStep, triggerNeedsBranch] });

type Parsed = z.output<typeof build>;

/**
 * A build with the repository that keeps its layers. Those of its stages hold the sources: by default only of such that anybody may read.
 * Downloads hold none, and stay in the cluster: they are kept of private sources, too.
 * @param isPrivate whether the sources are read with credentials.
 */
export function completeBuild(
  { cache, architectures: wanted, ...rest }: Parsed,
  isPrivate: boolean,
): Omit<Parsed, "cache"> & { cache?: string; downloads: boolean } {
  const kept = cache ?? !isPrivate;
  const keeper = typeof kept === "string" ? kept : `${rest.image.replace(/:[^:/]+$/, "")}-cache`;
  return { ...rest, ...(wanted && { architectures: inOrder(wanted) }), ...(kept && { cache: keeper }), downloads: cache !== false };
}

/** As those of the pools: a build is named after its inputs. */
const inOrder = (wanted: readonly Architecture[]) => architectures.filter((architecture) => wanted.includes(architecture));

export const builds = z
  .array(build, { error: "a list of objects with name, pipeline, repository and image" })
  .default([])
  .meta({ description: "Images to build and push, one entry each. pulumi up follows their runs." });
