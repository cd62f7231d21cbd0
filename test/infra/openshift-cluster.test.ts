import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";
import { parseSettings } from "../../config/settings";
import { OpenShiftCluster } from "../../infra/openshift-cluster";
import { graph, resolved as known } from "../graph";

const pullSecret = '{"auths":{"quay.io":{"auth":"dTpodW50ZXIy"}}}';
const plain = parseSettings({
  region: "eu-west-3",
  values: {
    cluster: { name: "lab", baseDomain: "example.com", version: "4.19.42" },
    pools: [{ architecture: "amd64", instanceType: "m6a.2xlarge", zones: [{ name: "eu-west-3a" }] }],
    pullSecret,
    registryCredentials: pullSecret,
  },
}).settings.cluster;

const identity = {
  infraId: "lab-x1y2z",
  accountId: "123456789012",
  createdAt: "2026-01-01T00:00:00Z",
  images: { amd64: "ami-1", arm64: "ami-2" },
  workerTemplate: { kind: "MachineSet" },
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
const functions = () => ({ accountId: "123456789012" });

let cluster: OpenShiftCluster;
const program = () => {
  cluster = new OpenShiftCluster("cluster", { ...plain, pullSecret: pulumi.secret(pullSecret) });
};
const names = (dependsOn: unknown) =>
  Promise.all([dependsOn].flat().map((resource) => known((resource as pulumi.Resource).urn).then((urn) => urn?.split("::").pop())));

describe("an OpenShift cluster", () => {
  let built: Awaited<ReturnType<typeof graph>>;
  beforeAll(async () => {
    built = await graph(program, { outputs, functions });
  });

  it("is made in stages, each after the one before", async () => {
    const stages = built.resources.filter((resource) => resource.type === "command:local:Command");
    expect(stages.map((resource) => resource.name)).toEqual(
      ["tools", "identity", "assets", "install", "access"].map((name) => `cluster-${name}`),
    );
    const order = await Promise.all(stages.slice(1).map((resource) => names(resource.options.dependsOn)));
    expect(order).toEqual([["cluster-tools"], ["cluster-identity"], ["cluster-identity", "cluster-assets"], ["cluster-install"]]);
  });

  it("is destroyed by the deletion of its identity alone, which has a deadline", () => {
    const deleting = built.resources.filter((resource) => resource.inputs.delete !== undefined);
    expect(deleting.map((resource) => resource.name)).toEqual(["cluster-identity"]);
    expect(cluster.guard).toBeDefined();
    expect(built.named("cluster-identity")).toMatchObject({
      inputs: { delete: "exec bash infra/stages/destroy.sh", environment: { DESTROY_MINUTES: "60", AWS_ACCOUNT_ID: "123456789012" } },
      options: { deleteBeforeReplace: true, customTimeouts: { delete: "70m" } },
    });
  });

  it("says in every stage what an update does, keeps outputs secret, and logs no output", () => {
    for (const stage of built.resources.filter((resource) => resource.type === "command:local:Command")) {
      expect(stage.inputs.update, stage.name).toMatch(/^exec bash infra\/stages\//);
      expect(stage.options.additionalSecretOutputs, stage.name).toEqual(["stdout", "stderr"]);
      expect(["stderr", "none"], stage.name).toContain(stage.inputs.logging);
      expect(stage.inputs.triggers, stage.name).toBeUndefined();
    }
  });

  it("has neither secrets nor paths of a machine in its commands", () => {
    for (const stage of built.resources.filter((resource) => resource.type === "command:local:Command")) {
      const { create, update, delete: remove, dir } = stage.inputs;
      expect(JSON.stringify({ create, update, remove, dir })).not.toMatch(/hunter|\/root|\/home|"\//);
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
});

it("a preview before the cluster exists knows its identifier, and nothing that only the cluster tells", async () => {
  await graph(program, { functions, preview: true });
  expect(cluster.identifier).toBe("lab.example.com");
  expect(await known(cluster.infraId)).toBeUndefined();
  expect(await known(cluster.kubeconfig)).toBeUndefined();
});
