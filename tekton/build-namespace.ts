import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Task } from "./resources";
import { serviceAccounts } from "./runs";
import type { TaskImages } from "./task-images";
import { tasks } from "./tasks";

export interface BuildNamespaceArgs {
  /** Name of the namespace. */
  name: string;
  /** A Docker config.json with the registries' credentials: for the pushes and for private base images. */
  registryCredentials: pulumi.Input<string>;
  /** Content of an .npmrc file. @default npm's own defaults */
  npmrc?: pulumi.Input<string>;
  /** Content of a settings.xml file. @default Maven's own defaults */
  mavenSettings?: pulumi.Input<string>;
  taskImages: TaskImages;
  /** Storage class of the runs' volumes: ReadWriteMany, reachable from every node. */
  storageClass: pulumi.Input<string>;
}

/**
 * What all builds together cannot get beyond, so that a mistake in this namespace stays in it. A build has at most a pod for each
 * architecture at a time, and one volume.
 */
const limits = {
  // What two nodes hold (250 pods each, https://docs.redhat.com/en/documentation/openshift_container_platform, "Planning your environment
  // according to object maximums"): a control plane of one node was tested with two. Finished pods do not count. Tekton waits at the limit.
  pods: "500",
  // Each is an access point, of which a file system has 10,000 (Amazon EFS User Guide, "Quotas"): a tenth of them.
  persistentvolumeclaims: "1000",
  // A build offers nothing to anybody; a load balancer would cost by the hour.
  services: "0",
};

/** Where images are built: a namespace with the tasks, an account for each kind of task, and the credentials. */
export class BuildNamespace extends pulumi.ComponentResource {
  readonly name: string;
  readonly storageClass: pulumi.Output<string>;
  /** The tasks as they are in the namespace, scripts included. */
  readonly tasks: Task[];
  /** Names of the Secrets that runs bind as workspaces. */
  readonly secrets: { registryCredentials: string; npmrc?: string; mavenSettings?: string };

  constructor(name: string, args: BuildNamespaceArgs, opts: pulumi.ComponentResourceOptions) {
    super("openshift-multiarch:tekton:BuildNamespace", name, { name: args.name, taskImages: args.taskImages }, opts);
    this.name = args.name;
    this.storageClass = pulumi.output(args.storageClass);
    this.tasks = tasks(args.taskImages);
    this.secrets = {
      registryCredentials: "registry-credentials",
      ...(args.npmrc !== undefined && { npmrc: "npmrc" }),
      ...(args.mavenSettings !== undefined && { mavenSettings: "maven-settings" }),
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
          ...(account === serviceAccounts.push && { secrets: [{ name: this.secrets.registryCredentials }] }),
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
        subjects: [serviceAccounts.build, serviceAccounts.push].map((account) => ({
          kind: "ServiceAccount",
          name: account,
          namespace: args.name,
        })),
      },
      inside,
    );
    new kubernetes.core.v1.ResourceQuota(
      `${name}-limits`,
      { metadata: { name: "builds", namespace: args.name }, spec: { hard: limits } },
      inside,
    );
    // Nobody has a reason to talk to a build.
    new kubernetes.networking.v1.NetworkPolicy(
      `${name}-no-ingress`,
      { metadata: { name: "no-ingress", namespace: args.name }, spec: { podSelector: {}, policyTypes: ["Ingress"] } },
      inside,
    );

    this.secret(`${name}-registry-credentials`, this.secrets.registryCredentials, "kubernetes.io/dockerconfigjson", inside, {
      ".dockerconfigjson": args.registryCredentials,
    });
    if (args.npmrc !== undefined) this.secret(`${name}-npmrc`, "npmrc", "Opaque", inside, { ".npmrc": args.npmrc });
    if (args.mavenSettings !== undefined) {
      this.secret(`${name}-maven-settings`, "maven-settings", "Opaque", inside, { "settings.xml": args.mavenSettings });
    }

    for (const task of this.tasks) {
      new kubernetes.apiextensions.CustomResource(
        `${name}-${task.metadata.name}`,
        { ...task, metadata: { ...task.metadata, namespace: args.name } },
        inside,
      );
    }

    this.registerOutputs({ name: this.name, storageClass: this.storageClass });
  }

  private secret(
    resource: string,
    name: string,
    type: string,
    opts: pulumi.CustomResourceOptions,
    content: Record<string, pulumi.Input<string>>,
  ) {
    new kubernetes.core.v1.Secret(resource, { metadata: { name, namespace: this.name }, type, stringData: pulumi.secret(content) }, opts);
  }
}
