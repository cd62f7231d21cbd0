import { registry } from "../../machine/places";
import type { Manifest } from "./bundle";
import type { Offer } from "./catalog";

const name = "aws-efs-csi-driver-operator";

/**
 * The EFS CSI driver operator's manifests. Its program is not to be had, so its Deployment does nothing: what it would do is done by
 * cluster/efs-operator.ts, once OLM says that it is installed.
 */
const manifests: readonly Manifest[] = [
  { apiVersion: "v1", kind: "ServiceAccount", metadata: { name } },
  {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      replicas: 1,
      selector: { matchLabels: { name } },
      template: {
        metadata: { labels: { name } },
        spec: {
          serviceAccountName: name,
          securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
          containers: [
            {
              name,
              image: `${registry}/pause:1`,
              resources: { requests: { cpu: "10m", memory: "50Mi" } },
              securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] }, readOnlyRootFilesystem: true },
            },
          ],
        },
      },
    },
  },
];

/** openshift/csi-operator, config/aws-efs/manifests/stable. */
export const efsOffer: Offer = {
  name,
  displayName: "AWS EFS CSI Driver Operator",
  defaultChannel: "stable",
  channels: { stable: "4.19.0" },
  manifests: () => manifests,
};
