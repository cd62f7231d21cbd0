import { describe, expect, it } from "vitest";
import {
  believedAfterSeconds,
  type Condition,
  type OperatorState,
  operatorVerdict,
  unresolvable,
  type Wanted,
} from "../../cluster/operator-state";

const name = "openshift-pipelines-operator-rh.v1.24.0";
const old = "openshift-pipelines-operator-rh.v1.20.5";
const package_ = "openshift-pipelines-operator-rh";
const wanted: Wanted = {
  namespace: "openshift-operators",
  subscription: package_,
  channel: "pipelines-1.24",
  serves: ["tektonconfigs.operator.tekton.dev"],
  makes: "operator.tekton.dev/v1alpha1/tektonconfigs/config",
};
const channels = { latest: [name], "pipelines-1.24": [name], "pipelines-1.20": [old] };
const isTrue = (type: string, reason?: string, message?: string): Condition => ({ type, status: "True", reason, message });
const installed = (csv: string, ...conditions: Condition[]) => ({ installedCSV: csv, currentCSV: csv, state: "AtLatestKnown", conditions });
const ready: OperatorState = {
  subscription: installed(name),
  channels,
  version: { phase: "Succeeded" },
  missing: [],
  made: [isTrue("Ready")],
};
const verdict = (state: Partial<OperatorState>, seconds = 0, of = wanted) => operatorVerdict(of, { ...ready, ...state }, seconds);
const waiting = (why: string) => ({ kind: "waiting", why });

describe("an operator", () => {
  it("is ready once its version succeeded, its API is served and what it makes by itself is Ready", () => {
    expect(verdict({})).toEqual({ kind: "ready", value: name });
    expect(verdict({ made: undefined }, 0, { ...wanted, makes: undefined })).toEqual({ kind: "ready", value: name });
    expect(verdict({ channels: undefined })).toEqual({ kind: "ready", value: name });
  });

  it("waits for the API although the version succeeded", () => {
    const missing = ["tektonconfigs.operator.tekton.dev", "tektonpipelines.operator.tekton.dev"];
    expect(verdict({ missing })).toEqual(waiting(`the API server does not serve ${missing.join(", ")}`));
  });

  it("waits for the object that it makes, and then for that to be Ready", () => {
    const config = "operator.tekton.dev/v1alpha1/tektonconfigs/config";
    expect(verdict({ made: undefined })).toEqual(waiting(`${config} is not there: the operator makes it once it runs`));
    expect(verdict({ made: [] })).toEqual(waiting(`${config} is not Ready`));
    const made = [isTrue("PreInstall"), { type: "Ready", status: "False", message: "Components not ready" }];
    expect(verdict({ made })).toEqual(waiting(`${config} is not Ready: Components not ready`));
  });

  it("waits while OLM installs, and says what and why", () => {
    expect(verdict({ subscription: undefined })).toEqual(waiting("OLM installs the operator"));
    expect(verdict({ subscription: { currentCSV: name } })).toEqual(waiting(`OLM installs ${name}`));
    const conditions = [
      isTrue("CatalogSourcesUnhealthy", "UnhealthyCatalogSourceFound"),
      { type: "ResolutionFailed", status: "False", message: "long ago" },
      isTrue("InstallPlanPending", "RequiresApproval"),
      isTrue("SomethingElse", "x"),
    ];
    expect(verdict({ subscription: { currentCSV: name, conditions } })).toEqual(
      waiting(`OLM installs ${name} (InstallPlanPending: RequiresApproval)`),
    );
    expect(verdict({ subscription: { conditions: [isTrue("BundleUnpacking")] } })).toEqual(
      waiting("OLM installs the operator (BundleUnpacking: no reason given)"),
    );
    expect(verdict({ subscription: { conditions: conditions.slice(0, 1) } })).toEqual(
      waiting("OLM installs the operator (CatalogSourcesUnhealthy: UnhealthyCatalogSourceFound)"),
    );
  });

  it("waits while a version fails, as OLM tries again, and gives its message", () => {
    expect(verdict({ version: { phase: "Failed", message: "install strategy failed" } })).toEqual(
      waiting(`${name} is Failed: install strategy failed`),
    );
    expect(verdict({ version: undefined })).toEqual(waiting(`${name} is unknown`));
  });
});

