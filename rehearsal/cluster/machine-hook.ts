import { createInterface } from "node:readline";
import {
  type _InstanceType,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeInstanceTypeOfferingsCommand,
  DescribeInstanceTypesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  EC2Client,
  type Filter,
  type Instance,
  RunInstancesCommand,
  type RunInstancesCommandInput,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import { awsEndpoint } from "../machine/places";
import { listNodes, startNode, stopNode } from "./node";

/**
 * What the machine-api program asks: one line of JSON in, one line of JSON out, in the same order (toolchain/cluster/machine-api/hook.go).
 * An "instance" is one of the emulated account, and for its life there is a node of its architecture on this machine.
 */
interface Request {
  readonly action: "create" | "update" | "exists" | "delete" | "instance-type";
  /** Missing for `instance-type`. */
  readonly machine?: { readonly name: string; readonly cluster: string; readonly providerId?: string; readonly userData?: string };
  readonly providerSpec: ProviderSpec;
}

interface Reference {
  readonly id?: string;
  readonly arn?: string;
  readonly filters?: readonly { readonly name: string; readonly values?: readonly string[] }[];
}

/** The part of OpenShift's AWSMachineProviderConfig that is acted upon. */
export interface ProviderSpec {
  readonly ami?: Reference;
  readonly instanceType: string;
  readonly placement: { readonly region: string; readonly availabilityZone?: string; readonly tenancy?: string };
  readonly subnet?: Reference;
  readonly securityGroups?: readonly Reference[];
  readonly iamInstanceProfile?: Reference;
  readonly tags?: readonly { readonly name: string; readonly value: string }[];
  readonly publicIp?: boolean;
  readonly keyName?: string;
  readonly blockDevices?: readonly {
    readonly deviceName?: string;
    readonly ebs?: {
      readonly encrypted?: boolean;
      readonly iops?: number;
      readonly volumeSize?: number;
      readonly volumeType?: string;
      readonly kmsKey?: Reference;
    };
  }[];
  readonly metadataServiceOptions?: { readonly authentication?: string };
}

interface Response {
  readonly instance?: object;
  readonly instanceType?: object;
  readonly error?: { readonly reason: string; readonly message: string };
}

/** What a Machine asks for can never be had; the controller gives it up (phase Failed). */
class InvalidConfiguration extends Error {}

const clients = new Map<string, EC2Client>();

function ec2(region: string): EC2Client {
  let client = clients.get(region);
  if (!client) {
    const environment = process.env;
    const credentials = {
      accessKeyId: environment.AWS_ACCESS_KEY_ID ?? "test",
      secretAccessKey: environment.AWS_SECRET_ACCESS_KEY ?? "test",
    };
    client = new EC2Client({ region, endpoint: environment.AWS_ENDPOINT_URL ?? awsEndpoint, credentials });
    clients.set(region, client);
  }
  return client;
}

/** States of an instance that is still one, as machine-api-provider-aws sees it. */
const existing = ["pending", "running", "stopping", "stopped", "shutting-down"];

/** Kubernetes' name of an architecture of EC2's. */
const architectures: Readonly<Record<string, "amd64" | "arm64" | undefined>> = { x86_64: "amd64", arm64: "arm64" };

async function findInstances({ machine, providerSpec }: Request): Promise<Instance[]> {
  if (!machine) return [];
  const found = await ec2(providerSpec.placement.region).send(
    new DescribeInstancesCommand({
      Filters: [
        { Name: "tag:Name", Values: [machine.name] },
        { Name: `tag:${ownerTag(machine.cluster)}`, Values: ["owned"] },
        { Name: "instance-state-name", Values: existing },
      ],
    }),
  );
  return (found.Reservations ?? []).flatMap((reservation) => reservation.Instances ?? []);
}

const ownerTag = (cluster: string) => `kubernetes.io/cluster/${cluster}`;

async function instanceType({ placement: { region }, instanceType: type }: ProviderSpec) {
  const found = await ec2(region).send(new DescribeInstanceTypesCommand({ InstanceTypes: [type as _InstanceType] }));
  const info = found.InstanceTypes?.[0];
  const architecture = info?.ProcessorInfo?.SupportedArchitectures?.map((name) => architectures[name]).find((name) => name !== undefined);
  if (!info || !architecture)
    throw new InvalidConfiguration(`the instance type '${type}' is unknown, or of an architecture that OpenShift does not run on`);
  return {
    vCpu: info.VCpuInfo?.DefaultVCpus ?? 0,
    memoryMiB: Number(info.MemoryInfo?.SizeInMiB ?? 0),
    gpu: info.GpuInfo?.Gpus?.[0]?.Count ?? 0,
    architecture,
  };
}

/** Refuses, in EC2's words, what EC2 refuses at launch and the emulator does not. */
async function checkLaunch(spec: ProviderSpec, architecture: "amd64" | "arm64"): Promise<string> {
  const client = ec2(spec.placement.region);
  const ami = spec.ami?.id;
  if (!ami) throw new InvalidConfiguration("providerSpec.ami.id is missing");
  const image = (await client.send(new DescribeImagesCommand({ ImageIds: [ami] }))).Images?.[0];
  if (!image) throw new InvalidConfiguration(`error launching instance: The image id '[${ami}]' does not exist`);
  if (architectures[image.Architecture ?? ""] !== architecture) {
    throw new InvalidConfiguration(
      `error launching instance: The architecture '${architecture === "amd64" ? "x86_64" : architecture}' of the specified instance type does not ` +
        `match the architecture '${image.Architecture}' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again.`,
    );
  }
  const zone = spec.placement.availabilityZone;
  if (zone) {
    const filters: Filter[] = [
      { Name: "instance-type", Values: [spec.instanceType] },
      { Name: "location", Values: [zone] },
    ];
    const offered = await client.send(new DescribeInstanceTypeOfferingsCommand({ LocationType: "availability-zone", Filters: filters }));
    if (offered.InstanceTypeOfferings?.length === 0) {
      throw new InvalidConfiguration(
        `error launching instance: Your requested instance type (${spec.instanceType}) is not supported in your requested Availability Zone (${zone}).`,
      );
    }
  }
  return image.RootDeviceName ?? "/dev/xvda";
}

/** Filters of the EC2 API for a reference that has filters. */
export function filtersOf(reference: Reference): Filter[] {
  return (reference.filters ?? []).map(({ name, values }) => ({ Name: name, Values: [...(values ?? [])] }));
}

async function subnetId({ subnet, placement }: ProviderSpec): Promise<string | undefined> {
  if (!subnet || subnet.id) return subnet?.id;
  const filters = filtersOf(subnet);
  if (placement.availabilityZone) filters.push({ Name: "availability-zone", Values: [placement.availabilityZone] });
  const found = await ec2(placement.region).send(new DescribeSubnetsCommand({ Filters: filters }));
  const id = found.Subnets?.[0]?.SubnetId;
  if (!id) throw new InvalidConfiguration(`error getting subnet IDs: no subnet IDs were found for ${JSON.stringify(subnet.filters)}`);
  return id;
}

async function securityGroupIds({ securityGroups = [], placement }: ProviderSpec): Promise<string[]> {
  const ids: string[] = [];
  for (const group of securityGroups) {
    if (group.id) {
      ids.push(group.id);
      continue;
    }
    const found = await ec2(placement.region).send(new DescribeSecurityGroupsCommand({ Filters: filtersOf(group) }));
    // The product goes on without the group, and the instance never reaches the cluster; a node of the rehearsal would join.
    if (!found.SecurityGroups?.length) throw new InvalidConfiguration(`no security group for ${JSON.stringify(group.filters)}`);
    ids.push(...found.SecurityGroups.flatMap(({ GroupId }) => GroupId ?? []));
  }
  return ids;
}

/** What RunInstances is given for a Machine, as machine-api-provider-aws gives it. Pure. */
export function launchInput(
  machine: { readonly name: string; readonly cluster: string; readonly userData?: string },
  spec: ProviderSpec,
  { subnet, groups, rootDevice }: { readonly subnet?: string; readonly groups: readonly string[]; readonly rootDevice: string },
): RunInstancesCommandInput {
  const { placement, iamInstanceProfile: profile, metadataServiceOptions: metadata } = spec;
  const tags = [...(spec.tags ?? []), { name: ownerTag(machine.cluster), value: "owned" }, { name: "Name", value: machine.name }];
  const tagList = [...new Map(tags.map(({ name, value }) => [name, { Key: name, Value: value }])).values()];
  return {
    ImageId: spec.ami?.id,
    InstanceType: spec.instanceType as _InstanceType,
    MinCount: 1,
    MaxCount: 1,
    KeyName: spec.keyName,
    UserData: machine.userData,
    Placement: { AvailabilityZone: placement.availabilityZone, ...(placement.tenancy ? { Tenancy: placement.tenancy as "default" } : {}) },
    IamInstanceProfile: profile?.arn ? { Arn: profile.arn } : profile?.id ? { Name: profile.id } : undefined,
    MetadataOptions: metadata?.authentication
      ? { HttpTokens: metadata.authentication === "Required" ? "required" : "optional" }
      : undefined,
    NetworkInterfaces: [{ DeviceIndex: 0, SubnetId: subnet, Groups: [...groups], AssociatePublicIpAddress: spec.publicIp ?? false }],
    BlockDeviceMappings: spec.blockDevices?.flatMap(({ deviceName, ebs }) =>
      ebs
        ? [
            {
              DeviceName: deviceName ?? rootDevice,
              Ebs: {
                DeleteOnTermination: true,
                Encrypted: ebs.encrypted,
                Iops: ebs.iops || undefined,
                KmsKeyId: ebs.kmsKey?.arn || ebs.kmsKey?.id || undefined,
                VolumeSize: ebs.volumeSize,
                VolumeType: ebs.volumeType as "gp3" | undefined,
              },
            },
          ]
        : [],
    ),
    TagSpecifications: [
      { ResourceType: "instance", Tags: tagList },
      { ResourceType: "volume", Tags: tagList },
    ],
  };
}

async function create(request: Request): Promise<Response> {
  const { machine, providerSpec: spec } = request;
  if (!machine) throw new InvalidConfiguration("no machine");
  const before = (await findInstances(request))[0];
  if (before) return { instance: describe(before, spec) };
  const { architecture } = await instanceType(spec);
  const rootDevice = await checkLaunch(spec, architecture);
  const [subnet, groups] = [await subnetId(spec), await securityGroupIds(spec)];
  const launched = await ec2(spec.placement.region).send(
    new RunInstancesCommand(launchInput(machine, spec, { subnet, groups, rootDevice })),
  );
  const instance = launched.Instances?.[0];
  if (!instance) throw new Error("RunInstances made no instance");
  return { instance: describe(instance, spec) };
}

/** An instance that runs has its node: started here, and started again if it was lost. */
async function update(request: Request): Promise<Response> {
  const instance = (await findInstances(request))[0];
  if (!instance) return {};
  const described = describe(instance, request.providerSpec);
  const name = described.privateDns;
  if (described.state === "running" && !listNodes().some((node) => node.name === name && node.running)) {
    const { architecture } = await instanceType(request.providerSpec);
    await startNode({ name, architecture, labels: nodeLabels(described), providerId: described.providerId });
  }
  return { instance: described };
}

/** Labels that a worker of OpenShift has from its kubelet and from the cloud controller manager. */
export function nodeLabels({
  type,
  region,
  zone,
}: {
  readonly type: string;
  readonly region: string;
  readonly zone: string;
}): Record<string, string> {
  return {
    "node-role.kubernetes.io/worker": "",
    "node.kubernetes.io/instance-type": type,
    "topology.kubernetes.io/region": region,
    "topology.kubernetes.io/zone": zone,
  };
}

async function remove(request: Request): Promise<Response> {
  for (const instance of await findInstances(request)) {
    if (instance.PrivateDnsName) await stopNode(instance.PrivateDnsName);
    await ec2(request.providerSpec.placement.region).send(new TerminateInstancesCommand({ InstanceIds: [instance.InstanceId ?? ""] }));
  }
  return {};
}

function describe(instance: Instance, { placement: { region } }: ProviderSpec) {
  const zone = instance.Placement?.AvailabilityZone ?? "";
  return {
    id: instance.InstanceId ?? "",
    state: instance.State?.Name ?? "pending",
    providerId: `aws:///${zone}/${instance.InstanceId}`,
    privateIp: instance.PrivateIpAddress ?? "",
    privateDns: instance.PrivateDnsName ?? "",
    publicIp: instance.PublicIpAddress,
    publicDns: instance.PublicDnsName || undefined,
    type: instance.InstanceType ?? "",
    region,
    zone,
  };
}

async function answer(request: Request): Promise<Response> {
  switch (request.action) {
    case "create":
      return create(request);
    case "update":
      return update(request);
    case "exists": {
      const instance = (await findInstances(request))[0];
      return instance ? { instance: describe(instance, request.providerSpec) } : {};
    }
    case "delete":
      return remove(request);
    case "instance-type":
      return { instanceType: await instanceType(request.providerSpec) };
    default:
      throw new Error(`unknown action ${JSON.stringify(request.action)}`);
  }
}

/**
 * What the controller makes of a failure, in the words of machine-api-provider-aws (pkg/actuators/machine/instances.go,
 * launchInstance): EC2's answers of the 400 kind are the configuration's fault and final, a quota among them; anything else is
 * tried again, and lacking capacity is EC2's own error (500).
 */
export function failure(error: unknown, action: Request["action"]): { reason: string; message: string } {
  const message = error instanceof Error ? error.message : String(error);
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ?? 0;
  if (error instanceof InvalidConfiguration) return { reason: "InvalidConfiguration", message };
  if (status >= 400 && status < 500)
    return { reason: "InvalidConfiguration", message: action === "create" ? `error launching instance: ${message}` : message };
  if (status >= 500 && action === "create") {
    return { reason: "CreateError", message: `error creating EC2 instance: ${(error as Error).name}: ${message}` };
  }
  return { reason: "CreateError", message };
}

async function main(): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() === "") continue;
    const request: Request = JSON.parse(line);
    const response = await answer(request).catch((error): Response => ({ error: failure(error, request.action) }));
    process.stdout.write(`${JSON.stringify(response)}\n`);
  }
}

if (require.main === module) void main();
