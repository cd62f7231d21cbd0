import type { Task } from "../../resources";
import type { TaskImages } from "../../task-images";
import { home, param, resources, script, sharedWorkspace, sources, unprivileged, workspacePath } from "../shared";

/** Compiles a Java application once for all architectures: bytecode is the same everywhere. */
export const mavenPackage = (images: TaskImages): Task => ({
  apiVersion: "tekton.dev/v1",
  kind: "Task",
  metadata: { name: "maven-package" },
  spec: {
    description: "Runs `mvn package`, by the repository's ./mvnw if it has one, and hands on the sources with the result.",
    params: [
      { name: "archive", description: "Archive of the shared volume with the sources" },
      { name: "packed", description: "Archive of the shared volume that gets the sources with the result" },
      { name: "context", description: "Folder with pom.xml, relative to the repository's root" },
      { name: "timestamp", description: "Time of the commit in seconds since 1970: project.build.outputTimestamp, SOURCE_DATE_EPOCH" },
      { name: "environment", type: "array", description: "Environment of Maven, NAME=value each", default: [] },
    ],
    workspaces: [
      sharedWorkspace,
      { name: "maven-settings", description: "Maven's settings: a file settings.xml", optional: true, readOnly: true },
      { name: "trust", description: "Certification authorities to trust: a file ca-bundle.crt", optional: true, readOnly: true },
    ],
    steps: [
      {
        name: "maven",
        image: images.maven,
        script: script("maven-package"),
        args: ["$(params.environment[*])"],
        env: [
          param("ARCHIVE", "archive"),
          param("PACKED", "packed"),
          param("CONTEXT", "context"),
          param("TIMESTAMP", "timestamp"),
          workspacePath("SHARED", "shared"),
          workspacePath("MAVEN_SETTINGS", "maven-settings"),
          workspacePath("TRUST", "trust"),
          sources.env,
          home.env,
        ],
        securityContext: unprivileged,
        computeResources: resources.compile,
        volumeMounts: [home.mount, sources.mount],
      },
    ],
    volumes: [home.volume, sources.volume],
  },
});
