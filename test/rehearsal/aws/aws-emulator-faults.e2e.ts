import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Emulator, startEmulator } from "./emulator";

const folder = mkdtempSync(join(tmpdir(), "faults-"));
const file = join(folder, "faults");
let emulator: Emulator;

beforeAll(async () => {
  emulator = await startEmulator({ EMULATOR_FAULTS: file });
}, 60_000);
afterAll(() => {
  emulator?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The codes of so many calls, "ok" for one that is answered. */
async function codes(count: number, service: string, operation: string, params: object = {}): Promise<string[]> {
  const found: string[] = [];
  for (let n = 0; n < count; n++) {
    const answer = await emulator.ask(service, operation, params);
    found.push("code" in answer ? `${answer.code} ${answer.status}` : "ok");
  }
  return found;
}

it("without its file nothing fails", async () => {
  expect(await codes(2, "ec2", "describe_vpcs")).toEqual(["ok", "ok"]);
});

it("an operation fails after so many calls, so many times, and others do not", async () => {
  writeFileSync(file, "ec2 DescribeVpcs RequestLimitExceeded after=1 times=2\n");
  expect(await codes(4, "ec2", "describe_vpcs")).toEqual(["ok", "RequestLimitExceeded 503", "RequestLimitExceeded 503", "ok"]);
  expect(await codes(1, "ec2", "describe_subnets")).toEqual(["ok"]);
});

it("a file that is written anew counts from the beginning", async () => {
  writeFileSync(file, "* * ExpiredToken after=2\n");
  expect(await codes(1, "sts", "get_caller_identity")).toEqual(["ok"]);
  expect(await codes(1, "iam", "list_roles")).toEqual(["ok"]);
  expect(await codes(2, "ec2", "describe_vpcs")).toEqual(["ExpiredToken 403", "ExpiredToken 403"]);
});

it.each([
  ["efs", "describe_file_systems", "efs DescribeFileSystems InternalFailure", "InternalFailure 500"],
  ["route53", "list_hosted_zones", "route53 ListHostedZones Throttling", "Throttling 400"],
  ["s3", "list_buckets", "s3 ListBuckets ServiceUnavailable", "ServiceUnavailable 503"],
  ["elbv2", "describe_load_balancers", "elbv2 DescribeLoadBalancers AuthFailure", "AuthFailure 401"],
  ["resourcegroupstaggingapi", "get_resources", "resourcegroupstaggingapi GetResources Throttling", "Throttling 400"],
])("a client of %s reads the code in its protocol", async (service, operation, rule, code) => {
  writeFileSync(file, `${rule}\n`);
  expect(await codes(1, service, operation)).toEqual([code]);
});

it("a rule that delays answers as usual", async () => {
  writeFileSync(file, "ec2 DescribeVpcs none delay=0.5\n");
  const started = Date.now();
  expect(await codes(1, "ec2", "describe_vpcs")).toEqual(["ok"]);
  expect(Date.now() - started).toBeGreaterThanOrEqual(500);
});

it("each fault is noted by its rule, and nothing else is", async () => {
  rmSync(`${file}.fired`, { force: true });
  writeFileSync(file, "ec2 DescribeVpcs Throttling after=1\niam ListRoles ServiceUnavailable\n");
  await codes(3, "ec2", "describe_vpcs");
  await codes(1, "ec2", "describe_subnets");
  expect(readFileSync(`${file}.fired`, "utf8")).toBe("ec2 DescribeVpcs Throttling after=1\n".repeat(2));
});
