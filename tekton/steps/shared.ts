import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ParamSpec, SecurityContext, Step, WorkspaceDeclaration } from "../resources";

/** A line that reads in another file, with shellcheck's hint above it. */
const sourceLine = /^(?:# shellcheck source.*\n)?source "\$\(dirname "\$\{BASH_SOURCE\[0\]\}"\)\/(.+)"$/gm;

/**
 * Text of a step's script, a file of its own so that it can be linted and run in tests. A step holds one text, so the files that the
 * script sources are put in the place of the lines that do so.
 * Parameters reach it as environment variables: text substituted into a shell script would be executed.
 */
export const script = (step: string): string => {
  const folder = join(__dirname, step);
  return readFileSync(join(folder, `${step}.sh`), "utf8").replace(sourceLine, (_, file: string) =>
    readFileSync(join(folder, file), "utf8").trimEnd(),
  );
};

/**
 * What OpenShift's `restricted-v2` demands. No explicit user: it assigns one of the namespace's range, which is not in
 * /etc/passwd and cannot write to the image's home directory, hence each step's own.
 */
export const unprivileged: SecurityContext = {
  runAsNonRoot: true,
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  seccompProfile: { type: "RuntimeDefault" },
};

/** The same, of a program that writes nothing: what waits for events or starts runs. */
export const unprivilegedReader: SecurityContext = { ...unprivileged, readOnlyRootFilesystem: true };

/**
 * What buildah needs even to look at a registry: started by an ordinary user, it makes itself a user namespace. The runtimes' default
 * seccomp profile refuses that to a container without CAP_SYS_ADMIN, so none is asked for (and the service account's SCC must not force
 * one). The user must have a name in the image: `nobody` has the same id in Red Hat's and in Debian's images.
 */
export const nobody: SecurityContext = {
  runAsNonRoot: true,
  runAsUser: 65534,
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
};

/**
 * What a step asks for, and what it may use at most. Requests are small, so that a build waits for no node that is merely reserved.
 * Limits are far above what builds are known to use: they keep one that runs wild from taking a node's other pods, or the node, with it.
 * The limits of disk hold for the pod's volumes on the node as well, which have none of their own: what all steps of a pod may use together
 * (https://kubernetes.io/docs/concepts/storage/ephemeral-storage/, "How Pods with ephemeral-storage limits run").
 */
export const resources = {
  /** A copy, streamed; a question to a server. */
  copy: {
    requests: { cpu: "50m", memory: "64Mi", "ephemeral-storage": "100Mi" },
    limits: { cpu: "4", memory: "2Gi", "ephemeral-storage": "1Gi" },
  },
  /** The push. */
  light: {
    requests: { cpu: "100m", memory: "256Mi", "ephemeral-storage": "1Gi" },
    limits: { cpu: "4", memory: "4Gi", "ephemeral-storage": "20Gi" },
  },
  /** git, whose repository stands beside the files; those of Git LFS are there twice. */
  fetch: {
    requests: { cpu: "100m", memory: "256Mi", "ephemeral-storage": "1Gi" },
    limits: { cpu: "4", memory: "4Gi", "ephemeral-storage": "40Gi" },
  },
  /** syft, which unpacks the whole image once more. */
  describe: {
    requests: { cpu: "50m", memory: "256Mi", "ephemeral-storage": "1Gi" },
    limits: { cpu: "4", memory: "4Gi", "ephemeral-storage": "60Gi" },
  },
  /** Compilers of npm's packages, Maven with its tests. A JVM takes a quarter of the memory limit for its heap. */
  compile: {
    requests: { cpu: "250m", memory: "512Mi", "ephemeral-storage": "2Gi" },
    limits: { cpu: "16", memory: "16Gi", "ephemeral-storage": "20Gi" },
  },
  /**
   * What a RUN may do is anything: link a browser engine, or compile ahead of time, as GraalVM does with 8 GiB and more. Disk: sources, the
   * storage volume, the finished image and, beside them, what buildah keeps in /var/tmp while it copies an image.
   */
  image: {
    requests: { cpu: "500m", memory: "1Gi", "ephemeral-storage": "10Gi" },
    limits: { cpu: "16", memory: "16Gi", "ephemeral-storage": "60Gi" },
  },
} as const satisfies Record<string, Step["computeResources"]>;

/** The pod's own disk, where a task unpacks the sources and works on them: `unpack_sources` of lib.sh. The steps of a task share it. */
export const sources = { volume: { name: "sources", emptyDir: {} }, mountPath: "/sources", variable: "SOURCES" };

/** Parameters that several steps have. */
export const params = {
  archive: { name: "archive", description: "Archive of the shared volume with the sources" },
  packed: { name: "packed", description: "Archive of the shared volume that gets the sources with what was made of them" },
  context: { name: "context", description: "Build context, a folder of the sources, . for all of them" },
  environment: { name: "environment", type: "array", description: "Environment of the programs that run, as NAME=value", default: [] },
  architecture: { name: "architecture", description: "amd64 or arm64" },
  member: {
    name: "member",
    description: "Name on the shared volume of what the index needs of the image: its manifest, base images and SBOM",
  },
  image: { name: "image", description: "Where the index goes, as repository:tag" },
  tags: {
    name: "tags",
    type: "array",
    description: "More tags, in which {commit}, {commit:7} and {branch} stand for what was built",
    default: [],
  },
  architectures: { name: "architectures", type: "array", description: "Architectures of the index, no more and no fewer" },
  timestamp: { name: "timestamp", description: "Time of the commit, in seconds since 1970" },
  rebuild: {
    name: "rebuild",
    description: "Any text: the image is built anew, whatever is kept of earlier builds; empty: that is taken",
    default: "",
  },
  insecureRegistries: {
    name: "insecure-registries",
    type: "array",
    description: "Registries, each host or host:port, that are asked by plain http or with a certificate that nobody checks",
    default: [],
  },
} as const satisfies Record<string, ParamSpec>;

const secret = (name: string, description: string): WorkspaceDeclaration => ({ name, description, optional: true, readOnly: true });

export const workspaces = {
  /** What every task of a run shares. */
  shared: {
    name: "shared",
    description: "Volume of this run alone: archives of sources, manifests and SBOMs of images, readable on every node",
  },
  gitCredentials: secret(
    "git-credentials",
    "Access to private repositories and submodules: .git-credentials, or username and password for the repository's host; a key ssh-privatekey (or id_ed25519, id_ecdsa, id_rsa) without passphrase, with known_hosts",
  ),
  downloads: {
    name: "downloads",
    description: "What earlier runs of the build have downloaded: a folder of its own, readable and writable on every node",
    optional: true,
  },
  dockerconfig: secret("dockerconfig", "Registry credentials: a file config.json or .dockerconfigjson"),
  npmrc: secret("npmrc", "npm's settings: a file .npmrc"),
  mavenSettings: secret("maven-settings", "Maven's settings: a file settings.xml"),
  buildSecrets: secret("build-secrets", "Secrets of the build: each file is one, by its name"),
  rhelEntitlement: secret("rhel-entitlement", "RHEL entitlement: entitlement.pem and entitlement-key.pem"),
  trust: secret("trust", "Certificates that are trusted in addition: a file ca-bundle.crt"),
} as const satisfies Record<string, WorkspaceDeclaration>;

/** What a step has that works on the unpacked sources with programs of third parties. */
export const compiling = { securityContext: unprivileged, computeResources: resources.compile, volumes: [sources] };

/** What a step has that carries the sources between the shared volume and the pod's own. */
export const carrying = {
  workspaces: [workspaces.shared, workspaces.downloads],
  securityContext: unprivileged,
  computeResources: resources.copy,
  atHome: false,
  volumes: [sources],
};
