import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, parseAllDocuments } from "yaml";

/** A Kubernetes object as the installer writes it. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  spec?: unknown;
  status?: unknown;
  data?: Record<string, string>;
  [field: string]: unknown;
}

/** The installer's metadata.json (pkg/types/clustermetadata.go), as far as it is read here. */
export interface Metadata {
  readonly clusterName: string;
  readonly clusterID: string;
  readonly infraID: string;
  readonly aws: { readonly region: string; readonly clusterDomain: string };
}

/** The cluster-api-provider-aws object of the network; its fields are those of `AWSCluster` v1beta2. */
export interface AwsCluster {
  readonly spec: {
    readonly region: string;
    readonly additionalTags?: Readonly<Record<string, string>>;
    /** For the ignition file of the bootstrap machine. */
    readonly s3Bucket: { readonly name: string };
    readonly network: {
      readonly vpc: { readonly cidrBlock: string };
      readonly subnets: readonly {
        readonly id: string;
        readonly availabilityZone: string;
        readonly cidrBlock: string;
        readonly isPublic?: boolean;
      }[];
      readonly cni: { readonly cniIngressRules: readonly IngressRule[] };
      readonly additionalControlPlaneIngressRules?: readonly IngressRule[];
    };
  };
}

export interface IngressRule {
  readonly description: string;
  readonly protocol: string;
  readonly fromPort: number;
  readonly toPort: number;
  readonly cidrBlocks?: readonly string[];
  readonly sourceSecurityGroupRoles?: readonly string[];
}

/** The `AWSMachine` of one machine. */
export interface AwsMachine {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly ami: { readonly id: string };
    readonly instanceType: string;
    readonly publicIP?: boolean;
    readonly subnet?: { readonly filters?: readonly { readonly name: string; readonly values: readonly string[] }[] };
    readonly instanceMetadataOptions?: { readonly httpTokens?: string };
  };
}

/** A certificate and its key, as PEM. */
export interface CertificateKey {
  readonly certificate: string;
  readonly key: string;
}

/** Certificate authorities of the installer that the cluster works with, by their keys in the state file. */
export const authorities = {
  /** Signs the client certificate of auth/kubeconfig. */
  adminSigner: "*tls.AdminKubeConfigSignerCertKey",
  /** Signs what the API server shows to clients from outside; auth/kubeconfig trusts it. */
  loadBalancerSigner: "*tls.KubeAPIServerLBSignerCertKey",
} as const;

export const stateFile = ".openshift_install_state.json";
/** Its presence makes a second `create cluster` refuse (pkg/asset/cluster/cluster.go, Load). */
export const artifacts = ".clusterapi_output";
/** What the local control plane knows; `destroy bootstrap` works from it and removes it (pkg/clusterapi/system.go, CleanEtcd). */
export const etcd = join(artifacts, "etcd");

/** Targets of earlier stages in the order in which `create cluster` takes them up; each file is gone afterwards. */
export const consumed = [
  ["Bootstrap Ignition Config", "bootstrap.ign"],
  ["Master Ignition Config", "master.ign"],
  ["Worker Ignition Config", "worker.ign"],
] as const;

/** What an install directory holds after `create ignition-configs`. */
export class InstallDirectory {
  constructor(readonly path: string) {}

  has(file: string): boolean {
    return existsSync(join(this.path, file));
  }

  read(file: string): string {
    return readFileSync(join(this.path, file), "utf8");
  }

  write(file: string, text: string, mode = 0o640): void {
    writeFileSync(join(this.path, file), text, { mode });
  }

  remove(file: string): void {
    rmSync(join(this.path, file), { force: true });
  }

  get metadata(): Metadata {
    return JSON.parse(this.read("metadata.json"));
  }

  get awsCluster(): AwsCluster {
    return parse(this.read(join("cluster-api", "02_infra-cluster.yaml")));
  }

  /** The first control-plane machine. The stand-in makes no other. */
  get controlPlaneMachine(): AwsMachine {
    return this.machine("master-0");
  }

  get bootstrapMachine(): AwsMachine {
    return this.machine("bootstrap");
  }

  private machine(name: string): AwsMachine {
    const file = join("cluster-api", "machines", `10_inframachine_${this.metadata.infraID}-${name}.yaml`);
    if (!this.has(file)) throw new Error(`no machine ${name} in ${this.path}: ${file}`);
    return parse(this.read(file));
  }

  /** Kinds and names of all objects of cluster-api/, for the log. */
  clusterApiObjects(folder: "" | "machines"): Manifest[] {
    const path = join(this.path, "cluster-api", folder);
    return readdirSync(path)
      .filter((name) => name.endsWith(".yaml"))
      .sort()
      .map((name) => parse(readFileSync(join(path, name), "utf8")));
  }

  /** @param asset key in the state file, one of `authorities`. */
  certificate(asset: string): CertificateKey {
    return certificateOf(JSON.parse(this.read(stateFile)), asset);
  }
}

/** An authority of the state file. Pure. */
export function certificateOf(state: Readonly<Record<string, unknown>>, asset: string): CertificateKey {
  const entry = state[asset] as { CertRaw?: string; KeyRaw?: string } | undefined;
  if (!entry?.CertRaw || !entry.KeyRaw) throw new Error(`${stateFile} has no ${asset}`);
  const decode = (text: string) => Buffer.from(text, "base64").toString();
  return { certificate: decode(entry.CertRaw), key: decode(entry.KeyRaw) };
}

/**
 * The objects that the bootstrap machine would give to the new cluster: those under /opt/openshift/{manifests,openshift} of
 * its ignition file, by file name. Pure.
 */
export function bootstrapManifests(ignition: string): Map<string, Manifest[]> {
  const { storage }: { storage: { files: { path: string; contents?: { source?: string; compression?: string } }[] } } =
    JSON.parse(ignition);
  const found = new Map<string, Manifest[]>();
  for (const { path, contents } of storage.files) {
    const match = /^\/opt\/openshift\/(manifests|openshift)\/([^/]+\.ya?ml)$/.exec(path);
    if (!match?.[2] || !contents?.source || contents.compression) continue;
    const objects = parseAllDocuments(dataUrl(contents.source)).map((document) => document.toJS() as Manifest | null);
    found.set(
      match[2],
      objects.filter((object): object is Manifest => object?.kind !== undefined),
    );
  }
  return found;
}

function dataUrl(url: string): string {
  const [, encoding, body] = /^data:[^,]*?(;base64)?,(.*)$/s.exec(url) ?? [];
  if (body === undefined) throw new Error("an ignition file whose content is no data URL");
  return encoding ? Buffer.from(body, "base64").toString() : decodeURIComponent(body);
}
