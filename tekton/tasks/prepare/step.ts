import type { Step } from "../../resources";
import { home, param, resources, script, sources, unprivileged, workspacePath } from "../shared";

/**
 * Runs a script of the build's settings in an image of its own. The task has the params archive, context, image, script, timestamp and
 * environment, and the workspaces shared, trust and build-secrets.
 */
export const prepareStep: Step = {
  name: "prepare",
  image: "$(params.image)",
  script: script("prepare"),
  args: ["$(params.environment[*])"],
  env: [
    param("ARCHIVE", "archive"),
    param("CONTEXT", "context"),
    param("SCRIPT", "script"),
    param("TIMESTAMP", "timestamp"),
    workspacePath("SHARED", "shared"),
    workspacePath("TRUST", "trust"),
    workspacePath("BUILD_SECRETS", "build-secrets"),
    sources.env,
    home.env,
  ],
  securityContext: unprivileged,
  computeResources: resources.compile,
  volumeMounts: [home.mount, sources.mount],
};
