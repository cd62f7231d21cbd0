import type { Step } from "../../resources";
import type { TaskImages } from "../../task-images";
import { home, param, resources, script, sources, unprivileged, workspacePath } from "../shared";

/** Installs what an application needs at run time into the pod's copy of the sources, where a later step of the pod finds it. */
export const npmStep = (images: TaskImages): Step => ({
  name: "npm",
  image: images.nodejs,
  script: script("npm-build"),
  args: ["$(params.environment[*])"],
  env: [
    param("ARCHIVE", "archive"),
    param("CONTEXT", "context"),
    param("TIMESTAMP", "timestamp"),
    workspacePath("SHARED", "shared"),
    workspacePath("NPMRC", "npmrc"),
    workspacePath("TRUST", "trust"),
    sources.env,
    home.env,
  ],
  securityContext: unprivileged,
  computeResources: resources.compile,
  volumeMounts: [home.mount, sources.mount],
});
