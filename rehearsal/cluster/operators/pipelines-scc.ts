import type { KubeObject } from "./api";
import { pipelinesScc } from "./tekton-config";

/** cmd/openshift/operator/kodata/openshift/00-prereconcile/openshift-pipelines-scc.yaml */
export const securityContextConstraints: KubeObject = {
  apiVersion: "security.openshift.io/v1",
  kind: "SecurityContextConstraints",
  metadata: { name: pipelinesScc },
  allowHostDirVolumePlugin: false,
  allowHostIPC: false,
  allowHostNetwork: false,
  allowHostPID: false,
  allowHostPorts: false,
  allowPrivilegeEscalation: false,
  allowPrivilegedContainer: false,
  allowedCapabilities: ["SETFCAP"],
  defaultAddCapabilities: null,
  fsGroup: { type: "MustRunAs" },
  groups: ["system:cluster-admins"],
  priority: 10,
  readOnlyRootFilesystem: false,
  requiredDropCapabilities: ["MKNOD"],
  runAsUser: { type: "RunAsAny" },
  seLinuxContext: { type: "MustRunAs" },
  supplementalGroups: { type: "RunAsAny" },
  volumes: ["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"],
};
