import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { credentials } from "../../../preflight/credentials";
import type { Resolver } from "../../../preflight/delegation";
import { type Finding, report } from "../../../preflight/finding";
import { hostedZone } from "../../../preflight/hosted-zone";
import { instanceTypes } from "../../../preflight/instance-types";
import { look } from "../../../preflight/look";
import { quotas } from "../../../preflight/quotas";
import { settingsOf } from "../../preflight/settings";
import { checkRights, type Emulator, startEmulator, userWith } from "./emulator";

// What the preflight asks AWS, asked by the SDK's own clients. Every test has an account of its own.

const limits = { "ec2/L-1216C47A": 24, "ec2/L-0263D0A3": 3, "vpc/L-F678F1CE": 3, "vpc/L-FE5A380F": 2 };
let emulator: Emulator;
const before = { ...process.env };
const moto = (path: string) => fetch(`${emulator.endpoint}/moto-api/${path}`, { method: "POST" });
beforeAll(async () => {
  const text = Object.entries(limits).map(([name, value]) => `${name}=${value}`);
  emulator = await startEmulator({ EMULATOR_QUOTAS: text.join(",") });
}, 60_000);
afterAll(() => emulator?.stop());
beforeEach(async () => {
  await checkRights(emulator.endpoint, false);
  await moto("reset");
  const names = ["ec2", "elasticfilesystem", "route53", "servicequotas", "sts"];
  const serviceEndpoints = names.map((name) => ({ name, url: emulator.endpoint }));
  Object.assign(process.env, {
    CLUSTER_SETTINGS: JSON.stringify({ aws: { region: "eu-west-3", serviceEndpoints } }),
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    NO_PROXY: "127.0.0.1",
    no_proxy: "127.0.0.1",
  });
  delete process.env.AWS_SESSION_TOKEN;
});
afterEach(() => {
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
});

const of = (findings: readonly Finding[], outcome: Finding["outcome"]) => findings.filter((one) => one.outcome === outcome);
const says = (findings: readonly Finding[]) => findings.map((finding) => finding.says);
const ask = async (service: string, operation: string, params: object = {}) => {
  const answer = await emulator.ask(service, operation, params);
  expect(answer, `${service}.${operation}`).not.toHaveProperty("code");
  // biome-ignore lint/suspicious/noExplicitAny: answers of any operation.
  return answer as any;
};

describe("the credentials", () => {
  const any = { allowedAccounts: [], credentialsMode: "mint" as const };

  it("are told with their account", async () => {
    const { caller, findings } = await credentials("eu-west-3", {
      account: "123456789012",
      allowedAccounts: ["123456789012"],
      credentialsMode: "mint" as const,
    });
    expect(caller?.account).toBe("123456789012");
    expect(findings).toEqual([{ what: "AWS credentials", outcome: "ok", says: expect.stringContaining("of the account 123456789012") }]);
  });

  it("are a problem in another account than the stack allows, or Pulumi works in", async () => {
    const { findings } = await credentials("eu-west-3", { allowedAccounts: ["999999999999"], credentialsMode: "mint" as const });
    expect(says(of(findings, "problem"))).toEqual([expect.stringContaining("aws:allowedAccountIds has 999999999999")]);
    const other = await credentials("eu-west-3", { account: "999999999999", allowedAccounts: [], credentialsMode: "mint" as const });
    expect(says(of(other.findings, "problem"))).toEqual([expect.stringContaining("Pulumi works in 999999999999")]);
  });

  it("are a problem with a session token, as those of an assumed role have one", async () => {
    await ask("iam", "create_role", { RoleName: "admin", AssumeRolePolicyDocument: "{}" });
    const { Credentials: session } = await ask("sts", "assume_role", {
      RoleArn: "arn:aws:iam::123456789012:role/admin",
      RoleSessionName: "me",
    });
    process.env.AWS_ACCESS_KEY_ID = session.AccessKeyId;
    process.env.AWS_SECRET_ACCESS_KEY = session.SecretAccessKey;
    process.env.AWS_SESSION_TOKEN = session.SessionToken;
    const { findings } = await credentials("eu-west-3", any);
    expect(says(of(findings, "problem"))).toEqual([
      expect.stringMatching(
        /^arn:aws:sts::123456789012:assumed-role\/admin\/me is temporary .*: use the long-lived access key of an IAM user, or set cluster.credentialsMode to manual$/,
      ),
    ]);
  });

  it("are a problem if AWS does not know the key", async () => {
    await checkRights(emulator.endpoint, true);
    const { caller, findings } = await credentials("eu-west-3", any);
    expect(caller).toBeUndefined();
    expect(says(of(findings, "problem"))).toEqual([expect.stringMatching(/^AWS does not take them in eu-west-3: .*InvalidClientTokenId/)]);
  });

  it("are a problem if there are none, and nothing else of AWS is asked", async () => {
    delete process.env.AWS_ACCESS_KEY_ID;
    process.env.AWS_EC2_METADATA_DISABLED = "true";
    const { caller, findings } = await credentials("eu-west-3", any);
    expect(caller).toBeUndefined();
    expect(says(findings)).toEqual([expect.stringMatching(/^openshift-install would find none: set AWS_ACCESS_KEY_ID/)]);
  });
});

