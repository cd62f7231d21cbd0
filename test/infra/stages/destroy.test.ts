import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Bench } from "./stage";

const bench = Bench.use();

const destroy = async (environment: Record<string, string> = {}, seconds = 0) => {
  const { identity } = await bench.ready();
  return bench.runFast("destroy", seconds, { IDENTITY: identity, PULL_SECRET: undefined, INSTALL_CONFIG: undefined, ...environment });
};

describe("destroy", () => {
  it("needs nothing but the state: an empty directory with the metadata", async () => {
    const { code, stdout, stderr } = await destroy();
    expect(stderr).toContain("Deleted  arn=arn:aws:ec2:eu-west-3:1:vpc/vpc-1");
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    expect(bench.calls).toEqual(["destroy cluster --dir DIR --log-level=info"]);
    expect(JSON.parse(bench.read("destroyed"))).toEqual({
      clusterName: "lab",
      clusterID: "u",
      infraID: "lab-x1y2z",
      aws: { region: "eu-west-3", identifier: [] },
    });
    expect(bench.read("destroy-files")).toBe("metadata.json\n");
    expect(existsSync(bench.work)).toBe(false);
  });

  it("asks STS in the cluster's region", async () => {
    await destroy({ AWS_REGION: "us-east-1" });
    expect(bench.aws.requests[0]).toEqual({ action: "GetCallerIdentity", scope: "eu-west-3/sts", key: "test" });
  });

  it("removes what removals that failed have left, and nothing else of the machine", async () => {
    await bench.prepared();
    await destroy({ STUB_FAULT: "destroy cluster=1" });
    expect(readdirSync(bench.work).filter((name) => name.startsWith("destroy."))).toHaveLength(2);
    await destroy();
    expect(readdirSync(bench.work)).toEqual(["lab-x1y2z"]);
  });

  it.each([
    ["of another account", "999999999999", "Nothing was deleted: use credentials of 123456789012"],
    ["that are not valid", "", "Cannot tell which AWS account"],
  ])("deletes nothing with credentials %s", async (_, id, message) => {
    await bench.ready();
    bench.aws.id = id;
    const { code, stderr } = await destroy();
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(bench.calls).toEqual([]);
  });

  it("takes temporary credentials: only an install needs others", async () => {
    await bench.ready();
    bench.aws.arn = "arn:aws:sts::123456789012:assumed-role/builder/me";
    expect((await destroy({ AWS_SESSION_TOKEN: "session" })).code).toBe(0);
  });

  it("fails when the installer fails, with its exit code and its log", async () => {
    const { code, stderr } = await destroy({ STUB_FAULT: "destroy cluster=1" });
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("ended with exit code 1. Run pulumi destroy again"),
    });
    const [, log = ""] = /Log: (\S+)/.exec(stderr) ?? [];
    expect(existsSync(log)).toBe(true);
  });

  it("gives up at its deadline and says what was deleted last", async () => {
    const { code, stderr } = await destroy({ STUB_HANG: "1", DESTROY_MINUTES: "10" }, 30);
    expect(code).toBe(1);
    expect(stderr).toContain("was not gone after 10 minutes (cluster.destroyMinutes)");
    expect(stderr).toContain("waits for: Deleted  arn=arn:aws:ec2:eu-west-3:1:vpc/vpc-1");
    // 20 polls of half a minute, and not many more.
    const polls = bench.read("slept").match(/^0\.2$/gm)?.length ?? 0;
    expect(polls).toBeGreaterThan(19);
    expect(polls).toBeLessThan(30);
  });

  it("names at its deadline what AWS still has of the cluster, with the command that removes it", async () => {
    await bench.ready();
    bench.aws.volumes = { "vol-1": 99 };
    const { code, stderr } = await destroy({ STUB_HANG: "1", DESTROY_MINUTES: "10" }, 30);
    expect(code).toBe(1);
    expect(stderr).toContain("Left in AWS: volume vol-1: aws ec2 delete-volume --volume-id vol-1 --region eu-west-3\n");
    expect(stderr).toContain("was not gone after 10 minutes");
  });

  it("fails when the installer says that all is well but AWS still has something, and names it with the command that removes it", async () => {
    await bench.ready();
    bench.aws.volumes = { "vol-1": 99, "vol-2": 99 };
    const { code, stderr } = await destroy();
    expect(code).toBe(1);
    expect(stderr).toContain("Left in AWS: volume vol-1: aws ec2 delete-volume --volume-id vol-1 --region eu-west-3\n");
    expect(stderr).toContain("Left in AWS: volume vol-2: aws ec2 delete-volume");
    expect(stderr).toContain("AWS still has 2 objects of lab-x1y2z (see above). Run pulumi destroy again");
    // What goes by itself had minutes for it.
    expect(bench.slept).toBeGreaterThanOrEqual(240);
    bench.aws.volumes = {};
    expect((await destroy()).code).toBe(0);
    expect(existsSync(bench.work)).toBe(false);
  });

  it("waits for what is going", async () => {
    await bench.ready();
    bench.aws.volumes = { "vol-1": 2 };
    const { code, stderr } = await destroy();
    expect(code).toBe(0);
    expect(stderr).toContain("Waiting until all of lab-x1y2z is gone in AWS; there are still: volume vol-1");
    expect(stderr).not.toContain("Left in AWS");
  });

  it("does not take what the tagging API still lists for what is there", async () => {
    await bench.ready();
    Object.assign(bench.aws, { volumes: { "vol-1": 0 }, tagging: "late" });
    expect(await destroy()).toMatchObject({ code: 0, stderr: expect.not.stringContaining("vol-1") });
    expect(bench.aws.requests.map(({ action }) => action)).toContain("DescribeVolumes");
  });

  it("warns of a right that is missing to ask, and names it", async () => {
    await bench.ready();
    bench.aws.tagging = "denied";
    const { code, stderr } = await destroy();
    expect(code).toBe(0);
    expect(stderr).toContain("the credentials have no right to ask: tag:GetResources (docs/aws.md");
  });

  it("fails when AWS does not answer whether anything is left", async () => {
    await bench.ready();
    bench.aws.ec2 = "half";
    const { code, stderr } = await destroy();
    expect(code).toBe(1);
    expect(stderr).toContain("Cannot ask AWS whether anything of lab-x1y2z is left (see above). Run the same command again.");
  });

  it.each([
    ["is missing", { IDENTITY: "" }, "IDENTITY"],
    ["is cut off", { IDENTITY: '{"infraId":"lab-x1' }, "is not JSON, or not all of it"],
    ["has no infra ID", { IDENTITY: '{"infraId":"","metadata":{"infraID":""}}' }, "has no infra ID"],
    [
      "is of two clusters",
      { IDENTITY: '{"infraId":"lab-a","accountId":"123456789012","metadata":{"infraID":"lab-b"}}' },
      "the metadata.json of lab-a is for lab-b",
    ],
  ])("removes nothing when the identity %s", async (_, environment, message) => {
    mkdirSync(bench.work, { recursive: true });
    writeFileSync(join(bench.work, "of-another-cluster"), "");
    const { code, stderr } = await destroy(environment);
    expect({ code, calls: bench.calls }).toEqual({ code: 1, calls: [] });
    expect(stderr).toContain(message);
    expect(existsSync(join(bench.work, "of-another-cluster"))).toBe(true);
  });
});
