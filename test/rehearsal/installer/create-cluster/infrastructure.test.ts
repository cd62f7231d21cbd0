import { describe, expect, it } from "vitest";
import { explanations } from "../../../../infra/causes";
import { leftoversOf, plan, refusedBy } from "../../../../rehearsal/installer/create-cluster/infrastructure";
import { fileLine } from "../../../../rehearsal/installer/create-cluster/log";

const metadata = {
  clusterName: "multiarch",
  clusterID: "b6a1",
  infraID: "multiarch-x7k2p",
  aws: { region: "eu-west-3", clusterDomain: "multiarch.rehearsal.test" },
};
const subnet = (kind: string, zone: string, cidrBlock: string) => ({
  id: `multiarch-x7k2p-subnet-${kind}-${zone}`,
  availabilityZone: zone,
  cidrBlock,
  isPublic: kind === "public",
});
const cluster = {
  spec: {
    region: "eu-west-3",
    additionalTags: { project: "demo" },
    s3Bucket: { name: "openshift-bootstrap-data-multiarch-x7k2p" },
    network: {
      vpc: { cidrBlock: "10.0.0.0/16" },
      subnets: [
        subnet("private", "eu-west-3a", "10.0.0.0/18"),
        subnet("private", "eu-west-3b", "10.0.64.0/18"),
        subnet("public", "eu-west-3a", "10.0.128.0/20"),
      ],
      cni: { cniIngressRules: [{ description: "ICMP", protocol: "icmp", fromPort: -1, toPort: -1 }] },
      additionalControlPlaneIngressRules: [
        { description: "MCS", protocol: "tcp", fromPort: 22623, toPort: 22623, sourceSecurityGroupRoles: ["node", "controlplane"] },
        { description: "Bootstrap SSH Access", protocol: "tcp", fromPort: 22, toPort: 22, cidrBlocks: ["0.0.0.0/0"] },
      ],
    },
  },
};
const bootstrap = {
  metadata: { name: "multiarch-x7k2p-bootstrap" },
  spec: {
    ami: { id: "ami-1" },
    instanceType: "m6a.2xlarge",
    publicIP: true,
    subnet: { filters: [{ name: "tag:Name", values: ["multiarch-x7k2p-subnet-public-eu-west-3a"] }] },
  },
};
const controlPlane = {
  metadata: { name: "multiarch-x7k2p-master-0" },
  spec: {
    ami: { id: "ami-1" },
    instanceType: "m6a.2xlarge",
    subnet: { filters: [{ name: "tag:Name", values: ["multiarch-x7k2p-subnet-private-eu-west-3b"] }] },
    instanceMetadataOptions: { httpTokens: "required" },
  },
};

describe("the plan of a cluster's AWS objects", () => {
  const made = plan(metadata, cluster, { controlPlane, bootstrap }, "{}");

  it("has the tags by which destroy cluster finds its objects, and the user's", () => {
    expect(made.tags).toEqual({
      project: "demo",
      "kubernetes.io/cluster/multiarch-x7k2p": "owned",
      "sigs.k8s.io/cluster-api-provider-aws/cluster/multiarch-x7k2p": "owned",
    });
  });

  it("has the installer's subnets under its names", () => {
    expect(made.subnets.map(({ name, zone, public: open }) => [name, zone, open])).toEqual([
      ["multiarch-x7k2p-subnet-private-eu-west-3a", "eu-west-3a", false],
      ["multiarch-x7k2p-subnet-private-eu-west-3b", "eu-west-3b", false],
      ["multiarch-x7k2p-subnet-public-eu-west-3a", "eu-west-3a", true],
    ]);
  });

  it("puts the control plane where its machine says", () => {
    expect(made.controlPlane).toMatchObject({
      subnet: "multiarch-x7k2p-subnet-private-eu-west-3b",
      zone: "eu-west-3b",
      httpTokens: "required",
    });
  });

  it("has the bootstrap machine with its ignition file, public where its manifest says so", () => {
    expect(made.bootstrap).toMatchObject({
      name: "multiarch-x7k2p-bootstrap",
      subnet: "multiarch-x7k2p-subnet-public-eu-west-3a",
      publicIp: true,
      ignition: "{}",
    });
    expect(made.bucket).toBe("openshift-bootstrap-data-multiarch-x7k2p");
    expect(made.controlPlane.publicIp).toBe(false);
  });

  it("has what a bootstrap leaves under the installer's names", () => {
    expect(leftoversOf(metadata)).toEqual({ infraId: "multiarch-x7k2p", region: "eu-west-3", bucket: made.bucket });
  });

  it("has the four groups, whose rules name only each other, and one way in for SSH, that of the bootstrap", () => {
    const groups = Object.keys(made.securityGroups);
    expect(groups.sort()).toEqual(["apiserver-lb", "controlplane", "lb", "node"]);
    const rules = Object.values(made.securityGroups).flat();
    for (const rule of rules) expect(groups).toEqual(expect.arrayContaining([...rule.groups]));
    expect(rules.filter(({ from }) => from === 22)).toMatchObject([
      { description: "Bootstrap SSH Access", cidrs: ["0.0.0.0/0"], groups: [] },
    ]);
  });

  it("takes the base domain from the cluster's domain", () => {
    expect(made.baseDomain).toBe("rehearsal.test");
  });

  it("is refused when no subnet fits a machine", () => {
    const none = { spec: { ...cluster.spec, network: { ...cluster.spec.network, subnets: [] } } };
    expect(() => plan(metadata, none, { controlPlane, bootstrap }, "{}")).toThrow(/no subnet for the machine multiarch-x7k2p-master-0/);
  });
});

describe("what AWS refuses", () => {
  // As botocore writes it (botocore/exceptions.py, ClientError).
  const error =
    "An error occurred (AddressLimitExceeded) when calling the AllocateAddress operation: The maximum number of addresses has been reached.";

  it("is logged as by a controller, of which a stage finds the cause, and is a time-out for the installer", () => {
    const refused = refusedBy(`${error}\n`, "multiarch-x7k2p");
    expect(refused?.message).toMatch(/^infrastructure was not ready within 15m0s: /);
    const at = new Date("2026-11-25T04:38:00Z");
    const log = [...(refused?.said ?? []).map((line) => fileLine("debug", line, at)), fileLine("error", `${refused?.message}`, at)].join(
      "",
    );
    expect(explanations(log, "install").map(({ said }) => said)).toEqual([
      "AddressLimitExceeded: The maximum number of addresses has been reached.",
    ]);
  });

  it("is told from other errors", () => {
    expect(refusedBy("ModuleNotFoundError: No module named 'boto3'", "multiarch-x7k2p")).toBeUndefined();
  });
});
