import { describe, expect, it } from "vitest";
import { failure, nodeLabels } from "../../../rehearsal/cluster/machine-hook";
import { filtersOf, launchInput, type ProviderSpec } from "../../../rehearsal/cluster/machine-launch";

const spec: ProviderSpec = {
  ami: { id: "ami-1" },
  instanceType: "m7g.2xlarge",
  placement: { region: "eu-west-3", availabilityZone: "eu-west-3b" },
  iamInstanceProfile: { id: "c-x-worker-profile" },
  tags: [
    { name: "team", value: "a" },
    { name: "Name", value: "overridden" },
  ],
  blockDevices: [{ ebs: { encrypted: true, iops: 0, volumeSize: 120, volumeType: "gp3", kmsKey: {} } }],
};
const launch = launchInput({ name: "c-x-arm64-eu-west-3b-abcde", cluster: "c-x" }, spec, {
  subnet: "subnet-1",
  groups: ["sg-1"],
  rootDevice: "/dev/xvda",
});

describe("launching an instance for a Machine", () => {
  it("tags instance and volume as the cluster's own, named after the machine", () => {
    for (const { Tags } of launch.TagSpecifications ?? []) {
      expect(Tags).toEqual([
        { Key: "team", Value: "a" },
        { Key: "Name", Value: "c-x-arm64-eu-west-3b-abcde" },
        { Key: "kubernetes.io/cluster/c-x", Value: "owned" },
      ]);
    }
    expect(launch.TagSpecifications?.map(({ ResourceType }) => ResourceType)).toEqual(["instance", "volume"]);
  });

  it("puts it into the subnet and the security groups that were found", () => {
    expect(launch.NetworkInterfaces).toEqual([{ DeviceIndex: 0, SubnetId: "subnet-1", Groups: ["sg-1"], AssociatePublicIpAddress: false }]);
  });

  it("gives the root volume what the spec says, and leaves out zero and empty values", () => {
    expect(launch.BlockDeviceMappings?.[0]).toEqual({
      DeviceName: "/dev/xvda",
      Ebs: { DeleteOnTermination: true, Encrypted: true, Iops: undefined, KmsKeyId: undefined, VolumeSize: 120, VolumeType: "gp3" },
    });
  });

  it("looks subnets and groups up by the spec's own filters", () => {
    expect(filtersOf({ filters: [{ name: "tag:Name", values: ["a", "b"] }] })).toEqual([{ Name: "tag:Name", Values: ["a", "b"] }]);
    expect(filtersOf({ id: "x" })).toEqual([]);
  });
});

describe("a failure of EC2", () => {
  const refusal = (httpStatusCode: number) => Object.assign(new Error("said so"), { $metadata: { httpStatusCode } });

  it("is final when EC2 refuses the request (400)", () => {
    expect(failure(refusal(400), "create")).toEqual({ reason: "InvalidConfiguration", message: "error launching instance: said so" });
  });

  it("is tried again when EC2 cannot do it now (500, no answer), and says so with EC2's code", () => {
    const lacking = Object.assign(refusal(500), { name: "InsufficientInstanceCapacity" });
    expect(failure(lacking, "create")).toEqual({
      reason: "CreateError",
      message: "error creating EC2 instance: InsufficientInstanceCapacity: said so",
    });
    expect(failure(new Error("ECONNREFUSED"), "exists")).toEqual({ reason: "CreateError", message: "ECONNREFUSED" });
  });
});

describe("a worker's labels", () => {
  it("name role, type, region and zone", () => {
    expect(nodeLabels({ type: "m7g.2xlarge", region: "eu-west-3", zone: "eu-west-3b" })).toEqual({
      "node-role.kubernetes.io/worker": "",
      "node.kubernetes.io/instance-type": "m7g.2xlarge",
      "topology.kubernetes.io/region": "eu-west-3",
      "topology.kubernetes.io/zone": "eu-west-3b",
    });
  });
});
