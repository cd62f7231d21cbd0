import * as z from "zod";
import { certificatePattern, exampleAuthority, trustProblem, trustText } from "../certificates";
import { defaults } from "../defaults";
import { imagePatterns, isPinnedImage, registryPattern } from "../images";
import { label, text, whole } from "./parts";

/** Whether the operator of a channel can make a key for signatures: from 1.17 on (tektoncd/operator 0.74, `generateSigningSecret`). */
export const makesKeys = (channel: string): boolean => !/^pipelines-1\.1[4-6]$/.test(channel);

/** Whether the webhook of a channel's Tekton Triggers lets a listener's container say what it may do: from 0.32, which is of 1.19, on (`containerFieldMaskForKubernetes`). */
export const takesListenersContext = (channel: string): boolean => !/^pipelines-1\.1[4-8]$/.test(channel);

export const pipelines = z
  .strictObject(
    {
      // Before 1.14 the operator does not know the feature that lets the pods of a run be on different nodes.
      channel: text(
        /^(?:latest|pipelines-1\.(?:1[4-9]|[2-9]\d))$/,
        '"latest" or a channel of OpenShift Pipelines from "pipelines-1.14" on, such as "pipelines-1.21"',
      )
        .default(defaults.pipelines.channel)
        .meta({
          description: "Channel of the operator's Subscription: which OpenShift Pipelines is installed and followed.",
          examples: ["pipelines-1.21"],
        }),
      keep: whole("the number of finished runs of a build to keep, from 3 to 1000", 3, 1000)
        .default(defaults.pipelines.keep)
        .meta({ description: "Finished runs of each build that the pruner leaves.", unit: "runs", examples: [50] }),
      sign: z
        .boolean({ error: "true, or false for images that nobody signs" })
        .default(defaults.pipelines.sign)
        .meta({
          description: "Whether Tekton Chains signs every image and attaches its provenance, as tags `sha256-*` of its repository.",
          examples: [false],
        }),
      sbom: z
        .boolean({ error: "true, or false for images without an SBOM" })
        .default(defaults.pipelines.sbom)
        .meta({
          description: "Whether every image gets a list of what is in it (SBOM, in SPDX), attached by a tag `sha256-*` of its repository.",
          examples: [false],
        }),
    },
    { error: "an object with channel, keep, sign and sbom" },
  )
  .prefault({})
  .meta({ description: "OpenShift Pipelines: the operator, its pruner, and what signs and describes images." });

const taskImage = (image: string, description: string) =>
  z
    .string({ error: `an image with registry and tag or digest, such as "${image}"` })
    .refine(isPinnedImage, { error: `an image with registry and tag or digest, such as "${image}"` })
    .default(image)
    .meta({
      description,
      pattern: imagePatterns.pinned,
      examples: [image.replace(/^[^/]+/, "mirror.example.com:5000")],
    });
const taskImages = z
  .strictObject(
    {
      buildah: taskImage(defaults.namespace.taskImages.buildah, "Image of the tasks that build and push."),
      nodejs: taskImage(defaults.namespace.taskImages.nodejs, "Image of the tasks that clone, and that run npm."),
      maven: taskImage(defaults.namespace.taskImages.maven, "Image of the task that runs Maven."),
      syft: taskImage(defaults.namespace.taskImages.syft, "Image of the step that lists what is in an image, with the program /syft."),
    },
    { error: "an object with buildah, nodejs, maven and syft" },
  )
  .prefault({})
  .meta({
    description: "Images that the tasks run in, for all architectures of the pools. Private ones are pulled with registryCredentials.",
  });

export const namespace = z
  .strictObject(
    {
      name: text(
        /^(?!default$|openshift$|openshift-|kube-)[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
        `${label}, at most 63 characters, not one of the cluster's own (openshift-*, kube-*, default)`,
      )
        .default(defaults.namespace.name)
        .meta({ description: "Name of the namespace, which the program makes.", examples: ["builds"] }),
      taskImages,
      trustBundle: z
        .string({ error: trustText })
        .superRefine((value, context) => {
          const message = trustProblem(value);
          if (message) context.addIssue({ code: "custom", message });
        })
        .optional()
        .meta({
          description:
            "Certificates of authorities that builds trust in addition: for Git, npm, Maven and registries. They are not in the images.",
          pattern: certificatePattern,
          not: { pattern: "PRIVATE KEY-----" },
          errorMessage: trustText,
          examples: [exampleAuthority],
        }),
      insecureRegistries: z
        .array(text(registryPattern, 'a registry as host or host:port, such as "registry.example.com:5000"'), {
          error: "a list of registries",
        })
        .default([])
        .meta({
          uniqueItems: true,
          description:
            "Registries that builds speak to by plain http: whoever is on the way can read the credentials and change what is built.",
          examples: [["registry.example.com:5000"]],
        }),
    },
    { error: "an object with name, taskImages, trustBundle and insecureRegistries" },
  )
  .prefault({})
  .meta({ description: "The namespace in which the pipelines run." });
