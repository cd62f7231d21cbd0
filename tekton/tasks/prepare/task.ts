import type { Task } from "../../resources";
import { home, param, sharedWorkspace, sources } from "../shared";
import { prepareStep } from "./step";

/** What goes before the build of an image and is the same for every architecture: Gradle, generated code, a web page's assets. */
export const prepareOnce = (): Task => ({
  apiVersion: "tekton.dev/v1",
  kind: "Task",
  metadata: { name: "prepare-once" },
  spec: {
    description: "Runs a script in the sources, in an image of its own, and hands them on with the result.",
    params: [
      { name: "archive", description: "Archive of the shared volume with the sources" },
      { name: "packed", description: "Archive of the shared volume that gets the sources with the result" },
      { name: "context", description: "Folder that the script runs in, relative to the repository's root" },
      { name: "image", description: "Image with sh, tar and gzip, and with what the script calls" },
      { name: "script", description: "Text of the script: for sh -eu, or with a first line #!" },
      { name: "timestamp", description: "Time of the commit in seconds since 1970: SOURCE_DATE_EPOCH" },
      { name: "environment", type: "array", description: "Environment of the script, NAME=value each", default: [] },
    ],
    workspaces: [
      sharedWorkspace,
      { name: "trust", description: "Certification authorities to trust: a file ca-bundle.crt", optional: true, readOnly: true },
      { name: "build-secrets", description: "Files for the script, in the folder $BUILD_SECRETS", optional: true, readOnly: true },
    ],
    steps: [{ ...prepareStep, env: [param("PACKED", "packed"), ...prepareStep.env] }],
    volumes: [home.volume, sources.volume],
  },
});
