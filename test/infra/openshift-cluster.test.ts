import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { parseSettings } from "../../config/settings";
import { fixedSettings, installConfig, settingsAtInstall } from "../../infra/install-config";
import { OpenShiftCluster, type OpenShiftClusterArgs } from "../../infra/openshift-cluster";
import { graph, resolved as known } from "../graph";

const pullSecret = '{"auths":{"quay.io":{"auth":"dTpodW50ZXIy"},"registry.redhat.io":{"auth":"dTpodW50ZXIy"}}}';
const plain = parseSettings({
  region: "eu-west-3",
  values: {
    cluster: { name: "lab", baseDomain: "example.com", version: "4.19.42" },
    pools: [{ architecture: "amd64", instanceType: "m6a.2xlarge", zones: [{ name: "eu-west-3a" }] }],
    pullSecret,
    registryCredentials: pullSecret,
  },
}).settings.cluster;

const version = "4.19.42";
const template = {
  kind: "MachineSet",
  spec: {
    template: { spec: { providerSpec: { value: { securityGroups: [{ filters: [{ name: "tag:Name", values: ["lab-x1y2z-node"] }] }] } } } },
  },
};
const identity = {
  infraId: "lab-x1y2z",
  metadata: { infraID: "lab-x1y2z", aws: { region: "eu-west-3", serviceEndpoints: [{ name: "sts", url: "https://sts.example.com" }] } },
  accountId: "123456789012",
  createdAt: "2026-01-01T00:00:00Z",
  images: { amd64: "ami-1", arm64: "ami-2" },
  workerTemplate: template,
  fixed: fixedSettings(installConfig(plain), version),
  atInstall: settingsAtInstall(installConfig(plain)),
};
const access = {
  kubeconfig: "kubeconfig: {}",
  apiUrl: "https://api.lab.example.com:6443",
  consoleUrl: "https://console",
  kubeadminPassword: "hunter3",
};
const outputs = (_: string, name: string) =>
  ({
    "cluster-identity": { stdout: JSON.stringify(identity) },
    "cluster-assets": { stdout: "YmxvYg==" },
    "cluster-install": { stdout: '{"kubeconfig":"x"}' },
    "cluster-access": { stdout: JSON.stringify(access) },
  })[name];
const calls: { token: string; inputs: Record<string, unknown> }[] = [];
const functions = (token: string, inputs: Record<string, unknown>) => {
  calls.push({ token, inputs });
  if (token.includes("getCallerIdentity")) return { accountId: "123456789012", arn: "arn:aws:iam::123456789012:user/builder" };
  return { instanceTypes: ["m6a.2xlarge", "m6a.2xlarge"], locations: ["eu-west-3a", "eu-west-3b"] };
};

let cluster: OpenShiftCluster;
const credentials = { others: [] };
const wanted = [{ setting: "cluster.controlPlane", type: "m6a.2xlarge", zone: "eu-west-3a" }];
const program = (change: Partial<OpenShiftClusterArgs> = {}) => {
  cluster = new OpenShiftCluster("cluster", {
    ...plain,
    pullSecret: pulumi.secret(pullSecret),
    credentials,
    wantedTypes: wanted,
    installed: true,
    installedVersion: undefined,
    lastVersion: undefined,
    checkVersion: async () => {},
    preflight: async () => {},
    ...change,
  });
};
const names = (dependsOn: unknown) =>
  Promise.all([dependsOn].flat().map((resource) => known((resource as pulumi.Resource).urn).then((urn) => urn?.split("::").pop())));
const stagesOf = ({ resources }: Awaited<ReturnType<typeof graph>>) => resources.filter(({ type }) => type === "command:local:Command");

