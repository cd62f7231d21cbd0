import { beforeAll, describe, expect, it } from "vitest";
import { accessPolicy, SharedFileSystem, type SharedFileSystemArgs } from "../../infra/shared-file-system";
import { type Graph, graph } from "../graph";

const arn = "arn:aws:elasticfilesystem:eu-west-3:123456789012:file-system/fs-1";
const zones = ["eu-west-3a", "eu-west-3b", "eu-west-3c"];
const group = "lab-x1y2z-node";
const args = {
  infraId: "lab-x1y2z",
  // As the installer's MachineSet names the group, for where that is what counts.
  workerTemplate: {
    spec: { template: { spec: { providerSpec: { value: { securityGroups: [{ filters: [{ name: "tag:Name", values: [group] }] }] } } } } },
  },
  zones,
  lifecycle: "AFTER_30_DAYS",
  version: "4.19.42",
  tags: { team: "build" },
  protect: true,
} as unknown as SharedFileSystemArgs;

interface Filter {
  name: string;
  values: string[];
}
type Lookup = { vpcId?: string; filters: Filter[] };

describe("a shared file system", () => {
  const lookups: Record<string, Lookup[]> = { getVpc: [], getSubnet: [], getSecurityGroup: [] };
  let built: Graph;
  let fileSystem: SharedFileSystem;

  beforeAll(async () => {
    const functions = (token: string, inputs: Record<string, unknown>) => {
      const kind = token.split(":").at(-1) ?? "";
      lookups[kind].push(inputs as unknown as Lookup);
      const zone = (inputs as unknown as Lookup).filters?.find(({ name }) => name === "availability-zone")?.values[0];
      return { id: { getVpc: "vpc-1", getSubnet: `subnet-${zone}`, getSecurityGroup: "sg-nodes" }[kind] };
    };
    const outputs = (type: string) => (type === "aws:efs/fileSystem:FileSystem" ? { arn } : undefined);
    built = await graph(
      () => {
        fileSystem = new SharedFileSystem("shared", args);
      },
      { functions, outputs },
    );
  });
  const ofType = (type: string) => built.resources.filter((resource) => resource.type === type);

  it("is in the network that the installer made for this cluster, found by the tag of what the cluster owns", () => {
    expect(lookups.getVpc).toEqual([{ filters: [{ name: "tag:kubernetes.io/cluster/lab-x1y2z", values: ["owned"] }] }]);
  });

  it("is reached from the nodes' group alone, which is found by its name in that network", () => {
    expect(lookups.getSecurityGroup).toEqual([{ vpcId: "vpc-1", filters: [{ name: "tag:Name", values: [group] }] }]);
    const [rule, ...others] = ofType("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule");
    expect(others).toEqual([]);
    expect(rule.sent).toMatchObject({
      securityGroupId: "shared-nfs-id",
      referencedSecurityGroupId: "sg-nodes",
      ipProtocol: "tcp",
      fromPort: 2049,
      toPort: 2049,
    });
  });

  it("has a mount target in the cluster's private subnet of every zone, behind its own security group", () => {
    expect(lookups.getSubnet).toEqual(
      zones.map((zone) => ({
        vpcId: "vpc-1",
        filters: [
          { name: "tag:kubernetes.io/cluster/lab-x1y2z", values: ["owned"] },
          { name: "availability-zone", values: [zone] },
          { name: "tag-key", values: ["kubernetes.io/role/internal-elb"] },
        ],
      })),
    );
    expect(ofType("aws:efs/mountTarget:MountTarget").map(({ sent }) => sent)).toEqual(
      zones.map((zone) => ({ fileSystemId: "shared-id", subnetId: `subnet-${zone}`, securityGroups: ["shared-nfs-id"] })),
    );
  });

  it("has its access policy, about itself", () => {
    const [{ sent }] = ofType("aws:efs/fileSystemPolicy:FileSystemPolicy");
    expect(sent.fileSystemId).toBe("shared-id");
    expect(JSON.parse(sent.policy)).toEqual(accessPolicy(arn));
  });

  it("refuses what does not come through a mount target or is not encrypted, and allows to mount, write and act as root", () => {
    expect(accessPolicy(arn).Statement).toEqual([
      expect.objectContaining({
        Effect: "Allow",
        Action: ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite", "elasticfilesystem:ClientRootAccess"],
        Resource: arn,
        Condition: { Bool: { "elasticfilesystem:AccessedViaMountTarget": "true" } },
      }),
      expect.objectContaining({ Effect: "Deny", Action: "*", Resource: arn, Condition: { Bool: { "aws:SecureTransport": "false" } } }),
    ]);
    for (const { Principal } of accessPolicy(arn).Statement) expect(Principal).toEqual({ AWS: "*" });
  });

  it("is known by its id once all its mount targets are there", async () => {
    const waits = await (fileSystem.fileSystemId as unknown as { allResources(): Promise<Set<unknown>> }).allResources();
    const types = [...waits].map((resource) => (resource as { __pulumiType: string }).__pulumiType);
    expect(types.filter((type) => type === "aws:efs/mountTarget:MountTarget")).toHaveLength(zones.length);
    const [outputs] = built.outputs.filter(({ type }) => type.endsWith(":SharedFileSystem"));
    expect(outputs.plain).toEqual({ fileSystemId: "shared-id" });
  });
});
