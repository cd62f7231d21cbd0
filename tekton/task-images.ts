import { defaults } from "../config/defaults";

/** Container images that the steps of the tasks run in. Every one must exist for every architecture of the cluster. */
export interface TaskImages {
  /** bash and buildah 1.28 or newer. */
  buildah: string;
  /** bash, git, Node.js and npm. */
  nodejs: string;
  /** bash, a JDK and Maven. */
  maven: string;
  /** /syft of version 1. No shell is needed. */
  syft: string;
}

/**
 * Red Hat's freely usable images, by minor version: such a tag still gets security fixes. syft's own has a version's tag only; what writes
 * documents should be known exactly anyway.
 * To pin a build environment completely, set `namespace.taskImages` to references with a digest.
 */
export const defaultTaskImages: TaskImages = defaults.namespace.taskImages;
