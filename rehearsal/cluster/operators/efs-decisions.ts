import type { KubeObject } from "./api";
import type { Condition } from "./olm-decisions";

/** What the operator of the EFS CSI driver decides, without the API (openshift/csi-operator, pkg/driver/aws-efs). */

export const driverName = "efs.csi.aws.com";

export type ClusterCsiDriver = KubeObject<{ managementState?: string }, { conditions?: Condition[]; observedGeneration?: number }>;
export type CsiNode = KubeObject<{ drivers?: { name: string }[] | null }>;
export type Infrastructure = KubeObject<
  unknown,
  { infrastructureName?: string; platformStatus?: { aws?: { resourceTags?: { key: string; value: string }[] } } }
>;

/**
 * The driver's option `--tags`: the cluster's own tag, by which `destroy cluster` finds access points that are left, and the user's
 * (library-go's withCustomTags). The driver splits it at spaces and colons (pkg/driver/driver.go, parseTagsFromStr).
 */
export function driverTags({ status }: Infrastructure): string {
  if (!status?.infrastructureName) throw new Error("infrastructure/cluster: its status names no infrastructure");
  const users = (status.platformStatus?.aws?.resourceTags ?? []).map(({ key, value }) => `${key}:${value}`);
  return [`kubernetes.io/cluster/${status.infrastructureName}:owned`, ...users].join(" ");
}

/** Whether one node at least can mount: the DaemonSet's condition of the product asks for no more. */
export const anyNodeHas = (nodes: readonly CsiNode[]): boolean =>
  nodes.some(({ spec }) => spec?.drivers?.some(({ name }) => name === driverName));

/** Conditions of ClusterCSIDriver as library-go's controllers for the node and the controller service write them. */
export function driverConditions(state: "Deploying" | "Available" | "Removed"): Condition[] {
  const controllers = ["AWSEFSDriverNodeServiceController", "AWSEFSDriverControllerServiceController"];
  return controllers.flatMap((name): Condition[] => {
    const kind = name.includes("Node") ? "DaemonSet" : "Deployment";
    return [
      {
        type: `${name}Available`,
        status: state === "Available" ? "True" : "False",
        reason: state === "Available" ? "AsExpected" : state,
        message: state === "Deploying" ? `Waiting for ${kind} to deploy` : "",
      },
      {
        type: `${name}Progressing`,
        status: state === "Deploying" ? "True" : "False",
        reason: state === "Deploying" ? state : "AsExpected",
      },
      { type: `${name}Degraded`, status: "False", reason: "AsExpected" },
    ];
  });
}
