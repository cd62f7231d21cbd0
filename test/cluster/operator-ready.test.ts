import { afterEach, describe, expect, it } from "vitest";
import { KubernetesApi } from "../../cluster/kubernetes-api";
import { observe, type Wanted } from "../../cluster/operator-state";
import { type Answers, type ApiServer, apiServer, authority, kubeconfig, runCommand } from "./api-server";

const ca = authority();
const identity = ca.sign("api", "IP:127.0.0.1");
let server: ApiServer | undefined;
afterEach(() => server?.close());

const csv = "efs.v4.19.0";
const olm = "GET /apis/operators.coreos.com/v1alpha1/namespaces/drivers";
const crds = "GET /apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const manifest = "GET /apis/packages.operators.coreos.com/v1/namespaces/openshift-marketplace/packagemanifests/efs";
const config = "GET /apis/operator.tekton.dev/v1alpha1/tektonconfigs/config";
const wanted: Wanted = {
  namespace: "drivers",
  subscription: "efs",
  channel: "stable",
  serves: ["a.example.com", "b.example.com"],
  makes: "operator.tekton.dev/v1alpha1/tektonconfigs/config",
};
const established = {
  body: {
    status: {
      conditions: [
        { type: "NamesAccepted", status: "True" },
        { type: "Established", status: "True" },
      ],
    },
  },
};
const status = { installedCSV: csv, currentCSV: csv };
const conditions = [{ type: "Ready", status: "True" }];
const cluster: Answers = {
  [`${olm}/subscriptions/efs`]: { body: { status } },
  [`${olm}/clusterserviceversions/${csv}`]: { body: { status: { phase: "Succeeded" } } },
  [`${crds}/a.example.com`]: established,
  [`${crds}/b.example.com`]: established,
  [manifest]: { body: { status: { channels: [{ name: "stable", currentCSV: csv, entries: [{ name: csv }, { name: "efs.v4.18.0" }] }] } } },
  [config]: { body: { status: { conditions } } },
};

async function serve(answers: Answers): Promise<string> {
  server = await apiServer(answers, identity);
  return kubeconfig(`https://127.0.0.1:${server.port}`, ca);
}
const look = async (answers: Answers) => observe(new KubernetesApi(await serve({ ...cluster, ...answers })), wanted);

describe("what is known about an operator", () => {
  it("comes from its Subscription, its version, its CRDs, its package and the object that it makes", async () => {
    expect(await look({})).toEqual({
      subscription: status,
      version: { phase: "Succeeded" },
      channels: { stable: [csv, csv, "efs.v4.18.0"] },
      missing: [],
      made: conditions,
    });
  });

  it("is nothing at first", async () => {
    expect(await observe(new KubernetesApi(await serve({})), wanted)).toEqual({
      subscription: undefined,
      version: undefined,
      channels: undefined,
      missing: ["a.example.com", "b.example.com"],
    });
    expect(server?.calls).not.toContain(config);
  });

  it("lacks a CRD that is there and not served yet", async () => {
    // The first condition that the API server sets is that of the names.
    const notYet = {
      conditions: [
        { type: "NamesAccepted", status: "True" },
        { type: "Established", status: "False" },
      ],
    };
    for (const status of [notYet, {}]) {
      expect((await look({ [`${crds}/b.example.com`]: { body: { status } } })).missing).toEqual(["b.example.com"]);
      await server?.close();
    }
  });

  it("tells an object without a status from none", async () => {
    expect((await look({ [config]: { body: {} } })).made).toEqual([]);
    await server?.close();
    expect((await look({ [config]: { status: 404 } })).made).toBeUndefined();
  });

  it("does without the package server, but not without the API server", async () => {
    for (const answer of [{ status: 503 }, { body: {} }]) {
      expect((await look({ [manifest]: answer })).channels).toBeUndefined();
      await server?.close();
    }
    await expect(look({ [`${olm}/subscriptions/efs`]: { status: 503 } })).rejects.toMatchObject({ status: 503 });
  });
});

describe("the wait for an operator", () => {
  const run = async (answers: Answers, more: Record<string, string> = {}) => {
    const env = {
      NAMESPACE: "drivers",
      SUBSCRIPTION: "efs",
      CHANNEL: "stable",
      SERVES: "a.example.com b.example.com",
      MAKES: "",
      SECONDS: "60",
    };
    return runCommand("cluster/operator-ready.ts", { KUBECONFIG_CONTENT: await serve({ ...cluster, ...answers }), ...env, ...more });
  };

  it("ends with the name of the version, after an API server that was away has come back", async () => {
    const { status, stdout, stderr } = await run({
      [`${olm}/subscriptions/efs`]: (count) =>
        count === 1
          ? "hang up"
          : count === 2
            ? { status: 503, body: { message: "starting" } }
            : { body: count === 3 ? {} : { status: { installedCSV: csv, currentCSV: csv } } },
    });
    expect({ status, stdout }).toEqual({ status: 0, stdout: `${csv}\n` });
    expect(stderr.trim().split("\n")).toEqual([
      expect.stringMatching(/^Subscription drivers\/efs: the API server .* cannot be reached/),
      "Subscription drivers/efs: starting",
      "Subscription drivers/efs: OLM installs the operator",
    ]);
  });

  it("fails when its time is up, with what it waited for", async () => {
    const { status, stdout, stderr } = await run({ [config]: { status: 404 } }, { SECONDS: "1", MAKES: wanted.makes ?? "" });
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr.trim().split("\n").at(-1)).toBe(
      "Subscription drivers/efs: not ready after 1 s: operator.tekton.dev/v1alpha1/tektonconfigs/config is not there: the operator makes it once it runs",
    );
  });

  it("fails at a refusal that is final", async () => {
    const { status, stderr } = await run({ [`${olm}/subscriptions/efs`]: { status: 401, body: { message: "Unauthorized" } } });
    expect({ status, stderr }).toEqual({ status: 1, stderr: "Subscription drivers/efs: Unauthorized\n" });
  });

  it.each(["KUBECONFIG_CONTENT", "NAMESPACE", "SUBSCRIPTION", "CHANNEL", "SECONDS"])("does not begin without %s", async (name) => {
    const { status, stderr } = await run({}, { [name]: "" });
    expect({ status, stderr }).toEqual({ status: 1, stderr: `${name} is not set\n` });
  });
});
