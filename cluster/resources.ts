/** The custom resources that the program writes or reads, as far as it knows their fields. */

export interface ObjectMeta {
  name?: string;
  namespace?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

/** `machine.openshift.io/v1beta1` MachineSet: https://docs.redhat.com/en/documentation/openshift_container_platform, "Machine management". */
export interface MachineSet {
  apiVersion: "machine.openshift.io/v1beta1";
  kind: "MachineSet";
  metadata: ObjectMeta;
  spec: {
    replicas: number;
    selector: { matchLabels: Record<string, string> };
    template: {
      metadata: { labels: Record<string, string>; annotations?: Record<string, string> };
      spec: {
        metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
        lifecycleHooks?: Record<string, unknown>;
        taints?: { key: string; value?: string; effect: string }[];
        providerSpec: { value: AwsProviderSpec };
      };
    };
  };
}

interface Filter {
  name: string;
  values?: string[];
}

interface Reference {
  id?: string;
  arn?: string;
  filters?: Filter[];
}

/** `AWSMachineProviderConfig` of openshift/api, machine/v1beta1/types_awsprovider.go. */
export interface AwsProviderSpec {
  apiVersion?: string;
  kind?: string;
  metadata?: Record<string, unknown>;
  ami: Reference;
  instanceType: string;
  tags?: { name: string; value: string }[];
  iamInstanceProfile?: Reference;
  userDataSecret?: { name?: string };
  credentialsSecret?: { name?: string };
  keyName?: string | null;
  deviceIndex: number;
  publicIp?: boolean | null;
  networkInterfaceType?: string;
  securityGroups?: Reference[];
  subnet: Reference;
  placement: { availabilityZone?: string; region?: string; tenancy?: string; host?: Record<string, unknown> };
  loadBalancers?: unknown[];
  blockDevices?: BlockDevice[];
  spotMarketOptions?: { maxPrice?: string };
  metadataServiceOptions?: { authentication?: string };
  placementGroupName?: string;
  placementGroupPartition?: number;
  capacityReservationId?: string;
  marketType?: string;
  cpuOptions?: Record<string, unknown>;
}

export interface BlockDevice {
  deviceName?: string | null;
  ebs?: {
    deleteOnTermination?: boolean;
    encrypted?: boolean;
    kmsKey?: Reference;
    iops?: number;
    throughputMib?: number;
    volumeSize?: number;
    volumeType?: string;
  };
  noDevice?: string;
  virtualName?: string;
}

/** All keys that the product's type knows; the machine API drops any other without a word. */
export const awsProviderSpecKeys: readonly string[] = [
  "apiVersion",
  "kind",
  "metadata",
  "ami",
  "instanceType",
  "tags",
  "iamInstanceProfile",
  "userDataSecret",
  "credentialsSecret",
  "keyName",
  "deviceIndex",
  "publicIp",
  "networkInterfaceType",
  "securityGroups",
  "subnet",
  "placement",
  "loadBalancers",
  "blockDevices",
  "spotMarketOptions",
  "metadataServiceOptions",
  "placementGroupName",
  "placementGroupPartition",
  "capacityReservationId",
  "marketType",
  "cpuOptions",
];
