import { afterEach, describe, expect, it } from "vitest";
import { flagsVerdict } from "../../cluster/feature-flags-ready";
import { type ApiServer, apiServer, authority, kubeconfig, runCommand } from "./api-server";

const flags = ["coschedule=disabled", "set-security-context=false"];

describe("Tekton's flags", () => {
  it("are there when every one has its value", () => {
    const data = { coschedule: "disabled", "set-security-context": "false", "results-from": "termination-message" };
    expect(flagsVerdict(flags, data)).toMatchObject({ kind: "ready" });
  });

  it.each<[string, Record<string, string> | undefined]>([
    ["it is not there yet", undefined],
    ["it does not have coschedule=disabled, set-security-context=false yet: the operator is at work", {}],
    ["it does not have coschedule=disabled yet: the operator is at work", { coschedule: "workspaces", "set-security-context": "false" }],
    [
      "it does not have set-security-context=false yet: the operator is at work",
      { coschedule: "disabled", "set-security-context": "true" },
    ],
  ])("are waited for: %s", (why, data) => {
    expect(flagsVerdict(flags, data)).toEqual({ kind: "waiting", why });
  });
});

describe("the wait for Tekton's flags", () => {
  const ca = authority();
  let server: ApiServer | undefined;
  afterEach(() => server?.close());
  const path = "GET /api/v1/namespaces/openshift-pipelines/configmaps/feature-flags";
  const run = () =>
    runCommand("cluster/feature-flags-ready.ts", {
      KUBECONFIG_CONTENT: kubeconfig(`https://127.0.0.1:${server?.port}`, ca),
      NAMESPACE: "openshift-pipelines",
      FLAGS: flags.join(" "),
      SECONDS: "2",
    });

  it("ends once the ConfigMap has them", async () => {
    const data = (coschedule: string) => ({ body: { data: { coschedule, "set-security-context": "false" } } });
    server = await apiServer(
      { [path]: (count) => (count === 1 ? { status: 404 } : data(count === 2 ? "workspaces" : "disabled")) },
      ca.sign("api", "IP:127.0.0.1"),
    );
    expect(await run()).toEqual({
      status: 0,
      stdout: "",
      stderr:
        "ConfigMap openshift-pipelines/feature-flags: it is not there yet\n" +
        "ConfigMap openshift-pipelines/feature-flags: it does not have coschedule=disabled yet: the operator is at work\n",
    });
  });

  it("fails if they never come", async () => {
    server = await apiServer({ [path]: { body: { data: {} } } }, ca.sign("api", "IP:127.0.0.1"));
    const { status, stderr } = await run();
    expect(status).toBe(1);
    expect(stderr).toContain("ConfigMap openshift-pipelines/feature-flags: not ready after 2 s: it does not have coschedule=disabled");
  });
});
