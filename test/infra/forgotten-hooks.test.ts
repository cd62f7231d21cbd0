import type * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { mountTargetHook, ruleHook } from "../../infra/forgotten-hooks";
import { graph } from "../graph";
import type { GroupRule } from "./stages/aws";
import { Bench } from "./stages/stage";

const bench = Bench.use();
const owner = { CLUSTER: "lab.example.com", AWS_ACCOUNT_ID: "123456789012", CLUSTER_SETTINGS: '{"aws":{"region":"eu-west-3"}}' };

/** What the engine does before it makes a resource. */
async function call(make: typeof mountTargetHook, type: string, newInputs: Readonly<Record<string, unknown>>): Promise<unknown> {
  let hook: pulumi.ResourceHook | undefined;
  await graph(() => {
    hook = make("shared", owner);
  });
  expect(hook?.opts?.onDryRun ?? false).toBe(false);
  return hook?.callback({ urn: "urn", id: "", name: "shared", type, newInputs });
}

const target = () => call(mountTargetHook, "aws:efs/mountTarget:MountTarget", { fileSystemId: "fs-1", subnetId: "subnet-1" });
const rule = () =>
  call(ruleHook, "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", {
    securityGroupId: "sg-files",
    referencedSecurityGroupId: "sg-node",
    fromPort: 2049,
  });

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
  await target();
  expect(bench.aws.requests.map(({ scope }) => scope)).toEqual(["eu-west-3/sts", "eu-west-3/elasticfilesystem"]);
});

it("takes the rule of the same source and port from the group before it is made, none of another source or port, none by which it reaches out", async () => {
  const rules: GroupRule[] = [
    { id: "sgr-1", group: "sg-files", source: "sg-node", port: 2049 },
    { id: "sgr-2", group: "sg-files", source: "sg-other", port: 2049 },
    { id: "sgr-3", group: "sg-files", source: "sg-node", port: 2049, egress: true },
    { id: "sgr-4", group: "sg-other", source: "sg-node", port: 2049 },
    { id: "sgr-5", group: "sg-files", source: "sg-node", port: 22 },
  ];
  bench.aws.rules = rules;
  await rule();
  expect(bench.aws.rules).toEqual(rules.slice(1));
  expect(bench.aws.requests.map(({ scope }) => scope)).toEqual(["eu-west-3/sts", "eu-west-3/ec2", "eu-west-3/ec2"]);
});

it("takes no rule away where there is none of the source", async () => {
  await rule();
  expect(bench.aws.requests.map(({ scope }) => scope)).toEqual(["eu-west-3/sts", "eu-west-3/ec2"]);
});

it.each([
  ["a mount target", target],
  ["a rule", rule],
])(
  "stops the update before %s with what the stage says where the credentials are of another account, and asks nothing else",
  async (_, call) => {
    bench.aws.id = "999999999999";
    await expect(call()).rejects.toThrow("The cluster is in the AWS account 123456789012, but the credentials are for 999999999999");
    expect(bench.aws.requests.map(({ scope }) => scope)).toEqual(["eu-west-3/sts"]);
  },
);
