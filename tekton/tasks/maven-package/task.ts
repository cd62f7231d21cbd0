import type { Task } from "../../resources";
import type { TaskImages } from "../../task-images";
import { home, param, resources, script, sharedWorkspace, unprivileged, workspacePath } from "../shared";

/** Compiles a Java application once for all architectures: bytecode is the same everywhere. */
export const mavenPackage = (images: TaskImages): Task => ({
  apiVersion: "tekton.dev/v1",
  kind: "Task",
  metadata: { name: "maven-package" },
  spec: {
    description: "Runs `mvn package` in a source folder.",
    params: [
      { name: "source", description: "Source folder of the shared volume" },
      { name: "context", description: "Folder with pom.xml, relative to the source folder" },
    ],
    workspaces: [
      sharedWorkspace,
      { name: "maven-settings", description: "Maven's settings: a file settings.xml", optional: true, readOnly: true },
    ],
    steps: [
      {
        name: "maven",
        image: images.maven,
        script: script("maven-package"),
        env: [
          param("SOURCE", "source"),
          param("CONTEXT", "context"),
          workspacePath("SHARED", "shared"),
          workspacePath("MAVEN_SETTINGS", "maven-settings"),
          home.env,
        ],
        securityContext: unprivileged,
        computeResources: resources.compile,
        volumeMounts: [home.mount],
      },
    ],
    volumes: [home.volume],
  },
});
