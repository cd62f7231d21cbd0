import { type StepPart, stepOf } from "../parts";
import { params, resources, script, sources, unprivileged, workspaces } from "../shared";

export const maven = (image: string): StepPart =>
  stepOf({
    name: "maven",
    image,
    script: script("maven-package"),
    params: [params.context, params.timestamp, params.environment],
    workspaces: [workspaces.mavenSettings, workspaces.trust],
    securityContext: unprivileged,
    computeResources: resources.compile,
    volumes: [sources],
  });
