import { type StepPart, stepOf } from "../parts";
import { compiling, params, script, workspaces } from "../shared";

export const maven = (image: string): StepPart =>
  stepOf({
    name: "maven",
    image,
    script: script("maven-package"),
    params: [params.context, params.timestamp, params.environment],
    workspaces: [workspaces.mavenSettings, workspaces.trust],
    ...compiling,
  });
