import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { ClusterVersion } from "../../cluster/cluster-version";
import { EfsStorage } from "../../cluster/efs-storage";
import { limits, restartSeconds } from "../../cluster/limits";
import { MachinePool } from "../../cluster/machine-pool";
import { Operator } from "../../cluster/operator";
import { OpenShiftPipelines, type OpenShiftPipelinesArgs, tektonConfigSpec } from "../../cluster/pipelines";
import { chainsConfig } from "../../cluster/signing";
import { graph, type Registered } from "../graph";
import { workerTemplate } from "./worker-template";

const kubeconfig = "content of a kubeconfig";
const owner = { CLUSTER: "multiarch.example.com", AWS_ACCOUNT_ID: "123456789012", CLUSTER_SETTINGS: '{"aws":{"region":"eu-west-3"}}' };

const minutes = (text = ""): number => Number(/^(\d+)m$/.exec(text)?.[1]);

/** What every command that talks to the cluster has in common. */
function expectClusterProgram(
  { inputs, secrets, customTimeouts, plain }: Registered,
  file: string,
  steps: readonly string[],
  seconds: number,
  guard = "",
) {
  const run = `exec ${guard}node --require tsx/cjs ${file}`;
  expect(Object.keys(inputs).filter((input) => inputs[input] === run)).toEqual(steps);
  expect(inputs.environment).toMatchObject({ KUBECONFIG_CONTENT: kubeconfig, SECONDS: String(seconds) });
  expect(secrets).toContain("environment.KUBECONFIG_CONTENT");
  expect(JSON.stringify(plain)).not.toContain(kubeconfig);
  expect(inputs.addPreviousOutputInEnv).toBe(false);
  const timeouts = customTimeouts as Record<string, string>;
  expect(Object.keys(timeouts).filter((step) => timeouts[step])).toEqual(steps);
  // The program gives up by itself, even when the API server is away for its whole patience at the end.
  for (const step of steps) expect(minutes(timeouts[step]) * 60).toBeGreaterThan(seconds + 300);
}

describe("ClusterVersion", () => {
  it("has a program bring the version, with time for a control plane that starts anew, and none take it back", async () => {
    const { resources, named } = await graph(() => new ClusterVersion("version", { version: "4.20.3", kubeconfig }, {}));
    expect(resources.map(({ name }) => name)).toEqual(["version", "version-reached"]);
    const reached = named("version-reached");
    expectClusterProgram(reached, "cluster/cluster-version-reached.ts", ["create", "update"], limits.update);
    expect(reached.inputs.environment.VERSION).toBe("4.20.3");
    expect(minutes((reached.customTimeouts as Record<string, string>).update) * 60).toBeGreaterThan(limits.update + restartSeconds);
  });
});