describe("an OpenShift cluster", () => {
  let built: Awaited<ReturnType<typeof graph>>;
  beforeAll(async () => {
    calls.length = 0;
    built = await graph(() => program(), { outputs, functions });
  });

  it("is made in stages, each after the ones that it needs", async () => {
    const stages = stagesOf(built);
    const order = await Promise.all(stages.map(async ({ name, options }) => [name, await names(options.dependsOn ?? [])]));
    expect(Object.fromEntries(order)).toEqual({
      "cluster-tools": [],
      "cluster-identity": ["cluster-tools"],
      "cluster-guard": ["cluster-identity"],
      "cluster-assets": ["cluster-identity"],
      "cluster-install": ["cluster-guard", "cluster-assets"],
      "cluster-access": ["cluster-install"],
    });
  });

  it("is destroyed by the deletion of its guard alone, which has all that it takes and a deadline", async () => {
    const deleting = built.resources.filter((resource) => resource.inputs.delete !== undefined);
    expect(deleting.map(({ name, inputs }) => [name, inputs.delete])).toEqual([
      ["cluster-tools", "exec bash infra/stages/tidy.sh"],
      ["cluster-identity", "exec bash infra/stages/forget.sh"],
      ["cluster-guard", "exec bash infra/stages/destroy.sh"],
    ]);
    expect(await known(cluster.guard.urn)).toMatch(/::cluster-guard$/);
    const { inputs, options } = built.named("cluster-guard");
    expect(inputs.create ?? inputs.update).toBeUndefined();
    expect(JSON.parse(inputs.environment.IDENTITY)).toEqual(identity);
    expect(inputs.environment).toMatchObject({ CLUSTER: "lab.example.com", OPENSHIFT_VERSION: version, DESTROY_MINUTES: "60" });
    expect(inputs.environment).toMatchObject({ AWS_REGION: "eu-west-3", OPENSHIFT_MIRROR: expect.stringContaining(version) });
    expect(options).toMatchObject({ deleteBeforeReplace: true, customTimeouts: { delete: "120m" } });
  });

  it("is asked for no update where others read what the stage printed", () => {
    const ignored = (name: string) => [...(built.named(name).options.ignoreChanges ?? [])].sort();
    const asMade = ["addPreviousOutputInEnv", "create", "delete", "environment", "logging", "update"];
    for (const name of ["cluster-identity", "cluster-assets", "cluster-install"]) expect(ignored(name), name).toEqual(asMade);
    expect(ignored("cluster-access")).toEqual([...asMade, "stdin"].sort());
    for (const name of ["cluster-tools", "cluster-guard"]) expect(ignored(name), name).toEqual([]);
  });

  it("is made anew as a whole when its identity is another", () => {
    for (const name of ["cluster-guard", "cluster-assets", "cluster-install", "cluster-access"]) {
      expect(built.named(name).inputs.triggers, name).toEqual(["lab-x1y2z"]);
    }
    expect(built.named("cluster-identity").options.deleteBeforeReplace).toBe(true);
  });

  it("keeps the stages' outputs secret, and logs none of them", () => {
    for (const stage of stagesOf(built)) {
      expect(stage.options.additionalSecretOutputs, stage.name).toEqual(["stdout", "stderr"]);
      expect(["stderr", "none"], stage.name).toContain(stage.inputs.logging);
    }
  });

  it("has neither secrets nor paths of a machine in its commands", () => {
    for (const stage of stagesOf(built)) {
      for (const command of [stage.inputs.create, stage.inputs.update, stage.inputs.delete]) {
        if (command !== undefined) expect(command, stage.name).toMatch(/^exec bash infra\/stages\/[a-z]+\.sh$/);
      }
      expect(stage.inputs.dir, stage.name).toBeUndefined();
    }
  });

  it("hands the large directory over by stdin, never by the environment", () => {
    expect(built.named("cluster-assets").inputs).toMatchObject({ logging: "none", addPreviousOutputInEnv: false });
    expect(built.named("cluster-install").inputs.stdin).toBe("YmxvYg==");
    expect(JSON.stringify(built.named("cluster-install").inputs.environment)).not.toContain("YmxvYg==");
  });

  it("keeps the pull secret out of the installer's plain settings", () => {
    const { environment } = built.named("cluster-identity").inputs;
    expect(environment.PULL_SECRET).toBe(pullSecret);
    expect(environment.INSTALL_CONFIG).not.toContain("auths");
  });

  it("gives each stage that calls AWS the region and the account that Pulumi works in", () => {
    for (const name of ["cluster-identity", "cluster-install"]) {
      expect(built.named(name).inputs.environment, name).toMatchObject({ AWS_REGION: "eu-west-3", AWS_ACCOUNT_ID: "123456789012" });
      expect(built.named(name).inputs.environment.AWS_PROFILE, name).toBeUndefined();
    }
  });

  it("has time-outs behind those of the stages themselves", () => {
    expect(Object.fromEntries(stagesOf(built).map(({ name, options }) => [name, options.customTimeouts]))).toEqual({
      "cluster-tools": { create: "60m", update: "60m" },
      "cluster-identity": { create: "80m" },
      "cluster-guard": { delete: "120m" },
      "cluster-assets": undefined,
      "cluster-install": { create: "450m" },
      "cluster-access": { create: "75m" },
    });
  });

  it("has no role for the EFS driver, for which it makes a user", () => {
    expect(cluster.efsRoleArn).toBeUndefined();
  });

  it("asks EC2 once for all instance types", () => {
    expect(calls.filter(({ token }) => token.includes("getInstanceTypeOfferings")).map(({ inputs }) => inputs)).toEqual([
      { locationType: "availability-zone", filters: [{ name: "instance-type", values: ["m6a.2xlarge"] }] },
    ]);
  });

  it("tells secrets from what may be shown", async () => {
    const secret = async (output: pulumi.Output<unknown>) => pulumi.isSecret(output);
    expect(await Promise.all([cluster.kubeconfig, cluster.kubeadminPassword].map(secret))).toEqual([true, true]);
    expect(
      await Promise.all(
        [cluster.infraId, cluster.apiUrl, cluster.consoleUrl, cluster.workerTemplate, cluster.machineImage("arm64")].map(secret),
      ),
    ).toEqual(Array(5).fill(false));
    expect(await known(cluster.kubeconfig)).toBe("kubeconfig: {}");
    expect(await known(cluster.infraId)).toBe("lab-x1y2z");
    expect(await known(cluster.machineImage("arm64"))).toBe("ami-2");
    expect(await known(cluster.consoleUrl)).toBe("https://console");
  });

  it("tells whose it is as the state has it, with the addresses of AWS that it was made with", async () => {
    const { CLUSTER, AWS_ACCOUNT_ID, CLUSTER_SETTINGS } = cluster.owner;
    expect([CLUSTER, await known(pulumi.output(AWS_ACCOUNT_ID))]).toEqual(["lab.example.com", identity.accountId]);
    expect(JSON.parse((await known(pulumi.output(CLUSTER_SETTINGS))) ?? "")).toEqual({ aws: identity.metadata.aws });
  });
});

