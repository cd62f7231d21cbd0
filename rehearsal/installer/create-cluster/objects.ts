import type { Manifest, Metadata } from "./install-directory";
import { type LifecycleImage, lifecycleManager, redHatOperators } from "./lifecycle-manager";
import { routeHosts } from "./routes";

/** Namespaces that a cluster has when its installation ends, as far as anything in the rehearsal looks at one. */
export const namespaces = [
  ...["openshift", "openshift-cloud-credential-operator", "openshift-cloud-network-config-controller", "openshift-cluster-csi-drivers"],
  ...["openshift-cluster-version", "openshift-config", "openshift-config-managed"],
  ...["openshift-console", "openshift-image-registry", "openshift-infra", "openshift-ingress", "openshift-ingress-operator"],
  ...["openshift-machine-api", "openshift-machine-config-operator", "openshift-marketplace", "openshift-monitoring"],
  ...["openshift-operator-lifecycle-manager", "openshift-operators"],
] as const;

/** Kinds of the installer's manifests with which nothing in the rehearsal works, and whose CRDs are left out. */
const leftOut = ["MachineConfig", "CredentialsRequest"];

/** Cluster operators without a capability that turns them off. */
const coreOperators = [
  ...["authentication", "config-operator", "dns", "etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"],
  ...["kube-storage-version-migrator", "machine-approver", "machine-config", "monitoring", "network", "openshift-apiserver"],
  ...["openshift-controller-manager", "service-ca"],
];

/**
 * Cluster operators of each capability. Names and grouping: openshift/api, config/v1/types_cluster_version.go, and the
 * annotation capability.openshift.io/name in the release's manifests.
 */
const operatorsOf: Readonly<Record<string, readonly string[]>> = {
  CloudControllerManager: ["cloud-controller-manager"],
  CloudCredential: ["cloud-credential"],
  Console: ["console"],
  CSISnapshot: ["csi-snapshot-controller"],
  ImageRegistry: ["image-registry"],
  Ingress: ["ingress"],
  Insights: ["insights"],
  MachineAPI: ["cluster-autoscaler", "control-plane-machine-set", "machine-api"],
  marketplace: ["marketplace"],
  NodeTuning: ["node-tuning"],
  OperatorLifecycleManager: [
    "operator-lifecycle-manager",
    "operator-lifecycle-manager-catalog",
    "operator-lifecycle-manager-packageserver",
  ],
  OperatorLifecycleManagerV1: ["olm"],
  "openshift-samples": ["openshift-samples"],
  Storage: ["storage"],
  baremetal: ["baremetal"],
};

/** openshift/api at the release of the rehearsal's installer, without those that follow no operator. */
export const knownCapabilities = [...Object.keys(operatorsOf), "Build", "DeploymentConfig"].sort((a, b) => (a < b ? -1 : 1));

/** Names of the cluster operators that a cluster with these capabilities has. Pure. */
export function clusterOperators(capabilities: readonly string[]): string[] {
  return [...coreOperators, ...capabilities.flatMap((name) => operatorsOf[name] ?? [])].sort();
}

export interface ClusterFacts {
  readonly metadata: Metadata;
  /** The installer's manifests, by file name. */
  readonly manifests: ReadonlyMap<string, readonly Manifest[]>;
  /** Version of the release, e.g. `4.19.0`, and its image. */
  readonly version: string;
  readonly releaseImage: string;
  /** `openshift-install coreos print-stream-json`. */
  readonly coreOsStream: string;
  /** PEM of the authority that signs what the router shows. */
  readonly routerCa: string;
  readonly lifecycleImage: LifecycleImage;
  readonly now: Date;
}

/** Conditions in the past: `wait-for` takes an operator for steady that has not changed for 30 s (coStabilityThreshold). */
function condition(type: string, status: "True" | "False", facts: ClusterFacts, reason = "AsExpected", message = "") {
  return {
    type,
    status,
    reason,
    message,
    lastTransitionTime: new Date(facts.now.getTime() - 5 * 60_000).toISOString().replace(/\.\d+Z$/, "Z"),
  };
}

/**
 * What the cluster holds when its installation ends: the installer's own manifests, and what the operators of the release
 * would have made of them; without namespaces, CRDs and `bootstrapComplete`. Pure.
 */
export function clusterObjects(facts: ClusterFacts): Manifest[] {
  const installed = [...facts.manifests.values()].flat().filter(({ kind }) => !leftOut.includes(kind));
  const version = installed.find(({ kind }) => kind === "ClusterVersion");
  const capabilities = enabledCapabilities(version);
  const own = [
    etcd(facts),
    apiServer,
    ...routeHosts(`apps.${facts.metadata.aws.clusterDomain}`),
    machineCredentials(installed),
    coreOsImages(facts),
    configMap("openshift-config-managed", "default-ingress-cert", { "ca-bundle.crt": facts.routerCa }),
    ...(capabilities.includes("Console") ? [consoleRoute(facts)] : []),
    ...(capabilities.includes("OperatorLifecycleManager") ? lifecycleManager(facts.lifecycleImage) : []),
    ...(capabilities.includes("marketplace") ? [hub, redHatOperators] : []),
  ].filter((object) => object !== undefined);
  return [
    ...installed
      .filter((object) => object !== version && object.kind !== "Namespace")
      .map((object) => (object.kind === "Infrastructure" ? infrastructure(object) : object)),
    ...own,
    ...clusterOperators(capabilities).map((name) => clusterOperator(name, facts)),
    ...(version ? [clusterVersion(version, capabilities, facts)] : []),
  ];
}

