import { foundResult, gitFolder, keyResult } from "../find-built/step";
import { commitResult, gitUrl, insecure, onBranch, revision } from "../git-resolve/step";
import { type StepPart, stepOf } from "../parts";
import { nobody, params, resources, script, sources, workspaces } from "../shared";

export const timestampResult = {
  name: "timestamp",
  description: "Time of the commit in seconds since 1970, the time that the image's files get; empty where its image is there already",
};

/**
 * Fetches the commit once, so that no two tasks of a run can see different ones, and hands its files on, unless its image is there already. Here
 * a typing error in a build's folder or Containerfile costs one pod instead of one for each architecture.
 */
export const clone = (image: string): StepPart =>
  stepOf({
    name: "clone",
    image,
    script: script("git-clone"),
    params: [
      { name: "url", description: gitUrl },
      revision,
      onBranch,
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
    results: [commitResult, timestampResult, keyResult, foundResult],
    securityContext: nobody,
    computeResources: resources.fetch,
    volumes: [sources],
  });
