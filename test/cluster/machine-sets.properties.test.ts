import { describe, expect, it } from "vitest";
import { type MachineSetOptions, machineSet } from "../../cluster/machine-sets";
import type { AwsProviderSpec, MachineSet } from "../../cluster/resources";
import { workerTemplate } from "./worker-template";

const options: MachineSetOptions = {
  infraId: "multiarch-x7k2p",
  architecture: "amd64",
  instanceType: "m6a.2xlarge",
  image: "ami-1",
  zone: "eu-west-3c",
  replicas: 1,
};

const changed = (change: (value: AwsProviderSpec, template: MachineSet) => void): MachineSet => {
  const template = workerTemplate();
  change(template.spec.template.spec.providerSpec.value, template);
  return template;
};
const provider = (set: MachineSet) => set.spec.template.spec.providerSpec.value;
const made = (change: Parameters<typeof changed>[0], more: Partial<MachineSetOptions> = {}) =>
  provider(machineSet(changed(change), { ...options, ...more }));

// Fields of AWSMachineProviderConfig: openshift/api, machine/v1beta1/types_awsprovider.go, February 2026; the first three are of
// TypeMeta and ObjectMeta.
const known =
  "apiVersion kind metadata ami instanceType cpuOptions tags iamInstanceProfile userDataSecret credentialsSecret keyName deviceIndex publicIp networkInterfaceType securityGroups subnet placement loadBalancers blockDevices spotMarketOptions metadataServiceOptions placementGroupName placementGroupPartition capacityReservationId marketType";

describe("a template's provider spec", () => {
  it.each(known.split(" "))("may have %s, which the product's type knows", (key) => {
    expect(made((value) => Object.assign(value, { [key]: (value as unknown as Record<string, unknown>)[key] ?? {} }))).toHaveProperty(key);
  });

  it("may have nothing that the type does not know, whatever else is there; each such key is named", () => {
    expect(() => made((value) => Object.assign(value, { "": 1, hostPlacement: {}, instancetype: "m6a.large" }))).toThrow(
      /^the worker MachineSet has providerSpec\.value\., providerSpec\.value\.hostPlacement, providerSpec\.value\.instancetype, which AWSMachineProviderConfig does not know; the machine API would drop it without a warning$/,
    );
  });

  it("has to name a zone, as the subnet's name is found by it", () => {
    expect(() => made(({ placement }) => delete placement.availabilityZone)).toThrow(
      /^the installer's worker MachineSet names no availability zone$/,
    );
  });
});

describe("another zone", () => {
  it("changes the end of a subnet's name alone, and no name that does not end in the zone", () => {
    const zone = "eu-west-3a";
    const filters = [{ name: "tag:Name", values: [`${zone}-subnet-private-${zone}`, "mine", `${zone}-x`] }, { name: "tag-key" }];
    expect(made(({ subnet }) => Object.assign(subnet, { filters })).subnet).toEqual({
      filters: [{ name: "tag:Name", values: [`${zone}-subnet-private-eu-west-3c`, "mine", `${zone}-x`] }, { name: "tag-key" }],
    });
  });

  it("leaves a subnet that is named by its id", () => {
    expect(made((value) => Object.assign(value, { subnet: { id: "subnet-1" } })).subnet).toEqual({ id: "subnet-1" });
  });

  it("keeps region and tenancy", () => {
    expect(made(({ placement }) => Object.assign(placement, { tenancy: "dedicated" })).placement).toEqual({
      availabilityZone: "eu-west-3c",
      region: "eu-west-3",
      tenancy: "dedicated",
    });
  });
});

describe("a disk of the pool", () => {
  const rootVolume = { type: "gp3", size: 200 };

  it("is the first one, with the rest of it and the other disks as the installer has them", () => {
    const second = { deviceName: "/dev/sdb", ebs: { volumeSize: 1 } };
    expect(made(({ blockDevices }) => blockDevices?.push(second), { rootVolume }).blockDevices).toEqual([
      { ebs: { encrypted: true, iops: 0, kmsKey: { arn: "" }, volumeSize: 200, volumeType: "gp3" } },
      second,
    ]);
  });

  it("is the only one where the installer names none", () => {
    const disk = { ebs: { volumeType: "gp3", volumeSize: 200, iops: 0 } };
    expect(made((value) => delete value.blockDevices, { rootVolume }).blockDevices).toEqual([disk]);
    expect(made((value) => Object.assign(value, { blockDevices: [{}] }), { rootVolume }).blockDevices).toEqual([disk]);
  });

  it("is none where neither names one", () => {
    expect(made((value) => delete value.blockDevices).blockDevices).toBeUndefined();
  });
});

describe("what is around the machines", () => {
  it("has the template's labels, and those of its cluster", () => {
    const template = changed((_, set) => {
      set.metadata.labels = { mine: "yes" };
      set.spec.template.spec.metadata = { labels: { tier: "build" }, annotations: { note: "kept" } };
      set.spec.template.spec.taints = [{ key: "build", effect: "NoSchedule" }];
    });
    const { apiVersion, kind, metadata, spec } = machineSet(template, options);
    expect({ apiVersion, kind }).toEqual({ apiVersion: "machine.openshift.io/v1beta1", kind: "MachineSet" });
    expect(metadata).toMatchObject({
      namespace: "openshift-machine-api",
      labels: { mine: "yes", "machine.openshift.io/cluster-api-cluster": "multiarch-x7k2p" },
    });
    expect(spec.selector.matchLabels).toEqual({
      "machine.openshift.io/cluster-api-cluster": "multiarch-x7k2p",
      "machine.openshift.io/cluster-api-machineset": "multiarch-x7k2p-amd64-eu-west-3c",
    });
    expect(spec.template.metadata.labels).toMatchObject({ "machine.openshift.io/cluster-api-machine-role": "worker" });
    expect(spec.template.spec).toMatchObject({
      metadata: { labels: { tier: "build", "node-role.kubernetes.io/worker": "" }, annotations: { note: "kept" } },
      taints: [{ key: "build", effect: "NoSchedule" }],
    });
  });

  it("is in the template's namespace, or in the one of the machine API", () => {
    const namespace = (name?: string) =>
      machineSet(
        changed((_, set) => {
          set.metadata.namespace = name;
        }),
        options,
      ).metadata.namespace;
    expect([namespace("elsewhere"), namespace()]).toEqual(["elsewhere", "openshift-machine-api"]);
  });

  it("may be made of a template whose machines have no metadata of their own", () => {
    const template = changed((_, set) => delete set.spec.template.spec.metadata);
    expect(machineSet(template, options).spec.template.spec.metadata).toEqual({ labels: { "node-role.kubernetes.io/worker": "" } });
  });
});
