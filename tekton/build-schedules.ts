import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { BuildNamespace } from "./build-namespace";
import { buildLabel } from "./following";
import { cronJobSpec, type ScheduledBuild, scheduleAccount, scheduleRules } from "./rebuilds";

export interface BuildSchedulesArgs {
  namespace: BuildNamespace;
  /** The builds that are made anew by the clock; at least one. */
  builds: readonly ScheduledBuild[];
  /** A container image with Node.js. */
  image: string;
}

/** Builds that are made anew daily, weekly or monthly, for what has changed below them. `up` does not follow these runs. */
export class BuildSchedules extends pulumi.ComponentResource {
  constructor(name: string, args: BuildSchedulesArgs, opts: pulumi.ComponentResourceOptions) {
    const { namespace, builds, image } = args;
    super("openshift-multiarch:tekton:BuildSchedules", name, { builds: builds.map((build) => build.name), image }, opts);
    const child = { parent: this };
    const metadata = { name: scheduleAccount, namespace: namespace.name };
    const rights = [
      new kubernetes.core.v1.ServiceAccount(`${name}-account`, { metadata, automountServiceAccountToken: false }, child),
      new kubernetes.rbac.v1.Role(`${name}-role`, { metadata, rules: scheduleRules }, child),
      new kubernetes.rbac.v1.RoleBinding(
        `${name}-role-binding`,
        {
          metadata,
          roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: scheduleAccount },
          subjects: [{ kind: "ServiceAccount", ...metadata }],
        },
        child,
      ),
    ];
    for (const build of builds) {
      new kubernetes.batch.v1.CronJob(
        `${name}-${build.name}`,
        {
          metadata: { name: `${build.name}-rebuild`, namespace: namespace.name, labels: { [buildLabel]: build.name } },
          spec: namespace.storageClass.apply((storageClass) => cronJobSpec(build, namespace.environment, image, storageClass)),
        },
        { parent: this, dependsOn: rights },
      );
    }
    this.registerOutputs();
  }
}
