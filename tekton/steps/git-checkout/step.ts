import { foundResult } from "../find-built/step";
import { commitResult, gitFolder, gitUrl, insecure, timestampResult } from "../git-clone/step";
import { type StepPart, stepOf } from "../parts";
import { nobody, params, resources, script, sources, workspaces } from "../shared";

/**
 * Lays out the commit that the clone has fetched and hands its files on, unless its image is there already. Here a typing error in a build's
 * folder or Containerfile costs one pod instead of one for each architecture.
 */
export const checkout = (image: string): StepPart =>
  stepOf({
    name: "checkout",
    image,
    script: script("git-checkout"),
    params: [
      { name: "url", description: gitUrl },
      {
        name: "submodules",
        description: "Which submodules are fetched: true for all, false for none; or the paths of those that are wanted, one a line",
        default: "true",
      },
      { name: "lfs", description: "Whether files of Git LFS are fetched: true or false; with false they stay pointers", default: "true" },
      gitFolder,
      insecure,
      { name: "context", description: "Folder that the commit must have, . for all of it; empty: not looked for", default: "" },
      { name: "containerfile", description: "File that this folder must have; empty: not looked for", default: "" },
      { ...params.archive, description: "Archive of the shared volume that gets the sources, a .tar.gz", default: "sources.tar.gz" },
    ],
    workspaces: [workspaces.shared, workspaces.gitCredentials, workspaces.trust],
    results: [commitResult, timestampResult, foundResult],
    securityContext: nobody,
    computeResources: resources.light,
    volumes: [sources],
  });
