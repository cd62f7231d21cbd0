import { NotKnown, rule } from "./rule";

/** As the engine names a package's default provider: with the version, if it is known (pulumi's pkg/resource/deploy/source_eval.go). */
const isDefault = (name: string) => /^default(?:_|$)/.test(name);

/**
 * The default provider of Kubernetes takes whatever cluster the kubeconfig of the machine names, and so does one whose own is empty
 * (pulumi-kubernetes, provider/pkg/provider/provider.go).
 */
export const explicitKubernetesProvider = rule<{ provider: string }>(
  {
    name: "explicit-kubernetes-provider",
    description: "Every Kubernetes object is made by the provider of the cluster that the program installs.",
    enforcementLevel: "mandatory",
    severity: "critical",
  },
  function* ({ type, name, inputs, provider }, { provider: ours }) {
    if (type === "pulumi:providers:kubernetes") {
      if (isDefault(name)) yield "the default provider is in use: some object or look-up names none";
      else if (inputs.kubeconfig instanceof NotKnown) yield inputs.kubeconfig;
      else if (!inputs.kubeconfig) yield "kubeconfig: without one, the provider takes the cluster of the machine's own kubeconfig";
    }
    // Components have no provider; those of their children count.
    if (!type.startsWith("kubernetes:") || provider === undefined) return;
    if (isDefault(provider.name)) yield `made by the default provider, not by ${ours}: its options, or its parent's, name none`;
    else if (provider.name !== ours) yield `made by another provider than ${ours}`;
  },
  {
    provider: { type: "string", minLength: 1, default: "cluster", description: "Name of the program's Kubernetes provider" },
  },
);
