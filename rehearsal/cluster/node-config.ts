import { join } from "node:path";
import { network, places, registry } from "../machine/places";

/** Capabilities of a container that asks for none and gives none up, as CRI-O on OpenShift sets them. */
export const defaultCapabilities = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_FSETID",
  "CAP_FOWNER",
  "CAP_SETGID",
  "CAP_SETUID",
  "CAP_SETPCAP",
  "CAP_NET_BIND_SERVICE",
  "CAP_KILL",
] as const;

/** Public registries whose images the rehearsal's own registry serves, under `mirror/<host>/`. */
export const mirroredRegistries = ["docker.io", "registry.access.redhat.com", "registry.redhat.io", "quay.io", "ghcr.io"] as const;

/** What every container of a node starts from: containerd's own default, with OpenShift's capabilities instead of Docker's fourteen. */
export function baseRuntimeSpec(): object {
  const mount = (destination: string, type: string, source: string, ...options: string[]) => ({ destination, type, source, options });
  return {
    ociVersion: "1.1.0",
    process: {
      user: { uid: 0, gid: 0 },
      cwd: "/",
      noNewPrivileges: true,
      capabilities: { bounding: defaultCapabilities, effective: defaultCapabilities, permitted: defaultCapabilities },
    },
    root: { path: "rootfs" },
    mounts: [
      mount("/proc", "proc", "proc", "nosuid", "noexec", "nodev"),
      mount("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
      mount("/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"),
      mount("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777", "size=65536k"),
      mount("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev"),
      mount("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", "ro"),
      mount("/run", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
    ],
    linux: {
      namespaces: ["pid", "ipc", "uts", "mount", "network"].map((type) => ({ type })),
      resources: { devices: [{ allow: false, access: "rwm" }] },
      maskedPaths: [
        ...["/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats"],
        ...["/proc/sched_debug", "/sys/firmware", "/sys/devices/virtual/powercap", "/proc/scsi"],
      ],
      readonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
    },
  };
}

/** containerd's configuration (TOML) for the node in `folder`. */
export function containerdConfig(folder: string, snapshotter: string): string {
  const at = (name: string) => JSON.stringify(join(folder, name));
  const images = 'plugins."io.containerd.cri.v1.images"';
  const runtime = 'plugins."io.containerd.cri.v1.runtime"';
  return `version = 3
root = ${at("containerd")}
state = ${at("state")}
# It would make /opt/containerd.
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.nri.v1.nri"]

[grpc]
  address = ${at("containerd.sock")}

[${images}]
  snapshotter = ${JSON.stringify(snapshotter)}
  [${images}.pinned_images]
    sandbox = "${registry}/pause:1"
  [${images}.registry]
    config_path = ${at("registries")}

[${runtime}]
  disable_apparmor = true
  enable_cdi = false
  enable_unprivileged_icmp = false
  enable_unprivileged_ports = false
  netns_mounts_under_state_dir = true
  restrict_oom_score_adj = true
  tolerate_missing_hugetlb_controller = true
  [${runtime}.cni]
    bin_dirs = ["/usr/lib/cni", "/opt/cni/bin"]
    conf_dir = ${at("cni")}
  [${runtime}.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    base_runtime_spec = ${at("runtime-spec.json")}
    [${runtime}.containerd.runtimes.runc.options]
      Root = ${at("runc")}
      SystemdCgroup = false
`;
}

/** hosts.toml files by the registry that they are for: ours speaks plain HTTP and stands in for the public ones, whose own address is never asked. */
export function registryHosts(): Record<string, string> {
  const toml = (server: string) => `server = "${server}"\ncapabilities = ["pull", "resolve"]\noverride_path = true\n`;
  return Object.fromEntries([
    [registry, toml(`http://${registry}/v2`)],
    ...mirroredRegistries.map((host) => [host, toml(`http://${registry}/v2/mirror/${host}`)]),
  ]);
}

/** CNI configuration of node `index`: its pods on a bridge of their own. Traffic to the world is masqueraded by the rules of network.ts. */
export function cniConfig(index: number, folder: string, mtu: number): object {
  return {
    cniVersion: "1.0.0",
    name: network.nodeBridge(index),
    plugins: [
      {
        type: "bridge",
        bridge: network.nodeBridge(index),
        isGateway: true,
        ipMasq: false,
        hairpinMode: true,
        mtu,
        ipam: {
          type: "host-local",
          dataDir: join(folder, "ipam"),
          ranges: [[{ subnet: network.podSubnet(index) }]],
          routes: [{ dst: "0.0.0.0/0" }],
        },
      },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  };
}

/** The kubelet's configuration for node `index` in `folder`. */
export function kubeletConfig(index: number, folder: string, providerId: string | undefined): object {
  const at = (name: string) => join(folder, name);
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    address: network.nodeAddress(index),
    port: 10250,
    healthzPort: 0,
    readOnlyPort: 0,
    authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: join(places.pki, "ca.crt") } },
    authorization: { mode: "Webhook" },
    tlsCertFile: at("kubelet.crt"),
    tlsPrivateKeyFile: at("kubelet.key"),
    ...(providerId ? { providerID: providerId } : {}),
    containerRuntimeEndpoint: `unix://${at("containerd.sock")}`,
    // Several kubelets share one machine, and a container may be all of it: no cgroups above those of the containers.
    cgroupDriver: "cgroupfs",
    cgroupsPerQOS: false,
    enforceNodeAllocatable: [],
    failSwapOn: false,
    failCgroupV1: false,
    makeIPTablesUtilChains: false,
    podLogsDir: at("pod-logs"),
    volumePluginDir: at("volume-plugins"),
    // The machine's /etc/resolv.conf, the default, is for pods with the policy `Default`, and adds its search domains for all others.
    clusterDNS: [network.dnsService],
    clusterDomain: network.clusterDomain,
    // The images are this machine's own cache; the disk is the user's to look after.
    evictionHard: { "memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%" },
    imageGCHighThresholdPercent: 100,
    serializeImagePulls: false,
    syncFrequency: "10s",
  };
}
