import { describe, expect, it } from "vitest";
import { judged } from "../../preflight/credentials";
import { ok, problem, report, unchecked, warning } from "../../preflight/finding";
import { pullSecret } from "../../preflight/pull-secret";
import { otherNeeds, vcpuNeeds, vcpuQuota } from "../../preflight/quota-needs";
import { fits } from "../../preflight/quotas";
import { settingsOf } from "./settings";

it("a report has a line for each finding, whatever is in its text, and counts them", () => {
  const findings = [ok("a", "fine"), warning("b", "hm"), unchecked("c", "why\n  not"), problem("d", "no"), problem("e", "no")];
  expect(report(findings)).toBe(
    "ok           a: fine\nwarning      b: hm\nnot checked  c: why not\nproblem      d: no\nproblem      e: no\n\n2 problems, 1 warning, 1 not checked, 1 ok",
  );
});

describe("credentials", () => {
  const user = { account: "123456789012", arn: "arn:aws:iam::123456789012:user/builder", temporary: false };
  const any = { allowedAccounts: [], credentialsMode: "mint" as const };
  const outcomes = (change: object, accounts = any) => judged({ ...user, ...change }, "eu-west-3", accounts).map(({ outcome }) => outcome);

  it("of an IAM user are right", () => {
    expect(outcomes({})).toEqual(["ok"]);
  });
  it("of the root user are warned about", () => {
    expect(outcomes({ arn: "arn:aws:iam::123456789012:root" })).toEqual(["warning"]);
  });
  it.each([
    { temporary: true },
    { arn: "arn:aws:sts::123456789012:assumed-role/Admin/me" },
    { arn: "arn:aws:sts::123456789012:federated-user/me" },
    { arn: "arn:aws:iam::123456789012:root", temporary: true },
  ])("that are temporary are a problem: %j", (change) => {
    expect(outcomes(change)).toEqual(["problem"]);
  });
  it("may be temporary where the cluster does not keep them; one that ends within the install is warned of", () => {
    const accounts = { allowedAccounts: [], credentialsMode: "manual" as const };
    const role = { ...user, arn: "arn:aws:sts::123456789012:assumed-role/deploy/workflow", temporary: true };
    const told = (minutes?: number) => judged({ ...role, ...(minutes === undefined ? {} : { minutes }) }, "eu-west-3", accounts);
    expect(told().map(({ outcome }) => outcome)).toEqual(["ok"]);
    expect(told(60).map(({ outcome }) => outcome)).toEqual(["ok"]);
    expect(told(59)).toEqual([
      {
        what: "AWS credentials",
        outcome: "warning",
        says: `the session of ${role.arn} ends in 59 minutes, and an install takes up to 60: unless its profile renews it by itself, begin a new one`,
      },
    ]);
    const elsewhere = { account: "999999999999", ...accounts };
    expect(judged(role, "eu-west-3", elsewhere).map(({ outcome }) => outcome)).toEqual(["problem"]);
  });
  it("may be wrong in two ways at once", () => {
    const accounts = { account: "999999999999", allowedAccounts: ["999999999999"], credentialsMode: "mint" as const };
    expect(judged({ ...user, temporary: true }, "eu-west-3", accounts).map(({ outcome }) => outcome)).toEqual(["problem", "problem"]);
  });
});

