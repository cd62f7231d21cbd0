import { type Field, fields, mayHoldContainers, objects } from "./kubernetes";
import { type Finding, NotKnown, type Planned, rule, type Value } from "./rule";

const yes = (value: Value) => value === true;
const is = (word: string) => (value: Value) => value === word;
const set = (value: Value) => value !== undefined && value !== null && value !== 0;
const filled = (value: Value) => set(value) && value !== "";
const other = (words: readonly string[]) => (value: Value) => filled(value) && !words.includes(value);

// k8s.io/pod-security-admission v0.35.4, policy/check_seLinuxOptions.go and check_sysctls.go.
const containerTypes = ["container_t", "container_init_t", "container_kvm_t", "container_engine_t"];
const safeSysctls = [
  "kernel.shm_rmid_forced",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.ip_local_reserved_ports",
  "net.ipv4.ip_unprivileged_port_start",
  "net.ipv4.ping_group_range",
  "net.ipv4.tcp_fin_timeout",
  "net.ipv4.tcp_keepalive_intvl",
  "net.ipv4.tcp_keepalive_probes",
  "net.ipv4.tcp_keepalive_time",
  "net.ipv4.tcp_rmem",
  "net.ipv4.tcp_syncookies",
  "net.ipv4.tcp_wmem",
];

/**
 * What the level "baseline" of Kubernetes forbids (https://kubernetes.io/docs/concepts/security/pod-security-standards/), by the field's
 * name, which means the same in pods, Tekton's steps and pod templates; and its counterparts in OpenShift's SecurityContextConstraints.
 */
const forbidden: Readonly<Record<string, readonly [wrong: (value: Value) => boolean, because: string]>> = {
  privileged: [yes, "the container has all rights on its node"],
  hostNetwork: [yes, "the pod is in the network of its node"],
  hostPID: [yes, "the pod sees the processes of its node"],
  hostIPC: [yes, "the pod sees the memory that its node's processes share"],
  hostProcess: [yes, "the container is a process of its node"],
  "hostPath.path": [set, "the pod sees files of its node"],
  hostPort: [set, "the container listens on its node"],
  procMount: [is("Unmasked"), "the container sees the kernel's settings"],
  "seccompProfile.type": [is("Unconfined"), "the container may make any system call"],
  "appArmorProfile.type": [is("Unconfined"), "the container runs without its AppArmor profile"],
  "seLinuxOptions.type": [other(containerTypes), "the container is not kept apart from its node as containers are"],
  "seLinuxOptions.user": [filled, "the container has a user of SELinux's own"],
  "seLinuxOptions.role": [filled, "the container has a role of SELinux's own"],
  "sysctls.name": [other(safeSysctls), "the pod sets what is not its own alone"],
  "httpGet.host": [filled, "the kubelet asks another host for it"],
  "tcpSocket.host": [filled, "the kubelet asks another host for it"],
  allowPrivilegedContainer: [yes, "it lets privileged containers in"],
  allowHostNetwork: [yes, "it lets pods into the network of their node"],
  allowHostPID: [yes, "it lets pods see the processes of their node"],
  allowHostIPC: [yes, "it lets pods see the memory that their node's processes share"],
  allowHostPorts: [yes, "it lets containers listen on their node"],
  allowHostDirVolumePlugin: [yes, "it lets pods see files of their node"],
  "seLinuxContext.type": [is("RunAsAny"), "it lets pods choose how far they are kept apart from their node"],
};
const forbiddenIn = Object.keys(forbidden).map((name) => name.split(".")[0]);

/** Other fields that may hold what is forbidden: of a pod, of a container, and Tekton's pod templates. */
const onTheWay = [
  ...forbiddenIn,
  "securityContext",
  "windowsOptions",
  "volumes",
  "ports",
  "podTemplate",
  "taskRunTemplate",
  "taskRunSpecs",
];

