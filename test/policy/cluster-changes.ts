import { type Change, object, pod, set, task } from "./changes";

const digest = `sha256:${"a".repeat(64)}`;

/** What is let through: edge TLS to Tekton's listener. */
const webhooks = { to: { kind: "Service", name: "el-builds" }, tls: { termination: "edge", insecureEdgeTerminationPolicy: "None" } };

export const clusterChanges: Readonly<Record<string, readonly Change[]>> = {
  "images-by-digest": [
    {
      what: "a task image of another tag",
      of: task,
      change: set("spec.steps[0].image", "registry.access.redhat.com/ubi9/buildah:9.7"),
      says: "spec.steps[0].image: ",
    },
    {
      what: "a task image without a tag",
      of: task,
      change: set("spec.steps[0].image", "registry.access.redhat.com/ubi9/buildah"),
      says: "spec.steps[0].image: ",
    },
    {
      what: "a task image with a digest",
      of: task,
      change: set("spec.steps[0].image", `registry.access.redhat.com/ubi9/buildah@${digest}`),
    },
    {
      what: "a task image with tag and digest",
      of: task,
      change: set("spec.steps[0].image", `registry.access.redhat.com/ubi9/buildah:9.8@${digest}`),
    },
    {
      what: "a digest that is cut off",
      of: task,
      change: set("spec.steps[0].image", `registry.access.redhat.com/ubi9/buildah@${digest.slice(0, -1)}`),
      says: "spec.steps[0].image: ",
    },
    {
      what: "an image that a parameter names",
      of: task,
      change: set("spec.steps[0].image", "$(params.image)"),
    },
    {
      what: "an image that a run's parameter gives a step of one's own",
      of: "htop-run",
      change: (run) => void run.spec.params.push({ name: "prepare-image", value: "docker.io/library/golang:1.26" }),
      says: "spec.params[",
    },
    {
      what: "such an image with a digest",
      of: "htop-run",
      change: (run) => void run.spec.params.push({ name: "prepare-image", value: `docker.io/library/golang@${digest}` }),
    },
    {
      what: "an init container with a tag",
      of: task,
      change: pod({ initContainers: [{ image: "docker.io/library/busybox:1.37" }] }),
      says: "spec.template.spec.initContainers[0].image: ",
    },
    {
      what: "a volume that is an image with a tag",
      of: task,
      change: pod({ volumes: [{ image: { reference: "quay.io/example/data:1" } }] }),
      says: "spec.template.spec.volumes[0].image.reference: ",
    },
    {
      what: "a volume that is an image with a digest",
      of: task,
      change: pod({ volumes: [{ image: { reference: `quay.io/example/data@${digest}` } }] }),
    },
    {
      what: "a catalog of operators with a tag",
      of: task,
      change: object("operators.coreos.com/v1alpha1", "CatalogSource", { spec: { image: "quay.io/example/catalog:latest" } }),
      says: "spec.image: ",
    },
    { what: "a ConfigMap with a key of that name", of: task, change: object("v1", "ConfigMap", { data: { image: "busybox" } }) },
  ],
  "explicit-kubernetes-provider": [
    {
      what: "an object of the default provider",
      of: task,
      change: () => undefined,
      provider: { name: "default_4_25_0" },
      says: "made by the default provider, not by cluster",
    },
    {
      what: "an object of the default provider of no version",
      of: task,
      change: () => undefined,
      provider: { name: "default" },
      says: "made by the default provider, not by cluster",
    },
    {
      what: "an object of another provider",
      of: task,
      change: () => undefined,
      provider: { name: "elsewhere" },
      says: "made by another provider than cluster",
    },
    { what: "an AWS resource of the default provider", of: "shared-nfs", change: () => undefined },
    {
      what: "our provider without a kubeconfig",
      of: "cluster",
      type: "pulumi:providers:kubernetes",
      change: (p) => void delete p.kubeconfig,
      says: "kubeconfig: ",
    },
    {
      what: "our provider with an empty kubeconfig",
      of: "cluster",
      type: "pulumi:providers:kubernetes",
      change: set("kubeconfig", ""),
      says: "kubeconfig: ",
    },
    {
      what: "our provider with other options",
      of: "cluster",
      type: "pulumi:providers:kubernetes",
      change: set("enableServerSideApply", "false"),
    },
  ],
  "nothing-published": [
    ...["LoadBalancer", "NodePort"].map((type) => ({
      what: `a Service of type ${type}`,
      of: task,
      change: object("v1", "Service", { spec: { type } }),
      says: "spec.type: ",
    })),
    {
      what: "a Service of the cluster's own network",
      of: task,
      change: object("v1", "Service", { spec: { type: "ClusterIP", externalIPs: [] } }),
    },
    {
      what: "a Service with an address of its own",
      of: task,
      change: object("v1", "Service", { spec: { externalIPs: ["198.51.100.7"] } }),
      says: "spec.externalIPs: ",
    },
    {
      what: "a Service without its kind in a list of Services",
      of: task,
      change: () => ({ apiVersion: "v1", kind: "ServiceList", items: [{ spec: { type: "NodePort" } }] }),
      says: "items[0].spec.type: ",
    },
    {
      what: "a Service in a List",
      of: task,
      change: () => ({ kind: "List", items: [{ kind: "Service", spec: { type: "NodePort" } }] }),
      says: "items[0].spec.type: ",
    },
    ...(
      [
        ["networking.k8s.io/v1", "Ingress"],
        ["gateway.networking.k8s.io/v1", "Gateway"],
        ["gateway.networking.k8s.io/v1", "HTTPRoute"],
      ] as const
    ).map(([version, kind]) => ({ what: `a ${kind}`, of: task, change: object(version, kind), says: "kind: " })),
    ...(
      [
        ["the Route of the webhooks", {}],
        ["a Route of the webhooks that says nothing of HTTP", { tls: { termination: "edge" } }],
        ["a Route to another service", { to: { kind: "Service", name: "el-other" } }, "spec.to: "],
        ["a Route to nothing", { to: undefined }, "spec.to: "],
        ["a Route without TLS", { tls: undefined }, "spec.tls: "],
        ["a Route that takes HTTP as well", { tls: { termination: "edge", insecureEdgeTerminationPolicy: "Allow" } }, "spec.tls: "],
        ["a Route whose TLS ends elsewhere", { tls: { termination: "passthrough" } }, "spec.tls: "],
      ] as const
    ).map(([what, other, says]) => ({
      what,
      of: task,
      change: object("route.openshift.io/v1", "Route", { spec: { ...webhooks, ...other } }),
      ...(says && { says }),
    })),
    { what: "a Route without a spec", of: task, change: object("route.openshift.io/v1", "Route"), says: "spec.to: " },
    { what: "a kind of the same name that publishes nothing", of: task, change: object("serving.knative.dev/v1", "Route") },
  ],
};
