import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateFileSystemCommand, DescribeFileSystemsCommand, DescribeMountTargetsCommand } from "@aws-sdk/client-efs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { leftovers } from "../../../infra/leftovers";
import { Asking } from "../../../infra/leftovers/asking";
import { clients } from "../../../infra/leftovers/clients";
import { metadata, orphan } from "../../../orphans/report";
import { places } from "../../../rehearsal/machine/places";
import { credentials, installAwsCli, shell } from "./aws-cli";
import { makeCluster } from "./cluster-objects";
import { allBut, type Emulator, eventually, region, startEmulator, userWith } from "./emulator";

// The name is as long as the installer leaves it: users of the cluster have the first 20 letters of the infra ID alone.
const infraId = "a-cluster-of-a-long-n-x1y2z";
const domain = "a-cluster-of-a-long-name.example.com";

let emulator: Emulator;
const started: Emulator[] = [];
async function cluster(environment: Record<string, string> = {}) {
  emulator = await startEmulator({ EMULATOR_DELAY: "0.5", ...environment });
  started.push(emulator);
  const made = await makeCluster(emulator, infraId, domain);
  await eventually(
    async () => (await emulator.efs.send(new DescribeFileSystemsCommand({}))).FileSystems?.[0]?.LifeCycleState === "available",
  );
  await made.rest();
  return made;
}
beforeAll(() => installAwsCli(), 120_000);
afterAll(() => {
  for (const one of started) one.stop();
});

/** A program of the stages, with the cluster's infra ID. */
function program(name: string, id: string, environment: Record<string, string> = {}) {
  const settings = JSON.stringify({ infraID: infraId, aws: { region, clusterDomain: domain } });
  return spawnSync("node", ["--require", "tsx/cjs", `infra/stages/${name}.ts`, id], {
    cwd: join(__dirname, "../../.."),
    encoding: "utf8",
    env: { ...process.env, ...credentials(emulator), CLUSTER: domain, CLUSTER_SETTINGS: settings, NODE_NO_WARNINGS: "1", ...environment },
  });
}

/** What the stage says: its lines, and what it warns of. */
function look(environment: Record<string, string> = {}) {
  const { stdout, stderr } = program("leftovers", environment.INFRA_ID ?? infraId, environment);
  const lines = stdout.split("\n").filter(Boolean);
  return { lines, kinds: lines.map((line) => line.split(" ")[0]), stderr };
}

/** A stage of the program, as Pulumi runs it. */
function stage(name: string, environment: Record<string, string>) {
  return spawnSync("bash", ["--norc", `infra/stages/${name}.sh`, "true"], {
    cwd: join(__dirname, "../../.."),
    encoding: "utf8",
    env: {
      ...process.env,
      ...credentials(emulator),
      CLUSTER: domain,
      CLUSTER_SETTINGS: JSON.stringify({ aws: { region } }),
      AWS_ACCOUNT_ID: "123456789012",
      ...environment,
    },
  });
}

/** Credentials of another account of the emulator, whose objects are others. */
async function ofAnotherAccount() {
  const answer = await emulator.ask("sts", "assume_role", { RoleArn: "arn:aws:iam::999999999999:role/other", RoleSessionName: "other" });
  const { Credentials: keys } = answer as { Credentials: Record<string, string> };
  return {
    AWS_ACCESS_KEY_ID: keys.AccessKeyId ?? "",
    AWS_SECRET_ACCESS_KEY: keys.SecretAccessKey ?? "",
    AWS_SESSION_TOKEN: keys.SessionToken ?? "",
  };
}

/** The commands of a line. */
const commandOf = (line: string) => line.slice(line.indexOf(": ") + 2);

const kinds = [
  ...["access-point", "bucket", "dhcp-options", "elastic-ip", "file-system", "hostedzone", "image", "instance", "instance-profile"],
  ...["internet-gateway", "loadbalancer", "loadbalancer", "mount-target", "natgateway", "network-interface"],
  ...["oidc-provider", "record", "record", "record", "role", "route-table", "security-group", "security-group", "snapshot", "subnet"],
  ...["targetgroup", "user", "volume", "vpc", "vpc-endpoint"],
];

