import { stringify } from "yaml";
import { type Architecture, architectures } from "../../config/architecture";
import { defaults } from "../../config/defaults";
import { serviceAccounts } from "../../tekton/placement";
import { registry } from "../machine/places";
import { until } from "../machine/process";
import { step, UserError } from "../machine/progress";
import { kubectl } from "../stack/environment";

const namespace = defaults.namespace.name;

/** kubectl in the namespace of the builds. */
export const kubectlOfBuilds = (args: readonly string[], input?: string): Promise<string> =>
  kubectl(["--namespace", namespace, ...args], input);

/** Folders of the shared volume. */
const source = "source";
const archive = "sources.tar.gz";
const members = "members";
const archives = "archives";

/**
 * The sources of an image like a Node.js application's: 43,000 small files, which a registry stores in 150 MB, copied onto a base
 * image. The files are the same for every architecture, the base is not.
 */
const sourcesScript = `#!/bin/bash
set -euo pipefail
context=$SHARED/${source}/app
mkdir -p "$context/node_modules" "$SHARED/${archives}"
head -c 150000000 /dev/urandom | base64 | split --bytes=4700 --suffix-length=5 --numeric-suffixes - "$context/node_modules/"
cat >"$context/Containerfile" <<'END'
FROM registry.access.redhat.com/ubi9/nodejs-22-minimal:9.8
COPY node_modules ./node_modules
END
tar --create --gzip --directory "$SHARED/${source}/app" --file "$SHARED/${archive}" .
chmod -R a+rX "$SHARED"
`;

/** The build of the procedure that this project replaces: the image of each architecture becomes an archive. */
const archiveBuildScript = (architecture: Architecture) => `#!/bin/bash
set -euo pipefail
buildah bud --platform linux/${architecture} --tag result --file "$SHARED/${source}/app/Containerfile" "$SHARED/${source}/app"
buildah push result "oci-archive:$SHARED/${archives}/${architecture}.tar"
chmod -R a+rX "$SHARED/${archives}"
`;

/** Its push: the archives are pulled into the task's storage and pushed from there. */
const archivePushScript = `#!/bin/bash
set -euo pipefail
echo "joining the images of ${architectures.join(" ")}"
export REGISTRY_AUTH_FILE=$DOCKERCONFIG/.dockerconfigjson
declare -a images=()
for architecture in ${architectures.join(" ")}; do
  images+=("$(buildah pull --quiet "oci-archive:$SHARED/${archives}/$architecture.tar")")
done
buildah manifest create localhost/index "\${images[@]}"
buildah manifest push --all localhost/index "docker://${registry}/bench/${archives}:latest"
echo "pushed"
`;

const workspaces = [
  { name: "shared", persistentVolumeClaim: { claimName: "bench" } },
  { name: "dockerconfig", secret: { secretName: "registry-credentials" } },
];

const on = (architecture: Architecture) => ({
  nodeSelector: { "kubernetes.io/arch": architecture },
  automountServiceAccountToken: false,
});

const taskRun = (name: string, serviceAccountName: string, architecture: Architecture, spec: object) => ({
  apiVersion: "tekton.dev/v1",
  kind: "TaskRun",
  metadata: { name, namespace },
  spec: { serviceAccountName, podTemplate: on(architecture), workspaces, ...spec },
});

/** A run of a script, as the article's tasks run theirs: root in the pod, with SETFCAP, buildah's storage by copies (vfs). */
const scriptRun = (name: string, architecture: Architecture, script: string) =>
  taskRun(name, serviceAccounts.build, architecture, {
    taskSpec: {
      workspaces: [{ name: "shared" }, { name: "dockerconfig" }],
      volumes: [{ name: "containers", emptyDir: {} }],
      steps: [
        {
          name: "run",
          image: defaults.namespace.taskImages.buildah,
          script,
          env: [
            { name: "SHARED", value: "$(workspaces.shared.path)" },
            { name: "DOCKERCONFIG", value: "$(workspaces.dockerconfig.path)" },
            { name: "STORAGE_DRIVER", value: "vfs" },
            { name: "BUILDAH_ISOLATION", value: "chroot" },
            { name: "HOME", value: "/tmp" },
          ],
          securityContext: { runAsUser: 0, allowPrivilegeEscalation: false, capabilities: { add: ["SETFCAP"] } },
          volumeMounts: [{ name: "containers", mountPath: "/var/lib/containers" }],
        },
      ],
    },
  });