describe("the hosted zone", () => {
  /** A resolver that finds what Route 53 says that it serves the zone by. */
  const right: Resolver = {
    resolveNs: async () => {
      const { HostedZones } = await ask("route53", "list_hosted_zones");
      return (await ask("route53", "get_hosted_zone", { Id: HostedZones[0].Id })).DelegationSet.NameServers;
    },
    resolve4: async () => ["192.0.2.1"],
  };
  const cluster = { name: "lab", baseDomain: "example.com" };
  const make = async (Name: string, more: object = {}) =>
    (await ask("route53", "create_hosted_zone", { Name, CallerReference: `${Name}${Math.random()}`, ...more })).HostedZone.Id as string;
  const record = (zone: string, ...names: string[]) =>
    ask("route53", "change_resource_record_sets", {
      HostedZoneId: zone,
      ChangeBatch: {
        Changes: names.map((Name) => ({
          Action: "UPSERT",
          ResourceRecordSet: { Name, Type: "A", TTL: 60, ResourceRecords: [{ Value: "192.0.2.1" }] },
        })),
      },
    });

  it("is right when it is public, delegated, and without names of the cluster", async () => {
    await make("example.com");
    await make("lab.example.com.au");
    expect((await hostedZone(cluster, right)).map(({ outcome }) => outcome)).toEqual(["ok", "ok", "ok"]);
  });

  it("is a problem when there is none, also where there is one of a longer name", async () => {
    await make("example.com.au");
    await make("test.example.com");
    expect(await hostedZone(cluster, right)).toEqual([
      { what: "hosted zone", outcome: "problem", says: expect.stringContaining("the account has no zone example.com") },
    ]);
  });

  it("is a problem when it is a private one alone", async () => {
    const { Vpc } = await ask("ec2", "create_vpc", { CidrBlock: "10.9.0.0/16" });
    await make("example.com", {
      HostedZoneConfig: { PrivateZone: true, Comment: "" },
      VPC: { VPCId: Vpc.VpcId, VPCRegion: "eu-west-3" },
    });
    expect(says(await hostedZone(cluster, right))).toEqual([expect.stringContaining("example.com is a private zone alone")]);
    await make("example.com");
    expect((await hostedZone(cluster, { ...right, resolveNs: async () => [] })).map(({ outcome }) => outcome)).toEqual(["ok", "ok", "ok"]);
  });

  it("is a problem when there are two", async () => {
    const zones = [await make("example.com"), await make("example.com")].map((id) => id.replace("/hostedzone/", ""));
    const [{ outcome, says: text }] = (await hostedZone(cluster, right)) as [Finding];
    expect(outcome).toBe("problem");
    for (const zone of zones) expect(text).toContain(zone);
  });

  it("is a problem when it is delegated to other servers", async () => {
    await make("example.com");
    const wrong = { resolveNs: async () => ["ns-1.awsdns-99.net"], resolve4: async () => [] };
    expect(says(of(await hostedZone(cluster, wrong), "problem"))).toEqual([
      expect.stringMatching(
        /^example\.com is delegated to ns-1\.awsdns-99\.net, which are not those of the hosted zone: have the zone above/,
      ),
    ]);
  });

  it("is a problem when it has records of the cluster's name, each of which is named, and no others", async () => {
    const zone = await make("example.com");
    await record(zone, "api.lab.example.com", "*.apps.lab.example.com", "lab.example.com", "api.other.example.com", "zz.example.com");
    // More than a page of Route 53, which has 300.
    await record(zone, ...Array.from({ length: 310 }, (_, n) => `n${n}.deep.lab.example.com`));
    const [found = ""] = says(of(await hostedZone(cluster, right), "problem"));
    expect(found).toMatch(/ has records of another cluster, or of one that is gone: /);
    const named = (found.split("gone: ")[1]?.split(": ")[0] ?? "").split(", ");
    expect(named).toHaveLength(312);
    expect(named).toContain("api.lab.example.com (A)");
    expect(named).toContain("*.apps.lab.example.com (A)");
  });
});

