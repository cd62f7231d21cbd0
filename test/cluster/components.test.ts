import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { EfsStorage } from "../../cluster/efs-storage";
import { MachinePool } from "../../cluster/machine-pool";
import { OpenShiftPipelines } from "../../cluster/pipelines";
import { graph } from "../graph";
import { workerTemplate } from "./worker-template";

const kubeconfig = pulumi.secret("kubeconfig");

describe("MachinePool", () => {
  const pool = () =>
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
      },
      {},
    );

  it("has one MachineSet per zone", async () => {
    const { resources } = await graph(pool);
    expect(resources.filter(({ inputs }) => inputs.kind === "MachineSet").map(({ name }) => name)).toEqual([
      "workers-arm64-eu-west-3a",
      "workers-arm64-eu-west-3b",
    ]);
  });

  it("waits for as many available machines as the zone asks for", async () => {
    const { named } = await graph(pool);
    const waitFor = (zone: string) => named(`workers-arm64-${zone}`).inputs.metadata.annotations["pulumi.com/waitFor"];
    expect(waitFor("eu-west-3a")).toBe("jsonpath={.status.observedGeneration}");
    expect(waitFor("eu-west-3b")).toBe("jsonpath={.status.availableReplicas}=2");
  });

  it("leaves alone what the product's controllers write, but not the replicas", async () => {
    const { named } = await graph(pool);
    const { ignoreChanges } = named("workers-arm64-eu-west-3b").options;
    expect(ignoreChanges).toContain("spec.template.spec.providerSpec.value.ami");
    expect(ignoreChanges).not.toContain("spec.replicas");
  });
});

describe("EfsStorage", () => {
  const storage = () => new EfsStorage("efs", { fileSystemId: "fs-1", kubeconfig }, {});

  it("has an access-point StorageClass of the file system with the article's identity", async () => {
    const { named } = await graph(storage);
    expect(named("efs-class").inputs).toMatchObject({
      metadata: { name: "efs-csi" },
      parameters: { provisioningMode: "efs-ap", fileSystemId: "fs-1", uid: "0", gid: "0", directoryPerms: "700", basePath: "/pv" },
    });
  });

  it("brings the OperatorGroup that the driver's namespace lacks, and waits for the operator before the driver", async () => {
    const { named } = await graph(storage);
    expect(named("efs-operator-group").inputs.metadata.namespace).toBe("openshift-cluster-csi-drivers");
    expect(named("efs-driver").options.dependsOn).toBeDefined();
  });

  it("drains its claims outside of the component, whose children are not deleted one by one", async () => {
    const { named } = await graph(storage);
    const drain = named("efs-drain");
    expect(drain.options.parent).toBeUndefined();
    expect(drain.options.deletedWith).toBeUndefined();
    expect(drain.inputs.delete).toContain("drain-claims");
  });
});

describe("OpenShiftPipelines", () => {
  it("patches the operator's TektonConfig and waits until it is ready", async () => {
    const { named } = await graph(() => new OpenShiftPipelines("pipelines", { channel: "latest", keep: 5, kubeconfig }, {}));
    const config = named("pipelines-config");
    expect(config.type).toBe("kubernetes:operator.tekton.dev/v1alpha1:TektonConfigPatch");
    expect(config.inputs.spec.pipeline.coschedule).toBe("disabled");
    expect(config.inputs.spec.pruner).toMatchObject({ disabled: false, keep: 5 });
    expect(config.inputs.metadata.annotations["pulumi.com/waitFor"]).toBe("condition=Ready");
  });

  it("makes no OperatorGroup in openshift-operators, which has one", async () => {
    const { resources } = await graph(() => new OpenShiftPipelines("pipelines", { channel: "latest", keep: 5, kubeconfig }, {}));
    expect(resources.filter(({ inputs }) => inputs.kind === "OperatorGroup")).toEqual([]);
  });
});
