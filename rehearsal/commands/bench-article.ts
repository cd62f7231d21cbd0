import { type Architecture, architectures } from "../../config/architecture";
import { defaults } from "../../config/defaults";
import { serviceAccounts } from "../../tekton/placement";

/**
 * The pipelines of the procedure that this project replaces, for `npm run bench`: the same stages on the same volumes. What had to be
 * changed so that today's Tekton runs them:
 *
 * - tasks are written into the run: ClusterTask is gone since Pipelines 1.0;
 * - the amd64 image of a Node.js application is built from its own folder, not from that of arm64;
 * - images have a tag, and the credentials of the registry are given by REGISTRY_AUTH_FILE: the folder that they were copied to is not there;
 * - nodes are chosen by kubernetes.io/arch, and each build names its platform, as the rehearsal's buildah is an amd64 program on both nodes;
 * - the account may not use the SCC `privileged`, which the namespace refuses: pipelines-scc is enough.
 */
export interface ArticleSource {
  readonly kind: "containerfile" | "nodejs";
  readonly repository: string;
  readonly revision: string;
  readonly context: string;
  readonly image: string;
}

const { buildah, nodejs } = defaults.namespace.taskImages;
const header = "#!/bin/bash\nset -euo pipefail\nexport HOME=/tmp\n";
const folder = (kind: ArticleSource["kind"], architecture: Architecture) => (kind === "nodejs" ? `src-${architecture}` : "src");

const task = (name: string, image: string, script: string, after: readonly string[]) => ({
  name,
  runAfter: after,
  workspaces: ["sources", "images", "dockerconfig"].map((workspace) => ({ name: workspace, workspace })),
  taskSpec: {
    workspaces: ["sources", "images", "dockerconfig"].map((workspace) => ({ name: workspace })),
    volumes: [{ name: "containers", emptyDir: {} }],
    steps: [
      {
        name: "run",
        image,
        script: `${header}${script}`,
        env: [
          { name: "SOURCES", value: "$(workspaces.sources.path)" },
          { name: "IMAGES", value: "$(workspaces.images.path)" },
          { name: "DOCKERCONFIG", value: "$(workspaces.dockerconfig.path)" },
          { name: "STORAGE_DRIVER", value: "vfs" },
          { name: "BUILDAH_ISOLATION", value: "chroot" },
        ],
        securityContext: { runAsUser: 0, allowPrivilegeEscalation: false, capabilities: { add: ["SETFCAP"] } },
        volumeMounts: [{ name: "containers", mountPath: "/var/lib/containers" }],
      },
    ],
  },
});

/** How large a build's storage has become, as this program's own build says it. */
const toldStorage = 'echo "storage $(du -sm /var/lib/containers | cut -f 1) MiB"\n';

function tasks({ kind, repository, revision, context, image }: ArticleSource) {
  const folders = [...new Set(architectures.map((architecture) => folder(kind, architecture)))];
  const clone = (name: string) =>
    task(
      `clone-${name}`,
      nodejs,
      `git config --global safe.directory '*'\ngit clone --quiet --branch '${revision}' --depth 1 '${repository}' "$SOURCES/${name}"\n`,
      [],
    );
  const npm = (architecture: Architecture) =>
    task(`npm-${architecture}`, nodejs, `cd "$SOURCES/${folder(kind, architecture)}/${context}"\nnpm install\n`, [
      `clone-${folder(kind, architecture)}`,
    ]);
  const build = (architecture: Architecture) => {
    const path = `$SOURCES/${folder(kind, architecture)}/${context}`;
    return task(
      `build-${architecture}`,
      buildah,
      `buildah bud --platform linux/${architecture} --tag result --file "${path}/Containerfile" "${path}"
buildah push result "oci-archive:$IMAGES/${architecture}.tar"
${toldStorage}`,
      [kind === "nodejs" ? `npm-${architecture}` : "clone-src"],
    );
  };
  const push = task(
    "push",
    buildah,
    `export REGISTRY_AUTH_FILE=$DOCKERCONFIG/.dockerconfigjson
declare -a pulled=()
for architecture in ${architectures.join(" ")}; do
  pulled+=("$(buildah pull --quiet "oci-archive:$IMAGES/$architecture.tar")")
done
buildah manifest create localhost/index "\${pulled[@]}"
buildah manifest push --all localhost/index 'docker://${image}'
${toldStorage}`,
    architectures.map((architecture) => `build-${architecture}`),
  );
  return [...folders.map(clone), ...(kind === "nodejs" ? architectures.map(npm) : []), ...architectures.map(build), push];
}

const volume = (name: string) => ({
  name,
  volumeClaimTemplate: {
    spec: { accessModes: ["ReadWriteMany"], storageClassName: "efs-csi", resources: { requests: { storage: "10Gi" } } },
  },
});

/** A run of the article's pipeline. */
export function articleRun(name: string, source: ArticleSource) {
  const all = tasks(source);
  return {
    apiVersion: "tekton.dev/v1",
    kind: "PipelineRun",
    metadata: { name, namespace: defaults.namespace.name },
    spec: {
      pipelineSpec: { workspaces: ["sources", "images", "dockerconfig"].map((workspace) => ({ name: workspace })), tasks: all },
      workspaces: [volume("sources"), volume("images"), { name: "dockerconfig", secret: { secretName: "registry-credentials" } }],
      taskRunTemplate: { serviceAccountName: serviceAccounts.build, podTemplate: { automountServiceAccountToken: false } },
      taskRunSpecs: all.map(({ name: pipelineTaskName }) => ({
        pipelineTaskName,
        podTemplate: {
          nodeSelector: { "kubernetes.io/arch": architectures.find((one) => pipelineTaskName.endsWith(`-${one}`)) ?? "amd64" },
          automountServiceAccountToken: false,
        },
      })),
      timeouts: { pipeline: "2h0m0s", tasks: "1h50m0s" },
    },
  };
}