describe("instance types", () => {
  const pool = (architecture: string, instanceType: string, zone: string) => ({
    architecture,
    instanceType,
    zones: [{ name: zone, replicas: 1 }],
  });

  it("are right when every zone has them and they are of their pools' architecture", async () => {
    expect((await instanceTypes(settingsOf())).map(({ outcome }) => outcome)).toEqual(["ok"]);
  });

  it("are a problem where a zone lacks one, with the zones that have it", async () => {
    // Of the region's three zones two have it.
    const settings = settingsOf({ pools: [pool("arm64", "m8gd.2xlarge", "eu-west-3c"), pool("amd64", "m7a.2xlarge", "eu-west-3a")] });
    expect(await instanceTypes(settings)).toEqual([
      {
        what: "instance types",
        outcome: "problem",
        says: "pools[0].zones[0]: AWS has no m8gd.2xlarge in eu-west-3c; the zones that have it: eu-west-3a, eu-west-3b",
      },
      {
        what: "instance types",
        outcome: "problem",
        says: expect.stringContaining("pools[1].zones[0]: AWS has no m7a.2xlarge in eu-west-3a; no zone"),
      },
    ]);
  });

  it("are a problem of another architecture, as AWS says it", async () => {
    const settings = settingsOf();
    const [first, second] = settings.pools;
    const swapped = { ...settings, pools: [{ ...first, instanceType: "m7g.2xlarge" }, second] } as typeof settings;
    expect(says(await instanceTypes(swapped))).toEqual(["pools[0].instanceType: m7g.2xlarge is arm64; expected a type that is x86_64"]);
  });
});

describe("quotas", () => {
  const problems = async () => of(await quotas(settingsOf()), "problem");
  const image = async () => (await ask("ec2", "describe_images", { Owners: ["amazon"] })).Images[0].ImageId as string;
  const launch = async (InstanceType: string, more: object = {}) =>
    (await ask("ec2", "run_instances", { ImageId: await image(), InstanceType, MinCount: 1, MaxCount: 1, ...more })).Instances[0]
      .InstanceId as string;

  it("are enough to the last one, and each is counted", async () => {
    // moto's account has a network to begin with.
    await ask("ec2", "allocate_address", { Domain: "vpc" });
    await ask("efs", "create_file_system", { CreationToken: "one" });
    expect((await quotas(settingsOf())).map(({ what, outcome, says: text }) => [what, outcome, text.replace(/ for .*/, "")])).toEqual([
      ["quota of vCPUs of running on-demand standard (A, C, D, H, I, M, R, T, Z) instances", "ok", "24 allowed, 0 in use, 24 needed"],
      ["quota of elastic IPs", "ok", "3 allowed, 1 in use, 2 needed"],
      ["quota of VPCs", "ok", "3 allowed, 1 in use, 1 needed"],
      ["quota of NAT gateways of a zone", "ok", "2 allowed, 0 in use in eu-west-3a, 1 needed"],
      ["quota of EFS file systems", "ok", "1000 allowed, 1 in use, 1 needed"],
    ]);
  });

  it("of vCPUs are a problem beside machines that run, not beside those that have stopped or are of the spot market or another group", async () => {
    const stopped = await launch("m6a.2xlarge");
    await ask("ec2", "stop_instances", { InstanceIds: [stopped] });
    await launch("m6a.2xlarge", { InstanceMarketOptions: { MarketType: "spot" } });
    await launch("g4dn.xlarge");
    expect(await problems()).toEqual([]);
    await launch("m6a.large");
    expect(await problems()).toEqual([
      {
        what: expect.stringContaining("vCPUs"),
        outcome: "problem",
        says: "24 allowed, 2 in use, 24 needed for the control plane and the nodes of all pools: free some, or ask for more: aws service-quotas request-service-quota-increase --region eu-west-3 --service-code ec2 --quota-code L-1216C47A --desired-value 26",
      },
    ]);
  });

  it("of a group that an account has none of by default are a problem", async () => {
    const settings = settingsOf({
      pools: [{ architecture: "amd64", instanceType: "g4dn.2xlarge", zones: [{ name: "eu-west-3a", replicas: 1 }] }],
    });
    expect(says(of(await quotas(settings), "problem"))).toEqual([expect.stringMatching(/^0 allowed, 0 in use, 8 needed .*L-DB2E81BA/)]);
  });

  it("of elastic IPs, networks and NAT gateways are a problem when the others have taken too many", async () => {
    const { Vpc } = await ask("ec2", "create_vpc", { CidrBlock: "10.9.0.0/16" });
    const { Subnet } = await ask("ec2", "create_subnet", { VpcId: Vpc.VpcId, CidrBlock: "10.9.1.0/24", AvailabilityZone: "eu-west-3b" });
    for (const ConnectivityType of ["private", "private"]) {
      await ask("ec2", "create_nat_gateway", { SubnetId: Subnet.SubnetId, ConnectivityType });
    }
    for (let n = 0; n < 2; n++) await ask("ec2", "allocate_address", { Domain: "vpc" });
    await ask("ec2", "create_vpc", { CidrBlock: "10.8.0.0/16" });
    expect((await problems()).map(({ what, says: text }) => [what, text.replace(/ for .*/, "")])).toEqual([
      ["quota of elastic IPs", "3 allowed, 2 in use, 2 needed"],
      ["quota of VPCs", "3 allowed, 3 in use, 1 needed"],
      ["quota of NAT gateways of a zone", "2 allowed, 2 in use in eu-west-3b, 1 needed"],
    ]);
  });
});

