import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { places } from "../machine/places";
import { until } from "../machine/process";
import { api, apply, create } from "./api";

/*
 * The SecurityContextConstraints that a fresh OpenShift has, and who may use them. Source: openshift/cluster-kube-apiserver-operator,
 * bindata/bootkube/scc-manifests (4.22). They are written in full, as the plugin that fills in what is left out
 * (security.openshift.io/DefaultSecurityContextConstraints) is not to be had.
 */

const apiVersion = "security.openshift.io/v1";
const anything = { type: "RunAsAny" };
const given = { type: "MustRunAs" };

/** What the host has is closed, and so are users, groups and labels that are not the namespace's own. */
const closed = {
  allowHostDirVolumePlugin: false,
  allowHostIPC: false,
  allowHostNetwork: false,
  allowHostPID: false,
  allowHostPorts: false,
  allowPrivilegedContainer: false,
  defaultAddCapabilities: null,
  fsGroup: given,
  groups: [] as string[],
  priority: null as number | null,
  readOnlyRootFilesystem: false,
  runAsUser: { type: "MustRunAsRange" },
  seLinuxContext: given,
  supplementalGroups: anything,
  users: [] as string[],
  volumes: volumes(),
};

/** How the constraints of before 4.11 treat what a process may become. */
const legacy = {
  ...closed,
  allowPrivilegeEscalation: true,
  allowedCapabilities: null,
  requiredDropCapabilities: ["KILL", "MKNOD", "SETUID", "SETGID"],
};

/** How those since then do, which pass pod security's level `restricted`. */
const strict = {
  ...closed,
  allowPrivilegeEscalation: false,
  allowedCapabilities: ["NET_BIND_SERVICE"],
  requiredDropCapabilities: ["ALL"],
  seccompProfiles: ["runtime/default"],
};

const anyUser = { ...legacy, fsGroup: anything, runAsUser: anything, requiredDropCapabilities: ["MKNOD"] };
const hostFolders = { allowHostDirVolumePlugin: true, volumes: volumes("hostPath", "nfs") };
const hostNetwork = { allowHostNetwork: true, allowHostPorts: true, supplementalGroups: given };
const inPodUserNamespace = (min: number) => ({
  fsGroup: { ...given, ranges: [{ min, max: 65534 }] },
  runAsUser: { type: "MustRunAsRange", uidRangeMin: min, uidRangeMax: 65534 },
  supplementalGroups: { ...given, ranges: [{ min, max: 65534 }] },
  userNamespaceLevel: "RequirePodLevel",
});

function volumes(...others: string[]): string[] {
  const ordinary = ["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret"];
  return [...ordinary, ...others].sort();
}

const constraints: Readonly<Record<string, object>> = {
  anyuid: { ...anyUser, groups: ["system:cluster-admins"], priority: 10 },
  hostaccess: {
    ...legacy,
    ...{ allowHostDirVolumePlugin: true, allowHostIPC: true, allowHostNetwork: true, allowHostPID: true, allowHostPorts: true },
    volumes: volumes("hostPath"),
  },
  "hostmount-anyuid": { ...anyUser, ...hostFolders, users: ["system:serviceaccount:openshift-infra:pv-recycler-controller"] },
  "hostmount-anyuid-v2": { ...anyUser, ...hostFolders, seLinuxContext: anything },
  hostnetwork: { ...legacy, ...hostNetwork },
  "hostnetwork-v2": { ...strict, ...hostNetwork },
  "nested-container": {
    ...legacy,
    ...inPodUserNamespace(0),
    allowedCapabilities: ["SETUID", "SETGID"],
    requiredDropCapabilities: null,
    seccompProfiles: ["*"],
    seLinuxContext: { ...given, seLinuxOptions: { type: "container_engine_t" } },
  },
  nonroot: { ...legacy, fsGroup: anything, runAsUser: { type: "MustRunAsNonRoot" } },
  "nonroot-v2": { ...strict, fsGroup: anything, runAsUser: { type: "MustRunAsNonRoot" } },
  privileged: {
    ...anyUser,
    ...{ allowHostDirVolumePlugin: true, allowHostIPC: true, allowHostNetwork: true, allowHostPID: true, allowHostPorts: true },
    allowPrivilegedContainer: true,
    allowedCapabilities: ["*"],
    allowedUnsafeSysctls: ["*"],
    groups: ["system:cluster-admins", "system:nodes", "system:masters"],
    requiredDropCapabilities: null,
    seccompProfiles: ["*"],
    seLinuxContext: anything,
    users: ["system:admin", "system:serviceaccount:openshift-infra:build-controller"],
    volumes: ["*"],
  },
  restricted: legacy,
  "restricted-v2": strict,
  "restricted-v3": { ...strict, ...inPodUserNamespace(1000) },
};

/** What everybody may use who is somebody. */
const forAuthenticated = ["restricted-v2", "restricted-v3"];

/** The objects, as they are created. Pure. */
export function securityContextConstraints(): { kind: string; metadata: { name: string } }[] {
  return Object.entries(constraints).map(([name, fields]) => ({
    apiVersion,
    kind: "SecurityContextConstraints",
    metadata: { name },
    ...fields,
  }));
}

const roleName = (constraint: string) => `system:openshift:scc:${constraint}`;
const rbac = { apiVersion: "rbac.authorization.k8s.io/v1" };

/** The ClusterRoles that let their subjects use one of the constraints each, and the bindings of those for everybody. Pure. */
export function constraintRoles(): { kind: string; metadata: { name: string } }[] {
  const roles = Object.keys(constraints).map((name) => ({
    ...rbac,
    kind: "ClusterRole",
    metadata: { name: roleName(name) },
    rules: [{ apiGroups: ["security.openshift.io"], resources: ["securitycontextconstraints"], resourceNames: [name], verbs: ["use"] }],
  }));
  const bindings = forAuthenticated.map((name) => ({
    ...rbac,
    kind: "ClusterRoleBinding",
    metadata: { name: roleName(name) },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: roleName(name) },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "system:authenticated" }],
  }));
  return [...roles, ...bindings];
}

/** Kinds that the API server's own admission and the policy controller work with, by the names of their CRDs. */
const crds = ["securitycontextconstraints.security.openshift.io", "rangeallocations.security.internal.openshift.io"];

/**
 * Gives the cluster its constraints. Until they are there the API server refuses every pod outside of `default`, `kube-system`,
 * `kube-public`, `openshift`, `openshift-infra` and `openshift-node`, as OpenShift does.
 */
export async function ensureConstraints(): Promise<void> {
  const kinds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  await Promise.all(
    crds.map((name) =>
      apply(`${kinds}/${name}`, parse(readFileSync(join(places.share, "openshift-crds", "cluster", `${name}.yaml`), "utf8"))),
    ),
  );
  const path = `/apis/${apiVersion}/securitycontextconstraints`;
  await until("security context constraints are served", 30, async () => {
    await api("GET", path);
    return true;
  });
  await Promise.all([
    // One that is there stays: an administrator may have changed it, which OpenShift respects (release.openshift.io/create-only).
    ...securityContextConstraints().map((object) => create(path, object)),
    ...constraintRoles().map((object) =>
      apply(`/apis/rbac.authorization.k8s.io/v1/${object.kind.toLowerCase()}s/${encodeURIComponent(object.metadata.name)}`, object),
    ),
  ]);
}
