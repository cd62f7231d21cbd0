import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { SecurityContext, Step } from "../resources";

/** A line that reads in another file, with shellcheck's hint above it. */
const sourceLine = /^(?:# shellcheck source.*\n)?source "\$\(dirname "\$\{BASH_SOURCE\[0\]\}"\)\/(.+)"$/gm;

/**
 * Text of a task's script, a file of its own so that it can be linted and run in tests. A Task holds one text, so the files that the
 * script sources are put in the place of the lines that do so.
 * Parameters reach it as environment variables: text substituted into a shell script would be executed.
 */
export const script = (task: string): string => {
  const folder = join(__dirname, task);
  return readFileSync(join(folder, `${task}.sh`), "utf8").replace(sourceLine, (_, file: string) =>
    readFileSync(join(folder, file), "utf8").trimEnd(),
  );
};

/**
 * What OpenShift's `restricted-v2` demands. No explicit user: it assigns one of the namespace's range, which is not in
 * /etc/passwd and cannot write to the image's home directory, hence `home`.
 */
export const unprivileged: SecurityContext = {
  runAsNonRoot: true,
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  seccompProfile: { type: "RuntimeDefault" },
};

/**
 * What a step asks for, and what it may use at most. Requests are small, so that a build waits for no node that is merely reserved.
 * Limits are far above what builds are known to use: they keep one that runs wild from taking a node's other pods, or the node, with it.
 */
export const resources = {
  /** git and the push: a copy, streamed. */
  light: {
    requests: { cpu: "100m", memory: "256Mi", "ephemeral-storage": "1Gi" },
    limits: { cpu: "4", memory: "4Gi", "ephemeral-storage": "20Gi" },
  },
  /** Compilers of npm's packages, Maven with its tests. A JVM takes a quarter of the memory limit for its heap. */
  compile: {
    requests: { cpu: "250m", memory: "512Mi", "ephemeral-storage": "2Gi" },
    limits: { cpu: "16", memory: "16Gi", "ephemeral-storage": "20Gi" },
  },
  /**
   * What a RUN may do is anything: link a browser engine, or compile ahead of time, as GraalVM does with 8 GiB and more. Disk: the storage
   * volume and, beside it, what buildah keeps in /var/tmp while it copies an image.
   */
  image: {
    requests: { cpu: "500m", memory: "1Gi", "ephemeral-storage": "10Gi" },
    limits: { cpu: "16", memory: "16Gi", "ephemeral-storage": "60Gi" },
  },
} as const satisfies Record<string, Step["computeResources"]>;

/** How large a build's storage may become: base images, unpacked, and the image's own layers. */
export const storageLimit = "30Gi";

/** A writable home directory: caches and settings of the tools, thrown away with the pod. */
export const home = {
  volume: { name: "home", emptyDir: {} },
  mount: { name: "home", mountPath: "/home/build" },
  env: { name: "HOME", value: "/home/build" },
};

/** The pod's own disk, where a task unpacks the sources and works on them: `unpack_sources` of lib.sh. Several steps share it. */
export const sources = {
  volume: { name: "sources", emptyDir: { sizeLimit: storageLimit } },
  mount: { name: "sources", mountPath: "/sources" },
  env: { name: "SOURCES", value: "/sources" },
};

/** Path of a workspace as an environment variable; empty if the workspace is optional and the run does not bind it. */
export const workspacePath = (variable: string, workspace: string) => ({ name: variable, value: `$(workspaces.${workspace}.path)` });

export const param = (variable: string, name: string) => ({ name: variable, value: `$(params.${name})` });

/** Path of the file that a step writes a result to. */
export const resultFile = (variable: string, name: string) => ({ name: variable, value: `$(results.${name}.path)` });

/** The workspace that every task of a run shares: sources and image layouts. */
export const sharedWorkspace = { name: "shared", description: "Volume of the run: sources and image layouts, readable on every node" };

export const dockerconfigWorkspace = {
  name: "dockerconfig",
  description: "Registry credentials: a file config.json or .dockerconfigjson",
  optional: true,
  readOnly: true,
};
