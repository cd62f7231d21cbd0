import { type InstanceTypeInfo, paginateDescribeInstanceTypes } from "@aws-sdk/client-ec2";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BadConfiguration, badConfigurations } from "../../bad-configurations";
import { checked, someChanges, unchecked } from "./configurations";
import { type RealInstaller, startInstaller } from "./real-installer";

let installer: RealInstaller;
let types: InstanceTypeInfo[];
beforeAll(async () => {
  installer = await startInstaller();
  types = [];
  for await (const { InstanceTypes = [] } of paginateDescribeInstanceTypes({ client: installer.aws.ec2 }, {})) types.push(...InstanceTypes);
}, 120_000);
afterAll(() => installer?.stop());

const rows = Object.values(badConfigurations)
  .flat()
  .flatMap(({ installer: outcome, ...row }): [string, BadConfiguration][] => (outcome ? [[row.what, { ...row, installer: outcome }]] : []));

describe("what we refuse, openshift-install refuses as well, before it makes anything", () => {
  it.each(rows.filter(([, row]) => row.installer === "refuses"))("%s", async (_, { change }) => {
    expect(await installer.problems("manifests", unchecked(change))).not.toEqual([]);
  });
});

/** For the reason that the row gives: once the installer finds out itself, the row is to say so. */
describe("where we are stricter, its validation has nothing against the configuration", () => {
  it.each(rows.filter(([, row]) => row.installer !== "refuses"))("%s", async (_, { change }) => {
    expect(await installer.problems("install-config", unchecked(change))).toEqual([]);
  });
});

describe("what we accept, it makes manifests of", () => {
  it.each<[string, Record<string, unknown>]>([
    ["the stack dev as it is", {}],
    ["the longest name", { "cluster.name": "a".repeat(54) }],
    ["the smallest network for three zones", { "cluster.networks.machine": "10.0.0.0/23" }],
    [
      "a network for one node and one zone",
      { "cluster.networks.machine": "10.0.0.0/24", "pools[0].zones": [{ name: "eu-west-3c" }], "pools[1].zones": [{ name: "eu-west-3c" }] },
    ],
    ["24 tags", { "cluster.tags": Object.fromEntries(Array.from({ length: 24 }, (_, i) => [`a b_.:/=+-@${i}`, "a b_.:/=+-@"])) }],
    ["the fastest disk", { "cluster.controlPlane.rootVolume": { type: "io2", size: 16384, iops: 64000 } }],
    [
      "other networks",
      { "cluster.networks": { machine: "192.168.0.0/16", cluster: "10.0.0.0/12", hostPrefix: 25, service: "172.16.0.0/24" } },
    ],
  ])("%s", async (_, change) => {
    const config = checked(change);
    if (!config) throw new Error("we do not accept it");
    expect(await installer.problems("manifests", config)).toEqual([]);
  });
});

it("whatever we accept, its validation accepts", async () => {
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(someChanges(types.map(({ InstanceType = "" }) => InstanceType)), async (changes) => {
      const config = checked(changes);
      if (!config) return;
      accepted += 1;
      expect(await installer.problems("install-config", config)).toEqual([]);
    }),
    // Another SEED, or more RUNS, may find more; a run without them is the same everywhere.
    { numRuns: Number(process.env.RUNS ?? 40), seed: Number(process.env.SEED ?? 1) },
  );
  // Else it would have said nothing.
  expect(accepted).toBeGreaterThan(10);
});

it("a type that we accept has the processor, vCPUs and memory that a node or a control plane needs, among all that EC2 has", () => {
  expect(types.length).toBeGreaterThan(1000);
  const short = types.flatMap(({ InstanceType = "", VCpuInfo, MemoryInfo, ProcessorInfo }) => {
    const has = (architecture: "x86_64" | "arm64", cpus: number, mebibytes: number) =>
      ProcessorInfo?.SupportedArchitectures?.includes(architecture) &&
      Number(VCpuInfo?.DefaultVCpus) >= cpus &&
      Number(MemoryInfo?.SizeInMiB) >= mebibytes;
    return [
      checked({ "pools[0].instanceType": InstanceType }) && !has("x86_64", 2, 8192) ? `${InstanceType} for amd64` : [],
      checked({ "pools[1].instanceType": InstanceType }) && !has("arm64", 2, 8192) ? `${InstanceType} for arm64` : [],
      checked({ "cluster.controlPlane.instanceType": InstanceType }) && !has("x86_64", 8, 16384)
        ? `${InstanceType} for the control plane`
        : [],
    ].flat();
  });
  expect(short).toEqual([]);
});

it("IAM, whose roles get the cluster's tags, takes keys for one that differ by small and capital letters alone", async () => {
  const role = { RoleName: "a", AssumeRolePolicyDocument: '{"Version":"2012-10-17","Statement":[]}' };
  const tags = ["Environment", "environment"].map((Key) => ({ Key, Value: "dev" }));
  expect(await installer.aws.ask("iam", "create_role", { ...role, Tags: tags })).toMatchObject({
    message: expect.stringContaining("Duplicate tag keys found"),
  });
});
