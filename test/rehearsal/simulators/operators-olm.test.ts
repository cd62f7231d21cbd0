import { describe, expect, it } from "vitest";
import {
  catalogName,
  catalogNamespace,
  clusterServiceVersion,
  csvName,
  packageOfCsv,
  packages,
} from "../../../rehearsal/simulators/operators/catalog";
import {
  type CsvStatus,
  installCheck,
  nextPhase,
  type OperatorGroup,
  resolve,
  type Subscription,
  type SubscriptionSpec,
  withConditions,
} from "../../../rehearsal/simulators/operators/olm-decisions";

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

  it("refuses an installPlanApproval that OLM would take for Automatic", () => {
    expect(resolve(subscription({ installPlanApproval: "automatic" }), catalogs)).toEqual({
      reason: "ErrorPreventedResolution",
      message: expect.stringContaining('"automatic"'),
    });
  });
});

describe("installing", () => {
  it("needs exactly one OperatorGroup in the namespace", () => {
    expect(installCheck([])).toBe("no operator group found that is managing this namespace");
    expect(installCheck([group(), group()])).toBe("more than one operator group(s) are managing this namespace count=2");
    expect(installCheck([group()])).toBeUndefined();
  });

  it("goes through OLM's phases to Succeeded and stays there", () => {
    const seen: string[] = [];
    let status: CsvStatus | undefined;
    for (let next = nextPhase(status, efs, [group()]); next; next = nextPhase(status, efs, [group()])) {
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
    const failed = nextPhase({ phase: "Succeeded" }, efs, groups);
    expect(failed).toMatchObject({ phase: "Failed", reason });
    expect(nextPhase(failed, efs, groups)).toBeUndefined();
  });

  it("starts over once the groups are in order", () => {
    expect(nextPhase({ phase: "Failed", reason: "NoOperatorGroup" }, efs, [group()])?.phase).toBe("Pending");
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