it("the profile of the stack reaches every stage that calls AWS, the removal included", async () => {
  const built = await graph(() => program({ credentials: { profile: "work", others: [] } }), { outputs, functions });
  for (const name of ["cluster-identity", "cluster-guard", "cluster-install"]) {
    expect(built.named(name).inputs.environment, name).toMatchObject({ AWS_PROFILE: "work", AWS_ACCESS_KEY_ID: "" });
  }
});

describe("a cluster whose version is raised", () => {
  const raised = (change: Partial<OpenShiftClusterArgs> = {}) => {
    const checked: string[][] = [];
    const checkVersion = async (...asked: string[]) => void checked.push(asked);
    const made = graph(() => program({ version: "4.20.3", installedVersion: version, checkVersion, ...change }), { outputs, functions });
    return made.then((built) => ({ built, checked }));
  };

  it("is still removed by the tools of its install, and asks for no others", async () => {
    const { built } = await raised();
    for (const name of ["cluster-tools", "cluster-guard"]) {
      const { environment } = built.named(name).inputs;
      expect([name, environment.OPENSHIFT_VERSION]).toEqual([name, version]);
      expect(environment.OPENSHIFT_MIRROR).toMatch(new RegExp(`/${version}$`));
    }
    expect(await known(cluster.installedVersion)).toBe(version);
  });

  it("is removed by the tools of its install also where an earlier version of the program has not told which that is", async () => {
    const { built } = await raised({ installedVersion: undefined });
    const { environment } = built.named("cluster-guard").inputs;
    expect(environment.OPENSHIFT_VERSION).toBe(version);
    expect(environment.OPENSHIFT_MIRROR).toMatch(new RegExp(`/${version}$`));
  });

  it("is looked at once, with the version that it was given before, and with that of the install where nothing tells another", async () => {
    expect((await raised()).checked).toEqual([["kubeconfig: {}", version]]);
    expect((await raised({ lastVersion: "4.20.1" })).checked).toEqual([["kubeconfig: {}", "4.20.1"]]);
  });

  it("tells nobody how to reach it before it has been looked at", async () => {
    let look = () => {};
    const looked = new Promise<void>((resolve) => {
      look = resolve;
    });
    let told = false;
    const made = graph(
      () => {
        program({ version: "4.20.3", installedVersion: version, checkVersion: () => looked });
        pulumi.all([cluster.kubeconfig]).apply(() => {
          told = true;
        });
        pulumi.all([cluster.infraId]).apply(() => {
          told = true;
        });
      },
      { outputs, functions },
    );
    await vi.waitFor(() => expect(calls.at(-1)).toBeDefined());
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(told).toBe(false);
    look();
    await made;
    expect(told).toBe(true);
  });
});

