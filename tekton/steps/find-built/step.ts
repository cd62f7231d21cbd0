import { commitResult, gitFolder, gitUrl } from "../git-clone/step";
import { type StepPart, stepOf } from "../parts";
import { nobody, params, resources, script, workspaces } from "../shared";

/** Looks whether the image of this commit is there already, built in the same way from the same base images. */
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
      gitFolder,
      params.rebuild,
      params.insecureRegistries,
    ],
    workspaces: [workspaces.dockerconfig, workspaces.trust],
    results: [
      commitResult,
      { name: "key", description: "Digest of all that decides what becomes of the image; empty where nothing was looked for" },
      { name: "found", description: "Digest of the image that is there already; empty where there is none" },
    ],
    securityContext: nobody,
    computeResources: resources.copy,
  });
