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

export const insecure = { name: "insecure", description: "Whether credentials may go over http://: true or false", default: "false" };
export const timestampResult = {
  name: "timestamp",
  description: "Time of the commit in seconds since 1970, the time that the image's files get",
};

/** Fetches one commit once, so that no two tasks of a run can see different ones, and without files: its image may be there already. */
export const clone = (image: string): StepPart =>
  stepOf({
    name: "clone",
    image,
    script: script("git-clone"),
    params: [
      { name: "url", description: gitUrl },
      { name: "revision", description: "Branch, tag or commit" },
      { name: "on-branch", description: "Branch that the commit must be on, as its tip or before it; empty: any commit", default: "" },
      gitFolder,
      insecure,
      params.tags,
    ],
    workspaces: [workspaces.gitCredentials, workspaces.trust],
    results: [commitResult, { name: "url", description: "Repository that it came from" }, timestampResult, branchResult],
    // Its pod has to be one in which buildah can look for the image; ssh wants a name for its user.
    securityContext: nobody,
    computeResources: resources.light,
    volumes: [sources],
  });
