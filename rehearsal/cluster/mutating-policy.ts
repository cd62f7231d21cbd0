const apiVersion = "admissionregistration.k8s.io/v1beta1";

export interface MutatingPolicy {
  readonly name: string;
  /** Whom it acts on. */
  readonly rule: {
    readonly apiGroups: string[];
    readonly apiVersions: string[];
    readonly operations: string[];
    readonly resources: string[];
  };
  /** Name and CEL expression of the condition under which it acts. */
  readonly condition: { readonly name: string; readonly expression: string };
  /** CEL expression of a list of JSONPatch. */
  readonly patch: string;
}

/** A MutatingAdmissionPolicy that must succeed and acts once, and the binding that puts it in force everywhere. Pure. */
export function mutatingPolicy({ name, rule, condition, patch }: MutatingPolicy) {
  return {
    policy: {
      apiVersion,
      kind: "MutatingAdmissionPolicy",
      metadata: { name },
      spec: {
        failurePolicy: "Fail",
        reinvocationPolicy: "Never",
        matchConstraints: { resourceRules: [rule] },
        matchConditions: [condition],
        mutations: [{ patchType: "JSONPatch", jsonPatch: { expression: patch } }],
      },
    },
    binding: { apiVersion, kind: "MutatingAdmissionPolicyBinding", metadata: { name }, spec: { policyName: name } },
  };
}