describe("MachinePool", () => {
  const pool = (more: Partial<ConstructorParameters<typeof MachinePool>[1]> = {}) =>
    graph(
      () =>
        new MachinePool(
          "workers-arm64",
          {
            infraId: "multiarch-x7k2p",
            template: workerTemplate(),
            image: "ami-1",
            architecture: "arm64",
            instanceType: "m7g.2xlarge",
            zones: [
              { name: "eu-west-3a", replicas: 0 },
              { name: "eu-west-3b", replicas: 2 },
            ],
            kubeconfig,
            ...more,
          },
          {},
        ),
    );

  it("has one MachineSet per zone, with the zone's machines", async () => {
    const { resources, named } = await pool();
    expect(resources.filter(({ inputs }) => inputs.kind === "MachineSet").map(({ name }) => name)).toEqual([
      "workers-arm64-eu-west-3a",
      "workers-arm64-eu-west-3b",
    ]);
    expect(named("workers-arm64-eu-west-3b").inputs).toMatchObject({
      metadata: { name: "multiarch-x7k2p-arm64-eu-west-3b", namespace: "openshift-machine-api" },
      spec: { replicas: 2 },
    });
  });

  it("lets Pulumi wait for the controller, and a program of its own for the machines of each zone", async () => {
    const { named } = await pool();
    for (const [zone, replicas] of [
      ["eu-west-3a", "0"],
      ["eu-west-3b", "2"],
    ]) {
      const set = named(`workers-arm64-${zone}`);
      expect(set.inputs.metadata.annotations["pulumi.com/waitFor"]).toBe("jsonpath={.status.observedGeneration}");
      const ready = named(`workers-arm64-${zone}-ready`);
      expectClusterProgram(ready, "cluster/machines-ready.ts", ["create", "update"], limits.machines);
      expect(ready.inputs.environment).toMatchObject({
        MACHINE_SET: `multiarch-x7k2p-arm64-${zone}`,
        NAMESPACE: "openshift-machine-api",
        REPLICAS: replicas,
      });
      expect([ready.parent, ready.dependsOn]).toEqual(["workers-arm64", [`workers-arm64-${zone}`]]);
    }
  });

  it("leaves alone what the product's controllers write, but not the replicas", async () => {
    const { ignoreChanges } = (await pool()).named("workers-arm64-eu-west-3b");
    expect(ignoreChanges).toContain("spec.template.spec.providerSpec.value.ami");
    expect(ignoreChanges).toContain('metadata.annotations["machine.openshift.io/vCPU"]');
    expect(ignoreChanges.some((path) => "spec.replicas".startsWith(path))).toBe(false);
  });

  it("carries out another instance type or disk by a new MachineSet, made once the old one's machines are gone", async () => {
    const { replaceOnChanges, deleteBeforeReplace, customTimeouts } = (await pool()).named("workers-arm64-eu-west-3b");
    const value = "spec.template.spec.providerSpec.value";
    expect(replaceOnChanges).toEqual([`${value}.instanceType`, `${value}.blockDevices`]);
    expect(deleteBeforeReplace).toBe(true);
    expect(minutes(customTimeouts.delete)).toBeGreaterThanOrEqual(30);
  });

  it("waits for the machines once more when they are others", async () => {
    const triggers = async (more: Parameters<typeof pool>[0]) => (await pool(more)).named("workers-arm64-eu-west-3b-ready").inputs.triggers;
    const before = await triggers({});
    expect(await triggers({})).toEqual(before);
    expect(await triggers({ instanceType: "m7g.4xlarge" })).not.toEqual(before);
    expect(await triggers({ rootVolume: { type: "gp3", size: 200 } })).not.toEqual(before);
  });
});

describe("Operator", () => {
  const operator = (more: Partial<ConstructorParameters<typeof Operator>[1]> = {}) =>
    graph(
      () =>
        new Operator(
          "efs",
          {
            package: "efs-operator",
            channel: "stable",
            namespace: "drivers",
            serves: ["a.example.com", "b.example.com"],
            kubeconfig,
            ...more,
          },
          {},
        ),
    );

  it("subscribes to the channel of the Red Hat catalog, and lets a program wait that knows OLM's failures", async () => {
    const { named } = await operator({ makes: "example.com/v1/things/one" });
    expect(named("efs-subscription").inputs).toMatchObject({
      kind: "Subscription",
      metadata: { name: "efs-operator", namespace: "drivers", annotations: { "pulumi.com/skipAwait": "true" } },
      spec: {
        name: "efs-operator",
        channel: "stable",
        installPlanApproval: "Automatic",
        source: "redhat-operators",
        sourceNamespace: "openshift-marketplace",
      },
    });
    expect(named("efs-subscription").inputs.metadata.annotations).not.toHaveProperty("pulumi.com/waitFor");
    const ready = named("efs-ready");
    expectClusterProgram(ready, "cluster/operator-ready.ts", ["create", "update"], limits.operator);
    expect(ready.inputs.environment).toMatchObject({
      SUBSCRIPTION: "efs-operator",
      NAMESPACE: "drivers",
      SERVES: "a.example.com b.example.com",
      MAKES: "example.com/v1/things/one",
    });
    expect([ready.parent, ready.dependsOn]).toEqual(["efs", ["efs-subscription"]]);
  });

  it("waits again when the channel is another one", async () => {
    const channel = async (name: string) => (await operator({ channel: name })).named("efs-ready").inputs.environment.CHANNEL;
    expect([await channel("stable"), await channel("fast")]).toEqual(["stable", "fast"]);
  });

  it("brings an OperatorGroup for all namespaces only where there is none, before the Subscription", async () => {
    const { resources } = await operator();
    expect(resources.filter(({ inputs }) => inputs.kind === "OperatorGroup")).toEqual([]);
    const { named } = await operator({ operatorGroup: true });
    expect(named("efs-group").inputs).toMatchObject({ kind: "OperatorGroup", metadata: { namespace: "drivers" } });
    expect(named("efs-group").inputs.spec).toEqual({ upgradeStrategy: "Default" });
    expect(named("efs-subscription").dependsOn).toEqual(["efs-group"]);
  });
});