it("a preview before the cluster exists knows its identifier, and nothing that only the cluster tells", async () => {
  await graph(() => program(), { functions, preview: true });
  expect(cluster.identifier).toBe("lab.example.com");
  expect(await known(cluster.infraId)).toBeUndefined();
  expect(await known(cluster.kubeconfig)).toBeUndefined();
});

describe("a preview of a cluster that is there", () => {
  /** What the program said, and whether it ended itself. */
  async function said(change: Partial<OpenShiftClusterArgs>, answers = functions) {
    const log = { error: vi.spyOn(pulumi.log, "error"), warn: vi.spyOn(pulumi.log, "warn"), info: vi.spyOn(pulumi.log, "info") };
    for (const spy of Object.values(log)) spy.mockResolvedValue();
    const exit = vi.spyOn(process, "exit").mockReturnValue(undefined as never);
    try {
      const built = await graph(() => program(change), { outputs, functions: answers });
      const texts = (spy: typeof log.error) => spy.mock.calls.map(([text]) => text);
      return { built, errors: texts(log.error), warnings: texts(log.warn), notes: texts(log.info), exits: exit.mock.calls.flat() };
    } finally {
      vi.restoreAllMocks();
    }
  }

  it("is silent while the settings fit", async () => {
    expect(await said({})).toMatchObject({ errors: [], warnings: [], notes: [], exits: [] });
  });

  it("ends with one error, and an exit code at which the engine deletes nothing, when a setting is changed that the cluster keeps", async () => {
    const { errors, exits } = await said({ region: "eu-west-1", baseDomain: "example.org" });
    expect(errors).toEqual([expect.stringMatching(/cluster\.baseDomain is "example.org"[\s\S]*aws:region is "eu-west-1"/)]);
    expect(exits).toEqual([32]);
  });

  it("ends so with credentials of another account", async () => {
    const elsewhere = (token: string, inputs: Record<string, unknown>) =>
      token.includes("getCallerIdentity") ? { accountId: "999999999999", arn: "arn:x" } : functions(token, inputs);
    const { errors, exits } = await said({}, elsewhere);
    expect(errors).toEqual([
      expect.stringContaining("the credentials are for the AWS account 999999999999, the cluster is in 123456789012"),
    ]);
    expect(exits).toEqual([32]);
  });

  it("ends so when a zone lacks an instance type", async () => {
    const wantedTypes = [...wanted, { setting: "pools[0].zones[1]", type: "m6a.2xlarge", zone: "eu-west-3c" }];
    const { errors, exits } = await said({ wantedTypes });
    expect(errors).toEqual([
      "AWS does not offer what is asked for:\n  - pools[0].zones[1]: AWS has no m6a.2xlarge in eu-west-3c; the zones that have it: eu-west-3a, eu-west-3b",
    ]);
    expect(exits).toEqual([32]);
  });

  it("warns of what the cluster does not hear of", async () => {
    const { warnings, exits } = await said({ tags: { team: "x" } });
    expect(warnings).toEqual([expect.stringMatching(/^cluster\.tags has changed since the install/)]);
    expect(exits).toEqual([]);
  });

  it("says whose credentials the installer takes as long as nothing is installed", async () => {
    const { notes, warnings } = await said({ installed: false, credentials: { others: ["aws:assumeRoles"] } });
    expect(notes).toEqual([expect.stringMatching(/^openshift-install will use the AWS credentials /)]);
    expect(warnings).toEqual([expect.stringMatching(/^aws:assumeRoles: only Pulumi takes these/)]);
  });
});