const params = (values: Readonly<Record<string, unknown>>) => Object.entries(values).map(([name, value]) => ({ name, value }));

const ownImage = `${registry}/bench/${members}:latest`;

/** A run of the program's own build task, which pushes the member as well. */
const memberBuild = (architecture: Architecture) =>
  taskRun(`bench-member-${architecture}`, serviceAccounts.build, architecture, {
    taskRef: { name: "buildah-build" },
    params: params({
      architecture,
      archive,
      context: ".",
      containerfile: "Containerfile",
      member: `${members}/${architecture}`,
      image: ownImage,
      commit: "0".repeat(40),
      url: "bench",
      timestamp: "0",
    }),
  });

/** A run of the program's own push task. */
const indexPush = taskRun("bench-index", serviceAccounts.push, "amd64", {
  taskRef: { name: "buildah-push" },
  params: params({
    image: ownImage,
    architectures,
    members,
    run: "bench-index",
    commit: "0".repeat(40),
    timestamp: "0",
  }),
});

const claim = {
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { name: "bench", namespace },
  spec: { accessModes: ["ReadWriteMany"], storageClassName: "efs-csi", resources: { requests: { storage: "1Gi" } } },
};

interface TaskRunSeen {
  readonly status?: {
    readonly completionTime?: string;
    readonly conditions?: readonly { readonly status: string; readonly message?: string }[];
    readonly steps?: readonly { readonly container: string }[];
  };
}

/**
 * Runs a TaskRun to its end.
 *
 * @param of the step that is meant. Default: its first.
 * @returns seconds from the first to the last line that the step prints; Kubernetes' own times are whole seconds.
 */
async function secondsOf(run: ReturnType<typeof taskRun>, of?: string): Promise<number> {
  const { name } = run.metadata;
  await kubectlOfBuilds(["apply", "-f", "-"], stringify(run, { aliasDuplicateObjects: false }));
  let seen: TaskRunSeen = {};
  await until(`TaskRun ${name}`, 900, async () => {
    seen = JSON.parse(await kubectlOfBuilds(["get", "taskrun", name, "-o", "json"]));
    return seen.status?.completionTime !== undefined;
  });
  const logOf = ["logs", `${name}-pod`, "--container", of ? `step-${of}` : (seen.status?.steps?.[0]?.container ?? "step-run")];
  const [condition] = seen.status?.conditions ?? [];
  if (condition?.status !== "True") {
    const log = await kubectlOfBuilds([...logOf, "--tail=20"]).catch((error: Error) => error.message);
    throw new UserError(`TaskRun ${name}: ${condition?.message}\n${log}`);
  }
  const times = (await kubectlOfBuilds([...logOf, "--timestamps"])).trim().split("\n");
  const at = (line = "") => Date.parse(line.split(" ", 1)[0] ?? "");
  return (at(times.at(-1)) - at(times[0])) / 1000;
}

/**
 * Builds the same sources for both architectures as the article does and as this program does, and pushes the results: same nodes,
 * same registry, one after the other.
 *
 * @returns seconds of the article's push (archives), and of ours from the built images to the index: of the members one after the other
 * (in a run they go at the same time), and of the index.
 */
export async function comparePushes(): Promise<{ archives: number; members: number; index: number }> {
  const archiveBuilds = architectures.map((one) => scriptRun(`bench-archive-${one}`, one, archiveBuildScript(one)));
  const memberBuilds = architectures.map(memberBuild);
  const sources = scriptRun("bench-sources", "amd64", sourcesScript);
  const archivePush = scriptRun("bench-archives", "amd64", archivePushScript);
  const runs = [sources, ...archiveBuilds, ...memberBuilds, archivePush, indexPush];
  const clean = () => kubectlOfBuilds(["delete", "--ignore-not-found", ...runs.map((run) => `taskrun/${run.metadata.name}`), "pvc/bench"]);
  await clean();
  try {
    await kubectlOfBuilds(["apply", "-f", "-"], stringify(claim));
    await step("sources of a Node.js image", 15, () => secondsOf(sources));
    for (const build of archiveBuilds) await step(`build ${build.metadata.name}`, 90, () => secondsOf(build));
    let members = 0;
    for (const build of memberBuilds) members += await step(`build ${build.metadata.name}`, 90, () => secondsOf(build, "push"));
    return {
      archives: await step("push by archives, as the article", 90, () => secondsOf(archivePush)),
      members,
      index: await step("push of the index", 10, () => secondsOf(indexPush)),
    };
  } finally {
    await clean();
  }
}
