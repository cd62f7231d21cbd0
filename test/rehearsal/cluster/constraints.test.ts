import { describe, expect, it } from "vitest";
import { constraintRoles, securityContextConstraints } from "../../../rehearsal/cluster/constraints";

describe("security context constraints", () => {
  it("include every one without which OpenShift's admission refuses all pods", () => {
    // openshift/apiserver-library-go: pkg/securitycontextconstraints/sccadmission/admission.go, standardSCCNames.
    const standard = ["anyuid", "hostaccess", "hostmount-anyuid", "hostnetwork", "hostnetwork-v2"];
    const rest = ["nonroot", "nonroot-v2", "privileged", "restricted", "restricted-v2"];
    expect(securityContextConstraints().map(({ metadata }) => metadata.name)).toEqual(expect.arrayContaining([...standard, ...rest]));
  });

  it("are for everybody to use only where nothing is the host's, the user is the namespace's, and all capabilities are dropped", () => {
    const roles = constraintRoles() as unknown as { kind: string; roleRef?: { name: string }; subjects?: { name: string }[] }[];
    const bound = roles.filter(({ kind }) => kind === "ClusterRoleBinding");
    expect(bound.flatMap(({ subjects = [] }) => subjects.map(({ name }) => name))).toEqual([
      "system:authenticated",
      "system:authenticated",
    ]);
    const names = bound.map(({ roleRef }) => roleRef?.name.replace("system:openshift:scc:", ""));
    expect(names).toEqual(["restricted-v2", "restricted-v3"]);
    for (const one of securityContextConstraints().filter(({ metadata }) => names.includes(metadata.name))) {
      expect(one).toMatchObject({
        allowHostDirVolumePlugin: false,
        allowHostNetwork: false,
        allowPrivilegedContainer: false,
        allowPrivilegeEscalation: false,
        requiredDropCapabilities: ["ALL"],
        runAsUser: { type: "MustRunAsRange" },
      });
    }
  });
});
