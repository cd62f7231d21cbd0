/** The part of the Tekton API (tekton.dev/v1) that this program writes; field descriptions are in Tekton's own reference. */

export interface ObjectMeta {
  name?: string;
  generateName?: string;
  namespace?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

export interface ParamSpec {
  name: string;
  type?: "string" | "array";
  description: string;
  default?: string | string[];
}

export interface Param {
  name: string;
  value: string | string[];
}

export interface WorkspaceDeclaration {
  name: string;
  description: string;
  optional?: boolean;
  readOnly?: boolean;
}

export interface SecurityContext {
  runAsUser?: number;
  runAsNonRoot?: boolean;
  allowPrivilegeEscalation: boolean;
  readOnlyRootFilesystem?: boolean;
  capabilities: { add?: string[]; drop?: string[] };
  seccompProfile?: { type: "RuntimeDefault" };
}

export interface Step {
  name: string;
  image: string;
  /** Its text, in the place of a command. */
  script?: string;
  command?: string[];
  args?: string[];
  env: { name: string; value: string }[];
  securityContext: SecurityContext;
  computeResources: { requests: Record<string, string>; limits?: Record<string, string> };
  volumeMounts: { name: string; mountPath: string }[];
  /** Whether the task goes on, and well, after this step has failed. Else it has failed with it. */
  onError?: "continue";
  /** Workspaces that no step gets but those that name them. */
  workspaces?: { name: string }[];
}

export interface TaskSpec {
  description: string;
  params: ParamSpec[];
  workspaces: WorkspaceDeclaration[];
  results?: { name: string; description: string }[];
  steps: Step[];
  volumes: { name: string; emptyDir: { sizeLimit?: string } }[];
}

export interface Task {
  apiVersion: "tekton.dev/v1";
  kind: "Task";
  metadata: ObjectMeta & { name: string };
  spec: TaskSpec;
}

export interface PipelineTask {
  name: string;
  displayName: string;
  taskRef: { name: string };
  runAfter?: string[];
  /** Conditions, without which the task is left out; what only comes after it runs all the same. */
  when?: { input: string; operator: "in"; values: string[] }[];
  params: Param[];
  workspaces: { name: string; workspace: string }[];
  /** Left out where there are none: the API server does not keep a 0, and every preview would write it again. */
  retries?: number;
  timeout: string;
}

export interface PipelineSpec {
  description: string;
  params: ParamSpec[];
  workspaces: WorkspaceDeclaration[];
  results: { name: string; description: string; value: string }[];
  tasks: PipelineTask[];
}

export interface Pipeline {
  apiVersion: "tekton.dev/v1";
  kind: "Pipeline";
  metadata: ObjectMeta;
  spec: PipelineSpec;
}

export interface Affinity {
  nodeAffinity: {
    preferredDuringSchedulingIgnoredDuringExecution: {
      weight: number;
      preference: { matchExpressions: { key: string; operator: "DoesNotExist" }[] };
    }[];
  };
}

export interface TaskRunSpec {
  pipelineTaskName: string;
  serviceAccountName: string;
  podTemplate: {
    nodeSelector: Record<string, string>;
    affinity: Affinity;
    imagePullSecrets: { name: string }[];
    automountServiceAccountToken: boolean;
  };
  /** Other resources of some steps than their task says. */
  stepSpecs?: { name: string; computeResources: { requests?: Record<string, string>; limits?: Record<string, string> } }[];
}

export interface WorkspaceBinding {
  name: string;
  secret?: { secretName: string };
  configMap?: { name: string };
  persistentVolumeClaim?: { claimName: string };
  /** Folder of the volume, which is made where it is not there. */
  subPath?: string;
  volumeClaimTemplate?: {
    metadata: { labels: Record<string, string> };
    spec: { accessModes: string[]; storageClassName: string; resources: { requests: { storage: string } } };
  };
}

export interface PipelineRunSpec {
  pipelineRef: { name: string };
  params: Param[];
  workspaces: WorkspaceBinding[];
  taskRunTemplate: { serviceAccountName: string };
  taskRunSpecs: TaskRunSpec[];
  timeouts: { pipeline: string };
}

export interface PipelineRun {
  apiVersion: "tekton.dev/v1";
  kind: "PipelineRun";
  metadata: ObjectMeta;
  spec: PipelineRunSpec;
}
