import type { KubeObject } from "./api";

export type InstallMode = "OwnNamespace" | "SingleNamespace" | "MultiNamespace" | "AllNamespaces";

/** One operator of the catalog, as its channels offer it. */
export interface Package {
  readonly name: string;
  readonly displayName: string;
  readonly description: string;
  readonly defaultChannel: string;
  /** Head of each channel: the version that a Subscription installs. */
  readonly channels: Readonly<Record<string, string>>;
  readonly installModes: readonly InstallMode[];
  readonly ownedKinds: readonly { name: string; version: string; kind: string }[];
  /** Folder of the operator's CRDs below `openshift-crds/operators`. */
  readonly crds: string;
}

/** The catalog that OpenShift calls so; of its hundreds of packages the stand-in holds the two that the program subscribes to. */
export const catalogName = "redhat-operators";
export const catalogNamespace = "openshift-marketplace";

/**
 * Versions: openshift-pipelines/hack, config/downstream/releases. Whatever the channel, the rehearsal installs the one
 * Tekton of its toolchain (1.15, which is that of Pipelines 1.24).
 */
export const packages: readonly Package[] = [
  {
    name: "openshift-pipelines-operator-rh",
    displayName: "Red Hat OpenShift Pipelines",
    description: "Stand-in of the rehearsal: the operator's work is done by a process outside the cluster.",
    defaultChannel: "latest",
    channels: {
      latest: "1.24.0",
      "pipelines-1.20": "1.20.5",
      "pipelines-1.21": "1.21.4",
      "pipelines-1.22": "1.22.5",
      "pipelines-1.23": "1.23.1",
      "pipelines-1.24": "1.24.0",
    },
    installModes: ["AllNamespaces"],
    ownedKinds: [{ name: "tektonconfigs.operator.tekton.dev", version: "v1alpha1", kind: "TektonConfig" }],
    crds: "openshift-pipelines",
  },
  {
    // openshift/csi-operator, config/aws-efs/manifests/stable: all namespaces or nothing.
    name: "aws-efs-csi-driver-operator",
    displayName: "AWS EFS CSI Driver Operator",
    description: "Stand-in of the rehearsal: the operator's work is done by a process outside the cluster.",
    defaultChannel: "stable",
    channels: { stable: "4.19.0" },
    installModes: ["AllNamespaces"],
    // ClusterCSIDriver belongs to the platform, so the operator owns no CRD.
    ownedKinds: [],
    crds: "aws-efs",
  },
];

export const csvName = (name: string, version: string): string => `${name}.v${version}`;

export const packageOfCsv = (csv: string): Package | undefined =>
  packages.find(({ name, channels }) => Object.values(channels).some((version) => csvName(name, version) === csv));

/** The label by which OLM marks everything that belongs to one operator in one namespace. */
export const componentLabel = (name: string, namespace: string): Record<string, string> => ({
  [`operators.coreos.com/${name}.${namespace}`]: "",
});

/**
 * The package as OLM's package server shows it (pkg/package-server/apis/operators/v1/packagemanifest_types.go). There it is computed for
 * every namespace; here it is an object in the catalog's own, with the head of each channel as its only version.
 */
export const packageManifest = (offer: Package): KubeObject => ({
  apiVersion: "packages.operators.coreos.com/v1",
  kind: "PackageManifest",
  metadata: { name: offer.name, namespace: catalogNamespace, labels: { catalog: catalogName, "catalog-namespace": catalogNamespace } },
  spec: {},
  status: {
    catalogSource: catalogName,
    catalogSourceNamespace: catalogNamespace,
    packageName: offer.name,
    defaultChannel: offer.defaultChannel,
    channels: Object.entries(offer.channels).map(([name, version]) => {
      const currentCSV = csvName(offer.name, version);
      return { name, currentCSV, entries: [{ name: currentCSV, version }] };
    }),
  },
});

/** Stands for the package server's aggregated API. */
export const packageManifestCrd: KubeObject = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "packagemanifests.packages.operators.coreos.com" },
  spec: {
    group: "packages.operators.coreos.com",
    names: { kind: "PackageManifest", plural: "packagemanifests", singular: "packagemanifest" },
    scope: "Namespaced",
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      },
    ],
  },
};

const installModes: readonly InstallMode[] = ["OwnNamespace", "SingleNamespace", "MultiNamespace", "AllNamespaces"];

/** The ClusterServiceVersion that an InstallPlan of the package creates. */
export function clusterServiceVersion(offer: Package, csv: string, namespace: string, operatorGroup: string): KubeObject {
  return {
    apiVersion: "operators.coreos.com/v1alpha1",
    kind: "ClusterServiceVersion",
    metadata: {
      name: csv,
      namespace,
      labels: componentLabel(offer.name, namespace),
      annotations: { "olm.operatorGroup": operatorGroup, "olm.operatorNamespace": namespace, "olm.targetNamespaces": "" },
    },
    spec: {
      displayName: offer.displayName,
      description: offer.description,
      version: csv.slice(`${offer.name}.v`.length),
      provider: { name: "Red Hat" },
      installModes: installModes.map((type) => ({ type, supported: offer.installModes.includes(type) })),
      customresourcedefinitions: {
        owned: offer.ownedKinds.map((owned) => ({ ...owned, displayName: owned.kind, description: owned.kind })),
      },
      install: { strategy: "deployment", spec: { deployments: [] } },
    },
  };
}
