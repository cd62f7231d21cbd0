import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { Key, Mirror } from "./mirror";
import { Bench, finished, project } from "./stage";

const bench = Bench.use();
const metadata = JSON.stringify({ infraID: "lab-x1y2z", aws: { region: "eu-west-3" } });

/** A program of the stages, with nothing of the user's AWS configuration. */
const ask = (name: "account" | "machines", environment: Record<string, string | undefined> = {}, ...args: string[]) =>
  finished(
    spawn("node", ["--require", "tsx/cjs", `infra/stages/${name}.ts`, ...args], {
      cwd: project,
      env: {
        PATH: process.env.PATH,
        NODE_PATH: process.env.NODE_PATH,
        HOME: bench.folder,
        AWS_CONFIG_FILE: join(bench.folder, "config"),
        AWS_SHARED_CREDENTIALS_FILE: join(bench.folder, "credentials"),
        AWS_EC2_METADATA_DISABLED: "true",
        NODE_NO_WARNINGS: "1",
        AWS_ENDPOINT_URL: bench.address,
        CLUSTER_SETTINGS: metadata,
        ...environment,
      },
    }),
  );
const keys = { AWS_ACCESS_KEY_ID: "of-the-environment", AWS_SECRET_ACCESS_KEY: "x" };
const profiles = () =>
  writeFileSync(
    join(bench.folder, "credentials"),
    ["default", "work"].map((name) => `[${name}]\naws_access_key_id = of-${name}\naws_secret_access_key = x\n`).join(""),
  );

describe("whose credentials they are", () => {
  it("is what STS says, asked in the cluster's region", async () => {
    const { code, stdout } = await ask("account", { ...keys, AWS_REGION: "us-east-1" });
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: '{"account":"123456789012","arn":"arn:aws:iam::123456789012:user/builder","temporary":false}\n',
    });
    expect(bench.aws.requests).toEqual([{ action: "GetCallerIdentity", scope: "eu-west-3/sts", key: "of-the-environment" }]);
  });

  it("is asked in the region of install-config.yaml too, before there is metadata.json", async () => {
    await ask("account", { ...keys, CLUSTER_SETTINGS: JSON.stringify({ platform: { aws: { region: "us-west-2" } } }) });
    expect(bench.aws.requests.map(({ scope }) => scope)).toEqual(["us-west-2/sts"]);
  });

  it("is asked at the cluster's own address of STS", async () => {
    const aws = {
      region: "eu-west-3",
      serviceEndpoints: [
        { name: "sts", url: bench.address },
        { name: "ec2", url: "http://127.0.0.1:1" },
      ],
    };
    const { code } = await ask("account", { ...keys, AWS_ENDPOINT_URL: undefined, CLUSTER_SETTINGS: JSON.stringify({ aws }) });
    expect({ code, asked: bench.aws.requests.length }).toEqual({ code: 0, asked: 1 });
  });

  // The order of the installer's SDK: aws-sdk-go-v2, config/resolve_credentials.go.
  it.each([
    ["keys of the environment before a profile that it names", { ...keys, AWS_PROFILE: "work" }, "of-the-environment"],
    [
      "a profile when the keys of the environment are empty",
      { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "", AWS_PROFILE: "work" },
      "of-work",
    ],
    ["the profile of AWS_DEFAULT_PROFILE", { AWS_DEFAULT_PROFILE: "work" }, "of-work"],
    ["AWS_PROFILE before AWS_DEFAULT_PROFILE", { AWS_PROFILE: "default", AWS_DEFAULT_PROFILE: "work" }, "of-default"],
    ["the default profile", {}, "of-default"],
  ])("takes %s", async (_, environment, key) => {
    profiles();
    await ask("account", environment);
    expect(bench.aws.requests.map((request) => request.key)).toEqual([key]);
  });

  it.each([
    [{ AWS_SESSION_TOKEN: "session" }, true],
    [{}, false],
  ])("knows that keys with %j are temporary: %s", async (environment, temporary) => {
    const { stdout } = await ask("account", { ...keys, ...environment });
    expect(JSON.parse(stdout).temporary).toBe(temporary);
  });

  it.each([
    [90.5, { minutes: 90 }],
    [-1.5, { minutes: -2 }],
  ])("says for how long keys hold that end in %d minutes, and nothing of keys that do not say it", async (minutes, told) => {
    const AWS_CREDENTIAL_EXPIRATION = new Date(Date.now() + minutes * 60_000).toISOString();
    const { stdout } = await ask("account", { ...keys, AWS_SESSION_TOKEN: "session", AWS_CREDENTIAL_EXPIRATION });
    expect(JSON.parse(stdout)).toMatchObject(told);
    expect(JSON.parse((await ask("account", { ...keys, AWS_SESSION_TOKEN: "session" })).stdout)).not.toHaveProperty("minutes");
  });

  it.each([
    ["there are no credentials", {}, {}, "CredentialsProviderError"],
    ["they are not valid", keys, { id: "" }, "InvalidClientTokenId"],
    ["the settings name no region", { ...keys, CLUSTER_SETTINGS: "{}" }, {}, "the settings of the cluster name no region of AWS"],
  ])("is one line of text when %s", async (_, environment, change, message) => {
    Object.assign(bench.aws, change);
    const { code, stdout, stderr } = await ask("account", environment);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(message);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });
});

