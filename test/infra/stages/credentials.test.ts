import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { installConfig } from "../../../infra/install-config";
import { Bench, settings } from "./stage";

const bench = Bench.use();
const manual = {
  CREDENTIALS_MODE: "manual",
  AWS_SESSION_TOKEN: "session",
  INSTALL_CONFIG: JSON.stringify(
    installConfig(
      settings((cluster) => {
        cluster.credentialsMode = "manual";
      }),
    ),
  ),
};
const identity = (environment: Record<string, string | undefined> = {}) => bench.run("identity", { ...manual, ...environment });
const credentials = (environment: Record<string, string | undefined> = {}) =>
  bench.runFast("credentials", 0, {
    ...manual,
    INFRA_ID: "lab-x1y2z",
    CLUSTER_SETTINGS: JSON.stringify({ aws: { region: "eu-west-3" } }),
    PULL_SECRET: undefined,
    ...environment,
  });
const ccoctl = () =>
  bench
    .read("ccoctl-calls")
    .trim()
    .split("\n")
    .filter((call) => !call.endsWith("--help"));

describe("identity, where ccoctl makes the cluster's credentials", () => {
  it("reads what the release asks for, with the pull secret in a file that does not stay, and keeps the manifests for the next stage", async () => {
    const { code, stdout, stderr } = await identity();
    expect([code, stderr]).toEqual([0, expect.stringContaining("Reading which credentials the release asks for")]);
    expect(JSON.parse(stdout).fixed["cluster.credentialsMode"]).toBe("manual");
    expect(JSON.parse(bench.read("install-config.yaml")).credentialsMode).toBe("Manual");
    expect(
      bench
        .read("oc-calls")
        .replaceAll(bench.work, "WORK")
        .replace(/new\.\w+/g, "NEW"),
    ).toContain(
      "adm release extract --credentials-requests --included --install-config WORK/NEW/install-config.json --filter-by-os linux/amd64 --registry-config WORK/NEW/pull-secret.json --to WORK/NEW/requests quay.io/x@sha256:0\n",
    );
    expect(readdirSync(bench.home).sort()).toEqual([
      "assets",
      "identity.json",
      "manifests",
      "requests",
      "stream.json",
      "template.json",
      "untouched",
    ]);
    expect(readdirSync(join(bench.home, "requests")).sort()).toEqual(["0000_50_a.yaml", "aws-efs-csi-driver-operator.yaml"]);
    expect(existsSync(join(bench.home, "manifests/openshift"))).toBe(true);
    expect(existsSync(join(bench.stub, "ccoctl-calls")) && ccoctl()).toEqual([]);
  });

  it.each([
    [{ STUB_RELEASE: "1" }, "oc cannot read the release quay.io/x@sha256:0: error: unauthorized"],
    [{ STUB_RELEASE: "nothing" }, "The release quay.io/x@sha256:0 asks for no credentials on AWS"],
  ])("makes nothing when oc says %j", async (environment, message) => {
    const { code, stdout, stderr } = await identity(environment);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(message);
    expect(stderr).toContain("Nothing was created.");
    expect(readdirSync(bench.work)).toEqual(["identity.log"]);
  });

  it("goes on with a session that ends soon, and says so; with one whose end nobody knows, or that lasts, it says nothing", async () => {
    const ends = (minutes: number) => ({ AWS_CREDENTIAL_EXPIRATION: new Date(Date.now() + minutes * 60_000 + 30_000).toISOString() });
    const soon = await identity(ends(25));
    expect(soon.stderr).toContain(
      "the session of arn:aws:iam::123456789012:user/builder ends in 25 minutes, and an install takes up to 60",
    );
    expect(soon.code).toBe(0);
    expect((await identity(ends(90))).stderr).not.toContain("session");
    expect((await identity()).stderr).not.toContain("session");
  });
});

