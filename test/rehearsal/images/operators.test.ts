import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { parse } from "yaml";
import { bundle, bundleFiles, type Manifest } from "../../../rehearsal/images/operators/bundle";
import { bundleImage, fileBasedCatalog, type Offer } from "../../../rehearsal/images/operators/catalog";
import { efsOffer } from "../../../rehearsal/images/operators/efs";

const rbac = "rbac.authorization.k8s.io/v1";
const rules = [{ apiGroups: ["example.com"], resources: ["things"], verbs: ["get"] }];
const object = (kind: string, name: string, more: object = {}): Manifest => ({
  apiVersion: "v1",
  kind,
  metadata: { name, namespace: "somewhere" },
  ...more,
});
const binding = (name: string, role: string, subject: object) =>
  object("ClusterRoleBinding", name, { apiVersion: rbac, roleRef: { kind: "ClusterRole", name: role }, subjects: [subject] });
const account = { kind: "ServiceAccount", name: "operator", namespace: "somewhere" };
const deployment = object("Deployment", "operator", { spec: { replicas: 1 } });
const crd = object("CustomResourceDefinition", "things.example.com", {
  spec: { group: "example.com", names: { kind: "Thing" }, versions: [{ name: "v1" }, { name: "v1beta1" }] },
});
const manifests = [
  object("Namespace", "somewhere"),
  object("ServiceAccount", "operator"),
  object("ClusterRole", "operator", { rules }),
  binding("operator", "operator", account),
  object("ClusterRole", "for-all", { rules: [] }),
  binding("for-all", "for-all", { kind: "Group", name: "system:authenticated" }),
  object("ConfigMap", "settings"),
  crd,
  deployment,
];
const facts = { name: "thing-operator", version: "1.2.3", displayName: "Things" };

describe("a bundle", () => {
  const [csv, ...others] = bundle(facts, manifests);
  const spec = csv?.spec as Record<string, never>;

  it("has the operator's Deployment and the rules of its account in the ClusterServiceVersion", () => {
    expect(csv?.metadata.name).toBe("thing-operator.v1.2.3");
    expect(spec.install).toEqual({
      strategy: "deployment",
      spec: {
        clusterPermissions: [{ serviceAccountName: "operator", rules }],
        deployments: [{ name: "operator", spec: { replicas: 1 } }],
      },
    });
  });

  it("is refused when it would lack the rules of a role that its account is bound to", () => {
    const others = [...manifests, binding("admin", "cluster-admin", account)];
    expect(() => bundle(facts, others)).toThrow("ClusterRoleBinding admin: the operator's manifests have no ClusterRole cluster-admin");
  });

  it("owns every version of its kinds", () => {
    expect(spec.customresourcedefinitions).toEqual({
      owned: [
        { name: "things.example.com", version: "v1", kind: "Thing" },
        { name: "things.example.com", version: "v1beta1", kind: "Thing" },
      ],
    });
  });

  it("leaves to OLM what that makes itself, and the namespace to the Subscription", () => {
    expect(others.map(({ kind, metadata }) => `${kind} ${metadata.name} ${metadata.namespace}`)).toEqual([
      "ClusterRole for-all undefined",
      "ClusterRoleBinding for-all undefined",
      "ConfigMap settings undefined",
      "CustomResourceDefinition things.example.com undefined",
    ]);
  });

  it("has one file for each object, and annotations that say where they are", () => {
    const files = bundleFiles(facts, manifests);
    expect([...files.keys()].filter((file) => file.startsWith("manifests/"))).toHaveLength(5);
    expect(parse(files.get("metadata/annotations.yaml") ?? "").annotations).toMatchObject({
      "operators.operatorframework.io.bundle.manifests.v1": "manifests/",
      "operators.operatorframework.io.bundle.package.v1": "thing-operator",
    });
  });
});

describe("the catalog", () => {
  const offer: Offer = {
    name: "thing-operator",
    displayName: "Things",
    defaultChannel: "latest",
    channels: { latest: "1.2.3", "1.1": "1.1.9", "1.2": "1.2.3" },
    manifests: () => manifests,
  };
  const documents = fileBasedCatalog([offer])
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const of = (schema: string) => documents.filter((document) => document.schema === schema);

  it("offers in each channel its one version, which takes the place of all older ones", () => {
    expect(of("olm.channel").map(({ name, entries }) => [name, entries])).toEqual([
      ["latest", [{ name: "thing-operator.v1.2.3", skipRange: "<1.2.3" }]],
      ["1.1", [{ name: "thing-operator.v1.1.9", skipRange: "<1.1.9" }]],
      ["1.2", [{ name: "thing-operator.v1.2.3", skipRange: "<1.2.3" }]],
    ]);
  });

  it("has each version's bundle once, with its image and what it owns", () => {
    expect(of("olm.bundle").map(({ name, image }) => [name, image])).toEqual([
      ["thing-operator.v1.2.3", bundleImage("thing-operator", "1.2.3")],
      ["thing-operator.v1.1.9", bundleImage("thing-operator", "1.1.9")],
    ]);
    expect(of("olm.bundle")[0].properties).toContainEqual({
      type: "olm.gvk",
      value: { group: "example.com", version: "v1beta1", kind: "Thing" },
    });
  });

  it("has one default channel for each package, which is one of its own", () => {
    const [declared] = fileBasedCatalog([efsOffer])
      .split("\n")
      .map((line) => (line ? JSON.parse(line) : {}));
    expect(Object.keys(efsOffer.channels)).toContain(declared.defaultChannel);
  });
});

describe("the images of operators", () => {
  it("have manifests that their users, who are not root, can read, whoever built the toolchain for himself alone", async () => {
    const home = mkdtempSync(join(tmpdir(), "operators-home-"));
    const cluster = join(home, "cache", "share", "cluster");
    const deep = join(cluster, "operator", "kodata", "tekton-pipeline");
    mkdirSync(deep, { recursive: true, mode: 0o700 });
    writeFileSync(join(cluster, "versions"), "operator v0.81.0\noperator-lifecycle-manager v0.42.0\n");
    writeFileSync(join(cluster, "operator", "operator.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\n");
    writeFileSync(join(deep, "release.yaml"), "", { mode: 0o600 });
    for (const folder of [deep, join(deep, "..")]) chmodSync(folder, 0o700);
    vi.stubEnv("OPENSHIFT_MULTIARCH_HOME", home);
    vi.resetModules();
    try {
      const { operatorImages } = await import("../../../rehearsal/images/operators/recipes");
      const layer = operatorImages()
        .flatMap(({ members }) => members.flatMap(({ layers }) => layers))
        .find(({ name }) => name === "kodata");
      const root = join(home, "root");
      await layer?.make(root, {} as Parameters<typeof layer.make>[1]);
      const data = join(root, "var", "run", "ko");
      const modes = ["", "tekton-pipeline", "tekton-pipeline/release.yaml"].map((path) => statSync(join(data, path)).mode & 0o777);
      expect(modes.map((mode) => mode.toString(8))).toEqual(["755", "755", "644"]);
    } finally {
      vi.unstubAllEnvs();
      rmSync(home, { recursive: true });
    }
  });
});
