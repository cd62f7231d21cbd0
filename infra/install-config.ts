import type { PlainClusterSettings } from "../config";
import { type Capability, capabilities } from "./capabilities";

export interface AwsMachinePool {
  readonly type: string;
  readonly zones: readonly string[];
  readonly rootVolume?: { readonly type: string; readonly size: number; readonly iops?: number };
  readonly metadataService: { readonly authentication: "Required" };
}

interface MachinePool<Name extends string> {
  readonly name: Name;
  readonly architecture: "amd64";
  readonly hyperthreading: "Enabled";
  readonly replicas: number;
  readonly platform: { readonly aws: AwsMachinePool };
}

/** The part of `install-config.yaml` that this program writes; the pull secret is added where the file is written. */
export interface InstallConfig {
  readonly apiVersion: "v1";
  readonly metadata: { readonly name: string };
  readonly baseDomain: string;
  readonly controlPlane: MachinePool<"master">;
  readonly compute: readonly [MachinePool<"worker">];
  readonly networking: {
    readonly networkType: "OVNKubernetes";
    readonly machineNetwork: readonly { readonly cidr: string }[];
    readonly clusterNetwork: readonly { readonly cidr: string; readonly hostPrefix: number }[];
    readonly serviceNetwork: readonly string[];
  };
  readonly platform: {
    readonly aws: {
      readonly region: string;
      readonly userTags: Readonly<Record<string, string>>;
      readonly propagateUserTags: true;
      readonly serviceEndpoints?: readonly { readonly name: string; readonly url: string }[];
    };
  };
  readonly publish: "External";
  readonly capabilities: { readonly baselineCapabilitySet: "None"; readonly additionalEnabledCapabilities: readonly Capability[] };
  readonly sshKey?: string;
  readonly credentialsMode?: "Manual";
}

/** Tag of all that the installer and the cluster make, by which `npm run orphans` knows clusters of this program. Its value is `<name>.<baseDomain>`. */
export const clusterTag = "openshift-multiarch/cluster";

/** What `installConfig` reads of the settings. */
export type InstallConfigSettings = Omit<PlainClusterSettings, "mirror" | "destroyMinutes" | "protect">;

/**
 * The installer's input: one control-plane node, no worker. The workers come from the program's own MachineSets; the installer
 * still writes its MachineSets, at 0 replicas, which serve as their template, and makes subnets in all `zones`.
 */
export function installConfig(settings: InstallConfigSettings): InstallConfig {
  const { name, baseDomain, version, region, zones, controlPlane, workerInstanceType, networks, tags, sshKey, serviceEndpoints } = settings;
  const imdsV2 = { authentication: "Required" } as const;
  const machine = { architecture: "amd64", hyperthreading: "Enabled" } as const;
  const { type, size, iops } = controlPlane.rootVolume;
  return {
    apiVersion: "v1",
    metadata: { name },
    baseDomain,
    controlPlane: {
      ...machine,
      name: "master",
      replicas: 1,
      platform: {
        aws: {
          type: controlPlane.instanceType,
          zones: [controlPlane.zone],
          rootVolume: { type, size, ...(iops === undefined ? {} : { iops }) },
          metadataService: imdsV2,
        },
      },
    },
    compute: [{ ...machine, name: "worker", replicas: 0, platform: { aws: { type: workerInstanceType, zones, metadataService: imdsV2 } } }],
    networking: {
      networkType: "OVNKubernetes",
      machineNetwork: [{ cidr: networks.machine }],
      clusterNetwork: [{ cidr: networks.cluster, hostPrefix: networks.hostPrefix }],
      serviceNetwork: [networks.service],
    },
    platform: {
      aws: {
        region,
        userTags: { ...tags, [clusterTag]: `${name}.${baseDomain}` },
        propagateUserTags: true,
        ...(serviceEndpoints ? { serviceEndpoints } : {}),
      },
    },
    publish: "External",
    capabilities: { baselineCapabilitySet: "None", additionalEnabledCapabilities: capabilities(version) },
    ...(sshKey === undefined ? {} : { sshKey: sshKey.trim() }),
    // Unset and not "Mint": only so does the installer look beforehand whether the credentials have the rights that it needs (platformpermscheck.go).
    ...(settings.credentialsMode === "manual" ? { credentialsMode: "Manual" } : {}),
  };
}

/** Settings that a cluster keeps for its life, under the names of the stack's configuration. */
export function fixedSettings(config: InstallConfig, version: string): Record<string, unknown> {
  const { aws: control } = config.controlPlane.platform;
  return {
    "cluster.name": config.metadata.name,
    "cluster.baseDomain": config.baseDomain,
    "cluster.version": version,
    "cluster.credentialsMode": config.credentialsMode === "Manual" ? "manual" : "mint",
    "aws:region": config.platform.aws.region,
    "cluster.controlPlane": { instanceType: control.type, zone: control.zones[0], rootVolume: control.rootVolume },
    "cluster.networks": {
      machine: config.networking.machineNetwork[0]?.cidr,
      cluster: config.networking.clusterNetwork[0]?.cidr,
      hostPrefix: config.networking.clusterNetwork[0]?.hostPrefix,
      service: config.networking.serviceNetwork[0],
    },
    zones: config.compute[0].platform.aws.zones,
  };
}

/** Settings that only the install carries out; a change of them does no harm, and nothing. */
export function settingsAtInstall(config: InstallConfig): Record<string, unknown> {
  const { userTags, serviceEndpoints } = config.platform.aws;
  // The program's own is none of the stack's, and clusters of earlier versions have none.
  const { [clusterTag]: _, ...tags } = userTags;
  return { "cluster.tags": tags, "cluster.sshKey": config.sshKey ?? "", "cluster.serviceEndpoints": serviceEndpoints ?? [] };
}