describe("a Subscription that OLM cannot resolve", () => {
  const message = `constraints not satisfiable: no operators found in channel pipelines-1.17 of package ${package_} in the catalog referenced by subscription ${package_}, subscription ${package_} exists`;
  const unsatisfiable = isTrue("ResolutionFailed", "ConstraintsNotSatisfiable", message);
  const why = `OLM cannot resolve the Subscription: ${message}; channels of ${package_}: latest, pipelines-1.20, pipelines-1.24`;
  const fresh = { conditions: [unsatisfiable] };

  it("fails once OLM has said so for more than a minute, with OLM's words and the channels that there are", () => {
    expect(verdict({ subscription: fresh }, 0)).toEqual(waiting(why));
    expect(verdict({ subscription: fresh }, believedAfterSeconds - 1)).toEqual(waiting(why));
    expect(verdict({ subscription: fresh }, believedAfterSeconds)).toEqual({ kind: "failed", why });
    expect(believedAfterSeconds).toBeGreaterThanOrEqual(60);
    expect(believedAfterSeconds).toBeLessThanOrEqual(120);
    expect(verdict({ subscription: fresh, channels: undefined }, 120)).toEqual({
      kind: "failed",
      why: `OLM cannot resolve the Subscription: ${message}`,
    });
  });

  it("waits for as long as a catalog cannot be reached", () => {
    const error = isTrue("ResolutionFailed", "ErrorPreventedResolution", "failed to populate resolver cache from source redhat-operators");
    expect(verdict({ subscription: { conditions: [error] } }, 1000)).toEqual(
      waiting("OLM installs the operator (ResolutionFailed: failed to populate resolver cache from source redhat-operators)"),
    );
  });

  it("is none if it is installed and another Subscription of its namespace cannot be resolved, or a catalog not be reached", () => {
    const other = "constraints not satisfiable: no operators found in package x in the catalog referenced by subscription another";
    for (const reason of ["ConstraintsNotSatisfiable", "ErrorPreventedResolution"]) {
      expect(verdict({ subscription: installed(name, isTrue("ResolutionFailed", reason, other)) }, 1000)).toEqual({
        kind: "ready",
        value: name,
      });
    }
  });

  it("is none once the condition has gone", () => {
    expect(unresolvable(wanted, { ...ready, subscription: { conditions: [{ ...unsatisfiable, status: "False" }] } })).toBeUndefined();
  });
});

describe("a changed channel", () => {
  const before = { subscription: installed(old) };

  it("is awaited: until its version is installed, the one from before does not count", () => {
    expect(verdict(before)).toMatchObject({ kind: "waiting" });
    expect(verdict({ subscription: { installedCSV: old, currentCSV: name } })).toEqual(waiting(`OLM replaces ${old} by ${name}`));
    const unpacking = installed(old, isTrue("BundleUnpacking", "UnpackingInProgress"));
    expect(verdict({ subscription: unpacking }, 1000)).toEqual(
      waiting(`OLM looks for the successor of ${old} in the channel pipelines-1.24 (BundleUnpacking: UnpackingInProgress)`),
    );
    expect(verdict({})).toEqual({ kind: "ready", value: name });
  });

  it("fails after more than a minute without a successor, as OLM never goes back", () => {
    const back = { ...wanted, channel: "pipelines-1.20" };
    expect(verdict({}, believedAfterSeconds - 1, back)).toMatchObject({ kind: "waiting" });
    expect(verdict({}, believedAfterSeconds, back)).toEqual({
      kind: "failed",
      why:
        `OLM keeps ${name}: in the channel pipelines-1.20 there is nothing that replaces it, and OLM never goes back to an older version; ` +
        `channels of ${package_}: latest, pipelines-1.20, pipelines-1.24`,
    });
  });

  it("fails if there is no such channel, although the operator goes on", () => {
    const message = `constraints not satisfiable: no operators found in channel nope of package ${package_} in the catalog referenced by subscription ${package_}`;
    const subscription = installed(name, isTrue("ResolutionFailed", "ConstraintsNotSatisfiable", message));
    expect(verdict({ subscription }, 1000, { ...wanted, channel: "nope" })).toMatchObject({ kind: "failed" });
  });
});
