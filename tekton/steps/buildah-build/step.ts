import { type StepPart, stepOf } from "../parts";
import { params, resources, script, sources, workspaces } from "../shared";

export const build = (image: string): StepPart =>
  stepOf({
    name: "build",
    image,
    script: script("buildah-build"),
    params: [
      params.architecture,
      params.archive,
      params.context,
      {
        name: "containerfile",
        description:
          "Containerfile, relative to the context, or to the sources' root if it begins with /; a Dockerfile stands in for a Containerfile",
      },
      { name: "target", description: "Stage of the Containerfile that becomes the image; empty: the last one", default: "" },
      {
        name: "generated",
        description: "Folder of the context that an earlier task has made, to which an ignore file does not apply; empty for none",
        default: "",
      },
      { name: "build-args", type: "array", description: "Values of the Containerfile's ARGs, as NAME=value", default: [] },
      { name: "labels", type: "array", description: "Labels of the image, as NAME=value", default: [] },
      { name: "cache", description: "Repository that keeps layers, to which the architecture is added; empty for none", default: "" },
      params.rebuild,
      params.insecureRegistries,
      { name: "commit", description: "Commit of the sources, for the image's label" },
      { name: "url", description: "Repository of the sources, for the image's label" },
      {
        ...params.timestamp,
        description:
          "Time of the commit in seconds since 1970: the image's, and SOURCE_DATE_EPOCH where the Containerfile declares that argument",
      },
    ],
    workspaces: [workspaces.shared, workspaces.dockerconfig, workspaces.buildSecrets, workspaces.rhelEntitlement, workspaces.trust],
    // What OpenShift's pipelines-scc lets a pod have: root inside the pod, the default capabilities and SETFCAP (packages set file
    // capabilities). What other runtimes give on top of OpenShift's defaults is dropped, so that a build that works elsewhere works there.
    // No seccomp profile: the SCC admits none to be named, and the default one would refuse buildah's user namespace.
    securityContext: {
      runAsUser: 0,
      allowPrivilegeEscalation: false,
      capabilities: { add: ["SETFCAP"], drop: ["AUDIT_WRITE", "MKNOD", "NET_RAW", "SYS_CHROOT"] },
    },
    computeResources: resources.image,
    // Storage not in the container's own file system: overlay cannot be mounted upon overlay.
    volumes: [sources, { volume: { name: "containers", emptyDir: {} }, mountPath: "/var/lib/containers" }],
  });
