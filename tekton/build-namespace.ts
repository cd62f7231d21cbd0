import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { mostVolumes } from "../config/defaults";
import { buildahAccounts, serviceAccounts } from "./placement";
import { type RunEnvironment, volumeSize } from "./runs";
import type { TaskImages } from "./task-images";
import { tasks } from "./tasks";

export interface BuildNamespaceArgs {
  /** Name of the namespace. */
  name: string;
  /** A Docker config.json with the registries' credentials: for the pushes and for private base images. */
  registryCredentials: pulumi.Input<string>;
  /** Credentials of Git servers, by the names of their files: .git-credentials, ssh-privatekey, known_hosts. @default none: public repositories */
  gitCredentials?: pulumi.Input<Record<string, string>>;
  /** The same, by names of the builds that have them in the place of these. @default none */
  buildGitCredentials?: Record<string, pulumi.Input<Record<string, string>>>;
  /** Content of an .npmrc file. @default npm's own defaults */
  npmrc?: pulumi.Input<string>;
  /** Content of a settings.xml file. @default Maven's own defaults */
  mavenSettings?: pulumi.Input<string>;
  /** RHEL entitlement, by the names of its files: entitlement.pem and entitlement-key.pem. @default none */
  rhelEntitlement?: pulumi.Input<Record<string, string>>;
  /** What RUN instructions may mount as secrets, by names of builds. @default none */
  buildSecrets?: Record<string, pulumi.Input<Record<string, string>>>;
  /** PEM of certificates that Git, npm, Maven and the registries are trusted by, in addition. @default none */
  trustBundle?: string;
  /** Registries, as host or host:port, that are spoken to by plain http. @default none */
  insecureRegistries?: string[];
  /** Whether webhooks are received here. @default false */
  listens?: boolean;
  taskImages: TaskImages;
  /** Whether images get a list of what is in them. @default true */
  sbom?: boolean;
  /** Storage class of the runs' volumes: ReadWriteMany, reachable from every node. */
  storageClass: pulumi.Input<string>;
}

/**
 * What all builds together cannot get beyond, so that a mistake in this namespace stays in it. A build has at most a pod for each
 * architecture at a time, and one volume; what they download is kept in one for all.
 */
const limits = {
  // What two nodes hold (250 pods each, https://docs.redhat.com/en/documentation/openshift_container_platform, "Planning your environment
  // according to object maximums"): a control plane of one node was tested with two. Finished pods do not count. Tekton waits at the limit.
  pods: "500",
  persistentvolumeclaims: String(mostVolumes),
};
/** A build offers nothing to anybody. Webhooks need one service, inside of the cluster; a load balancer would cost by the hour. */
const serviceLimits = (listens = false): Record<string, string> =>
  listens ? { services: "1", "services.loadbalancers": "0", "services.nodeports": "0" } : { services: "0" };

/** Where images are built: a namespace with the tasks, an account for each kind of task, and the credentials. */
export class BuildNamespace extends pulumi.ComponentResource {
  readonly name: string;
  readonly storageClass: pulumi.Output<string>;
  /** What it offers to runs. */
  readonly environment: RunEnvironment;

