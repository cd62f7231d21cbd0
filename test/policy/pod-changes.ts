import { type Change, object, pod, set, step, task } from "./changes";

const context = (securityContext: object) => pod({ containers: [{ securityContext }] });
const inContext = "spec.template.spec.containers[0].securityContext";
const scc = (rest: object) => object("security.openshift.io/v1", "SecurityContextConstraints", rest);
const role = (rest: object) =>
  object("rbac.authorization.k8s.io/v1", "Role", {
    rules: [{ apiGroups: ["security.openshift.io"], resources: ["securitycontextconstraints"], verbs: ["use"], ...rest }],
  });
const unconfined = { "container.apparmor.security.beta.kubernetes.io/c": "unconfined" };

/** What the level baseline refuses beside: pods of k8s.io/pod-security-admission's own tests (test/testdata/baseline). */
const ofBaseline: readonly Change[] = [
  ...[{ type: "spc_t" }, { type: "foo" }, { user: "bar" }, { role: "baz" }].map((seLinuxOptions) => ({
    what: `a container with SELinux's ${JSON.stringify(seLinuxOptions)}`,
    of: task,
    change: context({ seLinuxOptions }),
    says: `${inContext}.seLinuxOptions.${Object.keys(seLinuxOptions)[0]}: `,
  })),
  { what: "a container with a type of containers", of: task, change: context({ seLinuxOptions: { type: "container_init_t", user: "" } }) },
  {
    what: "a pod with an unsafe sysctl",
    of: task,
    change: pod({ securityContext: { sysctls: [{ name: "net.ipv4.tcp_syncookies" }, { name: "othersysctl", value: "other" }] } }),
    says: "spec.template.spec.securityContext.sysctls[1].name: ",
  },
  ...["httpGet", "tcpSocket"].map((way) => ({
    what: `a probe of another host by ${way}`,
    of: task,
    change: pod({ containers: [{ livenessProbe: { [way]: { port: 80, host: "8.8.8.8" } } }] }),
    says: `spec.template.spec.containers[0].livenessProbe.${way}.host: `,
  })),
  { what: "a probe of the pod", of: task, change: pod({ containers: [{ livenessProbe: { httpGet: { port: 80, host: "" } } }] }) },
  {
    what: "a pod without its AppArmor profile, by annotation",
    of: task,
    change: object("apps/v1", "Deployment", { spec: { template: { metadata: { annotations: unconfined } } } }),
    says: "spec.template.metadata.annotations[",
  },
];

const admitted: readonly Change[] = [
  {
    what: "SecurityContextConstraints with all capabilities",
    of: task,
    change: scc({ allowedCapabilities: ["*"] }),
    says: "allowedCapabilities[0]: ",
  },
  { what: "those that give one", of: task, change: scc({ defaultAddCapabilities: ["SYS_ADMIN"] }), says: "defaultAddCapabilities[0]: " },
  {
    what: "those without SELinux's bounds",
    of: task,
    change: scc({ seLinuxContext: { type: "RunAsAny" } }),
    says: "seLinuxContext.type: ",
  },
  { what: "one more user of those that are there", of: task, change: scc({ users: ["system:serviceaccount:a:b"] }), says: "users: " },
  {
    what: "those for SETFCAP alone",
    of: task,
    change: scc({ allowedCapabilities: ["SETFCAP"], users: [], seLinuxContext: { type: "MustRunAs" } }),
  },
  ...[{}, { resourceNames: ["nonroot-v2", "privileged"] }, { apiGroups: ["*"], resources: ["*"], verbs: ["*"] }].map((rest) => ({
    what: `a Role with the use of SecurityContextConstraints: ${JSON.stringify(rest)}`,
    of: task,
    change: role(rest),
    says: "rules[0]: ",
  })),
  { what: "a Role with the use of an ordinary one", of: task, change: role({ resourceNames: ["nonroot-v2"] }) },
  { what: "a Role that reads them", of: task, change: role({ verbs: ["get"] }) },
  {
    what: "a binding without its kind in a list of bindings",
    of: task,
    change: () => ({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBindingList",
      items: [{ roleRef: { name: "cluster-admin" } }],
    }),
    says: "items[0].roleRef.name: ",
  },
  { what: "a release of a chart", of: task, as: "kubernetes:helm.sh/v3:Release", change: () => ({ chart: "x" }), says: "chart: " },
];

