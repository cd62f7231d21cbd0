import { describe, expect, it } from "vitest";
import {
  catalogName,
  catalogNamespace,
  clusterServiceVersion,
  csvName,
  packageOfCsv,
  packages,
} from "../../../../rehearsal/cluster/operators/catalog";
import {
  type CsvStatus,
  installCheck,
  isAway,
  isNewer,
  isSettled,
  namespaceFailure,
  nextPhase,
  type OperatorGroup,
  outage,
  resolve,
  type Subscription,
  type SubscriptionSpec,
  withConditions,
} from "../../../../rehearsal/cluster/operators/olm-decisions";

const catalogs = new Set([`${catalogNamespace}/${catalogName}`]);
const pipelines = "openshift-pipelines-operator-rh";
const efs = packages.find(({ name }) => name === "aws-efs-csi-driver-operator");
if (!efs) throw new Error("the catalog lost the EFS operator");

const subscription = (spec: Partial<SubscriptionSpec> = {}): Subscription => ({
  apiVersion: "operators.coreos.com/v1alpha1",
  kind: "Subscription",
  metadata: { name: "mine", namespace: "openshift-operators" },
  spec: { source: catalogName, sourceNamespace: catalogNamespace, name: pipelines, ...spec },
});

const group = (spec: OperatorGroup["spec"] = {}, namespace = "openshift-cluster-csi-drivers"): OperatorGroup => ({
  apiVersion: "operators.coreos.com/v1",
  kind: "OperatorGroup",
  metadata: { name: "group", namespace },
  spec,
});

describe("resolving a Subscription", () => {
  it("takes the head of the channel, the default channel when none is named", () => {
    expect(resolve(subscription(), catalogs)).toMatchObject({ csv: `${pipelines}.v1.24.0`, approval: "Automatic" });
    expect(resolve(subscription({ channel: "pipelines-1.20" }), catalogs)).toMatchObject({ csv: `${pipelines}.v1.20.5` });
    expect(resolve(subscription({ installPlanApproval: "Manual" }), catalogs)).toMatchObject({ approval: "Manual" });
  });

  it.each<[string, Partial<SubscriptionSpec>, string]>([
    ["package", { name: "nope" }, "no operators found in package nope in the catalog referenced by subscription mine"],
    [
      "channel",
      { channel: "nope" },
      `no operators found in channel nope of package ${pipelines} in the catalog referenced by subscription mine`,
    ],
    [
      "source",
      { source: "nope" },
      "no operators found from catalog nope in namespace openshift-marketplace referenced by subscription mine",
    ],
    ["sourceNamespace", { sourceNamespace: "nope" }, "no operators found from catalog redhat-operators in namespace nope"],
    ["startingCSV", { startingCSV: "nope.v1" }, "no operators found with name nope.v1 in channel latest"],
  ])("cannot be satisfied with an unknown %s", (_, spec, message) => {
    expect(resolve(subscription(spec), catalogs)).toEqual({
      reason: "ConstraintsNotSatisfiable",
      message: expect.stringContaining(`constraints not satisfiable: ${message}`),
    });
  });

  it("takes every installPlanApproval but Manual for Automatic, as OLM does", () => {
    expect(resolve(subscription({ installPlanApproval: "manual" }), catalogs)).toMatchObject({ approval: "Automatic" });
  });

  it("keeps an installed version that the channel has nothing newer for", () => {
    const [old, head] = [`${pipelines}.v1.20.5`, `${pipelines}.v1.24.0`];
    expect(resolve(subscription({ channel: "latest" }), catalogs, old)).toMatchObject({ csv: head });
    expect(resolve(subscription({ channel: "pipelines-1.20" }), catalogs, head)).toMatchObject({ csv: head });
    expect(resolve(subscription({ channel: "nope" }), catalogs, head)).toMatchObject({ reason: "ConstraintsNotSatisfiable" });
  });

  it.each([
    ["a.v1.24.0", "a.v1.20.5", true],
    ["a.v1.9.0", "a.v1.20.5", false],
    ["a.v2.0.0", "a.v1.20.5", true],
    ["a.v1.20.5", "a.v1.20.5", false],
    ["a.v1.20.10", "a.v1.20.9", true],
  ])("takes %s for newer than %s: %s", (csv, than, expected) => {
    expect(isNewer(csv, than)).toBe(expected);
  });
});

