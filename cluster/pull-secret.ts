import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

export interface PullSecretArgs {
  /** What console.redhat.com gives, whole. */
  readonly pullSecret: pulumi.Input<string>;
}

/**
 * The cluster's global pull secret: what the installer wrote, kept at what the configuration says. A rotated one reaches the nodes
 * by the machine-config operator, without a restart of theirs.
 */
export class PullSecret extends pulumi.ComponentResource {
  constructor(name: string, args: PullSecretArgs, opts: pulumi.ComponentResourceOptions) {
    // Its one argument is a secret, which the state has in the child already.
    super("openshift-multiarch:cluster:PullSecret", name, {}, opts);
    const encoded = pulumi.secret(args.pullSecret).apply((text) => Buffer.from(text).toString("base64"));
    // The installer makes the object, so it is patched, never created; its fields belong to the installer's own manager.
    new kubernetes.core.v1.SecretPatch(
      `${name}-patch`,
      {
        metadata: { name: "pull-secret", namespace: "openshift-config", annotations: { "pulumi.com/patchForce": "true" } },
        data: { ".dockerconfigjson": encoded },
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
