import type { Architecture } from "../config/settings";
import { buildLabel } from "./following";
import { type BuildSource, duration, pipelines, sorted } from "./pipelines";
import type { Affinity, Pipeline, PipelineRun, PipelineTask, TaskRunSpec, WorkspaceBinding } from "./resources";

/** What a namespace offers to the runs in it. */
export interface RunEnvironment {
  namespace: string;
  /** A class of ReadWriteMany volumes that nodes of every architecture can mount. */
  storageClass: string;
  /** Names of Secrets. */
  secrets: { registryCredentials: string; npmrc?: string; mavenSettings?: string };
}

/**
 * Service accounts by what their pods do. Code of third parties (npm, Maven) runs under `sources`, which has no right at all.
 * `build` and `push` may use pipelines-scc: to be root with SETFCAP, and to run without the seccomp profile that would refuse buildah's
 * user namespace. The operator lets an account `pipeline` of every namespace use it as well; no run of ours has that account.
 */
export const serviceAccounts = { sources: "image-sources", build: "image-build", push: "image-push" } as const;

const accountOfTask: Record<string, string> = {
  "git-clone": serviceAccounts.sources,
  "npm-build": serviceAccounts.sources,
  "maven-package": serviceAccounts.sources,
  "buildah-build": serviceAccounts.build,
  "buildah-push": serviceAccounts.push,
};

/** A task of no known kind gets no right, and above all not the run's own account, which has the credentials. */
const accountOf = (task: string): string => accountOfTask[task] ?? serviceAccounts.sources;

/** Minutes of the chain of tasks that may take longest, with all attempts. */
function longest(tasks: PipelineTask[]): number {
  const minutesOf = (text: string) => {
    const [, hours = "0", rest] = /^(?:(\d+)h)?(\d+)m0s$/.exec(text) ?? [];
    return Number(hours) * 60 + Number(rest);
  };
  const ends = new Map<string, number>();
  for (const { name, runAfter = [], timeout, retries: again = 0 } of tasks) {
    const start = Math.max(0, ...runAfter.map((before) => ends.get(before) ?? 0));
    ends.set(name, start + minutesOf(timeout) * (1 + again));
  }
  return Math.max(...ends.values());
}

/** Architecture of the nodes for tasks that could run anywhere: task images and Java are best tried on amd64. */
export const homeArchitecture = (architectures: Architecture[]): Architecture =>
  architectures.includes("amd64") ? "amd64" : sorted(architectures)[0];

/**
 * Builds write gigabytes and take all processors; beside etcd, which waits for its disk at every write, they would slow down the whole
 * API. So they go to other nodes where the architecture has any. Preferred, not demanded: where all compute pools are at zero, the
 * control plane takes builds, and a pool that grows from zero is no reason to build again.
 */
const offTheControlPlane: Affinity = {
  nodeAffinity: {
    preferredDuringSchedulingIgnoredDuringExecution: [
      {
        weight: 100,
        preference: {
          matchExpressions: ["master", "control-plane"].map((role) => ({
            key: `node-role.kubernetes.io/${role}`,
            operator: "DoesNotExist",
          })),
        },
      },
    ],
  },
};

/**
 * Where each task of a pipeline runs and as whom. A Pipeline cannot say this, only a run can. The kubelet, not the pod, gets the
 * registries' credentials for the task's own image. They are not in the service account: OpenShift adds to its list there.
 */
function taskRunSpecs(pipeline: Pipeline, architectures: Architecture[], pullSecret: string): TaskRunSpec[] {
  return pipeline.spec.tasks.map((task) => {
    const architecture = architectures.find((candidate) => task.name.endsWith(`-${candidate}`)) ?? homeArchitecture(architectures);
    return {
      pipelineTaskName: task.name,
      serviceAccountName: accountOf(task.taskRef.name),
      podTemplate: {
        nodeSelector: { "kubernetes.io/arch": architecture },
        affinity: offTheControlPlane,
        imagePullSecrets: [{ name: pullSecret }],
        automountServiceAccountToken: false,
      },
    };
  });
}

/** The run of a build, still without a name: what it holds is what decides whether the image must be built again. */
export function runTemplate(source: BuildSource, given: Architecture[], environment: RunEnvironment): PipelineRun {
  const architectures = sorted(given);
  const pipeline = pipelines[source.pipeline](architectures);
  const { registryCredentials, npmrc, mavenSettings } = environment.secrets;
  const declared = new Set(pipeline.spec.workspaces.map((workspace) => workspace.name));
  const secret = (name: string, secretName?: string): WorkspaceBinding[] =>
    secretName && declared.has(name) ? [{ name, secret: { secretName } }] : [];
  return {
    apiVersion: "tekton.dev/v1",
    kind: "PipelineRun",
    metadata: { namespace: environment.namespace },
    spec: {
      pipelineRef: { name: source.name },
      params: [
        { name: "url", value: source.repository },
        { name: "revision", value: source.revision },
        { name: "context", value: source.context },
        { name: "containerfile", value: source.containerfile },
        { name: "image", value: source.image },
      ],
      workspaces: [
        {
          name: "shared",
          // One volume for each run, so runs cannot meet in it. EFS does not care about the size, the API asks for one.
          volumeClaimTemplate: {
            metadata: { labels: { [buildLabel]: source.name } },
            spec: {
              accessModes: ["ReadWriteMany"],
              storageClassName: environment.storageClass,
              resources: { requests: { storage: "10Gi" } },
            },
          },
        },
        ...secret("dockerconfig", registryCredentials),
        ...secret("npmrc", npmrc),
        ...secret("maven-settings", mavenSettings),
      ],
      // Every task names its own account below. This one is the run's, by whose credentials Chains stores signature and provenance
      // (tektoncd/chains, pkg/chains/storage/oci/legacy.go).
      taskRunTemplate: { serviceAccountName: serviceAccounts.push },
      taskRunSpecs: taskRunSpecs(pipeline, architectures, registryCredentials),
      timeouts: { pipeline: duration(longest(pipeline.spec.tasks)) },
    },
  };
}
