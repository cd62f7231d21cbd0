import { type StepPart, stepOf } from "../parts";
import { nobody, params, resources, script, sources, workspaces } from "../shared";

/**
 * Pushes the image of one architecture from the node that built it: no layer goes over the shared volume. It has no tag, so nothing is
 * published before the index is. A registry that collects what has no tag must keep it until the last architecture is built: Quay does for
 * an hour (quay, config.py, PUSH_TEMP_TAG_EXPIRATION_SEC).
 */
export const pushMember = (image: string): StepPart =>
  stepOf({
    name: "push",
    image,
    script: script("push-member"),
    params: [params.architecture, params.member, params.image, params.insecureRegistries],
    workspaces: [workspaces.shared, workspaces.dockerconfig, workspaces.trust],
    securityContext: nobody,
    computeResources: resources.light,
    volumes: [sources],
  });
