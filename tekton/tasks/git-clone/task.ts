import type { Task } from "../../resources";
import type { TaskImages } from "../../task-images";
import { home, param, resources, resultFile, script, sharedWorkspace, unprivileged, workspacePath } from "../shared";

/**
 * Fetches one commit once and lays its files into each of `folders`, so that no two tasks of a run can see different commits.
 * Here a typing error in a build's folder or Containerfile costs one pod instead of one for each architecture.
 * The folders hold plain files without a `.git`: a file system over the network is slow with many small ones.
 */
export const gitClone = (images: TaskImages): Task => ({
  apiVersion: "tekton.dev/v1",
  kind: "Task",
  metadata: { name: "git-clone" },
  spec: {
    description: "Fetches one commit and lays its files into one or more folders of the shared volume.",
    params: [
      {
        name: "url",
        description: "Public repository: https://, http:// or git://, without a user or a query. The pod has no key for ssh://",
      },
      { name: "revision", description: "Branch, tag or commit" },
      { name: "context", description: "Folder that the commit must have, . for all of it; empty: not looked for", default: "" },
      { name: "containerfile", description: "File that this folder must have; empty: not looked for", default: "" },
      { name: "folders", type: "array", description: "Folders of the shared volume that get the files" },
    ],
    workspaces: [sharedWorkspace],
    results: [
      { name: "commit", description: "Full id of the commit" },
      { name: "url", description: "Repository that it came from" },
      { name: "timestamp", description: "Time of the commit in seconds since 1970, the time that the image's files get" },
    ],
    steps: [
      {
        name: "clone",
        image: images.nodejs,
        script: script("git-clone"),
        args: ["$(params.folders[*])"],
        env: [
          param("URL", "url"),
          param("REVISION", "revision"),
          param("CONTEXT", "context"),
          param("CONTAINERFILE", "containerfile"),
          workspacePath("SHARED", "shared"),
          resultFile("RESULT_COMMIT", "commit"),
          resultFile("RESULT_URL", "url"),
          resultFile("RESULT_TIMESTAMP", "timestamp"),
          home.env,
        ],
        securityContext: unprivileged,
        computeResources: resources.light,
        volumeMounts: [home.mount],
      },
    ],
    volumes: [home.volume],
  },
});
