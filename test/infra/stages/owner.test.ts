import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Bench } from "./stage";

const bench = Bench.use();
const environment = { CLUSTER_SETTINGS: '{"aws":{"region":"eu-west-3"}}', FILE_SYSTEM_ID: "fs-1" };
const program = { args: 'touch "$STUB/ran"' };
const ran = () => existsSync(join(bench.stub, "ran"));

describe("what is deleted before the cluster", () => {
  it("is deleted with credentials of the cluster's account", async () => {
    expect(await bench.run("owner", environment, program)).toMatchObject({ code: 0, stderr: "" });
    expect(ran()).toBe(true);
  });

  it.each(["owner", "empty"])("%s: is not touched with credentials of another account", async (stage) => {
    bench.aws.id = "999999999999";
    const { code, stderr } = await bench.run(stage, environment, program);
    expect(code).toBe(1);
    expect(stderr).toContain("The cluster is in the AWS account 123456789012, but the credentials are for 999999999999");
    expect(stderr).toContain("Nothing was deleted: use credentials of 123456789012.");
    expect(ran()).toBe(false);
    expect(bench.aws.requests.map(({ scope }) => scope)).toEqual(["eu-west-3/sts"]);
  });

  it.each(["owner", "empty"])("%s: is not touched when it cannot be told whose the credentials are", async (stage) => {
    bench.aws.id = "";
    const { code, stderr } = await bench.run(stage, environment, program);
    expect(code).toBe(1);
    expect(stderr).toContain("Cannot tell which AWS account the credentials belong to");
    expect(ran()).toBe(false);
  });

  it("ends with the exit code of the program", async () => {
    expect((await bench.run("owner", environment, { args: "bash -c 'exit 7'" })).code).toBe(7);
  });

  it("is nothing in a file system without access points and mount targets", async () => {
    expect(await bench.run("empty", environment)).toMatchObject({ code: 0, stdout: "", stderr: "" });
  });
});
