import { describe, expect, it } from "vitest";
import { type MachineSetOptions, machineSet, machineSetName } from "../../cluster/machine-sets";
import { workerTemplate } from "./worker-template";

const options: MachineSetOptions = {
  infraId: "multiarch-x7k2p",
  architecture: "arm64",
  instanceType: "m7g.2xlarge",
  image: "ami-0332a5cda3060fd5b",
  zone: "eu-west-3b",
  replicas: 2,
};

describe("a MachineSet", () => {
  it("is the installer's template but for name, zone, image, instance type, replicas and architecture", () => {
    const template = workerTemplate();
    const provider = template.spec.template.spec.providerSpec.value;
    const set = machineSet(template, options);
    expect(set.metadata.name).toBe("multiarch-x7k2p-arm64-eu-west-3b");
    expect(set.spec.replicas).toBe(2);
    expect(set.spec.template.spec.providerSpec.value).toEqual({
      ...provider,
      ami: { id: options.image },
      instanceType: "m7g.2xlarge",
      placement: { ...provider.placement, availabilityZone: "eu-west-3b" },
      subnet: { filters: [{ name: "tag:Name", values: ["multiarch-x7k2p-subnet-private-eu-west-3b"] }] },
    });
  });

  it("selects just the machines that it labels", () => {
    const { spec } = machineSet(workerTemplate(), options);
    expect(spec.template.metadata.labels).toMatchObject(spec.selector.matchLabels);
    expect(spec.selector.matchLabels["machine.openshift.io/cluster-api-machineset"]).toBe(
      machineSetName("multiarch-x7k2p", "arm64", "eu-west-3b"),
    );
  });

  it("tells the autoscaler its architecture from the start", () => {
    expect(machineSet(workerTemplate(), options).metadata.annotations).toEqual({
      "capacity.cluster-autoscaler.kubernetes.io/labels": "kubernetes.io/arch=arm64",
    });
  });

  it("makes its nodes workers", () => {
    expect(machineSet(workerTemplate(), options).spec.template.spec.metadata?.labels).toEqual({ "node-role.kubernetes.io/worker": "" });
  });

  it("takes the installer's disk unless the pool has one", () => {
    const [unchanged] = machineSet(workerTemplate(), options).spec.template.spec.providerSpec.value.blockDevices ?? [];
    expect(unchanged.ebs).toMatchObject({ volumeType: "gp3", volumeSize: 120 });
    const rootVolume = { type: "io2", size: 300, iops: 4000 };
    const [changed] = machineSet(workerTemplate(), { ...options, rootVolume }).spec.template.spec.providerSpec.value.blockDevices ?? [];
    expect(changed.ebs).toMatchObject({ volumeType: "io2", volumeSize: 300, iops: 4000, encrypted: true });
  });

  it("leaves the template alone", () => {
    const template = workerTemplate();
    machineSet(template, options);
    expect(template).toEqual(workerTemplate());
  });

  it("refuses a key that the machine API would drop silently", () => {
    const template = workerTemplate();
    Object.assign(template.spec.template.spec.providerSpec.value, { securityGroupz: [] });
    expect(() => machineSet(template, options)).toThrow("providerSpec.value.securityGroupz");
  });
});
