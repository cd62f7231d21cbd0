import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DescribeFileSystemsCommand } from "@aws-sdk/client-efs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { places } from "../../../rehearsal/machine/places";
import { credentials } from "./aws-cli";
import { makeCluster } from "./cluster-objects";
import { type Emulator, eventually, startEmulator } from "./emulator";

const root = join(__dirname, "../../..");
const [lost, known, foreign] = ["lost-x1y2z", "known-x1y2z", "foreign-x1y2z"];

let emulator: Emulator;
let folder: string;
let environment: NodeJS.ProcessEnv;

/** The real pulumi, away from the checkout, where it would write files of stacks. */
function pulumi(args: readonly string[], input = ""): string {
  const { status, stdout, stderr } = spawnSync("pulumi", [...args, "--non-interactive"], {
    cwd: folder,
    input,
    encoding: "utf8",
    env: environment,
  });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

/** A stack whose state has the guard of a cluster, as its install leaves it when it fails at once. */
function stackOf(name: string, infraId: string): void {
  pulumi(["stack", "init", name]);
  const state = JSON.parse(pulumi(["stack", "export", "--stack", name]));
  const urn = `urn:pulumi:${name}::openshift-multiarch::command:local:Command::cluster-guard`;
  state.deployment.resources = [
    { urn, custom: true, id: "guard", type: "command:local:Command", inputs: { triggers: [infraId] }, outputs: { triggers: [infraId] } },
  ];
  pulumi(["stack", "import", "--stack", name, "--force"], JSON.stringify(state));
}

beforeAll(async () => {
  emulator = await startEmulator({ EMULATOR_DELAY: "0.2" });
  folder = mkdtempSync(join(tmpdir(), "orphans-"));
  environment = {
    ...process.env,
    ...credentials(emulator),
    PATH: `${places.path}:${process.env.PATH}`,
    PULUMI_BACKEND_URL: `file://${folder}`,
    PULUMI_HOME: join(folder, "home"),
    PULUMI_CONFIG_PASSPHRASE: "x",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    NODE_NO_WARNINGS: "1",
  };
  writeFileSync(join(folder, "Pulumi.yaml"), "name: openshift-multiarch\nruntime: yaml\n");
  for (const infraId of [lost, known, foreign]) {
    const domain = infraId.replace("-x1y2z", ".example.com");
    const made = await makeCluster(emulator, infraId, domain, infraId === foreign ? {} : { "openshift-multiarch/cluster": domain });
    await eventually(async () => {
      const { FileSystems } = await emulator.efs.send(new DescribeFileSystemsCommand({}));
      return FileSystems?.find((one) => one.FileSystemId === made.FileSystemId)?.LifeCycleState === "available";
    });
    if (infraId === lost) await made.rest();
  }
  stackOf("prod", known);
  stackOf("another", "lost-x1y2z9");
}, 120_000);
afterAll(() => {
  emulator?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

const orphans = (args: readonly string[], more: NodeJS.ProcessEnv = {}) =>
  spawnSync("npm", ["run", "-s", "orphans", "--", ...args], { cwd: root, encoding: "utf8", env: { ...environment, ...more } });

describe("npm run orphans", () => {
  it("lists the cluster of this program that no stack knows, with what it has, its age, its cost and the steps that remove it", async () => {
    const { status, stdout, stderr } = orphans(["eu-west-3", "--json", "--metadata", join(folder, "removal")]);
    expect(stderr).toBe("");
    expect(status).toBe(1);
    const { orphans: found, others, account } = JSON.parse(stdout);
    expect(account).toBe("123456789012");
    expect(others).toEqual([foreign]);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({
      infraId: lost,
      domain: "lost.example.com",
      has: { instance: 1, natgateway: 1, loadbalancer: 2, vpc: 1 },
    });
    expect(Date.now() - Date.parse(found[0].since)).toBeLessThan(120_000);
    // A machine of 0.3456 an hour, a gateway of 0.045, two load balancers of 0.0225, an address of 0.005; 120 GiB, and the machine's disk.
    const disks = found[0].dollarsADay - 24 * (0.3456 + 0.045 + 2 * 0.0225 + 0.005);
    expect(disks).toBeGreaterThan((120 * 0.08 * 24) / 730 - 0.001);
    expect(disks).toBeLessThan((150 * 0.08 * 24) / 730);
    const { steps } = found[0];
    expect(steps.slice(-2)).toEqual([`openshift-install destroy cluster --dir ${folder}/removal/${lost}`, "npm run orphans -- eu-west-3"]);
    expect(steps.slice(0, -2).join("\n")).toMatch(/delete-access-point[\s\S]*delete-mount-target[\s\S]*delete-file-system/);
    expect(JSON.parse(readFileSync(join(folder, "removal", lost, "metadata.json"), "utf8"))).toEqual({
      clusterName: "lost",
      clusterID: "",
      infraID: lost,
      aws: {
        region: "eu-west-3",
        identifier: [{ [`kubernetes.io/cluster/${lost}`]: "owned" }, { [`sigs.k8s.io/cluster-api-provider-aws/cluster/${lost}`]: "owned" }],
        clusterDomain: "lost.example.com",
      },
    });
  }, 60_000);

  it("says it for people, and deletes nothing", async () => {
    const objects = () => emulator.ask("ec2", "describe_vpcs", {});
    const before = await objects();
    const { status, stdout } = orphans(["eu-west-3"]);
    expect(status).toBe(1);
    expect(stdout).toMatch(
      /^1 cluster of this program in eu-west-3 of the account 123456789012 that none of the 2 stacks of the backend knows:\n\nlost-x1y2z \(lost\.example\.com\), since /,
    );
    expect(stdout).toMatch(/ {2}has .*1 machine, .*1 NAT gateway.*: about \d+\.\d\d US dollars a day\n/);
    expect(stdout).toContain(`made by others or by a version of it that had none: ${foreign}.`);
    expect(stdout).not.toContain(known);
    expect(await objects()).toEqual(before);
  }, 60_000);

  it("ends with 0 in a region without any, and names clusters of other regions by what is of none", () => {
    const { status, stdout } = orphans(["eu-west-1"]);
    expect(stdout.split("\n")).toEqual([
      "No cluster of this program in eu-west-1 of the account 123456789012 that none of the 2 stacks of the backend knows.",
      "",
      `With names, buckets or identities alone, which are of no region, so ask for the region of each: ${lost}.`,
      "",
    ]);
    expect(status).toBe(0);
  }, 60_000);

  it("takes no cluster for an orphan when the states cannot be read", () => {
    const { status, stdout, stderr } = orphans(["eu-west-3"], { PULUMI_BACKEND_URL: `file://${folder}/none` });
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain("no such file or directory");
  }, 60_000);
});
