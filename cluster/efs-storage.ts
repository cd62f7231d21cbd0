import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Owner } from "../infra/openshift-cluster";
import { clusterProgram } from "./commands";
import { limits, within } from "./limits";
import { Operator } from "./operator";

export interface EfsStorageArgs {
  /** The file system; known once its mount targets exist. */
  readonly fileSystemId: pulumi.Input<string>;
  /** kubeconfig of a cluster administrator. */
  readonly kubeconfig: pulumi.Input<string>;
  /** ARN of the driver's IAM role. @default none: the cluster makes a user for it */
  readonly roleArn?: pulumi.Input<string> | undefined;
  /** Whose the cluster is: no claim is deleted with credentials of another account, as nothing after it could be. */
  readonly owner: Owner;
}

/** Name of the StorageClass. */
const className = "efs-csi";

/** Where OpenShift expects the operators of optional CSI drivers; the Storage capability makes it. */
const namespace = "openshift-cluster-csi-drivers";

const driverAvailable = [
  "condition=AWSEFSDriverNodeServiceControllerAvailable",
  "condition=AWSEFSDriverControllerServiceControllerAvailable",
];

/** The EFS CSI driver, and a StorageClass that makes an access point of the file system for every claim. */
export class EfsStorage extends pulumi.ComponentResource {
  /** Name of the StorageClass; known once claims of it can be bound. */
  readonly storageClass: pulumi.Output<string>;

  constructor(name: string, args: EfsStorageArgs, opts: pulumi.ComponentResourceOptions) {
    // It has no settings. Were the file system's id handed to the engine, the operator would wait for it as well.
    super("openshift-multiarch:cluster:EfsStorage", name, {}, opts);
    const operator = new Operator(
      `${name}-operator`,
      {
        package: "aws-efs-csi-driver-operator",
        channel: "stable",
        namespace,
        operatorGroup: true,
        serves: ["clustercsidrivers.operator.openshift.io"],
        // Red Hat's "Storage", "AWS Elastic File Service CSI Driver Operator". Nodes need no role of their own: only a file system of one zone asks for it.
        ...(args.roleArn === undefined ? {} : { environment: { ROLEARN: args.roleArn } }),
        kubeconfig: args.kubeconfig,
      },
      { parent: this },
    );
    const driver = new kubernetes.apiextensions.CustomResource(
      `${name}-driver`,
      {
        apiVersion: "operator.openshift.io/v1",
        kind: "ClusterCSIDriver",
        metadata: { name: "efs.csi.aws.com", annotations: { "pulumi.com/waitFor": JSON.stringify(driverAvailable) } },
        spec: { managementState: "Managed" },
      },
      { parent: this, dependsOn: operator, customTimeouts: { create: within(limits.driver), update: within(limits.driver) } },
    );
    const storageClass = new kubernetes.storage.v1.StorageClass(
      `${name}-class`,
      {
        metadata: { name: className },
        provisioner: "efs.csi.aws.com",
        reclaimPolicy: "Delete",
        volumeBindingMode: "Immediate",
        parameters: {
          provisioningMode: "efs-ap",
          fileSystemId: args.fileSystemId,
          directoryPerms: "700",
          basePath: "/pv",
          uid: "0",
          gid: "0",
        },
      },
      { parent: this, dependsOn: driver, replaceOnChanges: ["reclaimPolicy", "volumeBindingMode"] },
    );
    // The claims of pipeline runs are not in the graph. Removing them while the driver still runs lets it delete their access
    // points and folders. It is the first of all that a destruction deletes, so it is here that a wrong account stops it. No child of this component: children inherit `deletedWith`, and with it their delete never runs.
    const drain = clusterProgram(
      `${name}-drain`,
      {
        file: "cluster/drain-claims.ts",
        seconds: limits.drain,
        kubeconfig: args.kubeconfig,
        owner: args.owner,
        environment: { STORAGE_CLASS: className },
        onDelete: true,
      },
      { dependsOn: storageClass },
    );
    this.storageClass = pulumi.all([storageClass.metadata.name, drain.id]).apply(([name]) => name);
    this.registerOutputs({ storageClass: this.storageClass });
  }
}
