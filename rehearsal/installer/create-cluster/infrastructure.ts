import { join } from "node:path";
import { awsEnvironment, python } from "../../aws";
import { CommandError, run } from "../../machine/exec";
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
  readonly controlPlane: MachinePlan;
  readonly bootstrap: MachinePlan & { readonly ignition: string };
  readonly bucket: string;
}

interface MachinePlan {
  readonly name: string;
  readonly image: string;
  readonly instanceType: string;
  readonly subnet: string;
  readonly zone: string;
  readonly publicIp: boolean;
  readonly httpTokens: string;
  readonly securityGroups: readonly string[];
}

export interface Infrastructure {
  readonly vpc: string;
  /** The control plane's; its name in the VPC's DNS is also that of its node. */
  readonly instance: { readonly id: string; readonly dnsName: string };
}

/** What cluster-api-provider-aws would make of the installer's manifests, as far as the rehearsal needs it. Pure. */
export function plan(
  metadata: Metadata,
  cluster: AwsCluster,
  machines: { readonly controlPlane: AwsMachine; readonly bootstrap: AwsMachine },
  ignition: string,
): Plan {
  const { infraID: infraId, aws } = metadata;
  const { network, region, additionalTags = {} } = cluster.spec;
  const iamTags = { ...additionalTags, [`kubernetes.io/cluster/${infraId}`]: "owned" };
  const subnets = network.subnets.map(({ id, availabilityZone, cidrBlock, isPublic = false }) => ({
    name: id,
    zone: availabilityZone,
    cidr: cidrBlock,
    public: isPublic,
  }));
  const planned = ({ metadata: { name }, spec }: AwsMachine): MachinePlan => {
    const wanted = spec.subnet?.filters?.find((filter) => filter.name === "tag:Name")?.values ?? [];
    const publicIp = spec.publicIP ?? false;
    const subnet = subnets.find((one) => wanted.includes(one.name)) ?? subnets.find((one) => one.public === publicIp);
    if (!subnet) throw new Error(`the installer's manifests have no subnet for the machine ${name}`);
    return {
      name,
      image: spec.ami.id,
      instanceType: spec.instanceType,
      subnet: subnet.name,
      zone: subnet.zone,
      publicIp,
      httpTokens: spec.instanceMetadataOptions?.httpTokens ?? "optional",
      securityGroups: ["node", "controlplane", "lb"],
    };
  };
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
    controlPlane: planned(machines.controlPlane),
    bootstrap: { ...planned(machines.bootstrap), ignition },
    bucket: cluster.spec.s3Bucket.name,
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
      // One of them lets everybody in by SSH, until the bootstrap machine goes.
      ...(network.additionalControlPlaneIngressRules ?? []).map((one) => rule(one, one.sourceSecurityGroupRoles ?? [])),
    ],
  };
}

function rule({ description, protocol, fromPort, toPort, cidrBlocks = [] }: IngressRule, groups: readonly string[]): Rule {
  return { description, protocol, from: fromPort, to: toPort, cidrs: cidrBlocks, groups };
}

/** What a controller was refused by AWS: the installer itself says only that it has waited for nothing. */
export class Refused extends Error {
  /** @param said what it logs of that, at the level of debugging */
  constructor(readonly said: readonly string[]) {
    super("infrastructure was not ready within 15m0s: client rate limiter Wait returned an error: context deadline exceeded");
  }
}

/**
 * boto3's error in the words of cluster-api-provider-aws: its pull request 4304 has such a log. It would go on trying for a quarter of an hour.
 * Undefined for an error that is not AWS's. Pure.
 */
export function refusedBy(stderr: string, infraId: string): Refused | undefined {
  const [, code, operation, message] =
    /An error occurred \((\S+)\) when calling the (\w+) operation(?: \([^)]*\))?: (.*)/.exec(stderr) ?? [];
  if (code === undefined) return undefined;
  return new Refused([
    '"Reconciler error" err=<',
    `\tfailed to call ${operation}: ${code}: ${message}`,
    "\t\tstatus code: 400, request id: 162c8357-0949-45bc-b298-c9b3b41b9a17",
    ` > controller="awscluster" controllerGroup="infrastructure.cluster.x-k8s.io" controllerKind="AWSCluster" name=${JSON.stringify(infraId)}`,
  ]);
}

/** Makes the plan's objects in the emulated account. @throws Refused when AWS does not let it. */
export const createInfrastructure = (wanted: Plan): Promise<Infrastructure> =>
  inAccount<Infrastructure>("create", wanted).catch((error) => {
    throw (error instanceof CommandError && refusedBy(error.stderr, wanted.infraId)) || error;
  });

/** The way in for SSH, the bootstrap machine and the bucket with its ignition file. */
export interface BootstrapLeftovers {
  readonly infraId: string;
  readonly region: string;
  readonly bucket: string;
}

/** What is left of the bootstrap goes; what is not there any more is no error. */
export const removeBootstrap = (leftovers: BootstrapLeftovers): Promise<unknown> => inAccount("remove-bootstrap", leftovers);

/** The bucket alone. */
export const removeBucket = (leftovers: BootstrapLeftovers): Promise<unknown> => inAccount("remove-bucket", leftovers);

/** pkg/asset/manifests/aws/cluster.go, GetIgnitionBucketName */
export const leftoversOf = ({ infraID: infraId, aws: { region } }: Metadata): BootstrapLeftovers => ({
  infraId,
  region,
  bucket: `openshift-bootstrap-data-${infraId}`,
});

async function inAccount<Answer>(action: string, request: { readonly region: string }): Promise<Answer> {
  const answer = await run([python, join(__dirname, "infrastructure.py"), action], {
    input: JSON.stringify(request),
    env: { ...awsEnvironment, AWS_REGION: request.region, PYTHONDONTWRITEBYTECODE: "1" },
  });
  return JSON.parse(answer);
}