describe("what a cluster has left in AWS", () => {
  it("is named, a line for each object, with commands of the AWS CLI that remove it; then nothing is, though the tagging API still lists it", async () => {
    await cluster({ EMULATOR_LINGER: "1" });
    const before = look();
    // The router's name in the public zone says by nothing whose it is.
    const doubt =
      /^Warning: this may be the cluster's, though nothing says so; if it is, remove it by its command: record \*\.apps\.\S+ A \(in \w+\): (aws route53 .*)\n$/;
    expect(before.stderr).toMatch(doubt);
    expect(shell(doubt.exec(before.stderr)?.[1] ?? "", emulator)).toMatchObject({ status: 0, stderr: "" });
    expect(before.kinds.sort()).toEqual(kinds);
    const { lines } = look();
    for (const line of lines) {
      const { status, stderr } = shell(commandOf(line), emulator);
      expect([line, status, stderr]).toEqual([line, 0, ""]);
    }
    const listed = await emulator.ask("resourcegroupstaggingapi", "get_resources", {
      TagFilters: [{ Key: `kubernetes.io/cluster/${infraId}`, Values: ["owned"] }],
    });
    expect((listed as { ResourceTagMappingList: unknown[] }).ResourceTagMappingList.length).toBeGreaterThan(15);
    expect(look()).toEqual({ lines: [], kinds: [], stderr: "" });
  }, 180_000);

  it("is named as far as the rights go, and the missing ones are named: EC2's own tags are enough for what is in EC2", async () => {
    await cluster();
    const denied = allBut("tag:GetResources", "iam:ListUsers", "s3:ListBucket", "elasticfilesystem:DescribeAccessPoints");
    const { kinds: found, stderr } = look({ ...(await userWith(emulator, denied)) });
    expect(stderr).toContain("no right to ask: elasticfilesystem:DescribeAccessPoints, iam:ListUsers, s3:ListBucket, tag:GetResources (");
    expect(found).toEqual(
      expect.arrayContaining(["instance", "natgateway", "elastic-ip", "volume", "vpc", "role", "record", "hostedzone"]),
    );
    for (const kind of ["user", "bucket", "access-point"]) expect(found).not.toContain(kind);
  }, 120_000);

  it("is nothing in an account where no install has begun, and nothing of another cluster is named", async () => {
    await cluster();
    const { lines, stderr } = look({ CLUSTER: "b.example.com", INFRA_ID: "b-x1y2z" });
    expect({ lines, stderr }).toEqual({ lines: [], stderr: "" });
  }, 120_000);
});

describe("the product's own installer", () => {
  it("removes the rest by the metadata.json of npm run orphans, after the steps that are named before it: nothing is left", async () => {
    await cluster();
    const settings = { region, endpoint: emulator.endpoint, credentials: { accessKeyId: "test", secretAccessKey: "test" } };
    const { left: objects } = await leftovers(
      clients(() => settings),
      new Asking(),
      infraId,
      domain,
    );
    const { steps } = orphan({ infraId, domain, objects }, region, "FOLDER");
    expect(steps.slice(-2)).toEqual([`openshift-install destroy cluster --dir FOLDER/${infraId}`, `npm run orphans -- ${region}`]);
    for (const step of steps.slice(0, -2)) expect([step, shell(step, emulator)]).toEqual([step, expect.objectContaining({ status: 0 })]);
    // Somebody's own, for which the installer waits without end; and a bucket, for which it asks under a host name that an address has not.
    for (const { kind, commands } of objects) if (/^(?:bucket|network-interface)$/.test(kind)) shell(commands.join(" && "), emulator);

    const folder = mkdtempSync(join(tmpdir(), "removal-"));
    const { aws, ...more } = metadata({ infraId, domain }, region);
    const names = ["ec2", "elasticfilesystem", "elasticloadbalancing", "iam", "route53", "s3", "sts", "tagging"];
    const serviceEndpoints = names.map((name) => ({ name, url: emulator.endpoint }));
    writeFileSync(join(folder, "metadata.json"), JSON.stringify({ ...more, aws: { ...aws, serviceEndpoints } }));
    const { status, stderr } = spawnSync(
      join(places.bin, "openshift-install"),
      ["destroy", "cluster", "--dir", folder, "--log-level=info"],
      {
        encoding: "utf8",
        timeout: 120_000,
        env: { ...process.env, ...credentials(emulator), OPENSHIFT_INSTALL_DATA: join(places.share, "openshift-install", "data") },
      },
    );
    rmSync(folder, { recursive: true });
    expect([status, stderr]).toEqual([0, expect.stringContaining("Uninstallation complete!")]);
    expect(look()).toEqual({ lines: [], kinds: [], stderr: "" });
  }, 180_000);
});

