import type { Task } from "../../resources";
import type { TaskImages } from "../../task-images";
import { home, param, resources, script, sharedWorkspace, unprivileged, workspacePath } from "../shared";

/** Installs what an application needs at run time, on a node of the architecture that it is for. */
export const npmBuild = (images: TaskImages): Task => ({
  apiVersion: "tekton.dev/v1",
  kind: "Task",
  metadata: { name: "npm-build" },
  spec: {
    description: "Runs `npm ci --omit=dev` in a source folder: exactly the locked versions, natively compiled for this node.",
    params: [
      { name: "source", description: "Source folder of the shared volume, one per architecture" },
      { name: "context", description: "Folder with package.json and package-lock.json, relative to the source folder" },
    ],
    workspaces: [sharedWorkspace, { name: "npmrc", description: "npm's settings: a file .npmrc", optional: true, readOnly: true }],
    steps: [
      {
        name: "npm",
        image: images.nodejs,
        script: script("npm-build"),
        env: [
          param("SOURCE", "source"),
          param("CONTEXT", "context"),
          workspacePath("SHARED", "shared"),
          workspacePath("NPMRC", "npmrc"),
          home.env,
        ],
        securityContext: unprivileged,
        computeResources: resources.compile,
        volumeMounts: [home.mount],
      },
    ],
    volumes: [home.volume],
  },
});
