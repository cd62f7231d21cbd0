import type { Task } from "../../resources";
import type { TaskImages } from "../../task-images";
import { home, modest, param, resultFile, script, sharedWorkspace, unprivileged, workspacePath } from "../shared";

/**
 * Fetches one commit once and lays its files into each of `folders`, so that no two tasks of a run can see different commits.
 * The folders hold plain files without a `.git`: a file system over the network is slow with many small ones.
 */
export const gitClone = (images: TaskImages): Task => ({
  apiVersion: "tekton.dev/v1",
  kind: "Task",
  metadata: { name: "git-clone" },
  spec: {
    description: "Fetches one commit and lays its files into one or more folders of the shared volume.",
    params: [
      { name: "url", description: "Repository: https://, ssh:// or git://" },
      { name: "revision", description: "Branch, tag or commit" },
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
          workspacePath("SHARED", "shared"),
          resultFile("RESULT_COMMIT", "commit"),
          resultFile("RESULT_URL", "url"),
          resultFile("RESULT_TIMESTAMP", "timestamp"),
          home.env,
        ],
        securityContext: unprivileged,
        computeResources: modest,
        volumeMounts: [home.mount],
      },
    ],
    volumes: [home.volume],
  },
});
