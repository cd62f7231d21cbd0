import {
  type _InstanceType,
  DescribeImagesCommand,
  DescribeInstanceTypeOfferingsCommand,
  DescribeInstanceTypesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  EC2Client,
  type Filter,
  type RunInstancesCommandInput,
} from "@aws-sdk/client-ec2";
import { awsEndpoint } from "../machine/places";

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

/** What a Machine asks for can never be had; the controller gives it up (phase Failed). */
export class InvalidConfiguration extends Error {}

const clients = new Map<string, EC2Client>();

export function ec2(region: string): EC2Client {
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

/** Kubernetes' name of an architecture of EC2's. */
const architectures: Readonly<Record<string, "amd64" | "arm64" | undefined>> = { x86_64: "amd64", arm64: "arm64" };

export const ownerTag = (cluster: string) => `kubernetes.io/cluster/${cluster}`;

export async function instanceType({ placement: { region }, instanceType: type }: ProviderSpec) {
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
export async function checkLaunch(spec: ProviderSpec, architecture: "amd64" | "arm64"): Promise<string> {
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

export async function subnetId({ subnet, placement }: ProviderSpec): Promise<string | undefined> {
  if (!subnet || subnet.id) return subnet?.id;
  const filters = filtersOf(subnet);
  if (placement.availabilityZone) filters.push({ Name: "availability-zone", Values: [placement.availabilityZone] });
  const found = await ec2(placement.region).send(new DescribeSubnetsCommand({ Filters: filters }));
  const id = found.Subnets?.[0]?.SubnetId;
  if (!id) throw new InvalidConfiguration(`error getting subnet IDs: no subnet IDs were found for ${JSON.stringify(subnet.filters)}`);
  return id;
}

export async function securityGroupIds({ securityGroups = [], placement }: ProviderSpec): Promise<string[]> {
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
