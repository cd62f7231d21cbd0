import { stringify } from "yaml";

/** A Kubernetes object, as loose as manifests are. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> };
  readonly [field: string]: unknown;
}

/** What an operator's ClusterServiceVersion says beyond its manifests. */
export interface BundleFacts {
  /** Package in the catalog. */
  readonly name: string;
  readonly version: string;
  readonly displayName: string;
}

interface Subject {
  kind: string;
  name: string;
}
interface Crd extends Manifest {
  readonly spec: { group: string; names: { kind: string }; versions: { name: string }[] };
}

/** Kinds that OLM makes of the ClusterServiceVersion, or that the cluster has before an operator comes. */
const notInBundles = ["Namespace", "ServiceAccount", "Deployment"];

/** The name of a ClusterServiceVersion: what Subscriptions and channels call a version of an operator. */
export const csvName = ({ name, version }: Pick<BundleFacts, "name" | "version">): string => `${name}.v${version}`;

/** What an operator's CRDs define. Pure. */
export function ownedKinds(objects: readonly Manifest[]): { name: string; group: string; version: string; kind: string }[] {
  const crds = objects.filter(({ kind }) => kind === "CustomResourceDefinition") as unknown as Crd[];
  return crds.flatMap(({ metadata, spec }) =>
    spec.versions.map((version) => ({ name: metadata.name, group: spec.group, version: version.name, kind: spec.names.kind })),
  );
}

/**
 * An operator's manifests as a bundle: its Deployments and the roles of their ServiceAccounts in a ClusterServiceVersion, CRDs and the
 * rest beside it, without namespaces, which are the Subscription's. As `operator-sdk generate bundle` does
 * (internal/generate/clusterserviceversion/clusterserviceversion_updaters.go). Roles must be cluster-wide. Pure.
 *
 * @throws when an account is bound to a role that is not among the manifests: its rules would be missing.
 */
export function bundle(facts: BundleFacts, objects: readonly Manifest[]): Manifest[] {
  const ofKind = (kind: string) => objects.filter((object) => object.kind === kind);
  const deployments = ofKind("Deployment");
  const accounts = ofKind("ServiceAccount").map(({ metadata }) => metadata.name);
  const subjects = (binding: Manifest) => binding.subjects as Subject[];
  const own = ofKind("ClusterRoleBinding").filter((binding) =>
    subjects(binding).every(({ kind, name }) => kind === "ServiceAccount" && accounts.includes(name)),
  );
  const roles = own.map((binding) => (binding.roleRef as Subject).name);
  const rules = ({ metadata, roleRef }: Manifest) => {
    const { name } = roleRef as Subject;
    const role = ofKind("ClusterRole").find((one) => one.metadata.name === name);
    if (!role) throw new Error(`ClusterRoleBinding ${metadata.name}: the operator's manifests have no ClusterRole ${name}`);
    return role.rules;
  };
  const csv: Manifest = {
    apiVersion: "operators.coreos.com/v1alpha1",
    kind: "ClusterServiceVersion",
    metadata: { name: csvName(facts) },
    spec: {
      displayName: facts.displayName,
      version: facts.version,
      provider: { name: "Red Hat" },
      // Both of these operators look after the whole cluster.
      installModes: ["OwnNamespace", "SingleNamespace", "MultiNamespace", "AllNamespaces"].map((type) => ({
        type,
        supported: type === "AllNamespaces",
      })),
      customresourcedefinitions: {
        owned: ownedKinds(objects).map(({ name, version, kind }) => ({ name, version, kind })),
      },
      install: {
        strategy: "deployment",
        spec: {
          clusterPermissions: accounts.map((account) => ({
            serviceAccountName: account,
            rules: own.filter((binding) => subjects(binding).some(({ name }) => name === account)).flatMap(rules),
          })),
          deployments: deployments.map(({ metadata, spec }) => ({ name: metadata.name, label: metadata.labels, spec })),
        },
      },
    },
  };
  const rest = objects.filter(
    ({ kind, metadata }) =>
      !notInBundles.includes(kind) &&
      !own.some((binding) => binding.metadata.name === metadata.name && kind === binding.kind) &&
      !(kind === "ClusterRole" && roles.includes(metadata.name)),
  );
  return [csv, ...rest.map((object) => ({ ...object, metadata: { ...object.metadata, namespace: undefined } }))];
}

/** Files of a bundle's image, by their path in it. Pure. */
export function bundleFiles(facts: BundleFacts, objects: readonly Manifest[]): Map<string, string> {
  const annotations = {
    "operators.operatorframework.io.bundle.mediatype.v1": "registry+v1",
    "operators.operatorframework.io.bundle.manifests.v1": "manifests/",
    "operators.operatorframework.io.bundle.metadata.v1": "metadata/",
    "operators.operatorframework.io.bundle.package.v1": facts.name,
  };
  return new Map([
    ...bundle(facts, objects).map((object): [string, string] => [
      `manifests/${object.kind.toLowerCase()}-${object.metadata.name}.yaml`,
      stringify(object),
    ]),
    ["metadata/annotations.yaml", stringify({ annotations })],
  ]);
}