describe("a file system", () => {
  it("loses access points and mount targets that no state knows, and can then be deleted", async () => {
    const { FileSystemId } = await cluster();
    const { status, stderr } = stage("empty", { FILE_SYSTEM_ID: FileSystemId });
    expect(stderr).toMatch(/deleting the access point fsap-[0-9a-f]{17}\ndeleting the mount target fsmt-[0-9a-f]+\n/);
    expect(status).toBe(0);
    expect(await emulator.ask("efs", "delete_file_system", { FileSystemId })).toEqual({});
  }, 120_000);

  it("loses the one mount target of a subnet, and nothing else, when that is what is asked for", async () => {
    const { FileSystemId } = await cluster();
    const targets = async () => (await emulator.efs.send(new DescribeMountTargetsCommand({ FileSystemId }))).MountTargets ?? [];
    const [{ SubnetId = "" } = {}] = await targets();
    expect(stage("empty", { FILE_SYSTEM_ID: FileSystemId, SUBNET_ID: "subnet-other" })).toMatchObject({ status: 0, stderr: "" });
    expect(await targets()).toHaveLength(1);
    const { status, stderr } = stage("empty", { FILE_SYSTEM_ID: FileSystemId, SUBNET_ID: SubnetId });
    expect(stderr).toMatch(/^deleting the mount target fsmt-[0-9a-f]+\n$/);
    expect(status).toBe(0);
    expect(await targets()).toEqual([]);
    expect(look().kinds).toContain("access-point");
  }, 120_000);

  it("that an update was killed over is deleted with the cluster: of this program's name, with no mount target and no access point", async () => {
    const { FileSystemId: used } = await cluster();
    const make = async (name: string) => {
      const Tags = [{ Key: "Name", Value: name }];
      return (await emulator.efs.send(new CreateFileSystemCommand({ CreationToken: randomUUID(), Tags }))).FileSystemId ?? "";
    };
    const own = await make(`${infraId}-shared`);
    const others = [await make(`${infraId}-data`), await make(`${infraId}x-shared`), await make("shared")];
    const withPoint = await make(`${infraId}-shared`);
    const all = async () => (await emulator.efs.send(new DescribeFileSystemsCommand({}))).FileSystems ?? [];
    await eventually(async () => (await all()).every(({ LifeCycleState }) => LifeCycleState === "available"));
    await emulator.ask("efs", "create_access_point", { FileSystemId: withPoint, ClientToken: "a" });
    const { status, stderr } = program("forgotten", infraId);
    expect(stderr).toBe(`deleting the file system ${own}, which is in no state and has neither a mount target nor an access point\n`);
    expect(status).toBe(0);
    await eventually(async () => !(await all()).some(({ FileSystemId }) => FileSystemId === own));
    expect((await all()).map(({ FileSystemId }) => FileSystemId).sort()).toEqual([used, withPoint, ...others].sort());
  }, 120_000);

  it("is emptied with credentials of its account alone; with others AWS says that there is none, which a provider takes for deleted", async () => {
    const { FileSystemId } = await cluster();
    const other = await ofAnotherAccount();
    const asked = shell(`aws efs describe-file-systems --file-system-id ${FileSystemId}`, emulator, other);
    expect(asked.stderr).toContain("FileSystemNotFound");
    for (const name of ["empty", "owner"]) {
      const { status, stderr } = stage(name, { FILE_SYSTEM_ID: FileSystemId, ...other });
      expect(stderr).toContain("The cluster is in the AWS account 123456789012, but the credentials are for 999999999999");
      expect([name, status]).toEqual([name, 1]);
    }
    const { kinds: left } = look();
    expect(left).toEqual(expect.arrayContaining(["access-point", "mount-target", "file-system"]));
  }, 120_000);
});
