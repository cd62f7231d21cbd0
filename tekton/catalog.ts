import { version } from "../package.json";
import type { ObjectMeta, Pipeline, Task } from "./resources";

/**
 * What catalogs of tasks read of an object beside its spec: Artifact Hub, and before it Tekton's own
 * (https://github.com/tektoncd/catalog, README.md, "Catalog Structure").
 */

interface Entry {
  displayName: string;
  /** Of the list in Tekton's catalog: https://github.com/tektoncd/hub/blob/main/config.yaml, `categories`. */
  categories: string;
  tags: string;
}

/**
 * The oldest Tekton Pipelines that takes the objects as they are: from 0.50 on, a step may name the workspaces that it gets without a
 * feature flag (tektoncd/pipeline, docs/additional-configs.md, "Isolated Step & Sidecar Workspaces": beta in v0.50.0). Its own validation
 * takes them all; that of 0.49.0 refuses the tasks of several steps.
 */
const minVersion = "0.50.0";
/** What the default images of the tasks exist for, and the program builds on. */
const platforms = "linux/amd64,linux/arm64";

const entries: Partial<Record<string, Entry>> = {
  "git-clone": { displayName: "Clone once, for all architectures", categories: "Git", tags: "git, multi-arch" },
  "npm-build": { displayName: "npm, natively", categories: "Build Tools", tags: "nodejs, npm, build-tool, multi-arch" },
  "maven-package": {
    displayName: "Maven, once for all architectures",
    categories: "Build Tools",
    tags: "java, maven, build-tool, multi-arch",
  },
  prepare: { displayName: "A script before the image", categories: "Build Tools", tags: "build-tool, multi-arch" },
  "buildah-build": { displayName: "Image of one architecture", categories: "Image Build", tags: "image-build, buildah, multi-arch" },
  "buildah-push": {
    displayName: "One index of all architectures",
    categories: "Image Build",
    tags: "image-build, buildah, multi-arch, manifest-list",
  },
  containerfile: { displayName: "Multi-architecture image", categories: "Image Build", tags: "image-build, multi-arch" },
  prepared: { displayName: "Multi-architecture image, prepared natively", categories: "Image Build", tags: "image-build, multi-arch" },
  "prepared-once": { displayName: "Multi-architecture image, prepared once", categories: "Image Build", tags: "image-build, multi-arch" },
  nodejs: {
    displayName: "Multi-architecture image of a Node.js application",
    categories: "Image Build",
    tags: "image-build, nodejs, multi-arch",
  },
  quarkus: {
    displayName: "Multi-architecture image of a Quarkus application",
    categories: "Image Build",
    tags: "image-build, java, multi-arch",
  },
};

/** An object with the metadata that catalogs expect. The version is this program's. */
export function described<T extends Task | Pipeline>(object: T): T & { metadata: ObjectMeta & { name: string } } {
  const { name = "" } = object.metadata;
  const entry = entries[name];
  return {
    ...object,
    metadata: {
      ...object.metadata,
      name,
      labels: { ...object.metadata.labels, "app.kubernetes.io/version": version },
      annotations: {
        ...object.metadata.annotations,
        "tekton.dev/pipelines.minVersion": minVersion,
        ...(entry && {
          "tekton.dev/displayName": entry.displayName,
          "tekton.dev/categories": entry.categories,
          "tekton.dev/tags": entry.tags,
        }),
        "tekton.dev/platforms": platforms,
      },
    },
  };
}
