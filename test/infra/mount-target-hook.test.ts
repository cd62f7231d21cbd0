import type * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { mountTargetHook } from "../../infra/mount-target-hook";
import { graph } from "../graph";
import { Bench } from "./stages/stage";

const bench = Bench.use();
const owner = { CLUSTER: "lab.example.com", AWS_ACCOUNT_ID: "123456789012", CLUSTER_SETTINGS: '{"aws":{"region":"eu-west-3"}}' };

/** What the engine does before it makes a mount target. */
async function call(): Promise<unknown> {
  let hook: pulumi.ResourceHook | undefined;
  await graph(() => {
    hook = mountTargetHook("shared", owner);
  });
  expect(hook?.opts?.onDryRun ?? false).toBe(false);
  const newInputs = { fileSystemId: "fs-1", subnetId: "subnet-1" };
  return hook?.callback({ urn: "urn", id: "", name: "shared-eu-west-3a", type: "aws:efs/mountTarget:MountTarget", newInputs });
}

beforeEach(() => {
  for (const name of ["AWS_PROFILE", "AWS_SESSION_TOKEN", "HTTPS_PROXY", "HTTP_PROXY"]) vi.stubEnv(name, undefined);
  const found = {
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
  };
  for (const [name, value] of Object.entries({ ...found, AWS_ENDPOINT_URL: bench.address, XDG_CACHE_HOME: bench.folder }))
    vi.stubEnv(name, value);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

it("asks EFS for what is in the subnet before a mount target is made there, and never in a preview", async () => {
  await call();
  expect(bench.aws.requests.map(({ scope }) => scope)).toEqual(["eu-west-3/sts", "eu-west-3/elasticfilesystem"]);
});

it("stops the update with what the stage says where the credentials are of another account, and asks EFS nothing", async () => {
  bench.aws.id = "999999999999";
  await expect(call()).rejects.toThrow("The cluster is in the AWS account 123456789012, but the credentials are for 999999999999");
  expect(bench.aws.requests.map(({ scope }) => scope)).toEqual(["eu-west-3/sts"]);
});
