import type { Task } from "../../resources";
import type { TaskImages } from "../../task-images";
import { dockerconfigWorkspace, home, param, resources, script, sharedWorkspace, sources, storageLimit, workspacePath } from "../shared";

const buildSecretsWorkspace = {
  name: "build-secrets",
  description: "Secrets for `RUN --mount=type=secret,id=<file>`: each file is one, and none gets into the image",
  optional: true,
  readOnly: true,
};
const entitlementWorkspace = {
  name: "rhel-entitlement",
  description: "Certificate and key of a RHEL subscription, for RUN in /etc/pki/entitlement",
  optional: true,
  readOnly: true,
};
const trustWorkspace = {
  name: "trust",
  description: "Certificate authorities of registries: a file ca-bundle.crt (PEM)",
  optional: true,
  readOnly: true,
};

/** Builds the image of one architecture, on a node of that architecture, into a layout folder that no other task writes to. */
export const buildahBuild = (images: TaskImages): Task => ({
  apiVersion: "tekton.dev/v1",
  kind: "Task",
  metadata: { name: "buildah-build" },
  spec: {
    description: "Builds the image of one architecture and writes it as an OCI layout to the shared volume.",
    params: [
      { name: "architecture", description: "amd64 or arm64" },
      { name: "archive", description: "Archive of the sources, a file of the shared volume" },
      { name: "context", description: "Build context, a folder of the sources" },
      {
        name: "containerfile",
        description:
          "Containerfile, relative to the context, or to the sources' root if it begins with /; a Dockerfile stands in for a Containerfile",
      },
      {
        name: "generated",
        description: "Folder of the context that an earlier task has made, to which an ignore file does not apply; empty for none",
        default: "",
      },
      { name: "layout", description: "Folder of the shared volume that gets the image" },
      { name: "commit", description: "Commit of the sources, for the image's label" },
      { name: "url", description: "Repository of the sources, for the image's label" },
      {
        name: "timestamp",
        description:
          "Time of the commit in seconds since 1970: the image's, and SOURCE_DATE_EPOCH where the Containerfile declares that argument",
      },
      { name: "target", description: "Stage of the Containerfile to build; empty for the last one", default: "" },
      {
        name: "cache",
        description: "Repository that keeps layers for the next build of this image and architecture; empty for none",
        default: "",
      },
      { name: "build-args", type: "array", description: "Arguments for the Containerfile's ARG, each NAME=value", default: [] },
      { name: "labels", type: "array", description: "Labels of the image, each NAME=value", default: [] },
      {
        name: "insecure-registries",
        type: "array",
        description: "Registries, each host or host:port, that are asked by plain http or with a certificate that nobody checks",
        default: [],
      },
    ],
    workspaces: [sharedWorkspace, dockerconfigWorkspace, buildSecretsWorkspace, entitlementWorkspace, trustWorkspace],
    steps: [
      {
        name: "build",
        image: images.buildah,
        script: script("buildah-build"),
        args: [
          "--build-args",
          "$(params.build-args[*])",
          "--labels",
          "$(params.labels[*])",
          "--insecure-registries",
          "$(params.insecure-registries[*])",
        ],
        env: [
          param("ARCHITECTURE", "architecture"),
          param("ARCHIVE", "archive"),
          param("CONTEXT", "context"),
          param("CONTAINERFILE", "containerfile"),
          param("GENERATED", "generated"),
          param("LAYOUT", "layout"),
          param("COMMIT", "commit"),
          param("URL", "url"),
          param("TIMESTAMP", "timestamp"),
          param("TARGET", "target"),
          param("CACHE", "cache"),
          workspacePath("SHARED", "shared"),
          workspacePath("DOCKERCONFIG", "dockerconfig"),
          workspacePath("BUILD_SECRETS", "build-secrets"),
          workspacePath("RHEL_ENTITLEMENT", "rhel-entitlement"),
          workspacePath("TRUST", "trust"),
          sources.env,
          home.env,
        ],
        // What OpenShift's pipelines-scc lets a pod have: root inside the pod, the default capabilities and SETFCAP (packages set file
        // capabilities). What other runtimes give on top of OpenShift's defaults is dropped, so that a build that works elsewhere works there.
        // No seccomp profile: the SCC admits none to be named, and the default one would refuse buildah's user namespace.
        securityContext: {
          runAsUser: 0,
          allowPrivilegeEscalation: false,
          capabilities: { add: ["SETFCAP"], drop: ["AUDIT_WRITE", "MKNOD", "NET_RAW", "SYS_CHROOT"] },
        },
        computeResources: resources.image,
        volumeMounts: [home.mount, sources.mount, { name: "containers", mountPath: "/var/lib/containers" }],
      },
    ],
    // Not in the container's own file system: overlay cannot be mounted upon overlay.
    volumes: [home.volume, sources.volume, { name: "containers", emptyDir: { sizeLimit: storageLimit } }],
  },
});
