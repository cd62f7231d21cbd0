import { describe, expect, it } from "vitest";
import { parseSettings } from "../../config/settings";
import { capabilities } from "../../infra/capabilities";
import { ageProblem, machineImages, pickWorkerTemplate, type WorkerTemplate } from "../../infra/identity";
import { fixedSettings, installConfig, settingsAtInstall } from "../../infra/install-config";
import { mirrorDirectory, nodeSecurityGroup, nodeSecurityGroups } from "../../infra/releases";

// biome-ignore lint/suspicious/noExplicitAny: raw configuration.
function cluster(extra: Record<string, any> = {}) {
  const auths = '{"auths":{"quay.io":{"auth":"dTpw"},"registry.redhat.io":{"auth":"dTpw"}}}';
  const values = {
    cluster: { name: "lab", baseDomain: "example.com", version: "4.19.42", ...extra },
    pools: [
      { architecture: "arm64", instanceType: "m7g.2xlarge", zones: [{ name: "eu-west-3b", replicas: 1 }] },
      { architecture: "amd64", instanceType: "m7i.xlarge", zones: [{ name: "eu-west-3c" }] },
    ],
    pullSecret: auths,
    registryCredentials: auths,
  };
  return parseSettings({ region: "eu-west-3", values }).settings.cluster;
}

describe("the installer's input", () => {
  it("has the mode of the credentials where ccoctl makes them, and else none, so that the installer looks at its rights", () => {
    expect(installConfig(cluster({ credentialsMode: "manual" }))).toMatchObject({ credentialsMode: "Manual" });
    expect(installConfig(cluster({ credentialsMode: "mint" }))).not.toHaveProperty("credentialsMode");
  });

  it("is one amd64 control-plane node, no worker, and subnets in all zones", () => {
    expect(installConfig(cluster({ controlPlane: { zone: "eu-west-3a" } }))).toEqual({
      apiVersion: "v1",
      metadata: { name: "lab" },
      baseDomain: "example.com",
      controlPlane: {
        name: "master",
        architecture: "amd64",
        hyperthreading: "Enabled",
        replicas: 1,
        platform: {
          aws: {
            type: "m6a.2xlarge",
            zones: ["eu-west-3a"],
            rootVolume: { type: "gp3", size: 200, iops: 4000 },
            metadataService: { authentication: "Required" },
          },
        },
      },
      compute: [
        {
          name: "worker",
          architecture: "amd64",
          hyperthreading: "Enabled",
          replicas: 0,
          platform: {
            aws: { type: "m7i.xlarge", zones: ["eu-west-3a", "eu-west-3b", "eu-west-3c"], metadataService: { authentication: "Required" } },
          },
        },
      ],
      networking: {
        networkType: "OVNKubernetes",
        machineNetwork: [{ cidr: "10.0.0.0/16" }],
        clusterNetwork: [{ cidr: "10.128.0.0/14", hostPrefix: 23 }],
        serviceNetwork: ["172.30.0.0/16"],
      },
      platform: {
        aws: { region: "eu-west-3", userTags: { "openshift-multiarch/cluster": "lab.example.com" }, propagateUserTags: true },
      },
      publish: "External",
      capabilities: { baselineCapabilitySet: "None", additionalEnabledCapabilities: capabilities("4.19.42") },
    });
  });

  it("carries tags with the program's own, endpoints and SSH key where they are set", () => {
    const endpoints = [{ name: "ec2", url: "https://127.0.0.1:5243" }];
    const config = installConfig(
      cluster({
        tags: { team: "build" },
        serviceEndpoints: endpoints,
        sshKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA me\n",
      }),
    );
    expect(config.platform.aws).toEqual({
      region: "eu-west-3",
      userTags: { team: "build", "openshift-multiarch/cluster": "lab.example.com" },
      propagateUserTags: true,
      serviceEndpoints: endpoints,
    });
    expect(config.sshKey).toBe("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA me");
  });
});

describe("capabilities", () => {
  it.each(["4.16.0", "4.17.57", "4.18.1", "4.19.42", "4.20.33", "4.21.28", "4.22.9"])(
    "%s gets what the installer demands on AWS",
    (version) => {
      expect(capabilities(version)).toEqual(
        expect.arrayContaining([
          "CloudCredential",
          "CloudControllerManager",
          "Ingress",
          "MachineAPI",
          "Storage",
          "OperatorLifecycleManager",
        ]),
      );
    },
  );
  it("4.15 gets no capability that it does not know", () => {
    expect(capabilities("4.15.59")).not.toContain("Ingress");
    expect(capabilities("4.15.59")).not.toContain("CloudControllerManager");
    expect(capabilities("4.15.59")).toContain("CloudCredential");
  });
  it("never include the samples operator, and are sorted", () => {
    for (const version of ["4.15.0", "4.22.0"]) {
      expect(capabilities(version)).not.toContain("openshift-samples");
      expect(capabilities(version)).toEqual([...capabilities(version)].sort((a, b) => a.localeCompare(b, "en")));
    }
  });
});