describe("a namespace", () => {
  const good = resolve(subscription(), catalogs);
  const bad = resolve(subscription({ channel: "nope" }), catalogs);

  it("fails as a whole when one of its Subscriptions cannot be satisfied, or while a catalog is away", () => {
    expect(namespaceFailure([good, good], new Set())).toBeUndefined();
    expect(namespaceFailure([good, bad], new Set())).toBe(bad);
    expect(namespaceFailure([bad], catalogs)).toMatchObject({ reason: "ErrorPreventedResolution" });
    expect(namespaceFailure([good], catalogs)?.message).toContain("openshift-marketplace/redhat-operators: failed to list bundles");
  });

  it("is left alone while all of its plans are carried out", () => {
    const installPlanRef = { apiVersion: "", kind: "InstallPlan", name: "install-1", namespace: "" };
    const pending: Subscription = { ...subscription(), status: { state: "UpgradePending", installPlanRef } };
    expect(isSettled([pending, pending])).toBe(true);
    expect(isSettled([pending, subscription()])).toBe(false);
    expect(isSettled([{ ...pending, status: { state: "UpgradePending" } }])).toBe(false);
    expect(isSettled([{ ...pending, status: { state: "AtLatestKnown", installPlanRef } }])).toBe(false);
  });

  it("has a catalog that is away for a while from each outage on", () => {
    expect([999, 1000, 1000 + outage - 1, 1000 + outage, 5000].map((now) => isAway([1000, 5000], now))).toEqual([
      false,
      true,
      true,
      false,
      true,
    ]);
  });
});

describe("installing", () => {
  const none: ReadonlySet<string> = new Set();
  it("needs exactly one OperatorGroup in the namespace", () => {
    expect(installCheck([])).toBe("no operator group found that is managing this namespace");
    expect(installCheck([group(), group()])).toBe("more than one operator group(s) are managing this namespace count=2");
    expect(installCheck([group()])).toBeUndefined();
  });

  it("goes through OLM's phases to Succeeded and stays there", () => {
    const seen: string[] = [];
    let status: CsvStatus | undefined;
    for (let next = nextPhase(status, efs, [group()], none); next; next = nextPhase(status, efs, [group()], none)) {
      seen.push(next.phase);
      status = next;
    }
    expect(seen).toEqual(["Pending", "InstallReady", "Installing", "Succeeded"]);
  });

  it.each<[string, OperatorGroup[]]>([
    ["NoOperatorGroup", []],
    ["TooManyOperatorGroups", [group(), group()]],
    ["UnsupportedOperatorGroup", [group({ targetNamespaces: ["openshift-cluster-csi-drivers"] })]],
    ["UnsupportedOperatorGroup", [group({ targetNamespaces: ["a", "b"] })]],
  ])("fails with %s, even after it had succeeded", (reason, groups) => {
    const failed = nextPhase({ phase: "Succeeded" }, efs, groups, none);
    expect(failed).toMatchObject({ phase: "Failed", reason });
    expect(nextPhase(failed, efs, groups, none)).toBeUndefined();
  });

  it("starts over once the groups are in order", () => {
    expect(nextPhase({ phase: "Failed", reason: "NoOperatorGroup" }, efs, [group()], none)?.phase).toBe("Pending");
  });

  it("needs its own CRDs, before it is installed and ever after", () => {
    const offer = packages.find(({ name }) => name === pipelines);
    if (!offer) throw new Error("the catalog lost OpenShift Pipelines");
    const served = new Set(["tektonconfigs.operator.tekton.dev"]);
    const missing = nextPhase({ phase: "Pending", reason: "RequirementsUnknown" }, offer, [group()], none);
    expect(missing).toMatchObject({ phase: "Pending", reason: "RequirementsNotMet" });
    expect(nextPhase(missing, offer, [group()], none)).toBeUndefined();
    expect(nextPhase(missing, offer, [group()], served)).toMatchObject({ phase: "InstallReady" });
    const lost = nextPhase({ phase: "Succeeded" }, offer, [group()], none);
    expect(lost).toMatchObject({ phase: "Failed", reason: "RequirementsNotMet" });
    expect(nextPhase(lost, offer, [group()], none)).toBeUndefined();
    expect(nextPhase(lost, offer, [group()], served)).toMatchObject({ phase: "Pending" });
    expect(nextPhase({ phase: "Succeeded" }, offer, [group()], served)).toBeUndefined();
  });

  it("labels a CSV as OLM does and finds its package again", () => {
    const csv = clusterServiceVersion(efs, csvName(efs.name, "4.19.0"), "openshift-cluster-csi-drivers", "group");
    expect(csv.metadata.labels).toHaveProperty(["operators.coreos.com/aws-efs-csi-driver-operator.openshift-cluster-csi-drivers"]);
    expect(packageOfCsv(csv.metadata.name)).toBe(efs);
    expect(packageOfCsv("other.v1")).toBeUndefined();
  });
});

it("keeps the time of a condition whose status stays", () => {
  const before = withConditions(undefined, [{ type: "Ready", status: "False", reason: "A" }], "t1");
  expect(withConditions(before, [{ type: "Ready", status: "False", reason: "B" }], "t2")[0]).toMatchObject({
    reason: "B",
    lastTransitionTime: "t1",
  });
  expect(withConditions(before, [{ type: "Ready", status: "True" }], "t2")[0]).toMatchObject({ lastTransitionTime: "t2" });
});
