import { generateKeyPairSync } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { chainsConfig, makesKey, publicKeyOf, type SigningState, signingVerdict } from "../../cluster/signing";
import { type ApiServer, apiServer, authority, kubeconfig, runCommand } from "./api-server";

const wanted = chainsConfig(true, "multiarch.example.com");
const base64 = (text: string) => Buffer.from(text).toString("base64");
const pair = () =>
  generateKeyPairSync("ec", {
    namedCurve: "P-256",
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
const [operators, users] = [pair(), pair()];

const at = (seconds: number) => new Date(1_700_000_000_000 + seconds * 1000).toISOString();
const made = { "cosign.key": base64("encrypted"), "cosign.password": base64("password"), "cosign.pub": base64(operators.publicKey) };
const secret = (data: Record<string, string>, changed = 0) => ({
  data,
  metadata: { managedFields: [{ time: at(-500) }, { time: at(changed) }] },
});
const pod = (started: number, ready = "True", deletionTimestamp?: string) => ({
  metadata: { name: `started-${started}`, deletionTimestamp },
  status: { startTime: at(started), conditions: [{ type: "Ready", status: ready }] },
});
const state = (more: Partial<SigningState> = {}): SigningState => ({
  secret: secret(made),
  config: { data: wanted },
  pods: [pod(10)],
  ...more,
});

describe("what Chains is told", () => {
  it("is to sign images, and to store the provenance of whole runs beside them, in the format of SLSA 1.0", () => {
    expect(wanted).toEqual({
      "artifacts.taskrun.storage": "",
      "artifacts.pipelinerun.format": "slsa/v2alpha3",
      "artifacts.pipelinerun.storage": "oci",
      "artifacts.oci.format": "simplesigning",
      "artifacts.oci.storage": "oci",
      "transparency.enabled": "false",
      "builder.id": "https://multiarch.example.com/openshift-pipelines",
    });
  });

  it("is to store nothing where images are not signed; it stays installed, and so does its key", () => {
    const off = chainsConfig(false, "multiarch.example.com");
    expect(Object.entries(off).filter(([name]) => name.endsWith(".storage"))).toEqual([
      ["artifacts.taskrun.storage", ""],
      ["artifacts.pipelinerun.storage", ""],
      ["artifacts.oci.storage", ""],
    ]);
    expect(makesKey).toEqual({ generateSigningSecret: true });
  });
});

describe("Chains", () => {
  const verdict = (given: SigningState, own?: string) => signingVerdict(wanted, own, given).look;

  it("signs with the operator's key when it has its settings and a controller that started with the key", () => {
    expect(verdict(state())).toEqual({ kind: "ready", value: operators.publicKey });
  });

  it("signs with the key that the user gave, whatever the operator made", () => {
    const given = state({ secret: secret({ ...made, "x509.pem": base64(users.privateKey) }) });
    expect(verdict(given, users.publicKey)).toEqual({ kind: "ready", value: users.publicKey });
  });

  // tektoncd/operator 0.74, pkg/reconciler/kubernetes/tektonchain/tektonchain.go
  it("signs with the key that operators before 1.20 made, or an administrator by hand", () => {
    const given = state({ secret: secret({ "x509.pem": base64(operators.privateKey), "x509-pub.pem": base64(operators.publicKey) }) });
    expect(verdict(given)).toEqual({ kind: "ready", value: operators.publicKey });
  });

  it("has its controllers start anew that are not younger than the key, once there is one", () => {
    const older = state({ pods: [pod(-300), pod(0), pod(-10, "True", at(5)), pod(1, "False")] });
    expect(signingVerdict(wanted, undefined, older)).toEqual({
      look: { kind: "waiting", why: "its controller starts anew, with the key" },
      restart: ["started--300", "started-0"],
    });
    expect(signingVerdict(wanted, undefined, { ...older, secret: secret({}) }).restart).toEqual([]);
    expect(signingVerdict(wanted, undefined, state({ pods: [pod(1)] }))).toEqual({
      look: { kind: "ready", value: operators.publicKey },
      restart: [],
    });
  });

  const without = (name: string) => Object.fromEntries(Object.entries(made).filter(([key]) => key !== name));
  it.each<[string, Partial<SigningState>, string?]>([
    [
      "its settings are not artifacts.taskrun.storage as wanted yet: the operator is at work",
      { config: { data: { ...wanted, "artifacts.taskrun.storage": "oci" } } },
    ],
    // Chains' own default for a setting that is not there is another one.
    [
      "its settings are not artifacts.taskrun.storage as wanted yet: the operator is at work",
      { config: { data: Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== "")) } },
    ],
    [`its settings are not ${Object.keys(wanted).join(", ")} as wanted yet: the operator is at work`, { config: undefined }],
    ["it has no key in the Secret signing-secrets yet: the operator makes one", { secret: undefined }],
    ["it has no key in the Secret signing-secrets yet: the operator makes one", { secret: secret({}) }],
    ["it has no key in the Secret signing-secrets yet: the operator makes one", { secret: secret(without("cosign.key")) }],
    ["it has no key in the Secret signing-secrets yet: the operator makes one", { secret: secret(without("cosign.pub")) }],
    ["it has no key in the Secret signing-secrets yet", {}, users.publicKey],
    [
      "its key in the Secret signing-secrets is not the one that was given",
      { secret: secret({ ...made, "x509.pem": base64(operators.privateKey) }) },
      users.publicKey,
    ],
    ["its controller does not run yet", { pods: [] }],
    ["its controller does not run yet", { pods: [pod(10, "False")] }],
    ["its controller does not run yet", { pods: [pod(10, "True", at(20))] }],
  ])("is waited for: %s", (why, more, own) => {
    expect(verdict(state(more), own)).toEqual({ kind: "waiting", why });
  });

  it("has a key whose public half is openssl's and cosign's form", () => expect(publicKeyOf(users.privateKey)).toBe(users.publicKey));
});