  constructor(name: string, args: BuildNamespaceArgs, opts: pulumi.ComponentResourceOptions) {
    super(
      "openshift-multiarch:tekton:BuildNamespace",
      name,
      {
        name: args.name,
        taskImages: args.taskImages,
        sbom: args.sbom ?? true,
        trustBundle: args.trustBundle,
        insecureRegistries: args.insecureRegistries,
      },
      opts,
    );
    this.name = args.name;
    this.storageClass = pulumi.output(args.storageClass);
    this.environment = {
      namespace: args.name,
      tasks: tasks(args.taskImages, args.sbom),
      secrets: {
        registryCredentials: "registry-credentials",
        ...(args.gitCredentials !== undefined && { gitCredentials: "git-credentials" }),
        buildGitCredentials: Object.fromEntries(
          Object.keys(args.buildGitCredentials ?? {}).map((build) => [build, `${build}-git-credentials`]),
        ),
        ...(args.npmrc !== undefined && { npmrc: "npmrc" }),
        ...(args.mavenSettings !== undefined && { mavenSettings: "maven-settings" }),
        ...(args.rhelEntitlement !== undefined && { rhelEntitlement: "rhel-entitlement" }),
        buildSecrets: Object.fromEntries(Object.keys(args.buildSecrets ?? {}).map((build) => [build, `${build}-secrets`])),
      },
      downloads: "downloads",
      ...(args.trustBundle !== undefined && { trust: "trust" }),
      ...(args.insecureRegistries && { insecureRegistries: args.insecureRegistries }),
    };
    const child = { parent: this };

    const namespace = new kubernetes.core.v1.Namespace(
      `${name}-namespace`,
      {
        metadata: {
          name: args.name,
          labels: {
            // Builds need root inside the pod, which `restricted` forbids; nothing here may be privileged or see the host.
            "pod-security.kubernetes.io/enforce": "baseline",
            // Else OpenShift sets the level by itself, from what the service accounts may use.
            "security.openshift.io/scc.podSecurityLabelSync": "false",
          },
        },
      },
      child,
    );
    const inside = { parent: this, dependsOn: namespace };

    for (const account of Object.values(serviceAccounts)) {
      new kubernetes.core.v1.ServiceAccount(
        `${name}-${account}`,
        {
          metadata: { name: account, namespace: args.name },
          automountServiceAccountToken: false,
          // Tekton puts an account's Secrets into the home directory of all its pods, so no other account has any: pods that push have
          // this one anyway, and Chains takes it from here.
          ...(account === serviceAccounts.push && { secrets: [{ name: this.environment.secrets.registryCredentials }] }),
        },
        inside,
      );
    }
    // The operator makes this role: it allows the use of pipelines-scc, whose only additional capability is SETFCAP. npm and Maven, whose
    // packages bring code of their own, run without it, under restricted-v2.
    new kubernetes.rbac.v1.RoleBinding(
      `${name}-scc`,
      {
        metadata: { name: "buildah", namespace: args.name },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "pipelines-scc-clusterrole" },
        subjects: buildahAccounts.map((account) => ({
          kind: "ServiceAccount",
          name: account,
          namespace: args.name,
        })),
      },
      inside,
    );
    new kubernetes.core.v1.ResourceQuota(
      `${name}-limits`,
      { metadata: { name: "builds", namespace: args.name }, spec: { hard: { ...limits, ...serviceLimits(args.listens) } } },
      inside,
    );
    // Nobody has a reason to talk to a build.
    new kubernetes.networking.v1.NetworkPolicy(
      `${name}-no-ingress`,
      { metadata: { name: "no-ingress", namespace: args.name }, spec: { podSelector: {}, policyTypes: ["Ingress"] } },
      inside,
    );

    const secret = (of: string, content: pulumi.Input<Record<string, pulumi.Input<string>>>, type = "Opaque") =>
      new kubernetes.core.v1.Secret(
        `${name}-${of}`,
        { metadata: { name: of, namespace: args.name }, type, stringData: pulumi.secret(content) },
        inside,
      );
    secret("registry-credentials", { ".dockerconfigjson": args.registryCredentials }, "kubernetes.io/dockerconfigjson");
    if (args.gitCredentials !== undefined) secret("git-credentials", args.gitCredentials);
    for (const [build, content] of Object.entries(args.buildGitCredentials ?? {})) secret(`${build}-git-credentials`, content);
    if (args.npmrc !== undefined) secret("npmrc", { ".npmrc": args.npmrc });
    if (args.mavenSettings !== undefined) secret("maven-settings", { "settings.xml": args.mavenSettings });
    if (args.rhelEntitlement !== undefined) secret("rhel-entitlement", args.rhelEntitlement);
    for (const [build, content] of Object.entries(args.buildSecrets ?? {})) secret(`${build}-secrets`, content);
    if (args.trustBundle !== undefined) {
      new kubernetes.core.v1.ConfigMap(
        `${name}-trust`,
        { metadata: { name: "trust", namespace: args.name }, data: { "ca-bundle.crt": args.trustBundle } },
        inside,
      );
    }

    new kubernetes.core.v1.PersistentVolumeClaim(
      `${name}-downloads`,
      {
        metadata: {
          name: this.environment.downloads,
          namespace: args.name,
          // A run waits until it is bound, and finished pods hold it when it is deleted: nothing here waits for either.
          annotations: { "pulumi.com/skipAwait": "true" },
        },
        spec: { accessModes: ["ReadWriteMany"], storageClassName: this.storageClass, resources: { requests: { storage: volumeSize } } },
      },
      inside,
    );

    for (const task of this.environment.tasks) {
      new kubernetes.apiextensions.CustomResource(
        `${name}-${task.metadata.name}`,
        { ...task, metadata: { ...task.metadata, namespace: args.name } },
        inside,
      );
    }

    this.registerOutputs({ name: this.name, storageClass: this.storageClass });
  }
}
