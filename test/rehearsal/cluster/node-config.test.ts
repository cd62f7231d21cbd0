import { describe, expect, it } from "vitest";
import {
  baseRuntimeSpec,
  cniConfig,
  containerdConfig,
  defaultCapabilities,
  kubeletConfig,
  mirroredRegistries,
  registryHosts,
} from "../../../rehearsal/cluster/node-config";
import { mountsBelow } from "../../../rehearsal/cluster/node-remains";

describe("the runtime specification of containers", () => {
  const spec = baseRuntimeSpec() as {
    process: { capabilities: Record<string, readonly string[]> };
    linux: { resources: { devices: object[] } };
  };

  it("grants the nine capabilities that OpenShift grants, and none to be inherited", () => {
    expect([...defaultCapabilities].sort()).toEqual(
      ["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "SETGID", "SETPCAP", "SETUID"].map((name) => `CAP_${name}`),
    );
    expect(Object.keys(spec.process.capabilities).sort()).toEqual(["bounding", "effective", "permitted"]);
    for (const set of Object.values(spec.process.capabilities)) expect(set).toEqual(defaultCapabilities);
  });

  it("denies all devices before some are allowed", () => {
    expect(spec.linux.resources.devices).toEqual([{ allow: false, access: "rwm" }]);
  });
});

describe("containerd's registries", () => {
  const hosts = registryHosts();

  it("reach the rehearsal's own registry over plain HTTP", () => {
    expect(hosts["10.213.0.1:5000"]).toContain('server = "http://10.213.0.1:5000/v2"');
  });

  it.each(mirroredRegistries)("take images of %s from the mirror and never ask the public one", (host) => {
    const urls = hosts[host]?.match(/https?:\/\/[^"]+/g);
    expect(urls).toEqual([`http://10.213.0.1:5000/v2/mirror/${host}`]);
    expect(hosts[host]).toContain("override_path = true");
  });
});

describe("a node's configuration", () => {
  it("keeps everything that containerd writes in the node's folder", () => {
    const config = containerdConfig("/data/node/2", "overlayfs");
    for (const [, path] of config.matchAll(/^ *(?:root|state|address|config_path|conf_dir|Root|base_runtime_spec) = "(.*)"$/gm)) {
      expect(path).toMatch(/^\/data\/node\/2\//);
    }
    expect(config).toContain('sandbox = "10.213.0.1:5000/pause:1"');
    expect(config).toContain("netns_mounts_under_state_dir = true");
  });

  it("puts pods of node 3 on its own bridge and subnet, with the packet size of the way out", () => {
    const [bridge] = (cniConfig(3, "/data/node/3", 1400) as { plugins: Record<string, unknown>[] }).plugins;
    expect(bridge).toMatchObject({ bridge: "omarch3", isGateway: true, hairpinMode: true, mtu: 1400 });
    expect(JSON.stringify(bridge)).toContain('"subnet":"10.214.3.0/24"');
  });

  it("tells the kubelet its address and provider id, and nothing about cgroups above containers", () => {
    expect(kubeletConfig(3, "/data/node/3", "aws:///z/i-1")).toMatchObject({
      address: "10.213.0.13",
      providerID: "aws:///z/i-1",
      cgroupsPerQOS: false,
      enforceNodeAllocatable: [],
    });
    expect(kubeletConfig(3, "/data/node/3", undefined)).not.toHaveProperty("providerID");
  });

  it("sends pods to the tenth address of the services' network for names, below cluster.local", () => {
    expect(kubeletConfig(3, "/data/node/3", undefined)).toMatchObject({ clusterDNS: ["10.215.0.10"], clusterDomain: "cluster.local" });
  });
});

describe("mounts of a node", () => {
  const line = (point: string) => `36 35 98:0 / ${point} rw,noatime master:1 - ext3 /dev/root rw`;

  it("are found newest first, escapes resolved, neighbours with a longer name left alone", () => {
    const info = [line("/"), line("/run/node/1/state/rootfs"), line("/run/node/10/state"), line("/run/node/1/a\\040b"), ""].join("\n");
    expect(mountsBelow(info, "/run/node/1")).toEqual(["/run/node/1/a b", "/run/node/1/state/rootfs"]);
  });
});
