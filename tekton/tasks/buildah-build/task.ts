import type { Task } from "../../resources";
import type { TaskImages } from "../../task-images";
import { dockerconfigWorkspace, home, param, resources, script, sharedWorkspace, storageLimit, workspacePath } from "../shared";

/** Builds the image of one architecture, on a node of that architecture, into a layout folder that no other task writes to. */
export const buildahBuild = (images: TaskImages): Task => ({
  apiVersion: "tekton.dev/v1",
  kind: "Task",
  metadata: { name: "buildah-build" },
  spec: {
    description: "Builds the image of one architecture and writes it as an OCI layout to the shared volume.",
    params: [
      { name: "architecture", description: "amd64 or arm64" },
      { name: "source", description: "Source folder of the shared volume" },
      { name: "context", description: "Build context, relative to the source folder" },
      { name: "containerfile", description: "Containerfile, relative to the context" },
      {
        name: "generated",
        description: "Folder of the context that an earlier task has made, to which an ignore file does not apply; empty for none",
        default: "",
      },
      { name: "layout", description: "Folder of the shared volume that gets the image" },
      { name: "commit", description: "Commit of the sources, for the image's label" },
      { name: "url", description: "Repository of the sources, for the image's label" },
      { name: "timestamp", description: "Time that the image and its files get, in seconds since 1970" },
    ],
    workspaces: [sharedWorkspace, dockerconfigWorkspace],
    steps: [
      {
        name: "build",
        image: images.buildah,
        script: script("buildah-build"),
        env: [
          param("ARCHITECTURE", "architecture"),
          param("SOURCE", "source"),
          param("CONTEXT", "context"),
          param("CONTAINERFILE", "containerfile"),
          param("GENERATED", "generated"),
          param("LAYOUT", "layout"),
          param("COMMIT", "commit"),
          param("URL", "url"),
          param("TIMESTAMP", "timestamp"),
          workspacePath("SHARED", "shared"),
          workspacePath("DOCKERCONFIG", "dockerconfig"),
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
        volumeMounts: [home.mount, { name: "containers", mountPath: "/var/lib/containers" }],
      },
    ],
    // Not in the container's own file system: overlay cannot be mounted upon overlay.
    volumes: [home.volume, { name: "containers", emptyDir: { sizeLimit: storageLimit } }],
  },
});
