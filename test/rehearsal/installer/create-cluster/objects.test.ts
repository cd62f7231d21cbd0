import { describe, expect, it } from "vitest";
import { customKinds } from "../../../../rehearsal/installer/create-cluster/fill";
import type { Manifest } from "../../../../rehearsal/installer/create-cluster/install-directory";
import {
  clusterObjects,
  clusterOperators,
  enabledCapabilities,
  knownCapabilities,
} from "../../../../rehearsal/installer/create-cluster/objects";

const capabilities = ["Console", "MachineAPI", "Storage", "OperatorLifecycleManager", "marketplace"];
const version: Manifest = {
  apiVersion: "config.openshift.io/v1",
  kind: "ClusterVersion",
  metadata: { name: "version" },
  spec: {
    clusterID: "b6a1",
    channel: "stable-4.19",
    capabilities: { baselineCapabilitySet: "None", additionalEnabledCapabilities: capabilities },
  },
};
const secret: Manifest = {
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "aws-creds", namespace: "kube-system" },
  data: { aws_access_key_id: Buffer.from("test").toString("base64"), aws_secret_access_key: Buffer.from("secret").toString("base64") },
};
const infrastructure: Manifest = {
  apiVersion: "config.openshift.io/v1",
  kind: "Infrastructure",
  metadata: { name: "cluster" },
  status: { infrastructureName: "multiarch-x7k2p" },
};
const now = new Date("2026-11-25T06:00:00Z");

function objects(...installed: Manifest[]): Manifest[] {
  return clusterObjects({
    metadata: {
      clusterName: "multiarch",
      clusterID: "b6a1",
      infraID: "multiarch-x7k2p",
      aws: { region: "eu-west-3", clusterDomain: "multiarch.rehearsal.test" },
    },
    manifests: new Map(installed.map((object, index) => [`${index}.yaml`, [object]])),
    version: "4.19.0",
    releaseImage: "quay.io/a/b:c",
    coreOsStream: "{}",
    routerCa: "pem",
    lifecycleImage: { repository: "olm", tag: "v9.8.7" },
    now,
  });
}
const find = (kind: string, name: string, ...installed: Manifest[]) =>
  objects(...installed).find((object) => object.kind === kind && object.metadata.name === name);

describe("the objects of a new cluster", () => {
  it("are complete for wait-for: a version that is available, operators that are steady since more than 30 s", () => {
    const conditions = (status: unknown) =>
      (status as { conditions: { type: string; status: string; lastTransitionTime: string }[] }).conditions;
    const states = Object.fromEntries(
      conditions(find("ClusterVersion", "version", version)?.status).map(({ type, status }) => [type, status]),
    );
    expect(states).toMatchObject({ Available: "True", Failing: "False", Progressing: "False" });
    const operators = objects(version).filter(({ kind }) => kind === "ClusterOperator");
    expect(operators.length).toBeGreaterThan(10);
    for (const { status } of operators) {
      const progressing = conditions(status).find(({ type }) => type === "Progressing");
      expect(progressing?.status).toBe("False");
      expect(now.getTime() - Date.parse(progressing?.lastTransitionTime ?? "")).toBeGreaterThan(30_000);
    }
  });

  it("have OLM's programs, its package server and its bundles' tools of the image that is given, on a machine where nothing is built as well", () => {
    const image = "10.213.0.1:5000/olm:v9.8.7";
    const containers = (object?: Manifest) => JSON.stringify(object?.spec).match(/"image":"[^"]*"/g);
    for (const name of ["olm-operator", "catalog-operator"])
      expect(containers(find("Deployment", name, version))).toEqual([`"image":"${image}"`]);
    const server = find("ClusterServiceVersion", "packageserver", version);
    expect(containers(server)).toEqual([`"image":"${image}"`]);
    expect(server?.spec).toMatchObject({ version: "9.8.7" });
    const tools = JSON.stringify(find("Deployment", "catalog-operator", version)).match(/--[a-zA-Z-]*[iI]mage=[^"]*/g);
    expect(tools).toEqual([`--configmapServerImage=${image}`, `--opmImage=${image}`, `--util-image=${image}`]);
  });

  it("report the capabilities that were asked for", () => {
    const status = find("ClusterVersion", "version", version)?.status as { capabilities: { enabledCapabilities: string[] } };
    expect(status.capabilities.enabledCapabilities).toEqual([...capabilities].sort());
  });

  it("leave out what belongs to a capability that is off", () => {
    const none = { ...version, spec: { capabilities: { baselineCapabilitySet: "None" } } };
    expect(find("Route", "console", version)).toBeDefined();
    expect(find("Route", "console", none)).toBeUndefined();
    expect(find("CatalogSource", "redhat-operators", none)).toBeUndefined();
    expect(find("OperatorGroup", "global-operators", none)).toBeUndefined();
    expect(clusterOperators([])).not.toContain("console");
    expect(clusterOperators(["MachineAPI"])).toContain("machine-api");
  });

  it("take a baseline other than None for all capabilities", () => {
    expect(enabledCapabilities({ ...version, spec: { capabilities: { baselineCapabilitySet: "vCurrent" } } })).toEqual(knownCapabilities);
    expect(enabledCapabilities(undefined)).toEqual(knownCapabilities);
  });

  it("have credentials for machines, made from the installer's", () => {
    const made = find("Secret", "aws-cloud-credentials", version, secret);
    expect(made?.metadata.namespace).toBe("openshift-machine-api");
    expect(Buffer.from(made?.data?.credentials ?? "", "base64").toString()).toContain("aws_secret_access_key = secret");
    expect(find("Secret", "aws-cloud-credentials", version)).toBeUndefined();
  });

  it("keep the installer's own, with what the operators add", () => {
    expect(find("Infrastructure", "cluster", version, infrastructure)?.status).toEqual({
      infrastructureName: "multiarch-x7k2p",
      cpuPartitioning: "None",
    });
  });

  it("keep the pull secret as the installer's manifests have it", () => {
    const pullSecret: Manifest = {
      apiVersion: "v1",
      kind: "Secret",
      type: "kubernetes.io/dockerconfigjson",
      metadata: { name: "pull-secret", namespace: "openshift-config" },
      data: { ".dockerconfigjson": "e30=" },
    };
    expect(find("Secret", "pull-secret", version, pullSecret)).toEqual(pullSecret);
  });

  it("do not say that the bootstrap is complete: that comes when everything runs", () => {
    expect(find("ConfigMap", "bootstrap", version)).toBeUndefined();
  });
});

describe("the kinds of CRDs", () => {
  it("have, by version, their plural, their scope, and whether their status is written apart", () => {
    const crd: Manifest = {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "things.a.io" },
      spec: {
        group: "a.io",
        names: { kind: "Thing", plural: "things" },
        versions: [{ name: "v1", subresources: { status: {} } }, { name: "v2" }],
      },
    };
    expect([...customKinds([crd])]).toEqual([
      ["a.io/v1/Thing", { plural: "things", namespaced: false, status: true }],
      ["a.io/v2/Thing", { plural: "things", namespaced: false, status: false }],
    ]);
  });
});
