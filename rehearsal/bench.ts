import { existsSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { destroy } from "./destroy";
import { checkout, configFile, pulumiEnvironment, stack, stackOutputs } from "./environment";
import { run } from "./exec";
import { places, registry } from "./places";
import { until } from "./process";
import { step, UserError } from "./progress";
import { parts } from "./status";
import { pulumiUp, up } from "./up";

/** One line of the report; `aim` and `measured` in the unit that they name. */
interface Row {
  readonly what: string;
  readonly aim: string;
  readonly measured: string;
}

const namespace = "build-multiarch";
const buildahImage = "registry.access.redhat.com/ubi9/buildah:9.8";
const kubectl = (args: readonly string[], input?: string) =>
  run([join(places.bin, "kubectl"), "--kubeconfig", places.adminKubeconfig, "--namespace", namespace, ...args], { input });

/**
 * Measures what the README promises, the alternative beside it in the same run: `npm run bench`.
 *
 * The environment is destroyed and made anew first, the caches stay. Not measured here, because it would throw the caches away: the
 * very first run (`OPENSHIFT_MULTIARCH_HOME=/some/new/folder npm run rehearse` prints the time of each of its steps).
 */
export async function bench(): Promise<void> {
  if (existsSync(places.stack)) await destroy({ force: false, cache: false });
  const rows: Row[] = [];
  const started = Date.now();
  await up();
  rows.push({ what: "npm run rehearse, toolchain cached", aim: "360 s", measured: `${((Date.now() - started) / 1000).toFixed(0)} s` });
  rows.push({ what: "  of which the three builds", aim: "240 s", measured: `${(await secondsOfBuilds()).toFixed(0)} s` });
  rows.push({ what: "pulumi up, no change", aim: "15 s", measured: `${(await pulumiUp()).toFixed(1)} s` });
  rows.push({ what: "pulumi preview, warm (median of 3)", aim: "6 s", measured: `${median(await times(3, preview)).toFixed(1)} s` });
  rows.push(...(await comparePushes()));
  const rest = parts();
  const total = (key: "rss" | "pss") => rest.reduce((sum, row) => sum + row[key], 0) / 1024;
  rows.push({ what: "memory at rest, shared pages counted once", aim: "4 GiB", measured: `${total("pss").toFixed(2)} GiB` });
  rows.push({ what: "memory at rest, sum of resident sizes", aim: "", measured: `${total("rss").toFixed(2)} GiB` });
  console.log(`\n${report(rows)}`);
}

function report(rows: readonly Row[]): string {
  const table = [{ what: "what", aim: "aim", measured: "measured" }, ...rows];
  const width = (key: "what" | "aim") => Math.max(...table.map((row) => row[key].length));
  return table.map(({ what, aim, measured }) => `${what.padEnd(width("what"))}  ${aim.padEnd(width("aim"))}  ${measured}`).join("\n");
}

async function preview(): Promise<void> {
  const args = ["preview", "--non-interactive", "--stack", stack, "--config-file", configFile];
  await run([join(places.path, "pulumi"), ...args], { cwd: checkout, env: pulumiEnvironment() });
}

/** Seconds of each of `count` calls, one after another. */
async function times(count: number, work: () => Promise<void>): Promise<number[]> {
  const seconds: number[] = [];
  for (let i = 0; i < count; i++) {
    const started = Date.now();
    await work();
    seconds.push((Date.now() - started) / 1000);
  }
  return seconds;
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

interface Timed {
  readonly metadata: { readonly name: string; readonly creationTimestamp: string };
  readonly status?: {
    readonly completionTime?: string;
    readonly conditions?: readonly { readonly status: string; readonly message?: string }[];
    readonly steps?: readonly { readonly terminated?: { readonly startedAt: string; readonly finishedAt: string } }[];
  };
}

/** From the start of the first run to the end of the last. */
async function secondsOfBuilds(): Promise<number> {
  const { images } = (await stackOutputs()) as { images: Record<string, string> };
  const { items }: { items: Timed[] } = JSON.parse(await kubectl(["get", "pipelineruns", "-o", "json"]));
  const runs = items.filter(({ metadata }) => Object.keys(images).some((name) => metadata.name.startsWith(`${name}-`)));
  const start = Math.min(...runs.map(({ metadata }) => Date.parse(metadata.creationTimestamp)));
  const end = Math.max(...runs.map(({ status }) => Date.parse(status?.completionTime ?? "")));
  return (end - start) / 1000;
}

/**
 * Makes an image for each architecture, as layout and as archive: like a Node.js application, 43,000 small files, which a registry
 * stores in 200 MB.
 */
const prepareScript = `#!/bin/bash
set -euo pipefail
mkdir -p "$SHARED/layouts" "$SHARED/archives"
for architecture in amd64 arm64; do
  container=$(buildah from --arch "$architecture" scratch)
  mount=$(buildah mount "$container")
  mkdir "$mount/files"
  head -c 200000000 /dev/urandom | base64 | split --bytes=6300 --suffix-length=5 --numeric-suffixes - "$mount/files/"
  buildah config --arch "$architecture" --os linux "$container"
  image=$(buildah commit --rm --quiet "$container")
  buildah push --quiet "$image" "oci:$SHARED/layouts/$architecture:result"
  buildah push --quiet "$image" "oci-archive:$SHARED/archives/$architecture.tar"
  buildah rmi --force "$image" >/dev/null
done
chmod -R a+rX "$SHARED"
`;

/** The procedure that this project replaces: archives of all architectures are pulled into the task's storage, then pushed. */
const archiveScript = `#!/bin/bash
set -euo pipefail
export REGISTRY_AUTH_FILE=$DOCKERCONFIG/.dockerconfigjson
declare -a images=()
for architecture in amd64 arm64; do images+=("$(buildah pull --quiet "oci-archive:$SHARED/archives/$architecture.tar")"); done
buildah manifest create localhost/index "\${images[@]}"
buildah manifest push --all localhost/index "docker://$IMAGE"
`;

const workspaces = [
  { name: "shared", persistentVolumeClaim: { claimName: "bench" } },
  { name: "dockerconfig", secret: { secretName: "registry-credentials" } },
];
const onAmd64 = { nodeSelector: { "kubernetes.io/arch": "amd64" }, automountServiceAccountToken: false };

/** A TaskRun of a script that runs buildah as the article does: root in the pod, with SETFCAP, its storage by copies (vfs). */
const scriptRun = (name: string, script: string, image = "") => ({
  apiVersion: "tekton.dev/v1",
  kind: "TaskRun",
  metadata: { name, namespace },
  spec: {
    serviceAccountName: "image-build",
    podTemplate: onAmd64,
    workspaces,
    taskSpec: {
      workspaces: [{ name: "shared" }, { name: "dockerconfig" }],
      volumes: [{ name: "containers", emptyDir: {} }],
      steps: [
        {
          name: "run",
          image: buildahImage,
          script,
          env: [
            { name: "SHARED", value: "$(workspaces.shared.path)" },
            { name: "DOCKERCONFIG", value: "$(workspaces.dockerconfig.path)" },
            { name: "IMAGE", value: image },
            { name: "STORAGE_DRIVER", value: "vfs" },
            { name: "BUILDAH_ISOLATION", value: "chroot" },
            { name: "HOME", value: "/tmp" },
          ],
          securityContext: { runAsUser: 0, allowPrivilegeEscalation: false, capabilities: { add: ["SETFCAP"] } },
          volumeMounts: [{ name: "containers", mountPath: "/var/lib/containers" }],
        },
      ],
    },
  },
});

const claim = {
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { name: "bench", namespace },
  spec: { accessModes: ["ReadWriteMany"], storageClassName: "efs-csi", resources: { requests: { storage: "1Gi" } } },
};

const layoutRun = {
  apiVersion: "tekton.dev/v1",
  kind: "TaskRun",
  metadata: { name: "bench-layouts", namespace },
  spec: {
    serviceAccountName: "image-push",
    podTemplate: onAmd64,
    taskRef: { name: "buildah-push" },
    workspaces,
    params: [
      { name: "image", value: `${registry}/bench/layouts:latest` },
      { name: "architectures", value: ["amd64", "arm64"] },
      { name: "layouts", value: "layouts" },
      { name: "run", value: "bench-layouts" },
    ],
  },
};

/** Runs a TaskRun to its end. Returns the seconds of its step. */
async function secondsOf(taskRun: { metadata: { name: string } }): Promise<number> {
  const { name } = taskRun.metadata;
  await kubectl(["apply", "-f", "-"], stringify(taskRun, { aliasDuplicateObjects: false }));
  let seen: Timed | undefined;
  await until(`TaskRun ${name}`, 900, async () => {
    seen = JSON.parse(await kubectl(["get", "taskrun", name, "-o", "json"]));
    return seen?.status?.completionTime !== undefined;
  });
  const [condition] = seen?.status?.conditions ?? [];
  if (condition?.status !== "True") {
    const log = await kubectl(["logs", `${name}-pod`, "--all-containers", "--tail=20"]).catch((error: Error) => error.message);
    throw new UserError(`TaskRun ${name}: ${condition?.message}\n${log}`);
  }
  const times = seen?.status?.steps?.[0]?.terminated;
  return (Date.parse(times?.finishedAt ?? "") - Date.parse(times?.startedAt ?? "")) / 1000;
}

/** The push of layouts against the article's push of archives: same images, node and registry. */
async function comparePushes(): Promise<Row[]> {
  const names = ["taskrun/bench-prepare", "taskrun/bench-archives", "taskrun/bench-layouts", "pvc/bench"];
  const clean = () => kubectl(["delete", "--ignore-not-found", ...names]);
  await clean();
  try {
    await kubectl(["apply", "-f", "-"], stringify(claim));
    await step("two images of 200 MB", 110, () => secondsOf(scriptRun("bench-prepare", prepareScript)));
    const archive = scriptRun("bench-archives", archiveScript, `${registry}/bench/archives:latest`);
    const archives = await step("push by archives, as the article", 90, () => secondsOf(archive));
    const layouts = await step("push by layouts", 10, () => secondsOf(layoutRun));
    const ratio = layouts > 0 ? (archives / layouts).toFixed(0) : "more than any";
    return [
      { what: "push of 2 x 200 MB, archives (article)", aim: "", measured: `${archives.toFixed(0)} s` },
      { what: "push of 2 x 200 MB, layouts", aim: "1/15 of it", measured: `${layouts.toFixed(0)} s, 1/${ratio}` },
    ];
  } finally {
    await clean();
  }
}
