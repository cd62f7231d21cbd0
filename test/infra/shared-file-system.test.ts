import type * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";
import type { WorkerTemplate } from "../../infra/identity";
import { accessPolicy, SharedFileSystem, type SharedFileSystemArgs } from "../../infra/shared-file-system";
import { graph, resolved as known } from "../graph";

/** The part of the installer's MachineSet that counts: the names of its workers' security groups. */
const template = (...groups: string[]) =>
  ({
    spec: {
      template: {
        spec: { providerSpec: { value: { securityGroups: groups.map((name) => ({ filters: [{ name: "tag:Name", values: [name] }] })) } } },
      },
    },
  }) as unknown as WorkerTemplate;
const args: SharedFileSystemArgs = {
  infraId: "lab-x1y2z",
  workerTemplate: template("lab-x1y2z-node", "lab-x1y2z-lb"),
  zones: ["eu-west-3a", "eu-west-3b"],
  lifecycle: "AFTER_30_DAYS",
  version: "4.19.42",
  tags: { team: "build" },
  owner: { CLUSTER: "lab.example.com", AWS_ACCOUNT_ID: "123456789012", CLUSTER_SETTINGS: '{"aws":{"region":"eu-west-3"}}' },
  protect: true,
};
const calls: { token: string; inputs: Record<string, unknown> }[] = [];
// biome-ignore lint/suspicious/noExplicitAny: filters of any lookup.
const functions = (token: string, inputs: any) => {
  calls.push({ token, inputs });
  const zone = inputs.filters?.find((filter: { name: string }) => filter.name === "availability-zone")?.values[0];
  if (token.includes("getVpc")) return { id: "vpc-1" };
  if (token.includes("getSubnet")) return { id: `subnet-${zone}` };
  return { id: `sg-${inputs.filters[0].values[0]}` };
};
const outputs = (type: string) => (type === "aws:efs/fileSystem:FileSystem" ? { arn: "arn:fs" } : undefined);
const dependencies = async (options: pulumi.CustomResourceOptions) =>
  Promise.all(
    [options.dependsOn ?? []].flat().map((resource) => known((resource as pulumi.Resource).urn).then((urn) => urn?.split("::").pop())),
  );

let fileSystem: SharedFileSystem;
const build = (change: Partial<SharedFileSystemArgs> = {}, preview = false) =>
  graph(
    () => {
      fileSystem = new SharedFileSystem("shared", { ...args, ...change });
    },
    { functions, outputs, preview },
  );