describe("before anything is made", () => {
  /** Calls the hook as the engine does, for stages of these names; and what the preflight was called with. */
  async function called(stages: string[], change: Partial<OpenShiftClusterArgs> = {}) {
    const preflight = vi.fn(async (_: string) => {});
    const made: pulumi.ResourceHook[] = [];
    const built = await graph(() => program({ preflight, ...change }), { functions, preview: true });
    for (const { options } of built.resources) {
      for (const hook of (options.hooks?.beforeCreate ?? []) as pulumi.ResourceHook[]) if (!made.includes(hook)) made.push(hook);
    }
    expect(made).toHaveLength(1);
    for (const name of stages) await made[0]?.callback({ name, urn: "", id: "", type: "" });
    return { built, accounts: preflight.mock.calls.flat() };
  }

  it("the engine calls one hook, in previews too: at the tools and at the identity, and at nothing else", async () => {
    const { built } = await called([]);
    expect(built.hooks).toEqual([{ name: "cluster-preflight", onDryRun: true }]);
    const hooked = built.resources.filter(({ beforeCreate }) => beforeCreate.length > 0);
    expect(hooked.map(({ name, beforeCreate }) => [name, beforeCreate])).toEqual([
      ["cluster-tools", ["cluster-preflight"]],
      ["cluster-identity", ["cluster-preflight"]],
    ]);
  });

  it("the preflight is called once, with the account that Pulumi works in", async () => {
    expect((await called(["cluster-tools", "cluster-identity"], { installed: false })).accounts).toEqual(["123456789012"]);
    expect((await called(["cluster-identity"], { installed: false })).accounts).toEqual(["123456789012"]);
  });

  it("the preflight is not called when the tools of a cluster that is there are made anew, but for another cluster", async () => {
    expect((await called(["cluster-tools"], { installed: true })).accounts).toEqual([]);
    expect((await called(["cluster-tools", "cluster-identity"], { installed: true })).accounts).toEqual(["123456789012"]);
  });

  it("what the preflight is rejected with reaches the engine at both stages", async () => {
    const preflight = () => Promise.reject(new Error("no zone"));
    await expect(called(["cluster-tools"], { installed: false, preflight })).rejects.toThrow("no zone");
    await expect(called(["cluster-identity"], { installed: false, preflight })).rejects.toThrow("no zone");
  });

  it("a zone that lacks an instance type is left to the preflight", async () => {
    const exit = vi.spyOn(process, "exit").mockReturnValue(undefined as never);
    try {
      const wantedTypes = [{ setting: "pools[0].zones[0]", type: "m7g.large", zone: "eu-west-3a" }];
      await called([], { installed: false, wantedTypes });
      expect(exit).not.toHaveBeenCalled();
    } finally {
      exit.mockRestore();
    }
  });
});

it("a cluster of the mode manual has ccoctl make its credentials behind the guard, whose deletion removes them, and knows the EFS driver's role before", async () => {
  const manual = { ...plain, credentialsMode: "manual" as const };
  const own = { ...identity, fixed: fixedSettings(installConfig(manual), version) };
  const answers = (type: string, name: string) => (name === "cluster-identity" ? { stdout: JSON.stringify(own) } : outputs(type, name));
  const { named } = await graph(() => program({ credentialsMode: "manual" }), { outputs: answers, functions });
  const { inputs, options } = named("cluster-assets");
  expect(inputs.create).toBe("exec bash infra/stages/credentials.sh");
  expect(inputs.environment).toMatchObject({ INFRA_ID: "lab-x1y2z", AWS_ACCOUNT_ID: "123456789012", AWS_REGION: "eu-west-3" });
  expect(await names(options.dependsOn)).toEqual(["cluster-guard"]);
  for (const name of ["cluster-tools", "cluster-identity", "cluster-guard", "cluster-assets", "cluster-install", "cluster-access"])
    expect(named(name).inputs.environment.CREDENTIALS_MODE, name).toBe("manual");
  expect(await known(cluster.efsRoleArn as pulumi.Output<string>)).toBe(
    "arn:aws:iam::123456789012:role/lab-x1y2z-openshift-cluster-csi-drivers-aws-efs-cloud-credential",
  );
});