/** Says that the bootstrap machine has done its work. For the very end: who finds it waits for the rest without looking whether it is made. */
export const bootstrapComplete = configMap("kube-system", "bootstrap", { status: "complete" });

/** Of the objects that the config operator makes with their defaults, the one that somebody here reads: the Tekton operator. */
const apiServer: Manifest = { apiVersion: "config.openshift.io/v1", kind: "APIServer", metadata: { name: "cluster" }, spec: {} };
const hub: Manifest = { apiVersion: "config.openshift.io/v1", kind: "OperatorHub", metadata: { name: "cluster" }, spec: {} };

/** Capabilities that a ClusterVersion asks for. With a baseline other than None, those of the baseline are taken for all. Pure. */
export function enabledCapabilities(version: Manifest | undefined): string[] {
  const asked = (
    version?.spec as { capabilities?: { baselineCapabilitySet?: string; additionalEnabledCapabilities?: string[] } } | undefined
  )?.capabilities;
  if (asked?.baselineCapabilitySet !== "None") return knownCapabilities;
  return [...(asked.additionalEnabledCapabilities ?? [])].sort((a, b) => (a < b ? -1 : 1));
}

function clusterVersion(version: Manifest, capabilities: readonly string[], facts: ClusterFacts): Manifest {
  const desired = { version: facts.version, image: facts.releaseImage };
  const started = new Date(facts.now.getTime() - 10 * 60_000).toISOString().replace(/\.\d+Z$/, "Z");
  const completed = facts.now.toISOString().replace(/\.\d+Z$/, "Z");
  const done = `Done applying ${facts.version}`;
  return {
    ...version,
    status: {
      observedGeneration: 1,
      versionHash: "rehearsal",
      desired,
      availableUpdates: [],
      capabilities: { enabledCapabilities: capabilities, knownCapabilities },
      history: [{ ...desired, state: "Completed", startedTime: started, completionTime: completed, verified: false }],
      conditions: [
        condition("Available", "True", facts, "", done),
        condition("Failing", "False", facts, "", ""),
        condition("Progressing", "False", facts, "", `Cluster version is ${facts.version}`),
        condition("ReleaseAccepted", "True", facts, "PayloadLoaded", ""),
        condition("ImplicitlyEnabledCapabilities", "False", facts, "AsExpected", "Capabilities match configured spec"),
      ],
    },
  };
}

function clusterOperator(name: string, facts: ClusterFacts): Manifest {
  return {
    apiVersion: "config.openshift.io/v1",
    kind: "ClusterOperator",
    metadata: { name },
    spec: {},
    status: {
      versions: [{ name: "operator", version: facts.version }],
      conditions: [
        condition("Available", "True", facts),
        condition("Progressing", "False", facts),
        condition("Degraded", "False", facts),
        condition("Upgradeable", "True", facts),
      ],
    },
  };
}

/** The installer's own, which lacks what the operators add to its status. */
function infrastructure(object: Manifest): Manifest {
  return { ...object, status: { cpuPartitioning: "None", ...(object.status as object) } };
}

function etcd(facts: ClusterFacts): Manifest {
  return {
    apiVersion: "operator.openshift.io/v1",
    kind: "Etcd",
    metadata: { name: "cluster" },
    spec: { managementState: "Managed" },
    status: {
      conditions: [condition("EtcdBootstrapMemberRemoved", "True", facts, "BootstrapMemberRemoved", "etcd bootstrap member is removed")],
    },
  };
}

/** Made by the cloud-credential operator from the root credentials; here both are the same. */
function machineCredentials(installed: readonly Manifest[]): Manifest | undefined {
  const root = installed.find(
    ({ kind, metadata }) => kind === "Secret" && metadata.name === "aws-creds" && metadata.namespace === "kube-system",
  );
  if (!root?.data) return undefined;
  const plain = (key: string) => Buffer.from(root.data?.[key] ?? "", "base64").toString();
  const file = `[default]\naws_access_key_id = ${plain("aws_access_key_id")}\naws_secret_access_key = ${plain("aws_secret_access_key")}\n`;
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "aws-cloud-credentials", namespace: "openshift-machine-api" },
    type: "Opaque",
    data: { ...root.data, credentials: Buffer.from(file).toString("base64") },
  };
}

/** hack/build-coreos-manifest.go of the installer. */
function coreOsImages({ coreOsStream, version }: ClusterFacts): Manifest {
  return configMap("openshift-machine-config-operator", "coreos-bootimages", { releaseVersion: version, stream: coreOsStream });
}

function configMap(namespace: string, name: string, data: Record<string, string>): Manifest {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace }, data };
}

function consoleRoute(facts: ClusterFacts): Manifest {
  const domain = `apps.${facts.metadata.aws.clusterDomain}`;
  const host = `console-openshift-console.${domain}`;
  return {
    apiVersion: "route.openshift.io/v1",
    kind: "Route",
    metadata: { name: "console", namespace: "openshift-console", labels: { app: "console" } },
    spec: {
      host,
      port: { targetPort: "https" },
      to: { kind: "Service", name: "console", weight: 100 },
      tls: { termination: "reencrypt", insecureEdgeTerminationPolicy: "Redirect" },
      wildcardPolicy: "None",
    },
    status: {
      ingress: [
        {
          host,
          routerName: "default",
          routerCanonicalHostname: `router-default.${domain}`,
          wildcardPolicy: "None",
          conditions: [{ type: "Admitted", status: "True", lastTransitionTime: condition("Admitted", "True", facts).lastTransitionTime }],
        },
      ],
    },
  };
}
