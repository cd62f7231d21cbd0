import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { expect, it } from "vitest";
import { PullSecret } from "../../cluster/pull-secret";
import { graph } from "../graph";

const pullSecret = '{"auths":{"quay.io":{"auth":"dTpodW50ZXIy"}}}';

it("the cluster's own pull secret is patched, whole and secret, whoever wrote it before", async () => {
  const { named } = await graph(() => {
    const provider = new kubernetes.Provider("cluster", { kubeconfig: "{}" });
    new PullSecret("pull-secret", { pullSecret: pulumi.secret(pullSecret) }, { providers: [provider] });
  });
  const patch = named("pull-secret-patch");
  expect(patch.type).toBe("kubernetes:core/v1:SecretPatch");
  expect(patch.sent.metadata).toMatchObject({
    namespace: "openshift-config",
    name: "pull-secret",
    annotations: { "pulumi.com/patchForce": "true" },
  });
  expect(Buffer.from(patch.sent.data[".dockerconfigjson"], "base64").toString()).toBe(pullSecret);
  expect(patch.secrets).toEqual([expect.stringMatching(/^data/)]);
  expect(patch.provider).toBe("cluster");
});
