import { until } from "../machine/process";
import { api, apply } from "./api";
import { mutatingPolicy } from "./mutating-policy";

/** Label of a Node that says which architecture it stands for. */
export const architectureLabel = "rehearsal.openshift-multiarch/architecture";

const group = "/apis/admissionregistration.k8s.io/v1beta1";
const name = "rehearsal-node-architecture";

/**
 * The admission policy that lets a node be what its label says: every kubelet here is an amd64 program and would write its
 * own architecture into labels and status again and again (kubernetes: pkg/kubelet/kubelet_node_status.go). Pure.
 */
export function architecturePolicy() {
  const value = `object.metadata.labels['${architectureLabel}']`;
  const patch = (path: string) => `JSONPatch{op: "add", path: "${path}", value: ${value}}`;
  return mutatingPolicy({
    name,
    rule: { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE", "UPDATE"], resources: ["nodes", "nodes/status"] },
    condition: { name: "labelled", expression: `has(object.metadata.labels) && '${architectureLabel}' in object.metadata.labels` },
    patch:
      `[${patch("/metadata/labels/kubernetes.io~1arch")}, ${patch("/metadata/labels/beta.kubernetes.io~1arch")}]` +
      ` + (has(object.status) && has(object.status.nodeInfo) ? [${patch("/status/nodeInfo/architecture")}] : [])`,
  });
}

/** Puts the policy in force: returns when the API server applies it to a Node. */
export async function ensureArchitecturePolicy(): Promise<void> {
  const { policy, binding } = architecturePolicy();
  await apply(`${group}/mutatingadmissionpolicies/${name}`, policy);
  await apply(`${group}/mutatingadmissionpolicybindings/${name}`, binding);
  const probe = { apiVersion: "v1", kind: "Node", metadata: { name: "probe", labels: { [architectureLabel]: "arm64" } } };
  await until("the admission policy for node architectures is in force", 60, async () => {
    const seen = await api<{ metadata: { labels: Record<string, string> } }>("POST", "/api/v1/nodes?dryRun=All", probe);
    return seen.metadata.labels["kubernetes.io/arch"] === "arm64";
  });
}