describe("the wait for Chains", () => {
  const ca = authority();
  let server: ApiServer | undefined;
  afterEach(() => server?.close());
  const core = "GET /api/v1/namespaces/openshift-pipelines";
  const run = () =>
    runCommand("cluster/signing-ready.ts", {
      KUBECONFIG_CONTENT: kubeconfig(`https://127.0.0.1:${server?.port}`, ca),
      NAMESPACE: "openshift-pipelines",
      SETTINGS: JSON.stringify(wanted),
      PUBLIC_KEY: "",
      SECONDS: "6",
    });

  it("prints the public key alone, once there is one and a controller that started with it", async () => {
    const pods = [pod(-300)];
    server = await apiServer(
      {
        [`${core}/secrets/signing-secrets`]: (count) => ({ body: secret(count === 1 ? {} : made) }),
        [`${core}/configmaps/chains-config`]: { body: { data: wanted } },
        [`${core}/pods`]: () => ({ body: { items: pods } }),
        [`${core.replace("GET", "DELETE")}/pods/started--300`]: () => {
          pods.splice(0, 1, pod(10));
          return { body: {} };
        },
      },
      ca.sign("api", "IP:127.0.0.1"),
    );
    expect(await run()).toEqual({
      status: 0,
      stdout: operators.publicKey,
      stderr:
        "Tekton Chains: it has no key in the Secret signing-secrets yet: the operator makes one\n" +
        "Tekton Chains: its controller starts anew, with the key\n",
    });
  });

  it("fails if there is none in time, and names no key", async () => {
    server = await apiServer({ [`${core}/pods`]: { body: { items: [] } } }, ca.sign("api", "IP:127.0.0.1"));
    const { status, stdout, stderr } = await run();
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("Tekton Chains: not ready after 6 s: its settings are not artifacts.taskrun.storage");
  });
});
