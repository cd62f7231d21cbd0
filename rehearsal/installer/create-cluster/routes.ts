import type { Manifest } from "./install-directory";

const group = "admissionregistration.k8s.io/v1beta1";
const name = "rehearsal-route-hosts";

/**
 * Gives a Route that names no host the one that OpenShift's API server generates (openshift/openshift-apiserver,
 * pkg/route/hostassignment: `<name>-<namespace>.<domain>`). Nothing routes there. Pure.
 *
 * @param domain of the default ingress, `apps.<cluster>.<base domain>`.
 */
export function routeHosts(domain: string): Manifest[] {
  const host = `object.metadata.name + '-' + object.metadata.namespace + '.${domain}'`;
  return [
    {
      apiVersion: group,
      kind: "MutatingAdmissionPolicy",
      metadata: { name },
      spec: {
        failurePolicy: "Fail",
        reinvocationPolicy: "Never",
        matchConstraints: {
          resourceRules: [{ apiGroups: ["route.openshift.io"], apiVersions: ["v1"], operations: ["CREATE"], resources: ["routes"] }],
        },
        matchConditions: [{ name: "names-none", expression: "!has(object.spec.host) || object.spec.host == ''" }],
        mutations: [{ patchType: "JSONPatch", jsonPatch: { expression: `[JSONPatch{op: "add", path: "/spec/host", value: ${host}}]` } }],
      },
    },
    { apiVersion: group, kind: "MutatingAdmissionPolicyBinding", metadata: { name }, spec: { policyName: name } },
  ];
}
