import * as z from "zod";
import { defaults } from "../defaults";
import { isPinnedImage } from "../images";
import { label, text, whole } from "./parts";

export const pipelines = z
  .strictObject(
    {
      // Before 1.14 the operator does not know the feature that lets the pods of a run be on different nodes.
      channel: text(
        /^(?:latest|pipelines-1\.(?:1[4-9]|[2-9]\d))$/,
        '"latest" or a channel of OpenShift Pipelines from "pipelines-1.14" on, such as "pipelines-1.21"',
      ).default(defaults.pipelines.channel),
      keep: whole("the number of finished runs of a build to keep, from 3 to 1000", 3, 1000).default(defaults.pipelines.keep),
    },
    { error: "an object with channel and keep" },
  )
  .prefault({});

const taskImage = (image: string) =>
  z
    .string({ error: `an image with registry and tag or digest, such as "${image}"` })
    .refine(isPinnedImage, {
      error: `an image with registry and tag or digest, such as "${image}"`,
    })
    .default(image);
export const namespace = z
  .strictObject(
    {
      name: text(
        /^(?!default$|openshift$|openshift-|kube-)[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
        `${label}, at most 63 characters, not one of the cluster's own (openshift-*, kube-*, default)`,
      ).default(defaults.namespace.name),
      taskImages: z
        .strictObject(
          {
            buildah: taskImage(defaults.namespace.taskImages.buildah),
            nodejs: taskImage(defaults.namespace.taskImages.nodejs),
            maven: taskImage(defaults.namespace.taskImages.maven),
          },
          { error: "an object with buildah, nodejs and maven" },
        )
        .prefault({}),
    },
    { error: "an object with name and taskImages" },
  )
  .prefault({});
