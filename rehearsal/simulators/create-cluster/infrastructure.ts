import { join } from "node:path";
import { run } from "../../exec";
import { awsEnvironment, python } from "../aws";
import type { AwsCluster, AwsMachine, IngressRule, Metadata } from "./install-directory";

interface Rule {
  readonly description: string;
  readonly protocol: string;
  readonly from: number;
  readonly to: number;
  readonly cidrs: readonly string[];
  /** Roles of groups of this plan. */
  readonly groups: readonly string[];
}

/** All that infrastructure.py makes. */
export interface Plan {
  readonly infraId: string;
  readonly region: string;
  readonly baseDomain: string;
  readonly clusterDomain: string;
  readonly cidr: string;
  /** On all objects that cluster-api-provider-aws makes. */
  readonly tags: Readonly<Record<string, string>>;
  /** On what the installer makes itself: IAM, hosted zone. */
  readonly iamTags: Readonly<Record<string, string>>;
  readonly roles: Readonly<Record<"master" | "worker", readonly string[]>>;
  readonly subnets: readonly { readonly name: string; readonly zone: string; readonly cidr: string; readonly public: boolean }[];
  readonly securityGroups: Readonly<Record<string, readonly Rule[]>>;
  readonly controlPlane: {
    readonly name: string;
    readonly image: string;
    readonly instanceType: string;
    readonly subnet: string;
    readonly zone: string;
    readonly httpTokens: string;
    readonly securityGroups: readonly string[];
  };
}

export interface Infrastructure {
  readonly vpc: string;
  /** The control plane's; its name in the VPC's DNS is also that of its node. */
  readonly instance: { readonly id: string; readonly dnsName: string };
}

/** What cluster-api-provider-aws would make of the installer's manifests, as far as the rehearsal needs it. Pure. */
export function plan(metadata: Metadata, cluster: AwsCluster, machine: AwsMachine): Plan {
  const { infraID: infraId, aws } = metadata;
  const { network, region, additionalTags = {} } = cluster.spec;
  const iamTags = { ...additionalTags, [`kubernetes.io/cluster/${infraId}`]: "owned" };
  const wanted = machine.spec.subnet?.filters?.find(({ name }) => name === "tag:Name")?.values ?? [];
  const subnets = network.subnets.map(({ id, availabilityZone, cidrBlock, isPublic = false }) => ({
    name: id,
    zone: availabilityZone,
    cidr: cidrBlock,
    public: isPublic,
  }));
  const subnet = subnets.find(({ name }) => wanted.includes(name)) ?? subnets.find((candidate) => !candidate.public);
  if (!subnet) throw new Error("the installer's manifests have no subnet for the control plane");
  return {
    infraId,
    region,
    baseDomain: aws.clusterDomain.slice(metadata.clusterName.length + 1),
    clusterDomain: aws.clusterDomain,
    cidr: network.vpc.cidrBlock,
    tags: { ...iamTags, [`sigs.k8s.io/cluster-api-provider-aws/cluster/${infraId}`]: "owned" },
    iamTags,
    roles: { master: ["ec2:*", "elasticloadbalancing:*", "kms:DescribeKey"], worker: ["ec2:DescribeInstances", "ec2:DescribeRegions"] },
    subnets,
    securityGroups: securityGroups(cluster),
    controlPlane: {
      name: machine.metadata.name,
      image: machine.spec.ami.id,
      instanceType: machine.spec.instanceType,
      subnet: subnet.name,
      zone: subnet.zone,
      httpTokens: machine.spec.instanceMetadataOptions?.httpTokens ?? "optional",
      securityGroups: ["node", "controlplane", "lb"],
    },
  };
}

/** By role, as cluster-api-provider-aws names them; sigs.k8s.io/cluster-api-provider-aws, pkg/cloud/services/securitygroup. */
function securityGroups({ spec: { network } }: AwsCluster): Record<string, Rule[]> {
  const everyNode = network.cni.cniIngressRules.map((one) => rule(one, ["controlplane", "node"]));
  const kubelet = rule({ description: "Kubelet API", protocol: "tcp", fromPort: 10250, toPort: 10250 }, ["controlplane", "node"]);
  const api: IngressRule = { description: "Kubernetes API", protocol: "tcp", fromPort: 6443, toPort: 6443 };
  return {
    "apiserver-lb": [rule({ ...api, cidrBlocks: ["0.0.0.0/0"] }, [])],
    // Its rules are the cloud controller manager's, one set for each Service of type LoadBalancer.
    lb: [],
    node: [...everyNode, kubelet],
    controlplane: [
      ...everyNode,
      kubelet,
      rule(api, ["apiserver-lb", "controlplane", "node"]),
      rule({ description: "etcd", protocol: "tcp", fromPort: 2379, toPort: 2380 }, ["controlplane"]),
      // The way in for SSH is closed when the bootstrap machine goes, which here is never there.
      ...(network.additionalControlPlaneIngressRules ?? [])
        .filter(({ sourceSecurityGroupRoles = [] }) => sourceSecurityGroupRoles.length > 0)
        .map((one) => rule(one, one.sourceSecurityGroupRoles ?? [])),
    ],
  };
}

function rule({ description, protocol, fromPort, toPort, cidrBlocks = [] }: IngressRule, groups: readonly string[]): Rule {
  return { description, protocol, from: fromPort, to: toPort, cidrs: cidrBlocks, groups };
}

/** Makes the plan's objects in the emulated account. */
export async function createInfrastructure(wanted: Plan): Promise<Infrastructure> {
  const answer = await run([python, join(__dirname, "infrastructure.py")], {
    input: JSON.stringify(wanted),
    env: { ...awsEnvironment, AWS_REGION: wanted.region, PYTHONDONTWRITEBYTECODE: "1" },
  });
  return JSON.parse(answer);
}