describe("credentials", () => {
  it("has ccoctl make them, and the installer's directory with what it wrote; the EFS driver's Secret is not in it", async () => {
    await identity();
    const { code, stdout, stderr } = await credentials();
    expect([code, stderr]).toEqual([0, expect.stringContaining("Making the cluster's IAM roles")]);
    expect(ccoctl()).toEqual([
      `aws create-all --name lab-x1y2z --region eu-west-3 --credentials-requests-dir ${bench.home}/requests --output-dir ${bench.home}/ccoctl`,
    ]);
    expect(bench.calls.at(-1)).toBe("create ignition-configs --dir DIR --log-level=info");
    const assets = join(bench.home, "assets");
    expect(readdirSync(join(assets, "manifests")).sort()).toEqual([
      "cluster-authentication-02-config.yaml",
      "openshift-machine-api-aws-cloud-credentials-credentials.yaml",
    ]);
    expect(readdirSync(join(assets, "tls"))).toEqual(["bound-service-account-signing-key.key"]);
    expect(existsSync(join(assets, "auth/kubeconfig"))).toBe(true);
    expect(Buffer.from(stdout, "base64")).toEqual(readFileSync(join(bench.home, "assets.tar.br")));
  });

  it("is done once", async () => {
    await identity();
    const { stdout } = await credentials();
    expect(await credentials()).toEqual({ code: 0, stdout, stderr: "" });
    expect(ccoctl()).toHaveLength(1);
  });

  it("removes what a try that was killed has left before it begins anew", async () => {
    await identity();
    await credentials();
    rmSync(join(bench.home, "assets.tar.br"));
    const { code, stderr } = await credentials();
    expect([code, stderr]).toEqual([0, expect.stringContaining("An earlier try may have left half of it")]);
    expect(ccoctl().map((call) => call.split(" ")[1])).toEqual(["create-all", "delete", "create-all"]);
  });

  it.each([
    [{ STUB_CCOCTL: "1" }, "ccoctl aws create-all ended with an error: AccessDenied: not authorized to perform: iam:CreateRole"],
    [
      { STUB_CCOCTL: "other-role" },
      "ccoctl made the role arn:aws:iam::123456789012:role/other-lab-x1y2z-openshift-cluster-csi-drivers-aws-efs-cloud-cred for the EFS CSI driver",
    ],
    [{ STUB_FAULT: "create ignition-configs=2" }, "openshift-install create ignition-configs ended with exit code 2"],
    [{ STUB_INFRA_ID: "lab-other" }, "openshift-install has given the cluster another name than lab-x1y2z"],
  ])("hands nothing on with %j, and says why", async (environment, message) => {
    await identity();
    const { code, stdout, stderr } = await credentials(environment);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(message);
    expect((await credentials()).code).toBe(0);
  });

  it("makes nothing with credentials of another account", async () => {
    await identity();
    bench.aws.id = "999999999999";
    const { code, stderr } = await credentials();
    expect([code, stderr]).toEqual([1, expect.stringContaining("openshift-install would make the cluster in 999999999999")]);
    expect(bench.calls.filter((call) => call.startsWith("create ignition"))).toHaveLength(1);
  });

  it("on another machine hands nothing on, makes nothing, and says where the manifests are", async () => {
    const { code, stdout, stderr } = await credentials();
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("The manifests of lab-x1y2z are on the machine where the cluster got its name");
    expect(existsSync(join(bench.stub, "ccoctl-calls"))).toBe(false);
  });

  it("on another machine prints nothing of a cluster that is there", async () => {
    bench.aws.machines = [{ id: "i-1", name: "lab-x1y2z-master-0", state: "running" }];
    expect(await credentials()).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(existsSync(join(bench.stub, "ccoctl-calls"))).toBe(false);
  });
});

describe("destroy, where ccoctl has made the cluster's credentials", () => {
  const destroy = (environment: Record<string, string> = {}, text = "") =>
    bench.runFast("destroy", 0, { ...manual, IDENTITY: text, ...environment });

  it("has ccoctl remove them when the cluster is gone", async () => {
    const { stdout } = await identity();
    const { code, stderr } = await destroy({}, stdout);
    expect([code, stderr]).toEqual([0, expect.stringContaining("the bucket of lab-x1y2z")]);
    expect(ccoctl()).toEqual(["aws delete --name lab-x1y2z --region eu-west-3"]);
    expect(readdirSync(bench.work)).not.toContain("ccoctl.log");
  });

  it("leaves them while the cluster is not gone", async () => {
    const { stdout } = await identity();
    expect((await destroy({ STUB_FAULT: "destroy cluster=1" }, stdout)).code).toBe(1);
    expect(ccoctl()).toEqual([]);
  });

  it("fails when ccoctl does", async () => {
    const { stdout } = await identity();
    const { code, stderr } = await destroy({ STUB_CCOCTL: "1" }, stdout);
    expect([code, stderr]).toEqual([1, expect.stringContaining("ccoctl aws delete ended with an error: AccessDenied")]);
  });

  it("fails when ccoctl ends well and AWS still has something", async () => {
    const { stdout } = await identity();
    bench.aws.buckets = ["lab-x1y2z-oidc"];
    const { code, stderr } = await destroy({}, stdout);
    expect(code).toBe(1);
    expect(stderr).toContain("Left in AWS: bucket lab-x1y2z-oidc: aws s3 rb s3://lab-x1y2z-oidc --force --region eu-west-3\n");
    expect(stderr).toContain("ccoctl has ended well, but AWS still has 1 objects of lab-x1y2z (see above). Run the same command again");
  });
});
