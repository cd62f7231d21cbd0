import type { Architecture } from "../config/settings";
import type { StepLimits } from "./build-source";
import { sorted } from "./pipelines";
import type { Affinity, PipelineTask, TaskRunSpec } from "./resources";
import { resources } from "./steps/shared";

/**
 * Service accounts by what their pods do. Code of third parties (npm, Maven) runs under `sources`, which has no right at all. The others
 * may use pipelines-scc: `build` to be root with SETFCAP, all to run without the seccomp profile that would refuse buildah's user namespace.
 * The operator lets an account `pipeline` of every namespace use it as well; no run of ours has that account.
 */
export const serviceAccounts = { clone: "image-clone", sources: "image-sources", build: "image-build", push: "image-push" } as const;
/** Those whose pods buildah runs in. */
export const buildahAccounts = [serviceAccounts.clone, serviceAccounts.build, serviceAccounts.push];

/** The account of a task, and the step that a build's own limits are for: the one that compiles or builds. */
const ofTask: Record<string, { account: string; heavy?: string } | undefined> = {
  "git-clone": { account: serviceAccounts.clone },
  "npm-build": { account: serviceAccounts.sources, heavy: "npm" },
  "maven-package": { account: serviceAccounts.sources, heavy: "maven" },
  prepare: { account: serviceAccounts.sources, heavy: "prepare" },
  "buildah-build": { account: serviceAccounts.build, heavy: "build" },
  "buildah-push": { account: serviceAccounts.push },
};

/** Architecture of the nodes for tasks that could run anywhere: task images and Java are best tried on amd64. */
export const homeArchitecture = (architectures: readonly Architecture[]): Architecture =>
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

/** Limits of a step as Kubernetes writes them. */
function limitsOf({ cpu, memory, storage }: StepLimits): Record<string, string> {
  return {
    ...(cpu !== undefined && { cpu: String(cpu) }),
    ...(memory !== undefined && { memory: `${memory}Gi` }),
    ...(storage !== undefined && { "ephemeral-storage": `${storage}Gi` }),
  };
}

/** An image for which its build needs more than usual is a large one: what lists its content gets more, too, never less. */
const moreForList = ({ memory = 0, storage = 0 }: StepLimits): StepLimits => {
  const { limits: usual } = resources.describe;
  return {
    ...(memory > Number.parseInt(usual.memory, 10) && { memory }),
    ...(storage > Number.parseInt(usual["ephemeral-storage"], 10) && { storage }),
  };
};

/**
 * Where each task of a pipeline runs and as whom. A Pipeline cannot say this, only a run can. The kubelet, not the pod, gets the
 * registries' credentials for the task's own image. They are not in the service account: OpenShift adds to its list there.
 */
export function taskRunSpecs(
  tasks: readonly PipelineTask[],
  architectures: readonly Architecture[],
  pullSecret: string,
  limits: StepLimits = {},
): TaskRunSpec[] {
  const own = limitsOf(limits);
  const ofList = limitsOf(moreForList(limits));
  return tasks.map((task) => {
    const architecture = architectures.find((candidate) => task.name.endsWith(`-${candidate}`)) ?? homeArchitecture(architectures);
    // A task of no known kind gets no right, and above all not the run's own account, which has the credentials.
    const { account, heavy } = ofTask[task.taskRef.name] ?? { account: serviceAccounts.sources };
    const stepSpecs = [
      ...(heavy && Object.keys(own).length > 0 ? [{ name: heavy, computeResources: { limits: own } }] : []),
      ...(heavy === "build" && Object.keys(ofList).length > 0 ? [{ name: "sbom", computeResources: { limits: ofList } }] : []),
    ];
    return {
      pipelineTaskName: task.name,
      serviceAccountName: account,
      podTemplate: {
        nodeSelector: { "kubernetes.io/arch": architecture },
        affinity: offTheControlPlane,
        imagePullSecrets: [{ name: pullSecret }],
        automountServiceAccountToken: false,
      },
      ...(stepSpecs.length > 0 && { stepSpecs }),
    };
  });
}
