import { afterEach, describe, expect, it } from "vitest";
import { type Answers, type ApiServer, apiServer, authority, kubeconfig, runCommand } from "./api-server";

const ca = authority();
const identity = ca.sign("api", "IP:127.0.0.1");
let server: ApiServer | undefined;
afterEach(() => server?.close());

const claim = (namespace: string, name: string, storageClassName?: string) => ({
  metadata: { namespace, name },
  spec: { storageClassName },
});
const pod = (name: string, ...claims: string[]) => ({
  metadata: { name },
  spec: { volumes: [{ emptyDir: {} }, ...claims.map((claimName) => ({ persistentVolumeClaim: { claimName } }))] },
});
const volumes = (...classes: string[]) => ({ body: { items: classes.map((storageClassName) => ({ spec: { storageClassName } })) } });

const allClaims = "GET /api/v1/persistentvolumeclaims";
const allVolumes = "GET /api/v1/persistentvolumes";
/** Two claims of the class, in two namespaces, among others of other classes and of none. */
const cluster: Answers = {
  [allClaims]: {
    body: {
      items: [
        claim("builds", "run-1", "efs-csi"),
        claim("builds", "database", "gp3-csi"),
        claim("openshift-monitoring", "prometheus", "gp3-csi"),
        claim("builds", "by-hand"),
        claim("other", "run-2", "efs-csi"),
      ],
    },
  },
  "GET /api/v1/namespaces/builds/pods": {
    body: { items: [pod("builder", "run-1"), pod("postgres", "database"), pod("idle"), { metadata: { name: "bare" }, spec: {} }] },
  },
  "GET /api/v1/namespaces/other/pods": { body: { items: [] } },
  "DELETE /api/v1/namespaces/builds/pods/builder": {},
  "DELETE /api/v1/namespaces/builds/persistentvolumeclaims/run-1": {},
  "DELETE /api/v1/namespaces/other/persistentvolumeclaims/run-2": {},
  [allVolumes]: (count) => (count < 3 ? volumes("efs-csi", "gp3-csi") : volumes("gp3-csi")),
};

async function drain(answers: Answers, seconds = 20) {
  server = await apiServer(answers, identity);
  const env = {
    KUBECONFIG_CONTENT: kubeconfig(`https://127.0.0.1:${server.port}`, ca),
    STORAGE_CLASS: "efs-csi",
    SECONDS: String(seconds),
  };
  const ended = await runCommand("cluster/drain-claims.ts", env);
  return { ...ended, deleted: server.calls.filter((call) => call.startsWith("DELETE")) };
}

describe("draining", () => {
  it("deletes the claims of its class and the pods that hold them, nothing else, and waits until their volumes are gone", async () => {
    const { status, stderr, deleted } = await drain(cluster);
    expect(deleted).toEqual([
      "DELETE /api/v1/namespaces/builds/pods/builder?gracePeriodSeconds=0",
      "DELETE /api/v1/namespaces/builds/persistentvolumeclaims/run-1",
      "DELETE /api/v1/namespaces/other/persistentvolumeclaims/run-2",
    ]);
    expect(server?.calls.filter((call) => call === allVolumes).length).toBe(3);
    expect(stderr.trim().split("\n")).toEqual([
      "deleting the claim builds/run-1",
      "deleting the claim other/run-2",
      "waiting until 1 volumes of efs-csi are gone",
    ]);
    expect(status).toBe(0);
  });

  it("waits out an API server that is starting or overloaded", async () => {
    const late: Answers = {
      ...cluster,
      [allClaims]: (count) => (count === 1 ? { status: 503, body: { message: "starting" } } : (cluster[allClaims] as object)),
      "DELETE /api/v1/namespaces/builds/persistentvolumeclaims/run-1": (count) => (count === 1 ? { status: 429 } : {}),
      [allVolumes]: (count) => (count === 1 ? "hang up" : volumes()),
    };
    const { status, stderr, deleted } = await drain(late);
    expect(new Set(deleted).size).toBe(3);
    expect(stderr).toContain("starting\n");
    expect(stderr).not.toContain("goes with the file system");
    expect(status).toBe(0);
  });

  it("says that volumes are left when its time is up, and lets the destruction go on", async () => {
    const { status, stderr } = await drain({ ...cluster, [allVolumes]: volumes("efs-csi", "efs-csi") }, 2);
    expect(stderr).toContain("2 volumes of efs-csi are still there after 2 s; they go with the file system\n");
    expect(status).toBe(0);
  });

  it("says that the cluster does not answer only if it does not", async () => {
    const { status, stderr } = await drain({ [allClaims]: "hang up" }, 1);
    expect(stderr).toMatch(/the cluster does not answer \(.*cannot be reached.*\); what is left of efs-csi goes with the file system\n$/);
    expect(status).toBe(0);
  });

  it("deletes a claim that a run has made meanwhile", async () => {
    const late = claim("builds", "run-3", "efs-csi");
    const { status, deleted } = await drain({
      ...cluster,
      [allClaims]: (count) => ({ body: { items: count === 1 ? [] : [late] } }),
      "DELETE /api/v1/namespaces/builds/persistentvolumeclaims/run-3": {},
    });
    expect(deleted).toEqual(["DELETE /api/v1/namespaces/builds/persistentvolumeclaims/run-3"]);
    expect(status).toBe(0);
  });

  it("lets the destruction go on with a kubeconfig that leads nowhere", async () => {
    const { status, stderr } = await runCommand("cluster/drain-claims.ts", {
      KUBECONFIG_CONTENT: "{}",
      STORAGE_CLASS: "efs-csi",
      SECONDS: "1",
    });
    expect(stderr).toMatch(
      /^the claims cannot be deleted \(the kubeconfig has no current context.*\); what is left of efs-csi goes with the file system\n$/,
    );
    expect(status).toBe(0);
  });

  it("tells a refusal as what it is", async () => {
    const { status, stderr } = await drain({ [allClaims]: { status: 401, body: { message: "Unauthorized" } } });
    expect(stderr).toBe("the claims cannot be deleted (Unauthorized); what is left of efs-csi goes with the file system\n");
    expect(status).toBe(0);
  });

  it("goes on with the next claim when one cannot be deleted", async () => {
    const { status, stderr, deleted } = await drain({
      ...cluster,
      "DELETE /api/v1/namespaces/builds/persistentvolumeclaims/run-1": { status: 403, body: { message: "a policy forbids it" } },
    });
    expect(stderr).toContain("the claim builds/run-1 stays: a policy forbids it\n");
    expect(deleted).toContain("DELETE /api/v1/namespaces/other/persistentvolumeclaims/run-2");
    expect(status).toBe(0);
  });

  it("does not run without knowing its class", async () => {
    const { status, stderr } = await runCommand("cluster/drain-claims.ts", {
      KUBECONFIG_CONTENT: kubeconfig("https://127.0.0.1:1", ca),
      STORAGE_CLASS: "",
      SECONDS: "1",
    });
    expect({ status, stderr }).toEqual({ status: 1, stderr: "STORAGE_CLASS is not set\n" });
  });
});