describe("EfsStorage", () => {
  const storage = () => graph(() => new EfsStorage("efs", { fileSystemId: "fs-1", kubeconfig, owner }, {}));

  it("has an access-point StorageClass of the file system with the article's identity", async () => {
    const { named } = await storage();
    expect(named("efs-class").inputs).toMatchObject({
      metadata: { name: "efs-csi" },
      provisioner: "efs.csi.aws.com",
      reclaimPolicy: "Delete",
      parameters: { provisioningMode: "efs-ap", fileSystemId: "fs-1", uid: "0", gid: "0", directoryPerms: "700", basePath: "/pv" },
    });
  });

  it("gives the operator the role that it is given, and else nothing", async () => {
    const roleArn = "arn:aws:iam::123456789012:role/efs";
    const { named } = await graph(() => new EfsStorage("efs", { fileSystemId: "fs-1", kubeconfig, owner, roleArn }, {}));
    expect(named("efs-operator-subscription").inputs.spec.config).toEqual({ env: [{ name: "ROLEARN", value: roleArn }] });
    expect((await storage()).named("efs-operator-subscription").inputs.spec.config).toBeUndefined();
  });

  it("brings the OperatorGroup that the driver's namespace lacks, and waits for the operator before the driver", async () => {
    const { named, waitsFor } = await storage();
    expect(named("efs-operator-group").inputs.metadata.namespace).toBe("openshift-cluster-csi-drivers");
    const driver = named("efs-driver");
    expect(driver.dependsOn).toEqual(["efs-operator"]);
    expect(waitsFor(driver)).toContain("efs-operator-ready");
    expect(JSON.parse(driver.inputs.metadata.annotations["pulumi.com/waitFor"])).toEqual([
      "condition=AWSEFSDriverNodeServiceControllerAvailable",
      "condition=AWSEFSDriverControllerServiceControllerAvailable",
    ]);
    expect([minutes(driver.customTimeouts.create), minutes(driver.customTimeouts.update)]).toEqual([15, 15]);
  });

  it("drains the claims of its class alone, with credentials of the cluster's account alone, outside of the component, whose children are not deleted one by one", async () => {
    const { named } = await storage();
    const drain = named("efs-drain");
    expect(drain.options.parent).toBeUndefined();
    expect(drain.deletedWith).toBeUndefined();
    expect(drain.dependsOn).toEqual(["efs-class"]);
    expectClusterProgram(drain, "cluster/drain-claims.ts", ["delete"], limits.drain, "bash infra/stages/owner.sh ");
    expect(drain.inputs.environment).toMatchObject({ STORAGE_CLASS: "efs-csi", ...owner });
  });
});

