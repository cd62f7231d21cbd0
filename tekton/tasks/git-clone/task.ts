import type { Task } from "../../resources";
import type { TaskImages } from "../../task-images";
import { home, param, resources, resultFile, script, sharedWorkspace, sources, unprivileged, workspacePath } from "../shared";

/**
 * Fetches one commit once and packs its files, so that no two tasks of a run can see different commits.
 * Here a typing error in a build's folder or Containerfile costs one pod instead of one for each architecture.
 */
export const gitClone = (images: TaskImages): Task => ({
  apiVersion: "tekton.dev/v1",
  kind: "Task",
  metadata: { name: "git-clone" },
  spec: {
    description: "Fetches one commit and packs its files into one archive of the shared volume.",
    params: [
      {
        name: "url",
        description:
          "Repository: https://, http:// or git:// without a user or a query, ssh://USER@HOST/PATH or USER@HOST:PATH. Credentials come by the workspace git-credentials",
      },
      { name: "revision", description: "Branch, tag or commit" },
      { name: "context", description: "Folder that the commit must have, . for all of it; empty: not looked for", default: "" },
      { name: "containerfile", description: "File that this folder must have; empty: not looked for", default: "" },
      { name: "archive", description: "Name of the archive, a .tar.gz, on the shared volume", default: "sources.tar.gz" },
      {
        name: "submodules",
        description: "true: all, false: none; or the paths of those that are wanted, one a line",
        default: "true",
      },
      { name: "lfs", description: "false: files of Git LFS stay pointers", default: "true" },
      {
        name: "git-folder",
        description: "true: the archive holds .git, with the history of the commit and all tags, and without any credentials",
        default: "false",
      },
      { name: "insecure", description: "true: credentials may go over http://", default: "false" },
    ],
    workspaces: [
      sharedWorkspace,
      {
        name: "git-credentials",
        description:
          "Access to private repositories and submodules: .git-credentials, or username and password for the repository's host; a key ssh-privatekey (or id_ed25519, id_ecdsa, id_rsa) without passphrase, with known_hosts",
        optional: true,
        readOnly: true,
      },
      { name: "trust", description: "Authorities to trust beside the image's: a file ca-bundle.crt, PEM", optional: true, readOnly: true },
    ],
    results: [
      { name: "commit", description: "Full id of the commit" },
      { name: "url", description: "Repository that it came from" },
      { name: "timestamp", description: "Time of the commit in seconds since 1970, the time that the image's files get" },
      { name: "branch", description: "Branch or tag as a part of an image's tag: fix/#123 is fix-123; empty for the id of a commit" },
    ],
    steps: [
      {
        name: "clone",
        image: images.nodejs,
        script: script("git-clone"),
        env: [
          param("URL", "url"),
          param("REVISION", "revision"),
          param("CONTEXT", "context"),
          param("CONTAINERFILE", "containerfile"),
          param("ARCHIVE", "archive"),
          param("SUBMODULES", "submodules"),
          param("LFS", "lfs"),
          param("GIT_FOLDER", "git-folder"),
          param("INSECURE", "insecure"),
          workspacePath("SHARED", "shared"),
          workspacePath("GIT_CREDENTIALS", "git-credentials"),
          workspacePath("TRUST", "trust"),
          resultFile("RESULT_COMMIT", "commit"),
          resultFile("RESULT_URL", "url"),
          resultFile("RESULT_TIMESTAMP", "timestamp"),
          resultFile("RESULT_BRANCH", "branch"),
          home.env,
          sources.env,
        ],
        securityContext: unprivileged,
        computeResources: resources.light,
        volumeMounts: [home.mount, sources.mount],
      },
    ],
    volumes: [home.volume, sources.volume],
  },
});
