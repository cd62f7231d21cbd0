import type { ClusterVersionObject, NodePool, VersionState } from "./cluster-version-state";
import { minorVersion } from "./cluster-version-state";
import type { KubernetesApi } from "./kubernetes-api";

export const clusterVersionPath = "/apis/config.openshift.io/v1/clusterversions/version";
const poolsPath = "/apis/machineconfiguration.openshift.io/v1/machineconfigpools";

interface ConfigMap {
  readonly data?: Readonly<Record<string, string>>;
}

/** Looks at everything that an update needs to know of the cluster. */
export async function observeVersion(api: KubernetesApi): Promise<VersionState> {
  const config = (namespace: string, name: string) => api.find<ConfigMap>(`/api/v1/namespaces/${namespace}/configmaps/${name}`);
  const [version, pools, gates, acknowledged] = await Promise.all([
    api.get<ClusterVersionObject>(clusterVersionPath),
    api.find<{ items: NodePool[] }>(poolsPath),
    config("openshift-config-managed", "admin-gates"),
    config("openshift-config", "admin-acks"),
  ]);
  // ack-4.18-kube-1.32-api-removals-in-4.19 and the like: the gates of 4.18 (cluster-version-operator, pkg/risk/adminack).
  const own = `ack-${minorVersion(version.status.desired.version)}-`;
  return {
    version,
    pools: pools?.items ?? [],
    gates: Object.keys(gates?.data ?? {}).filter((gate) => gate.startsWith(own) && acknowledged?.data?.[gate] !== "true"),
  };
}