describe("OpenShiftPipelines", () => {
  const settings = { channel: "latest", keep: 5, sign: true, domain: "multiarch.example.com", kubeconfig };
  const pipelines = (more: Partial<OpenShiftPipelinesArgs> = {}, ofCommands: Record<string, unknown> = {}) =>
    graph(
      () => {
        const { signingKey } = new OpenShiftPipelines("pipelines", { ...settings, ...more }, {});
        return { signingKey };
      },
      { outputs: (type) => (type === "command:local:Command" ? ofCommands : undefined) },
    );

  it("waits for the operator's own TektonConfig to be Ready before it changes it: the webhook answers then", async () => {
    const { named, waitsFor } = await pipelines();
    expect(named("pipelines-operator-ready").inputs.environment).toMatchObject({
      SUBSCRIPTION: "openshift-pipelines-operator-rh",
      CHANNEL: "latest",
      MAKES: "operator.tekton.dev/v1alpha1/tektonconfigs/config",
    });
    expect(waitsFor(named("pipelines-config"))).toContain("pipelines-operator-ready");
  });

  it("patches it and waits until it is ready", async () => {
    const config = (await pipelines()).named("pipelines-config");
    expect(config.type).toBe("kubernetes:operator.tekton.dev/v1alpha1:TektonConfigPatch");
    expect(config.inputs.metadata).toEqual({
      name: "config",
      annotations: { "pulumi.com/patchForce": "true", "pulumi.com/waitFor": "condition=Ready" },
    });
    expect(config.inputs.spec).toEqual(tektonConfigSpec(settings));
    expect([minutes(config.customTimeouts.create), minutes(config.customTimeouts.update)]).toEqual([20, 20]);
  });

  it("is ready only once Tekton has the flags that the builds need", async () => {
    const flags = (await pipelines()).named("pipelines-flags");
    expectClusterProgram(flags, "cluster/feature-flags-ready.ts", ["create", "update"], limits.featureFlags);
    expect(flags.inputs.environment).toMatchObject({
      NAMESPACE: "openshift-pipelines",
      FLAGS: "coschedule=disabled set-security-context=false",
    });
    expect([flags.parent, flags.dependsOn]).toEqual(["pipelines", ["pipelines-config"]]);
  });

  it("tells the public key that it reads in the cluster, once Chains has its settings and the operator's key", async () => {
    const { named, outputs } = await pipelines({}, { stdout: "a public key" });
    const signing = named("pipelines-signing");
    expectClusterProgram(signing, "cluster/signing-ready.ts", ["create", "update"], limits.signing);
    expect(signing.inputs.environment).toMatchObject({ NAMESPACE: "openshift-pipelines", PUBLIC_KEY: "" });
    expect(JSON.parse(signing.inputs.environment.SETTINGS)).toEqual(chainsConfig(true, "multiarch.example.com"));
    expect([signing.parent, signing.dependsOn]).toEqual(["pipelines", ["pipelines-config", "pipelines-signing-key"]]);
    // So that a key is taken away before the next run, not at the end of the update.
    expect(named("pipelines-signing-key").inputs.data).toBeUndefined();
    expect(outputs.find(({ type }) => type === "pulumi:pulumi:Stack")?.plain).toEqual({ signingKey: "a public key" });
  });

  it("puts the user's key beside the operator's, secret in the state, and waits for its public half", async () => {
    const { publicKey, privateKey } = generateKeyPairSync("ec", {
      namedCurve: "P-256",
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
      publicKeyEncoding: { type: "spki", format: "pem" },
    });
    const { named } = await pipelines({ signingPrivateKey: privateKey });
    const key = named("pipelines-signing-key");
    expect(key.type).toBe("kubernetes:core/v1:SecretPatch");
    expect(key.inputs.metadata).toMatchObject({ name: "signing-secrets", namespace: "openshift-pipelines" });
    expect(Buffer.from(key.inputs.data["x509.pem"], "base64").toString()).toBe(privateKey);
    expect(JSON.stringify(key.plain)).not.toContain(key.inputs.data["x509.pem"]);
    const signing = named("pipelines-signing");
    expect([signing.inputs.environment.PUBLIC_KEY, signing.dependsOn]).toEqual([publicKey, ["pipelines-config", "pipelines-signing-key"]]);
    expect(JSON.stringify(signing.plain)).toContain(JSON.stringify(publicKey).slice(1, -1));
  });

  it("waits for no key, and tells none, where images are not signed", async () => {
    const { resources, outputs } = await pipelines({ sign: false });
    expect(resources.map(({ name }) => name)).not.toContain("pipelines-signing");
    expect(outputs.find(({ type }) => type === "pulumi:pulumi:Stack")?.plain.signingKey).toBe("");
  });

  it("makes no OperatorGroup in openshift-operators, which has one", async () => {
    const { resources } = await pipelines();
    expect(resources.filter(({ inputs }) => inputs.kind === "OperatorGroup")).toEqual([]);
  });
});

describe("the TektonConfig", () => {
  it("has Chains sign, with a key that the operator makes", () => {
    expect(tektonConfigSpec(settings).chain).toEqual({ generateSigningSecret: true, ...chainsConfig(true, "multiarch.example.com") });
    // The webhook of an older operator refuses what it does not know.
    const older = tektonConfigSpec({ ...settings, channel: "pipelines-1.16", sign: false });
    expect(older.chain).toEqual(chainsConfig(false, "multiarch.example.com"));
  });

  const settings = { channel: "pipelines-1.17", keep: 5, sign: true, domain: "multiarch.example.com" };

  it("lets pods of two architectures share a volume, and leaves their security context to the platform", () => {
    expect(tektonConfigSpec(settings).pipeline).toMatchObject({ coschedule: "disabled", "set-security-context": false });
  });

  it("has an image that cannot be pulled tried again for two minutes", () => {
    expect(tektonConfigSpec(settings).pipeline.options).toEqual({
      configMaps: { "config-defaults": { data: { "default-imagepullbackoff-timeout": "2m" } } },
    });
  });

  it("keeps so many runs of each Pipeline, and takes nothing from a run that is kept", () => {
    expect(tektonConfigSpec(settings).pruner).toMatchObject({
      disabled: false,
      keep: 5,
      resources: ["pipelinerun"],
      "prune-per-resource": true,
    });
  });
});
