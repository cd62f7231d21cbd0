import { type Architecture, architectures, machineArchitecture } from "../config/architecture";

/** A worker MachineSet as the installer writes it, as far as this program relies on its form. */
export interface WorkerTemplate {
  apiVersion: "machine.openshift.io/v1beta1";
  kind: "MachineSet";
  metadata: { name?: string; namespace?: string; labels?: Record<string, string> };
  spec: {
    replicas: number;
    selector: { matchLabels: Record<string, string> };
    template: {
      metadata: { labels: Record<string, string> };
      spec: {
        providerSpec: {
          value: {
            ami: { id?: string };
            instanceType: string;
            deviceIndex: number;
            subnet: { id?: string; filters?: { name: string; values?: string[] }[] };
            placement: { availabilityZone?: string; region?: string };
            securityGroups?: { id?: string; filters?: { name: string; values?: string[] }[] }[];
          };
        };
      };
    };
  };
}

/** What the identity stage leaves in the stack's state. The stage prints it as JSON, well below the 128 KiB that one environment variable takes. */
export interface Identity {
  /** Name of the cluster's AWS objects: the cluster's name, cut to 21 characters, and 5 random ones. */
  readonly infraId: string;
  /** The installer's metadata.json: with credentials of the account, all that `destroy cluster` needs. */
  readonly metadata: {
    readonly infraID: string;
    readonly aws: { readonly region: string; readonly serviceEndpoints?: readonly object[] | null };
  };
  readonly workerTemplate: WorkerTemplate;
  /** AMI of Red Hat CoreOS in the cluster's region. */
  readonly images: Readonly<Record<Architecture, string>>;
  /** AWS account in which the cluster lives. */
  readonly accountId: string;
  /** ISO time at which the certificates were made; they hold 24 hours. */
  readonly createdAt: string;
  /** See `fixedSettings`. */
  readonly fixed: Readonly<Record<string, unknown>>;
  /** See `settingsAtInstall`. */
  readonly atInstall?: Readonly<Record<string, unknown>>;
}

/** The part of `openshift-install coreos print-stream-json` that matters here. */
export interface CoreOsStream {
  readonly architectures?: Readonly<
    Record<string, { readonly images?: { readonly aws?: { readonly regions?: Readonly<Record<string, { readonly image?: string }>> } } }>
  >;
}

/**
 * CoreOS images of a region, by architecture.
 * @throws Error when Red Hat publishes none there.
 */
export function machineImages(stream: CoreOsStream, region: string): Record<Architecture, string> {
  const entries = architectures.map((architecture) => {
    const image = stream.architectures?.[machineArchitecture[architecture]]?.images?.aws?.regions?.[region]?.image;
    if (!image)
      throw new Error(`the installer knows no ${architecture} CoreOS image for the region ${region}; choose another one by aws:region`);
    return [architecture, image] as const;
  });
  return Object.fromEntries(entries) as Record<Architecture, string>;
}

/**
 * The MachineSet of the first zone among the installer's manifests. Which file has which zone is random, so the zones decide.
 * @throws Error when no manifest is a MachineSet of machine.openshift.io/v1beta1.
 */
export function pickWorkerTemplate(manifests: readonly unknown[]): WorkerTemplate {
  const sets = manifests.filter(isWorkerMachineSet).sort((a, b) => zoneOf(a).localeCompare(zoneOf(b), "en"));
  const [first] = sets;
  if (!first)
    throw new Error(
      "the installer wrote no worker MachineSet of machine.openshift.io/v1beta1; this program cannot make nodes from another kind",
    );
  return first;
}

const zoneOf = (set: WorkerTemplate) => set.spec.template.spec.providerSpec.value.placement.availabilityZone ?? "";

function isWorkerMachineSet(manifest: unknown): manifest is WorkerTemplate {
  const set = manifest as Partial<WorkerTemplate> | null;
  return (
    set?.kind === "MachineSet" &&
    set.apiVersion === "machine.openshift.io/v1beta1" &&
    typeof set.spec?.template?.spec?.providerSpec?.value?.placement === "object"
  );
}

/** Hours after which the certificates in the ignition files are too old to start an install: half of what they hold. */
export const ignitionHours = 12;

/** What is wrong with the age of ignition files; undefined while they are young enough. */
export function ageProblem(createdAt: string, now: Date): string | undefined {
  const hours = (now.getTime() - Date.parse(createdAt)) / 3_600_000;
  if (hours <= ignitionHours) return undefined;
  return `the cluster's certificates were made ${Math.floor(hours)} hours ago and hold 24 hours, so an install started now would fail half-way`;
}