describe("rights", () => {
  type Statement = { readonly Action: readonly string[] };
  const policy = (name: string): readonly Statement[] =>
    JSON.parse(readFileSync(join(__dirname, "../../../docs/aws", `${name}.json`), "utf8")).Statement;
  const without = (action: string) =>
    policy("preview").map((part) => ({ ...part, Action: part.Action.filter((other) => other !== action) }));

  /** Asks as a user with one policy from then on. */
  async function asUser(statements: readonly Statement[]): Promise<void> {
    await ask("route53", "create_hosted_zone", { Name: "example.com", CallerReference: "one" });
    Object.assign(process.env, await userWith(emulator, statements));
  }
  const nobody: Resolver = { resolveNs: async () => [], resolve4: async () => [] };
  const everything = async () => {
    const settings = settingsOf();
    return (await Promise.all([hostedZone(settings.cluster, nobody), instanceTypes(settings), quotas(settings)])).flat();
  };

  it.each(["preview", "deploy"])("of docs/aws/%s.json are enough for all questions", async (name) => {
    await asUser(policy(name));
    const { findings } = await credentials("eu-west-3", { allowedAccounts: [], credentialsMode: "mint" as const });
    expect(says(findings)).toEqual([expect.stringContaining("arn:aws:iam::123456789012:user/builder of the account")]);
    expect((await everything()).map(({ outcome }) => outcome)).toEqual(Array(9).fill("ok"));
  });

  it.each([
    ["servicequotas:GetServiceQuota", 5],
    ["servicequotas:GetAWSDefaultServiceQuota", 1],
    ["ec2:DescribeInstances", 1],
    ["ec2:DescribeAddresses", 1],
    ["ec2:DescribeVpcs", 1],
    ["ec2:DescribeNatGateways", 1],
    ["elasticfilesystem:DescribeFileSystems", 1],
  ])("a missing %s is named, and is no problem", async (action, times) => {
    await asUser(without(action));
    const found = await quotas(settingsOf());
    expect(of(found, "problem")).toEqual([]);
    expect(says(of(found, "unchecked"))).toEqual(
      Array(times).fill(expect.stringContaining(`the credentials lack the right ${action}; needed are `)),
    );
  });

  it.each([
    ["route53:ListHostedZonesByName", () => hostedZone(settingsOf().cluster, nobody)],
    ["route53:GetHostedZone", () => hostedZone(settingsOf().cluster, nobody)],
    ["route53:ListResourceRecordSets", () => hostedZone(settingsOf().cluster, nobody)],
    ["ec2:DescribeInstanceTypes", () => instanceTypes(settingsOf())],
    ["ec2:DescribeInstanceTypeOfferings", () => instanceTypes(settingsOf())],
  ])("a missing %s is what the question is not answered for", async (action, question) => {
    await asUser(without(action));
    await expect(question()).rejects.toThrow(`the credentials lack the right ${action}`);
  });
});

it("all of it is looked at in a process of its own, with the credentials that it is given", async () => {
  await ask("route53", "create_hosted_zone", { Name: "example.com", CallerReference: "one" });
  const { aws } = JSON.parse(process.env.CLUSTER_SETTINGS ?? "") as { aws: { serviceEndpoints: object[] } };
  const settings = settingsOf();
  const request = {
    settings: { ...settings, cluster: { ...settings.cluster, ...aws } },
    allowedAccounts: ["123456789012"],
    pullSecret: '{"auths":{}}',
    registryCredentials: '{"auths":{"quay.io":{"auth":"dXNlcjpodW50ZXIy"}}}',
    buildGitCredentials: {},
  };
  const found = await look(request as never, { AWS_REGION: "eu-west-3" });
  const text = report(found);
  expect(text).toContain("ok           AWS credentials: arn:aws:sts::123456789012:user/moto");
  expect(text).toContain("ok           hosted zone: the public zone example.com is ");
  expect(text).toContain("ok           quota of VPCs: ");
  expect(text).toContain("problem      pull secret: it has no entry for quay.io");
  delete process.env.AWS_ACCESS_KEY_ID;
  const without = await look(request as never, { AWS_REGION: "eu-west-3", AWS_EC2_METADATA_DISABLED: "true" });
  expect(report(without)).toContain("not checked  hosted zone, instance types, quotas: AWS takes no credentials to ask with");
}, 60_000);
