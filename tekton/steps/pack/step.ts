import { type StepPart, stepOf } from "../parts";
import { params, resources, script, sources, unprivileged, workspaces } from "../shared";

/** Packs what the steps before it have made of the sources: one archive, as many small files are slow on a file system over the network. */
export const pack = (image: string): StepPart =>
  stepOf({
    name: "pack",
    image,
    script: script("pack"),
    params: [params.packed],
    workspaces: [workspaces.shared],
    securityContext: unprivileged,
    computeResources: resources.copy,
    atHome: false,
    volumes: [sources],
  });
