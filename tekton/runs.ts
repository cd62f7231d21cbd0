import type { Architecture } from "../config/settings";
import { type BuildSource, parametersOf } from "./build-source";
import { buildLabel } from "./following";
import { duration } from "./pipeline-tasks";
import { versionedPipeline } from "./pipelines";
import { serviceAccounts, taskRunSpecs } from "./placement";
import type { Param, Pipeline, PipelineRun, PipelineTask, Task, WorkspaceBinding } from "./resources";

/** Names of the Secrets that runs bind as workspaces. */
export interface RunSecrets {
  registryCredentials: string;
  gitCredentials?: string;
  /** By name of the build, in the place of gitCredentials. */
  buildGitCredentials?: Record<string, string>;
  npmrc?: string;
  mavenSettings?: string;
  rhelEntitlement?: string;
  /** By name of the build. */
  buildSecrets?: Record<string, string>;
}

/** What a namespace offers to the runs in it. */
export interface RunEnvironment {
  namespace: string;
  /** The tasks in it. */
  tasks: readonly Task[];
  secrets: RunSecrets;
  /** Name of the claim of a ReadWriteMany volume that keeps downloads, in a folder for each build. */
  downloads?: string;
  /** Name of the ConfigMap with certificates that are trusted in addition. */
  trust?: string;
  /** Registries, as host:port, that are spoken to by plain http. */
  insecureRegistries?: readonly string[];
}

/** What a volume is asked for with. EFS does not care about the size, the API asks for one. */
export const volumeSize = "10Gi";

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

/** Where each workspace that a pipeline may have comes from; undefined where the namespace has nothing for it. */
function bindings(
  source: BuildSource,
  { secrets, trust, downloads }: RunEnvironment,
  storageClassName: string,
): Record<string, Omit<WorkspaceBinding, "name"> | undefined> {
  const secret = (secretName?: string) => (secretName === undefined ? undefined : { secret: { secretName } });
  return {
    shared: {
      // One volume for each run, so runs cannot meet in it.
      volumeClaimTemplate: {
        metadata: { labels: { [buildLabel]: source.name } },
        spec: {
          accessModes: ["ReadWriteMany"],
          storageClassName,
          resources: { requests: { storage: volumeSize } },
        },
      },
    },
    downloads: source.downloads && downloads ? { persistentVolumeClaim: { claimName: downloads }, subPath: source.name } : undefined,
    "git-credentials": secret(secrets.buildGitCredentials?.[source.name] ?? secrets.gitCredentials),
    dockerconfig: secret(secrets.registryCredentials),
    npmrc: secret(secrets.npmrc),
    "maven-settings": secret(secrets.mavenSettings),
    "build-secrets": secret(secrets.buildSecrets?.[source.name]),
    "rhel-entitlement": source.entitlement ? secret(secrets.rhelEntitlement) : undefined,
    trust: trust === undefined ? undefined : { configMap: { name: trust } },
  };
}

/** The Pipeline of one build, called as it is: started by hand, it builds the same with nothing to fill in. */
export function pipelineFor(source: BuildSource, architectures: readonly Architecture[], environment: RunEnvironment): Pipeline {
  const bound = bindings(source, environment, "");
  const secrets = ["npmrc", "maven-settings", "build-secrets"].filter((name) => bound[name]);
  const { spec, ...pipeline } = versionedPipeline({ ...source, secrets }, architectures, environment.tasks);
  const values = parametersOf(source, environment.insecureRegistries);
  const params = spec.params.map((param) => ({ ...param, default: values[param.name] }));
  return { ...pipeline, metadata: { name: source.name, namespace: environment.namespace }, spec: { ...spec, params } };
}

/**
 * The run of a build's Pipeline, still without a name: what both hold is what decides whether the image must be built again.
 * @param storageClass a class of ReadWriteMany volumes that nodes of every architecture can mount.
 */
export function runTemplate(
  source: BuildSource,
  architectures: readonly Architecture[],
  environment: RunEnvironment,
  storageClass: string,
): PipelineRun {
  const { spec } = pipelineFor(source, architectures, environment);
  const bound = bindings(source, environment, storageClass);
  return {
    apiVersion: "tekton.dev/v1",
    kind: "PipelineRun",
    metadata: { namespace: environment.namespace },
    spec: {
      pipelineRef: { name: source.name },
      params: spec.params.map(({ name, default: value }) => ({ name, value: value as Param["value"] })),
      workspaces: spec.workspaces.flatMap(({ name }) => {
        const binding = bound[name];
        return binding ? [{ name, ...binding }] : [];
      }),
      // Every task names its own account. This one is the run's, by whose credentials Chains stores signature and provenance
      // (tektoncd/chains, pkg/chains/storage/oci/legacy.go).
      taskRunTemplate: { serviceAccountName: serviceAccounts.push },
      taskRunSpecs: taskRunSpecs(spec.tasks, architectures, environment.secrets.registryCredentials, source.resources),
      timeouts: { pipeline: duration(longest(spec.tasks)) },
    },
  };
}
