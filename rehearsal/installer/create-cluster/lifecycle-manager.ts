import { catalogImage } from "../../images/operators/catalog";
import type { ImageRecipe } from "../../images/recipe";
import { registry } from "../../machine/places";
import type { Manifest } from "./install-directory";

/*
 * The Operator Lifecycle Manager as a release of OpenShift brings it: its own programs as Deployments of the cluster
 * (operator-lifecycle-manager, deploy/chart, with the values of openshift/operator-framework-olm), and what the marketplace operator adds.
 */

const namespace = "openshift-operator-lifecycle-manager";
const account = "olm-operator-serviceaccount";
const rbac = "rbac.authorization.k8s.io";
const groups = "operators.coreos.com/v1";

const onControlPlane = {
  nodeSelector: { "kubernetes.io/os": "linux", "node-role.kubernetes.io/control-plane": "" },
  tolerations: [
    { key: "node-role.kubernetes.io/master", operator: "Exists", effect: "NoSchedule" },
    ...["unreachable", "not-ready"].map((what) => ({
      key: `node.kubernetes.io/${what}`,
      operator: "Exists",
      effect: "NoExecute",
      tolerationSeconds: 120,
    })),
  ],
  priorityClassName: "system-cluster-critical",
};

/** Where the rehearsal's registry has its programs; the tag is the version, as `v0.42.0`. */
export type LifecycleImage = Pick<ImageRecipe, "repository" | "tag">;

/** The Operator Lifecycle Manager, without namespaces and CRDs. Pure. */
export function lifecycleManager({ repository, tag }: LifecycleImage): Manifest[] {
  const image = `${registry}/${repository}:${tag}`;
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: account, namespace } },
    ...rights(),
    group("global-operators", "openshift-operators", {}),
    group("olm-operators", namespace, { targetNamespaces: [namespace] }),
    { apiVersion: groups, kind: "OLMConfig", metadata: { name: "cluster" } },
    program("olm-operator", image, ["/bin/olm", "--namespace", "$(OPERATOR_NAMESPACE)"]),
    program("catalog-operator", image, [
      ...["/bin/catalog", "--namespace", "openshift-marketplace"],
      ...[`--configmapServerImage=${image}`, `--opmImage=${image}`, `--util-image=${image}`],
    ]),
    packageServer(image, tag.replace(/^v/, "")),
  ];
}

function rights(): Manifest[] {
  const role = "system:controller:operator-lifecycle-manager";
  const everything = ["watch", "list", "get", "create", "update", "patch", "delete", "deletecollection", "escalate", "bind"];
  const aggregated = (to: string, verbs: readonly string[]): Manifest => ({
    apiVersion: `${rbac}/v1`,
    kind: "ClusterRole",
    metadata: {
      name: `aggregate-olm-${to}`,
      labels:
        to === "edit"
          ? { [`${rbac}/aggregate-to-admin`]: "true", [`${rbac}/aggregate-to-edit`]: "true" }
          : { [`${rbac}/aggregate-to-view`]: "true" },
    },
    rules: [
      {
        apiGroups: ["operators.coreos.com"],
        resources: ["clusterserviceversions", "catalogsources", "installplans", "subscriptions", "operatorgroups"],
        verbs,
      },
      {
        apiGroups: ["packages.operators.coreos.com"],
        resources: ["packagemanifests", "packagemanifests/icon"],
        verbs: ["get", "list", "watch"],
      },
    ],
  });
  return [
    {
      apiVersion: `${rbac}/v1`,
      kind: "ClusterRole",
      metadata: { name: role },
      rules: [
        { apiGroups: ["*"], resources: ["*"], verbs: everything },
        { nonResourceURLs: ["*"], verbs: ["*"] },
        { apiGroups: ["authentication.k8s.io"], resources: ["tokenreviews"], verbs: ["create"] },
        { apiGroups: ["authorization.k8s.io"], resources: ["subjectaccessreviews"], verbs: ["create"] },
      ],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: "ClusterRoleBinding",
      metadata: { name: `olm-operator-binding-${namespace}` },
      roleRef: { apiGroup: rbac, kind: "ClusterRole", name: role },
      subjects: [{ kind: "ServiceAccount", name: account, namespace }],
    },
    aggregated("edit", ["create", "update", "patch", "delete"]),
    aggregated("view", ["get", "list", "watch"]),
  ];
}

