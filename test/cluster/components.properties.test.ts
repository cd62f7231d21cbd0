import { describe, expect, it } from "vitest";
import { EfsStorage } from "../../cluster/efs-storage";
import { MachinePool } from "../../cluster/machine-pool";
import { OpenShiftPipelines } from "../../cluster/pipelines";
import { PullSecret } from "../../cluster/pull-secret";
import { graph } from "../graph";
import { workerTemplate } from "./worker-template";

const kubeconfig = "content of a kubeconfig";
const all = () =>
  graph(() => {
    new PullSecret("pull-secret", { pullSecret: "{}" }, {});
    const pool = { infraId: "multiarch-x7k2p", template: workerTemplate(), image: "ami-1", kubeconfig };
    const zones = [{ name: "eu-west-3a", replicas: 1 }];
    new MachinePool("workers", { ...pool, architecture: "arm64", instanceType: "m7g.2xlarge", zones }, {});
    new EfsStorage(
      "efs",
      {
        fileSystemId: "fs-1",
        kubeconfig,
        owner: { CLUSTER: "c", AWS_ACCOUNT_ID: "1", CLUSTER_SETTINGS: "{}" },
      },
      {},
    );
    new OpenShiftPipelines("pipelines", { channel: "latest", keep: 5, sign: true, domain: "multiarch.example.com", kubeconfig }, {});
  });

describe("what there is inside the cluster", () => {
  it("is these objects and programs, each in its component", async () => {
    const { resources } = await all();
    const described = resources.map(({ name, type, parent = "", inputs: { kind, apiVersion, metadata } }) =>
      type.startsWith("kubernetes:")
        ? `${parent}/${name}: ${apiVersion ?? type} ${kind ?? ""} ${metadata.namespace ?? ""}/${metadata.name}`
        : `${parent}/${name}: ${type}`,
    );
    expect(described.map((line) => line.replace(/^[^/]*openshift-multiarch-test\//, "/")).sort()).toMatchInlineSnapshot(`
      [
        "/efs-drain: command:local:Command",
        "/efs: openshift-multiarch:cluster:EfsStorage",
        "/pipelines: openshift-multiarch:cluster:OpenShiftPipelines",
        "/pull-secret: openshift-multiarch:cluster:PullSecret",
        "/workers: openshift-multiarch:cluster:MachinePool",
        "efs-operator/efs-operator-group: operators.coreos.com/v1 OperatorGroup openshift-cluster-csi-drivers/aws-efs-csi-driver-operator",
        "efs-operator/efs-operator-ready: command:local:Command",
        "efs-operator/efs-operator-subscription: operators.coreos.com/v1alpha1 Subscription openshift-cluster-csi-drivers/aws-efs-csi-driver-operator",
        "efs/efs-class: storage.k8s.io/v1 StorageClass /efs-csi",
        "efs/efs-driver: operator.openshift.io/v1 ClusterCSIDriver /efs.csi.aws.com",
        "efs/efs-operator: openshift-multiarch:cluster:Operator",
        "pipelines-operator/pipelines-operator-ready: command:local:Command",
        "pipelines-operator/pipelines-operator-subscription: operators.coreos.com/v1alpha1 Subscription openshift-operators/openshift-pipelines-operator-rh",
        "pipelines/pipelines-config: operator.tekton.dev/v1alpha1 TektonConfig /config",
        "pipelines/pipelines-flags: command:local:Command",
        "pipelines/pipelines-operator: openshift-multiarch:cluster:Operator",
        "pipelines/pipelines-signing-key: v1 Secret openshift-pipelines/signing-secrets",
        "pipelines/pipelines-signing: command:local:Command",
        "pull-secret/pull-secret-patch: v1 Secret openshift-config/pull-secret",
        "workers/workers-eu-west-3a-ready: command:local:Command",
        "workers/workers-eu-west-3a: machine.openshift.io/v1beta1 MachineSet openshift-machine-api/multiarch-x7k2p-arm64-eu-west-3a",
      ]
    `);
  });

  it("is told to the engine as finished, component by component", async () => {
    const { resources, outputs } = await all();
    const components = resources.filter(({ type }) => type.startsWith("openshift-multiarch:")).map(({ name }) => name);
    expect(components).toHaveLength(6);
    expect(
      outputs
        .map(({ name }) => name)
        .filter((name) => components.includes(name))
        .sort(),
    ).toEqual(components.sort());
  });
});

describe("the storage of builds", () => {
  it("is a class whose changes need another class, which the driver serves", async () => {
    const { named } = await all();
    const storageClass = named("efs-class");
    expect(storageClass.replaceOnChanges).toEqual(["reclaimPolicy", "volumeBindingMode"]);
    expect(storageClass.dependsOn).toEqual(["efs-driver"]);
    expect(storageClass.inputs).toMatchObject({ provisioner: named("efs-driver").inputs.metadata.name, volumeBindingMode: "Immediate" });
    expect(named("efs-driver").inputs.spec).toEqual({ managementState: "Managed" });
  });

  it("is known by its class once the claims of that are removed with it", async () => {
    const { outputs } = await all();
    expect(outputs.find(({ name }) => name === "efs")?.plain).toEqual({ storageClass: "efs-csi" });
  });

  it("comes from the package that serves its driver's kind", async () => {
    const { named } = await all();
    expect(named("efs-operator-ready").inputs.environment).toMatchObject({
      SUBSCRIPTION: "aws-efs-csi-driver-operator",
      CHANNEL: "stable",
      NAMESPACE: "openshift-cluster-csi-drivers",
      SERVES: "clustercsidrivers.operator.openshift.io",
      MAKES: "",
    });
  });
});

describe("OpenShift Pipelines", () => {
  it("has all of its parts in its own namespace, prunes at night, and comes from openshift-operators", async () => {
    const { named } = await all();
    expect(named("pipelines-operator-ready").inputs.environment).toMatchObject({
      NAMESPACE: "openshift-operators",
      SERVES: "tektonconfigs.operator.tekton.dev",
    });
    expect(named("pipelines-config").inputs.spec).toMatchObject({
      profile: "all",
      targetNamespace: "openshift-pipelines",
      pruner: { schedule: "0 8 * * *" },
    });
  });
});

describe("a MachineSet", () => {
  it("is left as the product's controllers write it: image and annotations about the instance type", async () => {
    const { ignoreChanges, customTimeouts } = (await all()).named("workers-eu-west-3a");
    // Annotations: machine-api-provider-aws, pkg/actuators/machineset/controller.go; the image: machine-config-operator, pkg/controller/bootimage.
    const annotations = ["machine.openshift.io/vCPU", "machine.openshift.io/memoryMb", "machine.openshift.io/GPU"];
    expect([...ignoreChanges].sort()).toEqual(
      [
        "spec.template.spec.providerSpec.value.ami",
        ...[...annotations, "capacity.cluster-autoscaler.kubernetes.io/labels"].map((name) => `metadata.annotations["${name}"]`),
      ].sort(),
    );
    expect(customTimeouts).toMatchObject({ create: "5m", update: "5m", delete: "30m" });
  });
});
