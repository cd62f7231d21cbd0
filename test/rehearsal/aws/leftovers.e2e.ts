import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { DescribeFileSystemsCommand } from "@aws-sdk/client-efs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { credentials, installAwsCli, shell } from "./aws-cli";
import { makeCluster } from "./cluster-objects";
import { type Emulator, eventually, region, startEmulator } from "./emulator";

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

/** What the stage says: its lines, and what it warns of. */
function look(environment: Record<string, string> = {}) {
  const settings = JSON.stringify({ infraID: infraId, aws: { region, clusterDomain: domain } });
  const { stdout, stderr } = spawnSync("node", ["--require", "tsx/cjs", "infra/stages/leftovers.ts", infraId], {
    cwd: join(__dirname, "../../.."),
    encoding: "utf8",
    env: { ...process.env, ...credentials(emulator), CLUSTER: domain, CLUSTER_SETTINGS: settings, NODE_NO_WARNINGS: "1", ...environment },
  });
  const lines = stdout.split("\n").filter(Boolean);
  return { lines, kinds: lines.map((line) => line.split(" ")[0]), stderr };
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
    expect(before.stderr).toBe("");
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
});
