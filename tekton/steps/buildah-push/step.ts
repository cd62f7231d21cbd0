import { type StepPart, stepOf } from "../parts";
import { nobody, params, resources, script, workspaces } from "../shared";

/** What was pushed; and the same under the names by which Tekton Chains looks for what to sign. */
export const pushResults = [
  { name: "image", description: "repository@digest of the index" },
  { name: "members", description: "repository@digest of each architecture's image, separated by commas" },
  { name: "IMAGE_URL", description: "Repository and tag of the index" },
  { name: "IMAGE_DIGEST", description: "Digest of the index" },
  { name: "IMAGES", description: "The members and the SBOMs of all" },
];

/**
 * Joins the images of all architectures, which the registry has, in one index and pushes it. Results are named as Tekton Chains expects them
 * (https://github.com/tektoncd/chains/blob/main/docs/slsa-provenance.md): it signs the index, and through `IMAGES` its members and the SBOMs.
 *
 * @param sboms whether it misses an SBOM that is not there.
 */
export const push = (image: string, sboms: boolean): StepPart =>
  stepOf({
    name: "push",
    image,
    script: script("buildah-push"),
    params: [
      params.image,
      params.tags,
      params.architectures,
      { name: "members", description: "Folder of the shared volume with what the index needs of the image of each architecture" },
      { name: "run", description: "A tag of the index that is unique for each run" },
      { name: "commit", description: "Commit that was built" },
      { name: "branch", description: "Branch or tag that was built, as a tag of an image; empty for a commit", default: "" },
      { name: "key", description: "What find has looked for; empty for nothing", default: "" },
      params.timestamp,
      {
        name: "sbom",
        description: "Whether each image has an SBOM, which is attached: true or false",
        default: String(sboms),
      },
      params.insecureRegistries,
    ],
    workspaces: [workspaces.shared, workspaces.dockerconfig, workspaces.trust],
    results: pushResults,
    securityContext: nobody,
    computeResources: resources.light,
  });
