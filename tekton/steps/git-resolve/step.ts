import { type StepPart, stepOf } from "../parts";
import { nobody, params, resources, script, sources, workspaces } from "../shared";

export const commitResult = { name: "commit", description: "Full id of the commit" };
export const branchResult = {
  name: "branch",
  description: "Branch or tag as a part of an image's tag: fix/#123 is fix-123; empty for the id of a commit",
};
export const gitUrl =
  "Repository: https://, http:// or git:// without a user or a query, ssh://USER@HOST/PATH or USER@HOST:PATH. Credentials come by the workspace git-credentials";
export const revision = { name: "revision", description: "Branch, tag or commit" };
export const onBranch = {
  name: "on-branch",
  description: "Branch that the commit must be on, as its tip or before it; empty: any commit",
  default: "",
};
export const insecure = { name: "insecure", description: "Whether credentials may go over http://: true or false", default: "false" };

/** Asks the repository which commit is meant, without fetching it: its image may be there already. */
export const resolve = (image: string): StepPart =>
  stepOf({
    name: "resolve",
    image,
    script: script("git-resolve"),
    params: [{ name: "url", description: gitUrl }, revision, onBranch, insecure, params.tags],
    workspaces: [workspaces.gitCredentials, workspaces.trust],
    results: [commitResult, { name: "url", description: "Repository that it came from" }, branchResult],
    // Its pod has to be one in which buildah can look for the image; ssh wants a name for its user.
    securityContext: nobody,
    computeResources: resources.copy,
    volumes: [sources],
  });
