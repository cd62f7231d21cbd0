import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import type { KubeObject } from "./api";
import type { TektonConfigSpec } from "./tekton-config";
import { configMapData } from "./tekton-config";

/**
 * Tekton's own manifests, as its release script reads them; the resolvers, the events controller and the autoscaler of the
 * webhook are left out (nothing here uses remote resolution, and one replica is enough).
 */
const wanted = /^(2\d\d-.*|500-webhooks|clusterrole-.*|config-.*|controller|webhook)\.yaml$/;

/** The documents of a folder `config` of tektoncd/pipeline. */
export function readManifests(folder: string): KubeObject[] {
  const crds = join(folder, "300-crds");
  const files = [
    ...readdirSync(crds).map((file) => join(crds, file)),
    ...readdirSync(folder)
      .filter((file) => wanted.test(file))
      .map((file) => join(folder, file)),
  ].filter((file) => file.endsWith(".yaml"));
  return files.sort().flatMap((file) => readObjects(readFileSync(file, "utf8")));
}

/** The objects of a YAML file with one or more documents. */
export const readObjects = (text: string): KubeObject[] =>
  parseAllDocuments(text)
    .map((document) => document.toJS() as KubeObject | null)
    .filter((object): object is KubeObject => object !== null && object.kind !== undefined);

export interface Placement {
  /** `host:port` of the registry that holds `tekton/<program>:<version>` and `tekton/shell:1`. */
  readonly registry: string;
  /** Version of Tekton, `v1.15.0`. */
  readonly version: string;
  readonly spec: TektonConfigSpec;
}

const shippedNamespace = "tekton-pipelines";
const koReference = /^ko:\/\/github\.com\/tektoncd\/pipeline\/cmd\/([a-z]+)$/;
/** The image that prepares a pod's folders and scripts; every version of Tekton pins another digest. Ours is no program of Tekton. */
const shellReference = /^cgr\.dev\/chainguard\/busybox@sha256:[0-9a-f]+$/;

/**
 * Tekton's manifests as the operator installs them: in the target namespace, with images from our registry, the settings
 * of the TektonConfig, and small enough for two nodes that share one machine.
 */
export function placed(objects: readonly KubeObject[], { registry, version, spec }: Placement): KubeObject[] {
  const namespace = spec.targetNamespace ?? "";
  const data: Record<string, Record<string, string>> = configMapData(spec);
  const rewrite = (value: unknown, key: string): unknown => {
    if (Array.isArray(value)) return value.map((item) => rewrite(item, key));
    if (typeof value === "object" && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, rewrite(item, name)]));
    }
    if (typeof value !== "string") return value;
    // The roles of the webhook name the namespace that it labels itself.
    if ((key === "namespace" || key === "resourceNames") && value === shippedNamespace) return namespace;
    if (/(^|\/)(version|release)$/.test(key) && value === "devel") return version;
    const program = koReference.exec(value)?.[1];
    if (program) return `${registry}/tekton/${program}:${version}`;
    return shellReference.test(value) ? `${registry}/tekton/shell:1` : value;
  };
  return objects.map((object) => {
    const result = rewrite(object, "") as KubeObject;
    if (result.kind === "Deployment") return small(result, spec);
    const set = result.kind === "ConfigMap" ? data[result.metadata.name] : undefined;
    return set ? { ...result, data: { ...(result.data as Record<string, string>), ...set } } : result;
  });
}

interface Container {
  name: string;
  resources?: object;
  readinessProbe?: object;
  livenessProbe?: object;
  securityContext?: { runAsUser?: number };
}
interface DeploymentSpec {
  template: { spec: { containers: Container[]; nodeSelector?: Record<string, string>; tolerations?: object[]; affinity?: object } };
}

/**
 * Programs are built for amd64 alone; probes are quick, as the webhook's readiness is what an installation waits for. The user is
 * OpenShift's to choose (pkg/reconciler/openshift/common/transformer.go: RemoveRunAsUser).
 */
function small(deployment: KubeObject, { config }: TektonConfigSpec): KubeObject {
  const spec = deployment.spec as DeploymentSpec;
  const pod = spec.template.spec;
  const containers = pod.containers.map((container) => ({
    ...container,
    securityContext: { ...container.securityContext, runAsUser: undefined },
    resources: { requests: { cpu: "10m", memory: "64Mi" } },
    readinessProbe: { ...container.readinessProbe, initialDelaySeconds: 0, periodSeconds: 1 },
    livenessProbe: { ...container.livenessProbe, initialDelaySeconds: 30, failureThreshold: 6 },
  }));
  const template = {
    ...spec.template,
    spec: {
      ...pod,
      containers,
      nodeSelector: { ...config?.nodeSelector, "kubernetes.io/arch": "amd64" },
      ...(config?.tolerations ? { tolerations: config.tolerations } : {}),
    },
  };
  return { ...deployment, spec: { ...spec, template } };
}