describe("the shared file system", () => {
  let built: Awaited<ReturnType<typeof build>>;
  beforeAll(async () => {
    calls.length = 0;
    built = await build();
  });

  it("is encrypted, and fast from the first byte", () => {
    expect(built.resources.find((resource) => resource.type === "aws:efs/fileSystem:FileSystem")?.inputs).toMatchObject({
      encrypted: true,
      performanceMode: "generalPurpose",
      throughputMode: "elastic",
      lifecyclePolicies: [{ transitionToIa: "AFTER_30_DAYS" }, { transitionToPrimaryStorageClass: "AFTER_1_ACCESS" }],
    });
  });

  it("has a mount target in each zone, in that zone's private subnet", () => {
    const targets = built.resources.filter((resource) => resource.type === "aws:efs/mountTarget:MountTarget");
    expect(targets.map((target) => [target.name, target.inputs.subnetId])).toEqual([
      ["shared-eu-west-3a", "subnet-eu-west-3a"],
      ["shared-eu-west-3b", "subnet-eu-west-3b"],
    ]);
    const lookups = calls.filter((call) => call.token.includes("getSubnet"));
    expect(lookups[0]?.inputs).toMatchObject({
      vpcId: "vpc-1",
      filters: expect.arrayContaining([
        { name: "tag:kubernetes.io/cluster/lab-x1y2z", values: ["owned"] },
        { name: "tag-key", values: ["kubernetes.io/role/internal-elb"] },
      ]),
    });
  });

  it("looks for what an update that was killed has made before the rule and each mount target, and before nothing else", () => {
    const hooked = built.resources.filter(({ beforeCreate }) => beforeCreate.length > 0);
    expect(hooked.map(({ name, beforeCreate }) => [name, beforeCreate])).toEqual([
      ["shared-nfs-node", ["shared-rule"]],
      ["shared-eu-west-3a", ["shared-mount-target"]],
      ["shared-eu-west-3b", ["shared-mount-target"]],
    ]);
  });

  it("admits NFS from the nodes' group only, by a rule of its own", () => {
    expect(built.named("shared-nfs").inputs.ingress).toBeUndefined();
    const rules = built.resources.filter((resource) => resource.type === "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule");
    expect(rules.map((rule) => rule.inputs)).toEqual([
      expect.objectContaining({
        referencedSecurityGroupId: "sg-lab-x1y2z-node",
        securityGroupId: "shared-nfs-id",
        ipProtocol: "tcp",
        fromPort: 2049,
        toPort: 2049,
      }),
    ]);
  });

  it("is emptied of what is in no state before it is deleted, with credentials of the cluster's account alone", () => {
    const emptied = built.named("shared-emptied");
    expect(emptied.inputs).toMatchObject({
      delete: "exec bash infra/stages/empty.sh",
      environment: { ...args.owner, FILE_SYSTEM_ID: "shared-id" },
      triggers: ["shared-id"],
      addPreviousOutputInEnv: false,
    });
    expect(emptied.inputs.create).toBeUndefined();
    expect(emptied.customTimeouts).toMatchObject({ delete: "15m" });
    expect(emptied.options.protect).toBe(true);
  });

  it("is deleted in order: mount targets, policy, what is in no state, file system, rule", async () => {
    const policy = built.resources.find((resource) => resource.type.includes("fileSystemPolicy"));
    const target = built.named("shared-eu-west-3a");
    const system = built.resources.find((resource) => resource.type === "aws:efs/fileSystem:FileSystem");
    expect(await dependencies(target.options)).toEqual([policy?.name]);
    expect(await dependencies(policy?.options ?? {})).toEqual(["shared-emptied"]);
    expect(await dependencies(system?.options ?? {})).toEqual(["shared-nfs-node"]);
    expect(policy?.inputs.fileSystemId).toBe("shared-id");
  });

  it("carries no tag by which the installer finds what to destroy", () => {
    for (const { inputs } of built.resources) expect(Object.keys(inputs?.tags ?? {}).join()).not.toMatch(/kubernetes|openshift|sigs/);
    expect(built.named("shared-nfs").inputs.tags).toEqual({ team: "build", Name: "lab-x1y2z-shared" });
  });

  it("has texts that AWS takes: descriptions and tags", () => {
    const resources = built.resources.filter(({ type }) => type.startsWith("aws:"));
    const described = resources.filter(({ inputs }) => inputs.description !== undefined);
    expect(described.map(({ name }) => name)).toEqual(["shared-nfs", "shared-nfs-node"]);
    // EC2 API reference, CreateSecurityGroup (GroupDescription) and IpRange (Description).
    for (const { inputs } of described) expect(inputs.description).toMatch(/^[a-zA-Z0-9. _\-:/()#,@[\]+=&;{}!$*]{1,255}$/);
    // EFS API reference, Tag: the strictest of the services that get tags.
    const tags = resources.flatMap(({ inputs }) => Object.entries((inputs.tags ?? {}) as Record<string, string>));
    expect(tags.length).toBeGreaterThan(0);
    for (const [key, value] of tags) {
      expect(key).toMatch(/^(?!aws:)[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/iu);
      expect(value).toMatch(/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u);
    }
  });

  it("is known only when it can be mounted", async () => {
    expect(await known(fileSystem.fileSystemId)).toBe("shared-id");
  });
});

it("shows every mount target in a preview", async () => {
  const built = await build({}, true);
  const targets = built.resources.filter((resource) => resource.type === "aws:efs/mountTarget:MountTarget");
  expect(targets.map((target) => target.name)).toEqual(["shared-eu-west-3a", "shared-eu-west-3b"]);
});

it("two groups of nodes make two rules on 4.15", async () => {
  const built = await build({ version: "4.15.59", workerTemplate: template("lab-x1y2z-worker-sg") });
  const rules = built.resources.filter((resource) => resource.type.includes("securityGroupIngressRule"));
  expect(rules.map((rule) => rule.inputs.referencedSecurityGroupId)).toEqual(["sg-lab-x1y2z-worker-sg", "sg-lab-x1y2z-master-sg"]);
});

it("a file system that never moves files has no lifecycle", async () => {
  const built = await build({ lifecycle: "NEVER" });
  expect(built.resources.find((resource) => resource.type === "aws:efs/fileSystem:FileSystem")?.inputs.lifecyclePolicies).toEqual([]);
});

it("the policy denies plain text, and still lets access points act as root", () => {
  const [allow, deny] = accessPolicy("arn:fs").Statement;
  expect(allow).toMatchObject({
    Effect: "Allow",
    Action: expect.arrayContaining(["elasticfilesystem:ClientRootAccess"]),
    Resource: "arn:fs",
  });
  expect(deny).toMatchObject({ Effect: "Deny", Condition: { Bool: { "aws:SecureTransport": "false" } } });
});