export const podChanges: Readonly<Record<string, readonly Change[]>> = {
  "no-privileged-pods": [
    ...ofBaseline,
    ...admitted,
    {
      what: "a privileged step",
      of: task,
      change: set("spec.steps[0].securityContext.privileged", true),
      says: "spec.steps[0].securityContext.privileged: ",
    },
    {
      what: "a step that says that it is not privileged",
      of: task,
      change: set("spec.steps[0].securityContext.privileged", false),
    },
    {
      what: "a privileged sidecar",
      of: task,
      change: set("spec.sidecars", [{ securityContext: { privileged: true } }]),
      says: "spec.sidecars[0].securityContext.privileged: ",
    },
    {
      what: "privileged steps by the template of all",
      of: task,
      change: set("spec.stepTemplate", { securityContext: { privileged: true } }),
      says: "spec.stepTemplate.securityContext.privileged: ",
    },
    {
      what: "a privileged step inside a Pipeline",
      of: "htop-pipeline",
      change: (p) => void p.spec.tasks.push({ taskSpec: { steps: [{ securityContext: { privileged: true } }] } }),
      says: ".taskSpec.steps[0].securityContext.privileged: ",
    },
    {
      what: "a step with a capability more",
      of: task,
      change: (t) => void step(t).securityContext.capabilities.add.push("SYS_ADMIN"),
      says: "spec.steps[0].securityContext.capabilities.add[1]: the container adds a capability that is none of SETFCAP",
    },
    {
      what: "a step with another capability",
      of: "builds-npm-build",
      change: set("spec.steps[0].securityContext.capabilities.add", ["ALL"]),
      says: "spec.steps[0].securityContext.capabilities.add[0]: ",
    },
    {
      what: "a step that drops capabilities and adds none",
      of: task,
      change: set("spec.steps[0].securityContext.capabilities", { drop: ["SYS_ADMIN"], add: [] }),
    },
    {
      what: "a volume that is a folder of the node",
      of: task,
      change: (t) => void t.spec.volumes.push({ name: "v", hostPath: { path: "/var/run" } }),
      says: "spec.volumes[5].hostPath.path: ",
    },
    { what: "a volume that is the pod's own", of: task, change: (t) => void t.spec.volumes.push({ name: "v", emptyDir: {} }) },
    {
      what: "a run in the node's network",
      of: "htop-run",
      change: set("spec.taskRunSpecs[0].podTemplate.hostNetwork", true),
      says: "spec.taskRunSpecs[0].podTemplate.hostNetwork: ",
    },
    {
      what: "a run in the network of pods",
      of: "htop-run",
      change: set("spec.taskRunSpecs[0].podTemplate.hostNetwork", false),
    },
    {
      what: "a run without its seccomp profile",
      of: "htop-run",
      change: set("spec.taskRunTemplate.podTemplate", { securityContext: { seccompProfile: { type: "Unconfined" } } }),
      says: "spec.taskRunTemplate.podTemplate.securityContext.seccompProfile.type: ",
    },
    {
      what: "a run with the usual seccomp profile",
      of: "htop-run",
      change: set("spec.taskRunTemplate.podTemplate", { securityContext: { seccompProfile: { type: "RuntimeDefault" } } }),
    },
    ...(["hostPID", "hostIPC", "hostNetwork"] as const).map((key) => ({
      what: `a Deployment with ${key}`,
      of: task,
      change: pod({ [key]: true }),
      says: `spec.template.spec.${key}: `,
    })),
    { what: "a Deployment with an ordinary pod", of: task, change: pod({ hostPID: false, securityContext: { runAsNonRoot: true } }) },
    {
      what: "a container with a port of its node",
      of: task,
      change: pod({ containers: [{ ports: [{ containerPort: 80, hostPort: 80 }] }] }),
      says: "spec.template.spec.containers[0].ports[0].hostPort: ",
    },
    {
      what: "a container with a port of its own",
      of: task,
      change: pod({ containers: [{ ports: [{ containerPort: 80, hostPort: 0 }] }] }),
    },
    {
      what: "a container that sees the kernel's settings",
      of: task,
      change: pod({ containers: [{ securityContext: { procMount: "Unmasked" } }] }),
      says: "spec.template.spec.containers[0].securityContext.procMount: ",
    },
    {
      what: "a container without its AppArmor profile",
      of: task,
      change: pod({ securityContext: { appArmorProfile: { type: "Unconfined" } } }),
      says: "spec.template.spec.securityContext.appArmorProfile.type: ",
    },
    {
      what: "a process of a Windows node",
      of: task,
      change: pod({ securityContext: { windowsOptions: { hostProcess: true } } }),
      says: "spec.template.spec.securityContext.windowsOptions.hostProcess: ",
    },
    {
      what: "a bare privileged pod",
      of: task,
      change: object("v1", "Pod", { spec: { containers: [{ securityContext: { privileged: true } }] } }),
      says: "spec.containers[0].securityContext.privileged: ",
    },
    {
      what: "a privileged pod in a List",
      of: task,
      change: () => ({ kind: "List", apiVersion: "v1", items: [{ kind: "ConfigMap" }, { kind: "Pod", spec: { hostNetwork: true } }] }),
      says: "items[1].spec.hostNetwork: ",
    },
    {
      what: "a CronJob on the node's network",
      of: task,
      change: object("batch/v1", "CronJob", { spec: { jobTemplate: { spec: { template: { spec: { hostNetwork: true } } } } } }),
      says: "spec.jobTemplate.spec.template.spec.hostNetwork: ",
    },
    {
      what: "a PersistentVolume of a node's folder",
      of: task,
      change: object("v1", "PersistentVolume", { spec: { hostPath: { path: "/" } } }),
      says: "spec.hostPath.path: ",
    },
    {
      what: "a ConfigMap with a key of that name",
      of: task,
      change: object("v1", "ConfigMap", { data: { hostNetwork: true, privileged: true } }),
    },
    {
      what: "a label of that name",
      of: task,
      change: set("metadata.labels", { hostNetwork: true }),
    },
    {
      what: "a kind whose schema has such fields",
      of: task,
      change: object("apiextensions.k8s.io/v1", "CustomResourceDefinition", {
        spec: {
          versions: [
            { schema: { properties: { hostNetwork: { type: "boolean" }, hostPath: { properties: { path: { type: "string" } } } } } },
          ],
        },
      }),
    },
    {
      what: "a namespace that takes privileged pods",
      of: "builds-namespace",
      change: set('metadata.labels["pod-security.kubernetes.io/enforce"]', "privileged"),
      says: 'metadata.labels["pod-security.kubernetes.io/enforce"]: ',
    },
    {
      what: "a namespace that takes restricted pods only",
      of: "builds-namespace",
      change: set('metadata.labels["pod-security.kubernetes.io/enforce"]', "restricted"),
    },
    ...["system:openshift:scc:privileged", "system:openshift:scc:hostnetwork-v2", "cluster-admin"].map((name) => ({
      what: `service accounts with the role ${name}`,
      of: "builds-scc",
      change: set("roleRef.name", name),
      says: "roleRef.name: ",
    })),
    {
      what: "service accounts with the role of an ordinary SCC",
      of: "builds-scc",
      change: set("roleRef.name", "system:openshift:scc:nonroot-v2"),
    },
    ...["allowPrivilegedContainer", "allowHostNetwork", "allowHostPID", "allowHostIPC", "allowHostPorts", "allowHostDirVolumePlugin"].map(
      (key) => ({
        what: `SecurityContextConstraints with ${key}`,
        of: task,
        change: object("security.openshift.io/v1", "SecurityContextConstraints", { [key]: true }),
        says: `${key}: `,
      }),
    ),
    {
      what: "SecurityContextConstraints that allow nothing",
      of: task,
      change: object("security.openshift.io/v1", "SecurityContextConstraints", {
        allowPrivilegedContainer: false,
        allowHostNetwork: false,
      }),
    },
  ],
};
