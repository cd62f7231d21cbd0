import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { leaks } from "./leaks";
import { planText } from "./plan";
import { type Config, configOf, madeUp, planned, stacksOf } from "./planned";

const root = join(__dirname, "..");
const stacks = stacksOf(root);
const folder = mkdtempSync(join(tmpdir(), "openshift-multiarch-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Plans by file name, of a folder. */
const plansIn = (place: string) =>
  Object.fromEntries(
    readdirSync(place)
      .filter((file) => file.endsWith(".json"))
      .map((file) => [file, readFileSync(join(place, file), "utf8")]),
  );

/** `npm run expected` in a checkout, with an environment that is not that of this machine's user. */
function write(checkout: string, to: string, env: Record<string, string> = {}): void {
  const { status, stderr, stdout } = spawnSync(process.execPath, ["--require", "tsx/cjs", "test/expected.ts", to], {
    cwd: checkout,
    encoding: "utf8",
    // No Pulumi CLI, no credentials, no proxy.
    env: { PATH: dirname(process.execPath), HOME: folder, ...env },
  });
  expect({ status, stderr, stdout }).toEqual({ status: 0, stderr: "", stdout: "" });
}

const plan = (stack: string, config: Config) =>
  planned(stack, config, () => {
    vi.resetModules();
    return import("../index");
  });

/** Lines that two plans do not have in common, as a review shows them, each with the block that it is of. */
function difference(before: string, after: string): string[] {
  const lines = (text: string) => {
    let block = "";
    return text.split("\n").map((line) => {
      block = /^ {2,4}"(.+)": [{[]$/.exec(line)?.[1] ?? block;
      return `${block}: ${line.trim().replace(/,$/, "")}`;
    });
  };
  const less = (some: readonly string[], others: readonly string[]) => {
    const left = [...others];
    return some.filter((line) => !left.includes(line) || void left.splice(left.indexOf(line), 1));
  };
  return [...less(lines(before), lines(after)).map((line) => `- ${line}`), ...less(lines(after), lines(before)).map((line) => `+ ${line}`)];
}

describe("the plans of all stacks", () => {
  const fresh = join(folder, "fresh");
  beforeAll(() => write(root, fresh));

  it.each(stacks)("are those that are committed: %s", (stack) => {
    const file = join(root, "test", "expected", `${stack}.json`);
    const committed = existsSync(file) ? readFileSync(file, "utf8") : "";
    expect(committed, `what Pulumi.${stack}.yaml makes is another: run \`npm run expected\`, look at the difference, and commit it`).toBe(
      plansIn(fresh)[`${stack}.json`],
    );
  });

  it("are there for each stack's file, and for no other", () => {
    expect(Object.keys(plansIn(join(root, "test", "expected"))).sort()).toEqual(stacks.map((stack) => `${stack}.json`));
    writeFileSync(join(fresh, "gone.json"), "{}");
    write(root, fresh);
    expect(Object.keys(plansIn(fresh)).sort()).toEqual(stacks.map((stack) => `${stack}.json`));
  });

  it("are the same in another folder, for another user, in another language and time zone", () => {
    const clone = join(folder, "clone");
    for (const part of [
      ...readdirSync(root).filter((name) => /\.(ts|yaml|json)$/.test(name)),
      "config",
      "infra",
      "cluster",
      "tekton",
      "preflight",
      "test",
    ])
      cpSync(join(root, part), join(clone, part), { recursive: true, filter: (source) => !source.endsWith("test/expected") });
    symlinkSync(join(root, "node_modules"), join(clone, "node_modules"));
    write(clone, join(folder, "elsewhere"), {
      HOME: "/nonexistent",
      TZ: "Pacific/Kiritimati",
      LC_ALL: "tr_TR.UTF-8",
      AWS_PROFILE: "other",
    });
    expect(plansIn(join(folder, "elsewhere"))).toEqual(plansIn(fresh));
  });

  it("name no folder of the machine", () => {
    for (const text of Object.values(plansIn(fresh))) for (const place of [root, folder, process.cwd()]) expect(text).not.toContain(place);
  });

  it("show no secret", () => {
    for (const [file, text] of Object.entries(plansIn(fresh))) expect([file, leaks(JSON.parse(text), madeUp)]).toEqual([file, []]);
  });
});

describe("a plan", () => {
  const dev = configOf(root, "dev");
  const pools = dev["openshift-multiarch:pools"] as { zones: { replicas: number }[] }[];
  const withPools = (change: (copy: typeof pools) => void): Config => {
    const copy = structuredClone(pools);
    change(copy);
    return { ...dev, "openshift-multiarch:pools": copy };
  };

  it("differs by a line for each thing that a changed number of machines changes", async () => {
    const fewer = withPools((copy) => {
      copy[0].zones[0].replicas = 0;
    });
    const pool = "workers-amd64";
    const zone = `${pool}/${pool}-eu-west-3a`;
    expect(difference(planText(await plan("dev", dev)), planText(await plan("dev", fewer)))).toEqual([
      '- pools: "replicas": 1',
      `- ${pool}: "replicas": 1`,
      `- ${zone}: "replicas": 1`,
      `- ${zone}-ready: "REPLICAS": "1"`,
      '+ pools: "replicas": 0',
      `+ ${pool}: "replicas": 0`,
      `+ ${zone}: "replicas": 0`,
      `+ ${zone}-ready: "REPLICAS": "0"`,
    ]);
  });

  it("has no secret of a stack whose secrets are all in its file, although all of them reach the engine", async () => {
    const encrypted = { secure: "v1:AAAA:BBBB" };
    const keys = ["pullSecret", "registryCredentials", "npmrc", "mavenSettings"].map((key) => `openshift-multiarch:${key}`);
    const secret = { ...dev, ...Object.fromEntries([...keys, "aws:secretKey"].map((key) => [key, encrypted])) };
    const made = await plan("dev", secret);
    const text = planText(made);
    expect(leaks(JSON.parse(text), madeUp)).toEqual([]);
    expect(text).not.toContain("v1:AAAA");
    const sent = made.resources.map((resource) => resource.sent);
    // The one of the provider's own configuration is not for a resource.
    const { "other secret": _, ...reached } = madeUp;
    expect([...new Set(leaks(sent, madeUp).map(({ secret }) => secret))].sort()).toEqual(Object.keys(reached).sort());
    // A part that is secret hides no other one.
    const { resources } = JSON.parse(text);
    expect(resources["builds/builds-npmrc"].inputs).toMatchObject({ metadata: { name: "npmrc" }, type: "Opaque" });
    expect(resources["cluster/cluster-identity"].inputs.environment).toMatchObject({ AWS_REGION: "eu-west-3", PULL_SECRET: "[secret]" });
  });

  it("has what every resource is, where it stands, what it is given, and each option that the engine hears of", async () => {
    const { resources } = JSON.parse(planText(await plan("dev", dev)));
    expect(resources["workers-arm64/workers-arm64-eu-west-3a"]).toEqual({
      type: "kubernetes:machine.openshift.io/v1beta1:MachineSet",
      provider: "cluster",
      deletedWith: "cluster-guard",
      deleteBeforeReplace: true,
      dependsOn: ["cluster/cluster-access", "cluster/cluster-identity"],
      ignoreChanges: expect.arrayContaining(["spec.template.spec.providerSpec.value.ami"]),
      replaceOnChanges: expect.arrayContaining(["spec.template.spec.providerSpec.value.instanceType"]),
      customTimeouts: { create: "5m", delete: "30m", update: "5m" },
      inputs: expect.objectContaining({ kind: "MachineSet", spec: expect.objectContaining({ replicas: 0 }) }),
    });
    expect(resources["cluster/cluster-guard"].additionalSecretOutputs).toEqual(["stdout", "stderr"]);
    expect(resources.htop.dependsOn).toEqual(["builds", "workers-amd64", "workers-arm64"]);
    // Two of one name are told apart by their types.
    expect(Object.keys(resources).filter((name) => name.startsWith("shared/shared ("))).toEqual([
      "shared/shared (aws:efs/fileSystem:FileSystem)",
      "shared/shared (aws:efs/fileSystemPolicy:FileSystemPolicy)",
    ]);
  });

  it("has a file and a digest in the place of each task's script, and the text of everything else", async () => {
    const text = planText(await plan("dev", dev));
    const scripts = [...text.matchAll(/"script": "(.+)"/g)].map(([, script]) => script);
    expect(scripts).toHaveLength(15);
    for (const script of scripts) expect(script).toMatch(/^\[tekton\/steps\/[a-z-]+\/[a-z-]+\.sh, as a whole sha256 [0-9a-f]{16}\]$/);
    // Texts that are JSON are compared key by key.
    expect(JSON.parse(text).resources["cluster/cluster-identity"].inputs.environment.INSTALL_CONFIG).toMatchObject({
      "[JSON]": { controlPlane: { replicas: 1 } },
    });
  });

  it("warns of what the preview would warn of", async () => {
    const builds = [{ name: "a", pipeline: "nodejs", repository: "git://git.example.com/a.git", image: "quay.io/a/a:1" }];
    const { warnings } = await plan("dev", { ...dev, "openshift-multiarch:builds": builds });
    expect(warnings).toEqual([expect.stringContaining("is read over http:// or git://")]);
  });

  it("is of the stack's own version, region and names, not of those of the template that stands for the installer's", async () => {
    const elsewhere = (text: string) => text.replaceAll("eu-west-3", "us-east-2").replaceAll('"name":"multiarch"', '"name":"lab"');
    const text = planText(await plan("lab", JSON.parse(elsewhere(JSON.stringify(dev)))));
    expect(text).not.toContain("eu-west-3");
    expect(text).not.toMatch(/multiarch-xxxxx|x7k2p/);
    expect(text).toContain('"lab-xxxxx-arm64-us-east-2b"');
  });

  it("says what is wrong with a stack's file: a part that is encrypted, a setting that is none", async () => {
    const cluster = dev["openshift-multiarch:cluster"] as object;
    const inside = { ...dev, "openshift-multiarch:cluster": { ...cluster, sshKey: { secure: "v1:AAAA" } } };
    await expect(plan("dev", inside)).rejects.toThrow("openshift-multiarch:cluster has an encrypted part");
    await expect(plan("dev", { ...dev, "openshift-multiarch:pool": [] })).rejects.toThrow("pool is not a setting; did you mean pools?");
  });
});
