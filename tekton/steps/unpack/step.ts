import { type StepPart, stepOf } from "../parts";
import { params, resources, script, sources, unprivileged, workspaces } from "../shared";

/** Unpacks the sources for the steps behind it: what they run, code of third parties included, never sees the shared volume. */
export const unpack = (image: string): StepPart =>
  stepOf({
    name: "unpack",
    image,
    script: script("unpack"),
    params: [params.archive],
    workspaces: [workspaces.shared],
    securityContext: unprivileged,
    computeResources: resources.copy,
    atHome: false,
    volumes: [sources],
  });