/** No container that is, or may become, more on its node than a process of its own. */
export const noPrivilegedPods = rule<{ capabilities: string[] }>(
  {
    name: "no-privileged-pods",
    description: "No pod is privileged, sees its node, or adds a capability that its task does not document.",
    enforcementLevel: "mandatory",
    severity: "critical",
  },
  function* (resource, { capabilities }) {
    for (const field of fields(resource)) {
      const { path, key, holder, value } = field;
      if (mayHoldContainers(field, resource)) yield value;
      else if ((holder === "capabilities" && key === "add") || inScc.includes(key)) yield* added(field, capabilities);
      else if (key === "annotations") yield* appArmor(field);
      else if (value instanceof NotKnown) {
        if (onTheWay.includes(key) || forbiddenIn.includes(holder) || key === "capabilities") yield value;
      } else {
        const [wrong, because] = forbidden[`${holder}.${key}`] ?? forbidden[key] ?? [];
        if (wrong?.(value)) yield `${path}: ${because}`;
      }
    }
    yield* admission(resource);
  },
  {
    capabilities: {
      type: "array",
      items: { type: "string" },
      // tekton/steps/buildah-build/step.ts says why.
      default: ["SETFCAP"],
      description: "Capabilities that a container may add to those that it has anyway",
    },
  },
);

/** Capabilities that SecurityContextConstraints let containers add, or give to all. */
const inScc = ["allowedCapabilities", "defaultAddCapabilities"];

/** How pods named their AppArmor profile before there was a field for it; the kubelet still reads it. */
function* appArmor({ path, value }: Field): Generator<Finding> {
  if (value instanceof NotKnown) return;
  for (const [name, profile] of Object.entries<Value>(value ?? {}))
    if (name.startsWith("container.apparmor.security.beta.kubernetes.io/") && profile === "unconfined")
      yield `${path}["${name}"]: the container runs without its AppArmor profile`;
}

function* added({ path, value }: Field, allowed: readonly string[]): Generator<Finding> {
  if (value instanceof NotKnown) yield value;
  else if (Array.isArray(value)) {
    for (const [index, capability] of value.entries()) {
      if (!(capability instanceof NotKnown) && !allowed.includes(capability))
        yield `${path}[${index}]: the container adds a capability that is none of ${allowed.join(", ") || "those allowed, which are none"}`;
    }
  }
}

/** Roles that let pods be more than OpenShift's own `restricted` and `nonroot` do, or everything. */
const powerful = /^(?:system:openshift:scc:(?!restricted|nonroot).*|cluster-admin)$/;
const ordinary = /^(?:restricted|nonroot)(?:-v\d+)?$/;

/** Whether a rule of a role is the use of any SecurityContextConstraints but those. */
function powers(given: Value): boolean {
  const has = (key: string, word: string) => Array.isArray(given?.[key]) && [word, "*"].some((one) => given[key].includes(one));
  const names = Array.isArray(given?.resourceNames) ? given.resourceNames : [];
  return (
    has("apiGroups", "security.openshift.io") &&
    has("resources", "securitycontextconstraints") &&
    has("verbs", "use") &&
    (names.length === 0 || names.some((name: Value) => !ordinary.test(name)))
  );
}
const level = "pod-security.kubernetes.io/enforce";

/** What else would let a privileged pod in, by whatever way it is made. */
function* admission(resource: Planned): Generator<Finding> {
  if (resource.type === "kubernetes:helm.sh/v3:Release") yield "chart: no plan has what a release makes; a Chart's objects are in it";
  for (const { path, object } of objects(resource)) {
    const role = /^(?:Cluster)?RoleBinding$/.test(object?.kind) && object.roleRef?.name;
    if (role instanceof NotKnown) yield role;
    else if (role && powerful.test(role)) yield `${path}roleRef.name: its subjects may run privileged pods`;
    if (/^(?:Cluster)?Role$/.test(object?.kind) && Array.isArray(object.rules))
      for (const [index, one] of object.rules.entries())
        if (powers(one)) yield `${path}rules[${index}]: whoever has the role may run privileged pods`;
    if (object?.kind === "SecurityContextConstraints" && !ordinary.test(object.metadata?.name))
      for (const key of ["users", "groups"])
        if (object[key]?.length > 0) yield `${path}${key}: a role with the verb use says that in the namespace where it is needed`;
    if (object?.kind !== "Namespace") continue;
    const labels = object.metadata?.labels;
    const enforced = labels instanceof NotKnown ? labels : labels?.[level];
    if (enforced instanceof NotKnown) yield enforced;
    else if (enforced === "privileged") yield `${path}metadata.labels["${level}"]: the namespace takes privileged pods`;
  }
}
