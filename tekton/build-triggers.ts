import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { webhooksHost } from "../cluster/routes";
import type { BuildNamespace } from "./build-namespace";
import {
  eventListener,
  listenerAccount,
  listenerName,
  listenerRules,
  type TriggeredBuild,
  templateSpec,
  triggerBinding,
  webhookSecret,
} from "./triggers";

export interface BuildTriggersArgs {
  namespace: BuildNamespace;
  /** The builds that pushes start; at least one. */
  builds: readonly TriggeredBuild[];
  /** Domain of the cluster's routes, such as apps.multiarch.example.com. */
  domain: string;
  /** Channel of OpenShift Pipelines, whose Tekton Triggers takes the listener. */
  channel: string;
}

/**
 * Builds that a push to Git starts: a listener, reached through OpenShift's router, that makes a run of the pushed commit when the sender
 * knows the secret. These runs are not followed by `up`, and do not change what the stack says of its builds.
 */
export class BuildTriggers extends pulumi.ComponentResource {
  /** Where Git servers send their events to. */
  readonly url: string;
  /** What they prove themselves with; secret. */
  readonly secret: pulumi.Output<string>;

  constructor(name: string, args: BuildTriggersArgs, opts: pulumi.ComponentResourceOptions) {
    const { namespace, builds, domain, channel } = args;
    super("openshift-multiarch:tekton:BuildTriggers", name, { builds: builds.map((build) => build.name), domain }, opts);
    const child = { parent: this };
    const here = (of: string) => ({ name: of, namespace: namespace.name });
    const host = webhooksHost(namespace.name, domain);
    this.url = `https://${host}`;

    const token = new random.RandomPassword(`${name}-token`, { length: 40, special: false }, child);
    this.secret = pulumi.secret(token.result);
    const secret = new kubernetes.core.v1.Secret(
      `${name}-secret`,
      { metadata: here(webhookSecret.secretName), stringData: { [webhookSecret.secretKey]: this.secret } },
      child,
    );
    const rights = this.rights(name, namespace.name);
    const content = [
      new kubernetes.apiextensions.CustomResource(`${name}-binding`, triggerBinding(namespace.name), child),
      ...builds.map(
        (build) =>
          new kubernetes.apiextensions.CustomResource(
            `${name}-${build.name}`,
            {
              apiVersion: "triggers.tekton.dev/v1beta1",
              kind: "TriggerTemplate",
              metadata: here(build.name),
              spec: namespace.storageClass.apply((storageClass) => templateSpec(build, namespace.environment, storageClass)),
            },
            child,
          ),
      ),
    ];
    const { metadata, ...listener } = eventListener(builds, namespace.name, channel);
    const made = new kubernetes.apiextensions.CustomResource(
      `${name}-listener`,
      // Only when its pod answers does a push start anything. It is Ready before it has heard of that: conditions that its Deployment does not have
      // yet do not count (tektoncd/triggers v0.37.0, event_listener_types.go, SetReadyCondition).
      { ...listener, metadata: { ...metadata, annotations: { "pulumi.com/waitFor": "condition=Available" } } },
      { parent: this, dependsOn: [secret, ...rights, ...content] },
    );
    // The namespace lets nobody in. Probes of the kubelet are no matter of policies.
    new kubernetes.networking.v1.NetworkPolicy(
      `${name}-from-router`,
      {
        metadata: here("webhooks-from-router"),
        spec: {
          podSelector: { matchLabels: { eventlistener: listenerName } },
          policyTypes: ["Ingress"],
          ingress: [
            {
              // Set on the router's namespace, or for a router on its nodes' network, by OpenShift's network operator ("About network
              // policy" in its documentation).
              from: [{ namespaceSelector: { matchLabels: { "policy-group.network.openshift.io/ingress": "" } } }],
              ports: [{ port: 8080 }],
            },
          ],
        },
      },
      child,
    );
    new kubernetes.apiextensions.CustomResource(
      `${name}-route`,
      {
        apiVersion: "route.openshift.io/v1",
        kind: "Route",
        metadata: here("webhooks"),
        spec: {
          host,
          to: { kind: "Service", name: `el-${listenerName}`, weight: 100 },
          port: { targetPort: "http-listener" },
          // A token of GitLab travels as it is: never without TLS.
          tls: { termination: "edge", insecureEdgeTerminationPolicy: "None" },
          wildcardPolicy: "None",
        },
      },
      // Its status is the router's.
      { parent: this, dependsOn: made, ignoreChanges: ["status"] },
    );
    this.registerOutputs({ url: this.url });
  }

  private rights(name: string, namespace: string): pulumi.Resource[] {
    const child = { parent: this };
    const subjects = [{ kind: "ServiceAccount", name: listenerAccount, namespace }];
    const metadata = { name: listenerAccount, namespace };
    // Roles of the whole cluster share their names with those of all namespaces.
    const clusterWide = { name: `${namespace}-${listenerAccount}` };
    const apiGroup = "rbac.authorization.k8s.io";
    const { Role, RoleBinding, ClusterRole, ClusterRoleBinding } = kubernetes.rbac.v1;
    return [
      new kubernetes.core.v1.ServiceAccount(`${name}-account`, { metadata }, child),
      new Role(`${name}-role`, { metadata, rules: listenerRules.inNamespace }, child),
      new RoleBinding(`${name}-role-binding`, { metadata, roleRef: { apiGroup, kind: "Role", name: listenerAccount }, subjects }, child),
      new ClusterRole(`${name}-cluster-role`, { metadata: clusterWide, rules: listenerRules.inCluster }, child),
      new ClusterRoleBinding(
        `${name}-cluster-role-binding`,
        { metadata: clusterWide, roleRef: { apiGroup, kind: "ClusterRole", name: clusterWide.name }, subjects },
        child,
      ),
    ];
  }
}
