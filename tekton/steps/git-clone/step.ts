import { type StepPart, stepOf } from "../parts";
import { nobody, params, resources, script, sources, workspaces } from "../shared";

/** What was fetched. */
export const commitResult = { name: "commit", description: "Full id of the commit" };
export const branchResult = {
  name: "branch",
  description: "Branch or tag as a part of an image's tag: fix/#123 is fix-123; empty for the id of a commit",
};
export const gitFolder = {
  name: "git-folder",
  description:
    "Whether the sources keep their .git, with the history of the commit and all tags, and without any credentials: true or false",
  default: "false",
};
export const gitUrl =
  "Repository: https://, http:// or git:// without a user or a query, ssh://USER@HOST/PATH or USER@HOST:PATH. Credentials come by the workspace git-credentials";

/**
 * Fetches one commit once and hands its files on, so that no two tasks of a run can see different commits.
 * Here a typing error in a build's folder or Containerfile costs one pod instead of one for each architecture.
 */
export const clone = (image: string): StepPart =>
  stepOf({
    name: "clone",
    image,
    script: script("git-clone"),
    params: [
      { name: "url", description: gitUrl },
      { name: "revision", description: "Branch, tag or commit" },
      { name: "on-branch", description: "Branch that the commit must be on, as its tip or before it; empty: any commit", default: "" },
      {
        name: "submodules",
        description: "Which submodules are fetched: true for all, false for none; or the paths of those that are wanted, one a line",
        default: "true",
      },
      { name: "lfs", description: "Whether files of Git LFS are fetched: true or false; with false they stay pointers", default: "true" },
      gitFolder,
      { name: "insecure", description: "Whether credentials may go over http://: true or false", default: "false" },
      { name: "context", description: "Folder that the commit must have, . for all of it; empty: not looked for", default: "" },
      { name: "containerfile", description: "File that this folder must have; empty: not looked for", default: "" },
      params.tags,
      { ...params.archive, description: "Archive of the shared volume that gets the sources, a .tar.gz", default: "sources.tar.gz" },
    ],
    workspaces: [workspaces.shared, workspaces.gitCredentials, workspaces.trust],
    results: [
      commitResult,
      { name: "url", description: "Repository that it came from" },
      { name: "timestamp", description: "Time of the commit in seconds since 1970, the time that the image's files get" },
      branchResult,
    ],
    // Its pod has to be one in which buildah can look for the image; ssh wants a name for its user.
    securityContext: nobody,
    computeResources: resources.light,
    volumes: [sources],
  });
