import type { Task } from "../../resources";
import type { TaskImages } from "../../task-images";
import { home, sharedWorkspace, sources } from "../shared";
import { npmStep } from "./step";

/** Installs what an application needs at run time, on a node of the architecture that it is for. */
export const npmBuild = (images: TaskImages): Task => ({
  apiVersion: "tekton.dev/v1",
  kind: "Task",
  metadata: { name: "npm-build" },
  spec: {
    description:
      "Installs exactly the locked packages, natively compiled for this node, and builds the application if it has a script for that.",
    params: [
      { name: "archive", description: "Archive of the shared volume with the sources" },
      { name: "context", description: "Folder with package.json and package-lock.json, relative to the repository's root" },
      { name: "timestamp", description: "Time of the commit in seconds since 1970: SOURCE_DATE_EPOCH" },
      { name: "environment", type: "array", description: "Environment of npm, NAME=value each", default: [] },
    ],
    workspaces: [
      sharedWorkspace,
      { name: "npmrc", description: "npm's settings: a file .npmrc", optional: true, readOnly: true },
      { name: "trust", description: "Certification authorities to trust: a file ca-bundle.crt", optional: true, readOnly: true },
    ],
    steps: [npmStep(images)],
    volumes: [home.volume, sources.volume],
  },
});
