import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { places } from "../machine/places";
import { stop } from "../machine/process";
import { answers, startAndWait } from "../machine/programs";
import { apply } from "./api";

const program = "cluster-policy-controller";
/** On loopback, as on OpenShift. */
export const policyControllerPort = 10357;
const namespace = "openshift-kube-controller-manager";

/** Of its controllers, those for security; the others count quotas of kinds that are not here, and sign for the monitoring. */
const controllers = ["namespace-security-allocation", "podsecurity-admission-label-syncer", "privileged-namespaces-psa-label-syncer"];

const rules = {
  events: { apiGroups: [""], resources: ["events"], verbs: ["create", "patch", "update"] },
  namespaces: { apiGroups: [""], resources: ["namespaces"], verbs: ["get", "list", "update", "watch", "patch"] },
};
const watched = (apiGroup: string, ...resources: string[]) => ({ apiGroups: [apiGroup], resources, verbs: ["get", "list", "watch"] });

/**
 * What each controller's own account may do. Source: openshift/cluster-kube-controller-manager-operator,
 * bindata/assets/kube-controller-manager/*-clusterrole.yaml.
 */
const rights: Readonly<Record<string, readonly object[]>> = {
  "namespace-security-allocation-controller": [
    {
      apiGroups: ["security.openshift.io", "security.internal.openshift.io"],
      resources: ["rangeallocations"],
      verbs: ["create", "get", "update"],
    },
    rules.namespaces,
    rules.events,
  ],
  "podsecurity-admission-label-syncer-controller": [
    rules.namespaces,
    rules.events,
    watched("", "serviceaccounts"),
    watched("security.openshift.io", "securitycontextconstraints"),
    watched("rbac.authorization.k8s.io", "clusterroles", "clusterrolebindings", "roles", "rolebindings"),
  ],
  "privileged-namespaces-psa-label-syncer": [
    watched("", "namespaces"),
    { apiGroups: [""], resources: ["namespaces"], resourceNames: ["default", "kube-system", "kube-public"], verbs: ["patch"] },
  ],
};

/**
 * Starts OpenShift's cluster-policy-controller, which gives each namespace its range of users and its SELinux label and keeps its pod
 * security level in step with what its service accounts may use. Returns when it answers. The constraints must be there.
 */
export async function startPolicyController(): Promise<void> {
  await Promise.all([
    ...["openshift-infra", namespace].map((name) =>
      apply(`/api/v1/namespaces/${name}`, { apiVersion: "v1", kind: "Namespace", metadata: { name } }),
    ),
    ...Object.keys(rights).flatMap((account) => permit(account)),
  ]);
  const config = join(places.run, program, "config.json");
  mkdirSync(join(config, ".."), { recursive: true });
  writeFileSync(config, JSON.stringify(policyControllerConfig()));
  const kubeconfig = join(places.pki, "kube-controller-manager.kubeconfig");
  const options = [`--config=${config}`, `--kubeconfig=${kubeconfig}`, `--namespace=${namespace}`];
  await startAndWait({ name: program, command: [join(places.bin, program), "start", ...options] }, 60, () =>
    answers(`https://127.0.0.1:${policyControllerPort}/healthz`),
  );
}

/** Ends it; the namespaces keep what they have. */
export function stopPolicyController(): Promise<void> {
  return stop(program);
}

/** Its configuration; ranges are its own defaults, which OpenShift leaves as they are. Pure. */
export function policyControllerConfig(): object {
  return {
    apiVersion: "openshiftcontrolplane.config.openshift.io/v1",
    kind: "OpenShiftControllerManagerConfig",
    controllers: controllers.map((name) => `openshift.io/${name}`),
    servingInfo: {
      bindAddress: `127.0.0.1:${policyControllerPort}`,
      bindNetwork: "tcp",
      clientCA: join(places.pki, "ca.crt"),
      certFile: join(places.pki, "apiserver.crt"),
      keyFile: join(places.pki, "apiserver.key"),
    },
  };
}

function permit(account: string): Promise<void>[] {
  const name = `system:openshift:controller:${account}`;
  const metadata = { name };
  const apiVersion = "rbac.authorization.k8s.io/v1";
  const at = (plural: string) => `/apis/${apiVersion}/${plural}/${encodeURIComponent(name)}`;
  return [
    apply(at("clusterroles"), { apiVersion, kind: "ClusterRole", metadata, rules: rights[account] }),
    apply(at("clusterrolebindings"), {
      apiVersion,
      kind: "ClusterRoleBinding",
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
      subjects: [{ kind: "ServiceAccount", name: account, namespace: "openshift-infra" }],
    }),
  ];
}
