import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { leaks } from "../../leaks";
import { Bench } from "./stage";

const bench = Bench.use();
const kept = (name: string, folder = join(bench.cache, "logs")) => readFileSync(join(folder, `lab.example.com.${name}.log`), "utf8");
/** The installer's own log, of what its controllers say: see ../causes.test.ts for where the words are from. */
const ownLog = (...lines: string[]) => {
  const file = join(bench.folder, "own.log");
  writeFileSync(file, `${lines.map((text) => `time="2026-08-12T14:44:01Z" level=debug msg=${JSON.stringify(text)}`).join("\n")}\n`);
  return { STUB_LOG: file };
};
const addresses =
  "failed to create one or more IP addresses for NAT gateways: failed to allocate Elastic IP: AddressLimitExceeded: The maximum number of addresses has been reached.";

describe("an install that failed", () => {
  it("says AWS's reason, which the installer says nowhere but in its own log, with what to do and where the log is", async () => {
    const { code, stderr } = await bench.install({ ...ownLog(addresses), STUB_FAULT: "create cluster=4" });
    expect(code).toBe(1);
    expect(stderr).toContain(
      "Cause: AddressLimitExceeded: The maximum number of addresses has been reached. What to do: delete what is not needed any more, or ask for more: aws service-quotas request-service-quota-increase --service-code ec2 --quota-code L-0263D0A3",
    );
    const file = join(bench.cache, "logs", "lab.example.com.install.log");
    expect(stderr).toContain(`The end of the log, without secrets: ${file}\n`);
    expect(kept("install").split("\n").slice(0, 2)).toEqual([
      "# lab.example.com, install: the end of the installer's log, without secrets",
      expect.stringContaining("# Cause: AddressLimitExceeded"),
    ]);
    expect(kept("install")).toContain(addresses);
    expect((statSync(file).mode & 0o777).toString(8)).toBe("600");
  });

  it("leaves no secret in what is kept", async () => {
    const password = "AbCdE-fGhIj-KlMnO-pQrSt";
    await bench.install({
      ...ownLog(`the kubeadmin has ${password}`, "key hunter2-of-the-AWS-account"),
      STUB_FAULT: "create cluster=4",
      AWS_SECRET_ACCESS_KEY: "hunter2-of-the-AWS-account",
    });
    expect(kept("install")).toContain("the kubeadmin has [secret]");
    expect(leaks(kept("install"), { password, key: "hunter2-of-the-AWS-account" })).toEqual([]);
  });

  it("keeps its log where CI looks for it", async () => {
    const folder = join(bench.folder, "artefacts", "logs");
    const { stderr } = await bench.install({ ...ownLog(addresses), STUB_FAULT: "create cluster=4", OPENSHIFT_MULTIARCH_LOGS: folder });
    expect(stderr).toContain(join(folder, "lab.example.com.install.log"));
    expect(kept("install", folder)).toContain(addresses);
  });

  it("fails as it did where its log cannot be kept", async () => {
    writeFileSync(join(bench.folder, "file"), "");
    const { code, stderr } = await bench.install({
      ...ownLog(addresses),
      STUB_FAULT: "create cluster=4",
      OPENSHIFT_MULTIARCH_LOGS: join(bench.folder, "file", "logs"),
    });
    expect(code).toBe(1);
    expect(stderr).toContain("Cause: AddressLimitExceeded");
    expect(stderr).toMatch(/Warning: the end of the log cannot be kept in \S+: E(?:NOTDIR|EXIST)/);
    expect(stderr).toContain("AWS did not give what the cluster needs");
  });

  it("keeps its log also when Pulumi kills it", async () => {
    const ready = await bench.prepared();
    const pidFile = join(bench.folder, "pid");
    const child = bench.start("install", { ...ready.environment, ...ownLog(addresses), STUB_PID: pidFile });
    child.stdin?.end(ready.stdin);
    child.stdout?.resume();
    child.stderr?.resume();
    while (!existsSync(pidFile)) await sleep(50);
    child.kill("SIGKILL");
    for (let i = 0; i < 200 && !existsSync(join(bench.cache, "logs", "lab.example.com.install.log")); i++) await sleep(50);
    expect(kept("install")).toContain(addresses);
    for (let i = 0; i < 100 && !existsSync(join(bench.stub, "terminated")); i++) await sleep(50);
  });

  it("names what the installer's own checks refused", async () => {
    const { stderr } = await bench.install({ STUB_FAULT: "create cluster=early" });
    expect(stderr).toContain("warning: Action not allowed with tested creds action=iam:CreateUser\n");
    expect(stderr).toContain(
      "Cause: current credentials insufficient for performing cluster installation What to do: give the credentials",
    );
  });
});

it("an install that went well keeps the end of its log, and says nothing of it", async () => {
  const { code, stderr } = await bench.install(ownLog("Cluster is initialized"));
  expect(code).toBe(0);
  expect(kept("install")).toContain("Cluster is initialized");
  expect(stderr).not.toContain("logs/");
});

it("an identity that the installer refuses keeps the end of its log", async () => {
  await bench.run("identity", { STUB_FAULT: "create manifests=3" });
  expect(kept("identity")).toContain("the instance type is not there");
  expect(leaks(kept("identity"), { auth: "dXNlcjpodW50ZXIy" })).toEqual([]);
});

describe("a removal that failed", () => {
  const dependent =
    "DependencyViolation: The vpc 'vpc-0d364a8acdb685257' has dependencies and cannot be deleted.\n\tstatus code: 400, request id: 8ee2f0c4";

  it("says what AWS refused, with what to do, and keeps its log when the machine's other files are gone", async () => {
    const { identity } = await bench.ready();
    const environment = { IDENTITY: identity, STUB_HANG: "1", DESTROY_MINUTES: "10", ...ownLog(dependent) };
    const { code, stderr } = await bench.runFast("destroy", 30, environment);
    expect(code).toBe(1);
    expect(stderr).toContain(
      "Cause: DependencyViolation: The vpc 'vpc-0d364a8acdb685257' has dependencies and cannot be deleted. What to do: something that is not the cluster's own still uses it",
    );
    expect((await bench.runFast("destroy", 0, { IDENTITY: identity, STUB_LOG: join(bench.folder, "own.log") })).code).toBe(0);
    expect(readdirSync(bench.cache)).toEqual(["logs"]);
    expect(kept("destroy")).toContain("DependencyViolation");
  });

  it("that the install began says its own reason", async () => {
    const { code, stderr } = await bench.install({ ...ownLog(dependent), STUB_BOOTSTRAP: "missing", STUB_FAULT: "destroy cluster=1" }, () =>
      rmSync(join(bench.home, "untouched")),
    );
    expect(code).toBe(1);
    expect(stderr).toContain("Cause: DependencyViolation");
    expect(kept("destroy")).toContain("DependencyViolation");
  });
});
