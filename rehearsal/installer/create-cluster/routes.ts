import { mutatingPolicy } from "../../cluster/mutating-policy";
import type { Manifest } from "./install-directory";

/**
 * Gives a Route that names no host the one that OpenShift's API server generates (openshift/openshift-apiserver,
 * pkg/route/hostassignment: `<name>-<namespace>.<domain>`). Nothing routes there. Pure.
 *
 * @param domain of the default ingress, `apps.<cluster>.<base domain>`.
 */
export function routeHosts(domain: string): Manifest[] {
  const host = `object.metadata.name + '-' + object.metadata.namespace + '.${domain}'`;
  const { policy, binding } = mutatingPolicy({
    name: "rehearsal-route-hosts",
    rule: { apiGroups: ["route.openshift.io"], apiVersions: ["v1"], operations: ["CREATE"], resources: ["routes"] },
    condition: { name: "names-none", expression: "!has(object.spec.host) || object.spec.host == ''" },
    patch: `[JSONPatch{op: "add", path: "/spec/host", value: ${host}}]`,
  });
  return [policy, binding];
}
