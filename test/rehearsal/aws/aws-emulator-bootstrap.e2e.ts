import { join } from "node:path";
import { DescribeImagesCommand, DescribeInstancesCommand, DescribeSecurityGroupsCommand } from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, expect, it } from "vitest";
import { leftoversOf, plan } from "../../../rehearsal/installer/create-cluster/infrastructure";
import { run } from "../../../rehearsal/machine/exec";
import { type Emulator, python, region, startEmulator } from "./emulator";

const infraId = "multiarch-x7k2p";
const metadata = {
  clusterName: "multiarch",
  clusterID: "b6a1",
  infraID: infraId,
  aws: { region, clusterDomain: "multiarch.rehearsal.test" },
};
const bucket = "openshift-bootstrap-data-multiarch-x7k2p";

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator();
  await emulator.ask("route53", "create_hosted_zone", { Name: "rehearsal.test", CallerReference: "a" });
}, 60_000);
afterAll(() => emulator?.stop());

const infrastructure = async (action: string, request: object) =>
  JSON.parse(
    await run([python, join(__dirname, "../../../rehearsal/installer/create-cluster/infrastructure.py"), action], {
      input: JSON.stringify(request),
      env: {
        ...process.env,
        AWS_ACCESS_KEY_ID: "test",
        AWS_SECRET_ACCESS_KEY: "test",
        AWS_ENDPOINT_URL: emulator.endpoint,
        PYTHONDONTWRITEBYTECODE: "1",
      },
    }),
  );

/** Names of the cluster's machines that run, with whether everybody reaches them, and ports that the world may come in by. */
async function state() {
  const { ec2, ask } = emulator;
  const found = await ec2.send(
    new DescribeInstancesCommand({
      Filters: [
        { Name: `tag:kubernetes.io/cluster/${infraId}`, Values: ["owned"] },
        { Name: "instance-state-name", Values: ["running"] },
      ],
    }),
  );
  const machines = (found.Reservations ?? []).flatMap(({ Instances = [] }) =>
    Instances.map((one) => [one.Tags?.find(({ Key }) => Key === "Name")?.Value, one.PublicIpAddress !== undefined]),
  );
  const groups = await ec2.send(
    new DescribeSecurityGroupsCommand({ Filters: [{ Name: "group-name", Values: [`${infraId}-controlplane`] }] }),
  );
  const open = groups.SecurityGroups?.flatMap(({ IpPermissions = [] }) =>
    IpPermissions.filter(({ IpRanges }) => IpRanges?.some(({ CidrIp }) => CidrIp === "0.0.0.0/0")).map(({ ToPort }) => ToPort),
  );
  const objects = (await ask("s3", "list_objects_v2", { Bucket: bucket })) as { code?: string; Contents?: { Key: string }[] };
  return { machines: machines.sort(), open, objects: objects.code ?? objects.Contents?.map(({ Key }) => Key) };
}

/** What the program's own question about the cluster finds, ids left out. */
async function found(): Promise<string[]> {
  const environment = {
    PATH: process.env.PATH,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_ENDPOINT_URL: emulator.endpoint,
    CLUSTER_SETTINGS: JSON.stringify(metadata),
  };
  const program = join(__dirname, "../../../infra/stages/machines.ts");
  const lines = await run(["node", "--require", "tsx/cjs", program, infraId], { env: environment });
  return lines
    .trim()
    .split("\n")
    .filter(Boolean)
    .map((line) => line.replace(/ (?:i|sg|vpc)-[0-9a-f]+/, ""))
    .sort();
}

it("an install has its bootstrap machine, the way in for SSH and the bucket until they are removed, and the control plane stays", async () => {
  const images = (await emulator.ec2.send(new DescribeImagesCommand({ Owners: ["amazon"] }))).Images ?? [];
  const id = images.find(({ Architecture }) => Architecture === "x86_64")?.ImageId ?? "";
  const machine = (name: string, publicIP: boolean) => ({
    metadata: { name: `${infraId}-${name}` },
    spec: { ami: { id }, instanceType: "m6a.2xlarge", publicIP },
  });
  const subnet = (kind: string, cidrBlock: string) => ({
    id: `${infraId}-subnet-${kind}-${region}a`,
    availabilityZone: `${region}a`,
    cidrBlock,
    isPublic: kind === "public",
  });
  const cluster = {
    spec: {
      region,
      s3Bucket: { name: bucket },
      network: {
        vpc: { cidrBlock: "10.0.0.0/16" },
        subnets: [subnet("private", "10.0.0.0/18"), subnet("public", "10.0.128.0/20")],
        cni: { cniIngressRules: [{ description: "VXLAN (OVN)", protocol: "udp", fromPort: 4789, toPort: 4789 }] },
        additionalControlPlaneIngressRules: [
          { description: "Bootstrap SSH Access", protocol: "tcp", fromPort: 22, toPort: 22, cidrBlocks: ["0.0.0.0/0"] },
        ],
      },
    },
  };
  const machines = { controlPlane: machine("master-0", false), bootstrap: machine("bootstrap", true) };
  expect(await found()).toEqual([]);
  const made = await infrastructure("create", plan(metadata, cluster, machines, '{"ignition":{"version":"3.2.0"}}'));
  expect(made.instance.id).toMatch(/^i-/);
  expect(await state()).toEqual({
    machines: [
      [`${infraId}-bootstrap`, true],
      [`${infraId}-master-0`, false],
    ],
    open: [22],
    objects: [`control-plane/${infraId}-bootstrap`],
  });
  expect(await found()).toEqual([
    `machine ${infraId}-bootstrap running`,
    `machine ${infraId}-master-0 running`,
    "network",
    `ssh ${infraId}-controlplane`,
  ]);
  await infrastructure("remove-bootstrap", leftoversOf(metadata));
  expect(await found()).toEqual([`machine ${infraId}-master-0 running`, "network"]);
  const after = { machines: [[`${infraId}-master-0`, false]], open: [], objects: "NoSuchBucket" };
  expect(await state()).toEqual(after);
  await infrastructure("remove-bootstrap", leftoversOf(metadata));
  await infrastructure("remove-bucket", leftoversOf(metadata));
  expect(await state()).toEqual(after);
});
