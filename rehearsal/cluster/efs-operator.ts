import { isDeepStrictEqual } from "node:util";
import type { KubeObject, Objects, Resource } from "./objects";

/*
 * Stands in for the EFS CSI driver operator (openshift/csi-operator, pkg/driver/aws-efs), whose program is not to be had: once OLM says
 * that it is installed, the real driver runs where ClusterCSIDriver asks for it, as processes instead of a Deployment and a DaemonSet.
 */

export const driverName = "efs.csi.aws.com";
const manager = "aws-efs-csi-driver-operator";
const csvs: Resource = { apiVersion: "operators.coreos.com/v1alpha1", plural: "clusterserviceversions" };
const clusterCsiDrivers: Resource = { apiVersion: "operator.openshift.io/v1", plural: "clustercsidrivers" };
const csiDrivers: Resource = { apiVersion: "storage.k8s.io/v1", plural: "csidrivers" };
const csiNodes: Resource = { apiVersion: "storage.k8s.io/v1", plural: "csinodes" };
const authentications: Resource = { apiVersion: "config.openshift.io/v1", plural: "authentications" };
const subscriptions: Resource = { apiVersion: "operators.coreos.com/v1alpha1", plural: "subscriptions" };
const infrastructures: Resource = { apiVersion: "config.openshift.io/v1", plural: "infrastructures" };

export interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
}

export type ClusterCsiDriver = KubeObject<{ managementState?: string }, { conditions?: Condition[]; observedGeneration?: number }>;
export type Infrastructure = KubeObject<
  unknown,
  { infrastructureName?: string; platformStatus?: { aws?: { resourceTags?: { key: string; value: string }[] } } }
>;
type State = "Deploying" | "Available" | "Removed";

/** The driver itself. */
export interface Driver {
  /** Starts what of it does not run; says whether its controller answers. */
  ensure(tags: string): Promise<boolean>;
  stop(): Promise<void>;
}

/**
 * The driver's option `--tags`: the cluster's own tag, by which `destroy cluster` finds access points that are left, and the user's
 * (library-go's withCustomTags). The driver splits it at spaces and colons (pkg/driver/driver.go, parseTagsFromStr).
 */
export function driverTags({ status }: Infrastructure): string {
  if (!status?.infrastructureName) throw new Error("infrastructure/cluster: its status names no infrastructure");
  const users = (status.platformStatus?.aws?.resourceTags ?? []).map(({ key, value }) => `${key}:${value}`);
  return [`kubernetes.io/cluster/${status.infrastructureName}:owned`, ...users].join(" ");
}

/** Conditions of ClusterCSIDriver as library-go's controllers for the node and the controller service write them. */
export function driverConditions(state: State): Condition[] {
  const controllers = { AWSEFSDriverNodeServiceController: "DaemonSet", AWSEFSDriverControllerServiceController: "Deployment" };
  return Object.entries(controllers).flatMap(([name, kind]): Condition[] => [
    {
      type: `${name}Available`,
      status: state === "Available" ? "True" : "False",
      reason: state === "Available" ? "AsExpected" : state,
      message: state === "Deploying" ? `Waiting for ${kind} to deploy` : "",
    },
    { type: `${name}Progressing`, status: state === "Deploying" ? "True" : "False", reason: state === "Deploying" ? state : "AsExpected" },
    { type: `${name}Degraded`, status: "False", reason: "AsExpected" },
  ]);
}

/** One look: starts or ends the driver, and reports it. A version that is gone leaves everything as it is. */
export async function reconcile(objects: Objects, driver: Driver, now = new Date()): Promise<State | undefined> {
  if (!(await installed(objects))) return undefined;
  const wanted = await objects.get<ClusterCsiDriver>(clusterCsiDrivers, driverName);
  const state = wanted?.spec?.managementState ?? "Managed";
  if (wanted && state === "Unmanaged") return undefined;
  if (!wanted || wanted.metadata.deletionTimestamp || state === "Removed") {
    await driver.stop();
    await objects.remove(csiDrivers, driverName);
    if (wanted) await report(objects, wanted, "Removed", now);
    return "Removed";
  }
  await announce(objects);
  const infrastructure = await objects.get<Infrastructure>(infrastructures, "cluster");
  if (!infrastructure) throw new Error("infrastructure/cluster is not there");
  const answers = (await hasCredentials(objects)) && (await driver.ensure(driverTags(infrastructure)));
  // One node at least can mount: the DaemonSet's condition of the product asks for no more.
  const nodes = await objects.list<KubeObject<{ drivers?: { name: string }[] | null }>>(csiNodes);
  const mounts = nodes.some(({ spec }) => spec?.drivers?.some(({ name }) => name === driverName));
  const reached = answers && mounts ? "Available" : "Deploying";
  await report(objects, wanted, reached, now);
  return reached;
}

/**
 * Whether the Secret is made that the driver's pods mount. In a cluster whose service accounts are an identity provider's, nobody makes users:
 * the cloud credential operator makes it of the role that the operator's Subscription names, and not without (openshift/csi-operator,
 * pkg/driver/aws-efs/aws_efs.go; openshift/cloud-credential-operator, pkg/aws/actuator).
 */
async function hasCredentials(objects: Objects): Promise<boolean> {
  const authentication = await objects.get<KubeObject<{ serviceAccountIssuer?: string }>>(authentications, "cluster");
  if (!authentication?.spec?.serviceAccountIssuer) return true;
  const all = await objects.list<KubeObject<{ name?: string; config?: { env?: { name: string; value?: string }[] } }>>(subscriptions);
  const env = all.find(({ spec }) => spec?.name === manager)?.spec?.config?.env ?? [];
  return env.some(({ name, value }) => name === "ROLEARN" && /^arn:aws[a-z-]*:iam::\d{12}:role\/./.test(value ?? ""));
}

async function installed(objects: Objects): Promise<boolean> {
  // OLM copies each of them, and they are large, into every namespace.
  const versions = await objects.list<KubeObject<unknown, { phase?: string }>>(csvs, "!olm.copiedFrom");
  return versions.some(({ metadata, status }) => metadata.name.startsWith(`${manager}.v`) && status?.phase === "Succeeded");
}

async function announce(objects: Objects): Promise<void> {
  if (await objects.get(csiDrivers, driverName)) return;
  await objects.apply(
    {
      apiVersion: csiDrivers.apiVersion,
      kind: "CSIDriver",
      metadata: { name: driverName, annotations: { "csi.openshift.io/managed": "true" } },
      spec: { attachRequired: false, podInfoOnMount: false, fsGroupPolicy: "None", volumeLifecycleModes: ["Persistent"] },
    },
    manager,
  );
}

async function report(objects: Objects, { metadata, status }: ClusterCsiDriver, state: State, now: Date): Promise<void> {
  const time = now.toISOString().replace(/\.\d+Z$/, "Z");
  const conditions = driverConditions(state).map((condition) => {
    const before = status?.conditions?.find(({ type, status: value }) => type === condition.type && value === condition.status);
    return { ...condition, lastTransitionTime: before?.lastTransitionTime ?? time };
  });
  if (isDeepStrictEqual(conditions, status?.conditions) && status?.observedGeneration === metadata.generation) return;
  const patch = { conditions, observedGeneration: metadata.generation, readyReplicas: state === "Available" ? 1 : 0 };
  await objects.patch(clusterCsiDrivers, metadata, { status: patch }, "status");
  process.stderr.write(`${time} ClusterCSIDriver ${driverName}: ${state}\n`);
}
