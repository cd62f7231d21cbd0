import { type StepPart, stepOf } from "../parts";
import { compiling, params, script, workspaces } from "../shared";

/** Installs what an application needs at run time, on a node of the architecture that it is for. */
export const npm = (image: string): StepPart =>
  stepOf({
    name: "npm",
    image,
    script: script("npm-build"),
    params: [params.context, params.timestamp, params.environment],
    workspaces: [workspaces.npmrc, workspaces.trust],
    ...compiling,
  });
