import { type Change, object, pod, set, step, task } from "./changes";

export const podChanges: Readonly<Record<string, readonly Change[]>> = {
  "no-privileged-pods": [
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
      says: "spec.volumes[2].hostPath.path: ",
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
