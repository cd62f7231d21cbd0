import { branchResult, commitResult, gitUrl } from "../git-resolve/step";
import { type StepPart, stepOf } from "../parts";
import { nobody, params, resources, script, workspaces } from "../shared";

export const gitFolder = {
  name: "git-folder",
  description:
    "Whether the sources keep their .git, with the history of the commit and all tags, and without any credentials: true or false",
  default: "false",
};

/** What is there already; the pipelines show it in the place of what the push would have. */
export const foundResult = {
  name: "found",
  description: "repository@digest of the index that is there already; empty where there is none",
};
export const keyResult = {
  name: "key",
  description: "Digest of all that decides what becomes of the image; empty where nothing was looked for, or another commit is built",
};
export const foundResults = [
  foundResult,
  { name: "found-members", description: "repository@digest of each architecture's image, separated by commas; empty where there is none" },
];

/**
 * Looks whether the image of this commit is there already, built in the same way from the same base images, and gives it the run's tags:
 * a pod for that alone would take longer than all the rest.
 */
export const find = (image: string): StepPart =>
  stepOf({
    name: "find",
    image,
    script: script("find-built"),
    params: [
      { name: "url", description: gitUrl },
      { ...params.image, description: "Image to look for, as repository:tag; empty: it is not looked for", default: "" },
      { ...params.architectures, default: [] },
      { name: "identity", type: "array", description: "What decides beside the commit what becomes of the image", default: [] },
      {
        name: "images",
        type: "array",
        description: "Images that something runs in which decides it, too: what their tags name today counts",
        default: [],
      },
      { name: "run", description: "A tag of what is found that is unique for each run; empty: it gets none", default: "" },
      params.tags,
      gitFolder,
      params.rebuild,
      params.insecureRegistries,
    ],
    workspaces: [workspaces.dockerconfig, workspaces.trust],
    results: [commitResult, branchResult, keyResult, ...foundResults],
    securityContext: nobody,
    computeResources: resources.copy,
  });