describe("settings of a cluster's life", () => {
  const config = (extra = {}) => installConfig(cluster(extra));
  it("are what the cluster keeps, under the names of the configuration", () => {
    expect(fixedSettings(config(), "4.19.42")).toEqual({
      "cluster.name": "lab",
      "cluster.baseDomain": "example.com",
      "cluster.version": "4.19.42",
      "cluster.credentialsMode": "mint",
      "aws:region": "eu-west-3",
      "cluster.controlPlane": { instanceType: "m6a.2xlarge", zone: "eu-west-3c", rootVolume: { type: "gp3", size: 200, iops: 4000 } },
      "cluster.networks": { machine: "10.0.0.0/16", cluster: "10.128.0.0/14", hostPrefix: 23, service: "172.30.0.0/16" },
      zones: ["eu-west-3b", "eu-west-3c"],
    });
  });
  it("are apart from what only the install carries out", () => {
    const endpoints = [{ name: "ec2", url: "https://127.0.0.1:5243" }];
    expect(settingsAtInstall(config())).toEqual({ "cluster.tags": {}, "cluster.sshKey": "", "cluster.serviceEndpoints": [] });
    expect(
      settingsAtInstall(
        config({
          tags: { a: "b" },
          sshKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA me\n",
          serviceEndpoints: endpoints,
        }),
      ),
    ).toEqual({
      "cluster.tags": { a: "b" },
      "cluster.sshKey": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA me",
      "cluster.serviceEndpoints": endpoints,
    });
  });
});

describe("releases", () => {
  it("have their programs below the mirror", () => {
    expect(mirrorDirectory("https://mirror.openshift.com/pub/", "4.19.42")).toBe(
      "https://mirror.openshift.com/pub/openshift-v4/multi/clients/ocp/4.19.42",
    );
  });
  it("name the nodes' security groups by role before 4.16, and by one name since", () => {
    expect(nodeSecurityGroups("4.15.59")).toEqual(["-worker-sg", "-master-sg"]);
    expect(nodeSecurityGroups("4.16.0")).toEqual(["-node"]);
  });
  it("leave the groups' names to the installer's own workers", () => {
    const template = (...names: string[]) =>
      ({
        spec: {
          template: {
            spec: {
              providerSpec: { value: { securityGroups: names.map((name) => ({ filters: [{ name: "tag:Name", values: [name] }] })) } },
            },
          },
        },
      }) as unknown as WorkerTemplate;
    expect(nodeSecurityGroup(template("lab-x1y2z-node", "lab-x1y2z-lb"), "-node")).toBe("lab-x1y2z-node");
    expect(nodeSecurityGroup(template("lab-x1y2z-worker-sg"), "-worker-sg")).toBe("lab-x1y2z-worker-sg");
    expect(nodeSecurityGroup(template("lab-x1y2z-worker-sg"), "-master-sg")).toBe("lab-x1y2z-master-sg");
    expect(() => nodeSecurityGroup(template("lab-x1y2z-worker-sg"), "-node")).toThrow(
      "the installer's workers have no security group -node; they have: lab-x1y2z-worker-sg",
    );
  });
});

describe("the identity", () => {
  const stream = {
    architectures: {
      x86_64: { images: { aws: { regions: { "eu-west-3": { image: "ami-1" } } } } },
      aarch64: { images: { aws: { regions: {} } } },
    },
  };
  it("fails in a region without an image for one of the architectures, by name", () => {
    expect(() => machineImages(stream, "eu-west-3")).toThrow(/no arm64 CoreOS image for the region eu-west-3/);
  });

  const set = (zone: string, apiVersion = "machine.openshift.io/v1beta1") => ({
    apiVersion,
    kind: "MachineSet",
    metadata: { name: zone },
    spec: { template: { spec: { providerSpec: { value: { placement: { availabilityZone: zone } } } } } },
  });
  it("takes the worker template of the first zone, whatever the order of the files", () => {
    expect(pickWorkerTemplate([set("c"), set("a"), { kind: "Machine" }, null, set("b")]).metadata.name).toBe("a");
  });
  it("fails clearly when the installer writes MachineSets of another API", () => {
    expect(() => pickWorkerTemplate([set("a", "cluster.x-k8s.io/v1beta1")])).toThrow(/no worker MachineSet of machine.openshift.io/);
  });

  it("is too old for an install after 12 hours", () => {
    const at = (hours: number) => ageProblem("2026-01-01T00:00:00Z", new Date(Date.UTC(2026, 0, 1, hours)));
    expect([at(0), at(12)]).toEqual([undefined, undefined]);
    expect(at(13)).toContain("13 hours ago");
  });
});