describe("behind a proxy", () => {
  let mirror: Mirror | undefined;
  let key: Key | undefined;
  let direct: Server | undefined;
  afterEach(() => {
    mirror?.stop();
    key?.close();
    direct?.close();
  });

  it.each([
    ["account", "sts.eu-west-3.amazonaws.com/"],
    ["machines", "ec2.eu-west-3.amazonaws.com/"],
  ] as const)("%s goes through HTTPS_PROXY, with the authority of AWS_CA_BUNDLE", async (program, address) => {
    key = new Key(join(bench.folder, "key"), "Red");
    mirror = await new Mirror(bench.folder, key).start();
    const { HTTPS_PROXY, CURL_CA_BUNDLE } = mirror.environment;
    const environment = { ...keys, AWS_ENDPOINT_URL: undefined, HTTPS_PROXY, NODE_EXTRA_CA_CERTS: CURL_CA_BUNDLE, AWS_MAX_ATTEMPTS: "1" };
    await ask(program, environment, "lab-x1y2z");
    expect(mirror.asked.length).toBeGreaterThan(0);
    expect(new Set(mirror.asked)).toEqual(new Set([address]));
    // By the stages, which know the variable of the AWS tools only.
    mirror.asked.length = 0;
    if (program === "account") {
      const { code } = await bench.run("identity", {
        ...environment,
        AWS_ENDPOINT_URL_STS: undefined,
        NODE_EXTRA_CA_CERTS: undefined,
        AWS_CA_BUNDLE: CURL_CA_BUNDLE,
      });
      expect({ code, asked: new Set(mirror.asked) }).toEqual({ code: 1, asked: new Set([address]) });
    }
  });

  it("goes around it for the hosts of NO_PROXY", async () => {
    key = new Key(join(bench.folder, "key"), "Red");
    mirror = await new Mirror(bench.folder, key).start();
    const { HTTPS_PROXY } = mirror.environment;
    direct = createServer();
    await new Promise<void>((done) => direct?.listen(0, "127.0.0.1", done));
    const url = `https://127.0.0.1:${(direct.address() as AddressInfo).port}`;
    const connections = async (NO_PROXY: string) => {
      await ask("account", { ...keys, AWS_ENDPOINT_URL: url, HTTPS_PROXY, NO_PROXY });
      return mirror?.connections;
    };
    expect(await connections("127.0.0.1")).toBe(0);
    expect(await connections("example.com")).toBeGreaterThan(0);
  });

  it("uses HTTP_PROXY for an address without TLS", async () => {
    const { code, stderr } = await ask("account", { ...keys, HTTP_PROXY: "http://127.0.0.1:1" });
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining("127.0.0.1:1") });
    expect(bench.aws.requests).toEqual([]);
  });
});

describe("the machines of a cluster", () => {
  it("are those that AWS has tagged as its own and that are not gone, from all pages, the groups open to SSH, and its networks", async () => {
    const machine = (id: string, state: string, owner = "owned") => ({ id, name: `lab-x1y2z-${id}`, state, owner });
    bench.aws.machines = [
      machine("a", "running"),
      machine("b", "shutting-down"),
      machine("c", "terminated"),
      machine("d", "stopped"),
      machine("e", "running", "shared"),
      machine("f", "pending"),
      machine("g", "stopping"),
    ];
    const rule = (protocol: string, cidr: string, from?: number, to?: number) => ({ protocol, cidr, from, to });
    bench.aws.groups = [
      { id: "sg-ssh", rules: [rule("tcp", "10.0.0.0/8", 22, 22), rule("tcp", "0.0.0.0/0", 22, 22)] },
      { id: "sg-range", rules: [rule("tcp", "0.0.0.0/0", 1, 1024)] },
      { id: "sg-all", rules: [rule("-1", "0.0.0.0/0")] },
      { id: "sg-udp", rules: [rule("udp", "0.0.0.0/0", 22, 22)] },
      { id: "sg-api", rules: [rule("tcp", "0.0.0.0/0", 6443, 6443), rule("tcp", "0.0.0.0/0", 1, 21)] },
      { id: "sg-icmp", rules: [rule("icmp", "0.0.0.0/0", -1, -1)] },
      { id: "sg-other", owner: "shared", rules: [rule("tcp", "0.0.0.0/0", 22, 22)] },
    ];
    bench.aws.networks = ["vpc-1"];
    const { code, stdout } = await ask("machines", keys, "lab-x1y2z");
    expect(code).toBe(0);
    expect(stdout.trim().split("\n")).toEqual([
      "machine lab-x1y2z-a a running",
      "machine lab-x1y2z-d d stopped",
      "machine lab-x1y2z-f f pending",
      "machine lab-x1y2z-g g stopping",
      "ssh sg-ssh sg-ssh",
      "ssh sg-range sg-range",
      "ssh sg-all sg-all",
      "network vpc-1",
    ]);
    expect(new Set(bench.aws.requests.map(({ scope }) => scope))).toEqual(new Set(["eu-west-3/ec2"]));
  });

  it.each([
    ["without an infra ID", [], {}, "machines.ts needs an infra ID"],
    ["when EC2 refuses", ["lab-x1y2z"], { ec2: "denied" }, "UnauthorizedOperation"],
    ["when EC2's answer breaks off", ["lab-x1y2z"], { ec2: "half" }, "Error"],
  ])("are not told %s", async (_, args, change, message) => {
    Object.assign(bench.aws, change);
    const { code, stdout, stderr } = await ask("machines", keys, ...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(message);
  });
});