describe("vCPUs", () => {
  it.each([
    ["m6a.2xlarge", "L-1216C47A"],
    ["im4gn.xlarge", "L-1216C47A"],
    ["is4gen.xlarge", "L-1216C47A"],
    ["g5.xlarge", "L-DB2E81BA"],
    ["gr6.4xlarge", "L-DB2E81BA"],
    ["vt1.3xlarge", "L-DB2E81BA"],
    ["x2gd.large", "L-7295265B"],
    ["p5.48xlarge", "L-417A185B"],
    ["f2.6xlarge", "L-74FC7D96"],
    ["u-6tb1.metal", "L-43DA4232"],
    ["u7i-12tb.224xlarge", "L-43DA4232"],
    ["inf2.xlarge", "L-1945791B"],
    ["trn1.2xlarge", "L-2C3B7624"],
    ["dl1.24xlarge", "L-6E869C2A"],
    ["hpc7g.4xlarge", "L-F7808C92"],
    ["quux1.large", undefined],
  ])("of %s count for %s", (type, code) => {
    expect(vcpuQuota(type)?.code).toBe(code);
  });

  const cpus = new Map([
    ["m6a.2xlarge", 8],
    ["m6a.4xlarge", 16],
    ["m7g.2xlarge", 8],
    ["x2gd.xlarge", 4],
  ]);
  const needed = (change: Parameters<typeof settingsOf>[0]) => {
    const { needs, unknown } = vcpuNeeds(settingsOf(change), cpus);
    return [needs.map(({ quota, count }) => [quota.code, count]), unknown];
  };
  const pool = (architecture: string, instanceType: string, replicas: number) => ({
    architecture,
    instanceType,
    zones: [{ name: "eu-west-3a", replicas }],
  });

  it("are those of the control plane and all nodes", () => {
    expect(needed({})).toEqual([[["L-1216C47A", 24]], []]);
    expect(needed({ pools: [pool("amd64", "m6a.4xlarge", 2), pool("arm64", "m7g.2xlarge", 0)] })).toEqual([[["L-1216C47A", 40]], []]);
  });
  it("are those of the control plane twice, for the bootstrap machine, where the nodes have fewer", () => {
    expect(needed({ pools: [pool("amd64", "m6a.2xlarge", 0)] })).toEqual([[["L-1216C47A", 16]], []]);
  });
  it("are counted for each quota by itself", () => {
    expect(needed({ pools: [pool("arm64", "x2gd.xlarge", 3)] })).toEqual([
      [
        ["L-1216C47A", 16],
        ["L-7295265B", 12],
      ],
      [],
    ]);
  });
  it("of a type that is not known are told to be not known", () => {
    expect(needed({ pools: [pool("arm64", "c8g.metal-24xl", 1)] })).toEqual([[["L-1216C47A", 16]], ["c8g.metal-24xl"]]);
  });
});

it("a quota is enough to its very last, and by one more it is a problem with the way to get more", () => {
  const [addresses] = otherNeeds(["a", "b", "c"]);
  if (!addresses) throw new Error("no need");
  expect(fits("x", addresses, 5, { count: 2 }, "eu-west-3").outcome).toBe("ok");
  const { outcome, says } = fits("x", addresses, 5, { count: 3 }, "eu-west-3");
  expect(outcome).toBe("problem");
  expect(says).toMatch(/^5 allowed, 3 in use, 3 needed .*--service-code ec2 --quota-code L-0263D0A3 --desired-value 6$/);
});

describe("a pull secret", () => {
  const of = (...registries: string[]) =>
    JSON.stringify({ auths: Object.fromEntries(registries.map((name) => [name, { auth: "dXNlcjpodW50ZXIy" }])) });

  it("needs quay.io and registry.redhat.io", () => {
    expect(pullSecret(of("registry.redhat.io", "quay.io")).map(({ outcome }) => outcome)).toEqual(["ok"]);
  });
  it("may have entries for the repositories alone", () => {
    expect(pullSecret(of("quay.io/openshift-release-dev", "registry.redhat.io/redhat")).map(({ outcome }) => outcome)).toEqual(["ok"]);
  });
  it.each([
    ["quay.io", of("quay.io/another", "registry.redhat.io")],
    ["quay.io", of("cloud.openshift.com", "registry.redhat.io")],
    ["registry.redhat.io", of("quay.io", "cloud.openshift.com")],
  ])("without %s is a problem, and none of it is shown", (missing, secret) => {
    const findings = pullSecret(secret);
    expect(findings).toEqual([{ what: "pull secret", outcome: "problem", says: expect.stringContaining(`no entry for ${missing}`) }]);
    expect(JSON.stringify(findings)).not.toContain("dXNlcjpodW50ZXIy");
  });
});
