import { describe, expect, it } from "vitest";
import { operatorVerdict } from "../../cluster/operator-ready";

const name = "openshift-pipelines-operator-rh.v1.20.0";
const served = { missing: [] };

describe("an operator", () => {
  it("is ready once its version succeeded and its API is served", () => {
    expect(operatorVerdict({ subscription: { installedCSV: name }, version: { phase: "Succeeded" }, ...served })).toEqual({
      kind: "ready",
    });
  });

  it("waits for the API although the version succeeded", () => {
    const state = { subscription: { installedCSV: name }, version: { phase: "Succeeded" }, missing: ["tektonconfigs.operator.tekton.dev"] };
    expect(operatorVerdict(state)).toEqual({ kind: "waiting", why: "the API server does not serve tektonconfigs.operator.tekton.dev" });
  });

  it("waits while OLM installs, and says what", () => {
    expect(operatorVerdict({ subscription: { currentCSV: name }, ...served })).toEqual({ kind: "waiting", why: `OLM installs ${name}` });
    expect(operatorVerdict({ ...served }).kind).toBe("waiting");
  });

  it("waits while a version fails, as OLM tries again, and gives its message", () => {
    const state = { subscription: { installedCSV: name }, version: { phase: "Failed", message: "install strategy failed" }, ...served };
    expect(operatorVerdict(state)).toEqual({ kind: "waiting", why: `${name} is Failed: install strategy failed` });
  });

  it("fails at once when the Subscription cannot be resolved", () => {
    const conditions = [{ type: "ResolutionFailed", status: "True", message: "no operators found in channel lates" }];
    expect(operatorVerdict({ subscription: { conditions }, ...served })).toEqual({
      kind: "failed",
      why: "OLM cannot resolve the Subscription: no operators found in channel lates",
    });
  });
});