function group(name: string, of: string, spec: object): Manifest {
  return { apiVersion: groups, kind: "OperatorGroup", metadata: { name, namespace: of }, spec };
}

function pod(name: string, container: object) {
  return {
    metadata: { labels: { app: name } },
    spec: {
      ...onControlPlane,
      serviceAccountName: account,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      volumes: [{ name: "tmpfs", emptyDir: {} }],
      containers: [
        {
          name,
          imagePullPolicy: "IfNotPresent",
          securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
          volumeMounts: [{ name: "tmpfs", mountPath: "/tmp" }],
          terminationMessagePolicy: "FallbackToLogsOnError",
          ...container,
        },
      ],
    },
  };
}

function program(name: string, image: string, command: readonly string[]): Manifest {
  const healthy = { httpGet: { path: "/healthz", port: 8080, scheme: "HTTP" } };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace, labels: { app: name } },
    spec: {
      replicas: 1,
      strategy: { type: "Recreate" },
      selector: { matchLabels: { app: name } },
      template: pod(name, {
        image,
        command,
        ports: [{ containerPort: 8080, name: "metrics" }],
        livenessProbe: healthy,
        readinessProbe: healthy,
        env: [
          { name: "OPERATOR_NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
          { name: "OPERATOR_NAME", value: name },
        ],
        resources: { requests: { cpu: "10m", memory: "80Mi" } },
      }),
    },
  };
}

/** The server of PackageManifests, which OLM installs as it does operators. */
function packageServer(image: string, version: string): Manifest {
  const healthy = { httpGet: { path: "/healthz", port: 5443, scheme: "HTTPS" } };
  const name = "packageserver";
  const reads = ["get", "list", "watch"];
  return {
    apiVersion: "operators.coreos.com/v1alpha1",
    kind: "ClusterServiceVersion",
    metadata: { name, namespace },
    spec: {
      displayName: "Package Server",
      version,
      provider: { name: "Red Hat" },
      installModes: ["OwnNamespace", "SingleNamespace", "MultiNamespace", "AllNamespaces"].map((type) => ({ type, supported: true })),
      apiservicedefinitions: {
        owned: [
          {
            group: "packages.operators.coreos.com",
            version: "v1",
            kind: "PackageManifest",
            name: "packagemanifests",
            deploymentName: name,
            containerPort: 5443,
          },
        ],
      },
      install: {
        strategy: "deployment",
        spec: {
          clusterPermissions: [
            {
              serviceAccountName: account,
              rules: [
                { apiGroups: ["authorization.k8s.io"], resources: ["subjectaccessreviews"], verbs: ["create", "get"] },
                { apiGroups: [""], resources: ["configmaps"], verbs: reads },
                { apiGroups: ["operators.coreos.com"], resources: ["catalogsources"], verbs: reads },
                { apiGroups: ["packages.operators.coreos.com"], resources: ["packagemanifests"], verbs: ["get", "list"] },
              ],
            },
          ],
          deployments: [
            {
              name,
              spec: {
                replicas: 1,
                selector: { matchLabels: { app: name } },
                template: pod(name, {
                  image,
                  command: ["/bin/package-server", "--secure-port", "5443", "--global-namespace", "openshift-marketplace"],
                  ports: [{ containerPort: 5443, protocol: "TCP" }],
                  livenessProbe: healthy,
                  readinessProbe: healthy,
                  resources: { requests: { cpu: "10m", memory: "50Mi" } },
                }),
              },
            },
          ],
        },
      },
    },
  };
}

/** The one catalog of OpenShift's marketplace that holds what the program subscribes to. */
export const redHatOperators: Manifest = {
  apiVersion: "operators.coreos.com/v1alpha1",
  kind: "CatalogSource",
  metadata: { name: "redhat-operators", namespace: "openshift-marketplace" },
  spec: {
    sourceType: "grpc",
    image: catalogImage,
    displayName: "Red Hat Operators",
    publisher: "Red Hat",
    priority: -100,
    grpcPodConfig: {
      ...onControlPlane,
      securityContextConfig: "restricted",
      extractContent: { catalogDir: "/configs" },
    },
  },
};
