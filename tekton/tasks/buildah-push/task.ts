import type { Task } from "../../resources";
import type { TaskImages } from "../../task-images";
import { dockerconfigWorkspace, home, param, resources, resultFile, script, sharedWorkspace, workspacePath } from "../shared";

/**
 * Joins the layouts of all architectures in one index and pushes it. Results are named as Tekton Chains expects them
 * (https://github.com/tektoncd/chains/blob/main/docs/slsa-provenance.md): it signs the index, and through `IMAGES` its members.
 */
export const buildahPush = (images: TaskImages): Task => ({
  apiVersion: "tekton.dev/v1",
  kind: "Task",
  metadata: { name: "buildah-push" },
  spec: {
    description:
      "Joins the image layouts of all architectures in one index, pushes it and reads it back; or gives an index that is there already its tags.",
    params: [
      { name: "image", description: "Where the index goes, as repository:tag" },
      { name: "architectures", type: "array", description: "Architectures of the index, no more and no fewer" },
      { name: "layouts", description: "Folder of the shared volume that holds one layout per architecture" },
      { name: "run", description: "A second tag of the index, unique for each run" },
      { name: "commit", default: "", description: "Commit that was built, 40 hexadecimal digits: {commit} in a tag" },
      { name: "branch", default: "", description: "Branch or tag that was built, as a tag of images may be called: {branch} in a tag" },
      {
        name: "tags",
        type: "array",
        default: [],
        description:
          "More tags, in which {commit}, {commit:7} and {branch} are filled in; those with {branch} are left out where branch is empty",
      },
      { name: "key", default: "", description: "What decides the image, 40 hexadecimal digits: a later run finds the index by it" },
      { name: "found", default: "", description: "Digest of an index that is built already and gets the tags; no layouts are needed then" },
      { name: "insecure-registries", type: "array", default: [], description: "Registries (host or host:port) that speak plain http" },
    ],
    workspaces: [
      sharedWorkspace,
      dockerconfigWorkspace,
      {
        name: "trust",
        description: "Certificate authorities that are trusted besides the system's: a file ca-bundle.crt in PEM format",
        optional: true,
        readOnly: true,
      },
    ],
    results: [
      { name: "IMAGE_URL", description: "Repository and tag of the index" },
      { name: "IMAGE_DIGEST", description: "Digest of the index" },
      { name: "IMAGES", description: "repository@digest of each architecture's image, separated by commas" },
    ],
    steps: [
      {
        name: "push",
        image: images.buildah,
        script: script("buildah-push"),
        args: [
          "--architectures",
          "$(params.architectures[*])",
          "--tags",
          "$(params.tags[*])",
          "--insecure-registries",
          "$(params.insecure-registries[*])",
        ],
        env: [
          param("IMAGE", "image"),
          param("LAYOUTS", "layouts"),
          param("RUN", "run"),
          param("COMMIT", "commit"),
          param("BRANCH", "branch"),
          param("KEY", "key"),
          param("FOUND", "found"),
          workspacePath("SHARED", "shared"),
          workspacePath("DOCKERCONFIG", "dockerconfig"),
          workspacePath("TRUST", "trust"),
          resultFile("RESULT_IMAGE_URL", "IMAGE_URL"),
          resultFile("RESULT_IMAGE_DIGEST", "IMAGE_DIGEST"),
          resultFile("RESULT_IMAGES", "IMAGES"),
          home.env,
        ],
        // Started by an ordinary user, buildah makes itself a user namespace, even for this. The runtimes' default seccomp profile
        // refuses that to a container without CAP_SYS_ADMIN, so none is asked for (and the service account's SCC must not force one).
        // The user must have a name in the image: `nobody` has the same id in Red Hat's and in Debian's images.
        securityContext: { runAsNonRoot: true, runAsUser: 65534, allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
        computeResources: resources.light,
        volumeMounts: [home.mount],
      },
    ],
    volumes: [home.volume],
  },
});
