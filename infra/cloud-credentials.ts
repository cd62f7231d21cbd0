import type { PlainClusterSettings } from "../config";

/** `cluster.credentialsMode`. */
export type CredentialsMode = PlainClusterSettings["credentialsMode"];

/** Minutes that an install takes, the stages around it included, with something to spare: a session that ends before ends the install. */
export const sessionMinutes = 60;

/** Namespace and Secret of the EFS CSI driver's credentials: openshift/csi-operator, assets/overlays/aws-efs/base/credentials.yaml. */
const efsSecret = { namespace: "openshift-cluster-csi-drivers", name: "aws-efs-cloud-credentials" } as const;

/**
 * What the EFS CSI driver operator asks for, which is not of the release and so not among the CredentialsRequests of the install. The
 * operator writes the same into the cluster, without the service accounts, and names there the role of `ROLEARN` (openshift/csi-operator,
 * pkg/driver/aws-efs/aws_efs.go, stsCredentialsRequestHook; Red Hat's "AWS Elastic File Service CSI Driver Operator" has the accounts).
 */
export const efsCredentialsRequest = {
  apiVersion: "cloudcredential.openshift.io/v1",
  kind: "CredentialsRequest",
  metadata: { name: "openshift-aws-efs-csi-driver", namespace: "openshift-cloud-credential-operator" },
  spec: {
    secretRef: efsSecret,
    serviceAccountNames: ["aws-efs-csi-driver-operator", "aws-efs-csi-driver-controller-sa"],
    providerSpec: {
      apiVersion: "cloudcredential.openshift.io/v1",
      kind: "AWSProviderSpec",
      statementEntries: [{ effect: "Allow", action: ["elasticfilesystem:*", "ec2:DescribeAvailabilityZones"], resource: "*" }],
    },
  },
} as const;

/** File that ccoctl writes for it: pkg/cmd/provisioning/aws/create-iam-roles.go in openshift/cloud-credential-operator, writeCredReqSecret. */
export const efsSecretFile = `${efsSecret.namespace}-${efsSecret.name}-credentials.yaml`;

/** Partition of AWS of a region, as ARNs begin with it. */
const partition = (region: string) => (region.startsWith("us-gov-") ? "aws-us-gov" : region.startsWith("eusc-") ? "aws-eusc" : "aws");

/**
 * ARN of the role that ccoctl makes for the EFS CSI driver: `<name>-<namespace>-<secret>`, cut to the 64 characters that a role's name
 * may have (the same file, createRole). The credentials stage compares it with the one that ccoctl has written.
 */
export function efsRoleArn(infraId: string, account: string, region: string): string {
  const name = `${infraId}-${efsSecret.namespace}-${efsSecret.name}`.slice(0, 64);
  return `arn:${partition(region)}:iam::${account}:role/${name}`;
}
