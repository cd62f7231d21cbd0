import { join } from "node:path";

/** The project's folder: what runs is this very program, as it lies there. */
export const checkout = join(__dirname, "..", "..");

/** Everything the rehearsal keeps on this machine, outside any checkout. */
export const home = process.env.OPENSHIFT_MULTIARCH_HOME ?? "/var/lib/openshift-multiarch";

export const places = {
  home,
  /** Survives `destroy`: toolchain, root file systems, images. */
  cache: join(home, "cache"),
  /** Programs of the toolchain, as links: kubectl, etcd, containerd, the product's own openshift-install, ... */
  bin: join(home, "cache", "bin"),
  /** Data of the toolchain, one folder a component: cluster/operator, openshift-install/data, openshift-crds, ... */
  share: join(home, "cache", "share"),
  /** What stands first on PATH for `pulumi up`: pulumi, pulumi-language-nodejs, kubectl; oc, ccoctl and openshift-install (what is ours in front). */
  path: join(home, "path"),
  /** PULUMI_HOME, with the plugins. */
  pulumiHome: join(home, "pulumi"),
  /** Pulumi's state and the stack's configuration; gone after `destroy`. */
  stack: join(home, "stack"),
  /** The running environment: data of etcd, nodes, emulator, registry, volumes; gone after `destroy`. */
  run: join(home, "run"),
  logs: join(home, "run", "log"),
  pids: join(home, "run", "pid"),
  /** Certificates and keys of the running environment. */
  pki: join(home, "run", "pki"),
  /** kubeconfig of the cluster's administrator, for the rehearsal's own programs. */
  adminKubeconfig: join(home, "run", "pki", "admin.kubeconfig"),
} as const;

/** Addresses on the rehearsal's own bridge; nothing listens anywhere else but on loopback. */
export const network = {
  bridge: "omarch0",
  /** The machine itself: API server, registry and Git server listen here. */
  host: "10.213.0.1",
  /** Node n (1, 2, ...) has the address 10.213.0.(10+n), its pods 10.214.n.0/24 on the bridge omarch<n>. */
  nodeAddress: (n: number) => `10.213.0.${10 + n}`,
  nodeBridge: (n: number) => `omarch${n}`,
  podSubnet: (n: number) => `10.214.${n}.0/24`,
  subnet: "10.213.0.0/24",
  podSubnets: "10.214.0.0/16",
  serviceSubnet: "10.215.0.0/16",
  /** First address of the service subnet: the service `kubernetes`. */
  apiService: "10.215.0.1",
  /** The tenth: the service `dns-default`, as on OpenShift. */
  dnsService: "10.215.0.10",
  /** What names of services end in. */
  clusterDomain: "cluster.local",
} as const;

export const ports = {
  /** On network.host. */
  api: 6443,
  registry: 5000,
  git: 9418,
  /** Not 5353, as on OpenShift, where a desktop's mDNS listens. */
  dns: 10053,
  /** On 127.0.0.1. */
  etcd: 12379,
  etcdPeer: 12380,
  registryBackend: 5100,
  aws: 5200,
  awsTls: 5243,
  machineApiWebhook: 28443,
} as const;

/** The registry as images, nodes and tasks call it. */
export const registry = `${network.host}:${ports.registry}`;
export const gitRepository = `git://${network.host}/examples.git`;
export const awsEndpoint = `http://127.0.0.1:${ports.aws}`;
export const awsTlsEndpoint = `https://127.0.0.1:${ports.awsTls}`;
/** The hosted zone that the emulated account owns. */
export const baseDomain = "rehearsal.test";
