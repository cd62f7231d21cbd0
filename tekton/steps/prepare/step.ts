import { type StepPart, stepOf } from "../parts";
import { compiling, params, script, workspaces } from "../shared";

/** A script of the user's own, in an image of the user's choice. */
export const prepare: StepPart = stepOf({
  name: "prepare",
  image: "$(params.image)",
  script: script("prepare"),
  written: [{ name: "image", description: "Container image that the script runs in; it needs sh" }],
  params: [
    { name: "script", description: "What is run, by sh in the build context" },
    params.context,
    params.timestamp,
    params.environment,
  ],
  workspaces: [workspaces.buildSecrets, workspaces.trust],
  ...compiling,
});
