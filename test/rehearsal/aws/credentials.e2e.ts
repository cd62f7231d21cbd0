import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { efsCredentialsRequest, efsRoleArn } from "../../../infra/cloud-credentials";
import { installConfig } from "../../../infra/install-config";
import { places } from "../../../rehearsal/machine/places";
import { finished, pullSecret, settings } from "../../infra/stages/stage";
import { type RealInstaller, startInstaller } from "../installer/real-installer";
import { credentials } from "./aws-cli";
import { checkRights, region, userWith } from "./emulator";

/**
 * The stages of a cluster in whose AWS account ccoctl makes roles, with the product's own openshift-install and ccoctl, and with credentials of
 * an assumed role. Only what oc reads of a release is a stand-in's.
 */

// biome-ignore lint/suspicious/noExplicitAny: answers of several services
type Answer = any;
const checkout = join(__dirname, "../../..");
const version = "4.19.0";
let installer: RealInstaller;
let folder: string;
let session: Record<string, string>;

beforeAll(async () => {
  installer = await startInstaller();
  folder = mkdtempSync(join(tmpdir(), "credentials-"));
  const bin = join(folder, "bin");
  mkdirSync(bin);
  const program = (name: string, lines: readonly string[]) => {
    writeFileSync(join(bin, name), `#!/bin/bash\n${lines.join("\n")}\n`);
    chmodSync(join(bin, name), 0o755);
  };
  const ours = (file: string) => `exec node --require tsx/cjs ${join(checkout, "rehearsal/installer", file)} "$@"`;
  program("openshift-install", [
    // Half of its clients heed it; its addresses are in its files.
    "unset AWS_ENDPOINT_URL",
    `exec ${join(places.bin, "openshift-install")} "$@"`,
  ]);
  program("ccoctl", [`echo "$*" >>${join(folder, "ccoctl-calls")}`, ours("ccoctl.ts")]);
  program("oc", [
    `[[ "$1 $2 $3" == "adm release extract" ]] || exec ${join(places.bin, "oc")} "$@"`,
    "shift 3",
    ours("release-extract.ts"),
  ]);
  const { Credentials: keys } = (await installer.aws.ask("sts", "assume_role", {
    RoleArn: "arn:aws:iam::123456789012:role/deploy",
    RoleSessionName: "workflow",
  })) as { Credentials: Record<string, string> };
  session = {
    AWS_ACCESS_KEY_ID: keys.AccessKeyId ?? "",
    AWS_SECRET_ACCESS_KEY: keys.SecretAccessKey ?? "",
    AWS_SESSION_TOKEN: keys.SessionToken ?? "",
  };
}, 120_000);
afterAll(() => {
  installer?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const ask = (service: string, operation: string, params: object = {}): Promise<Answer> => installer.aws.ask(service, operation, params);
const config = () =>
  installConfig(
    settings((cluster) => {
      Object.assign(cluster, { credentialsMode: "manual", version, serviceEndpoints: installer.endpoints });
    }),
  );

/** A stage, as Pulumi runs it. Not in one go: the installer's way to the emulator is a server of this process. */
async function stage(name: string, environment: Record<string, string> = {}) {
  const child = spawn("bash", ["--norc", `infra/stages/${name}.sh`], {
    cwd: checkout,
    env: {
      ...process.env,
      ...credentials(installer.aws),
      ...installer.environment,
      ...session,
      AWS_REGION: region,
      PATH: `${join(folder, "bin")}:${process.env.PATH}`,
      XDG_CACHE_HOME: join(folder, "cache"),
      CLUSTER: "lab.example.com",
      OPENSHIFT_VERSION: version,
      OPENSHIFT_MIRROR: "https://mirror.example.com/openshift-v4/multi/clients/ocp/4.19.0",
      CREDENTIALS_MODE: "manual",
      AWS_ACCOUNT_ID: "123456789012",
      DESTROY_MINUTES: "10",
      ...environment,
    },
  });
  const { code, stdout, stderr } = await finished(child);
  return { status: code, stdout, stderr };
}

/** What the account has of ccoctl's. */
async function made() {
  const { Roles } = await ask("iam", "list_roles");
  const { OpenIDConnectProviderList: providers } = await ask("iam", "list_open_id_connect_providers");
  const { Buckets } = await ask("s3", "list_buckets");
  return {
    roles: Roles.map(({ RoleName }: Answer) => RoleName).sort() as string[],
    providers: providers.map(({ Arn }: Answer) => Arn) as string[],
    buckets: Buckets.map(({ Name }: Answer) => Name) as string[],
  };
}
const nothing = { roles: [], providers: [], buckets: [] };

/** The files of an ignition file below a folder, by their names. */
function filesOf(ignition: string, below: string): Map<string, string> {
  const { storage } = JSON.parse(ignition) as { storage: { files: { path: string; contents: { source: string } }[] } };
  return new Map(
    storage.files
      .filter(({ path }) => path.startsWith(below))
      .map(({ path, contents }) => [
        path.slice(below.length),
        Buffer.from(contents.source.slice(contents.source.indexOf(",") + 1), "base64").toString(),
      ]),
  );
}

describe("a cluster with cluster.credentialsMode manual", () => {
  let identity: Answer;
  let home: string;

  it("gets its name with a session's credentials, and nothing in AWS", async () => {
    const { status, stdout, stderr } = await stage("identity", { INSTALL_CONFIG: JSON.stringify(config()), PULL_SECRET: pullSecret });
    expect([status, stderr]).toEqual([0, expect.stringContaining("will be called lab-")]);
    identity = JSON.parse(stdout);
    home = join(folder, "cache/openshift-multiarch/lab.example.com", identity.infraId);
    expect(identity.fixed["cluster.credentialsMode"]).toBe("manual");
    expect(await made()).toEqual(nothing);
    // Those of the release whose capabilities and platform are the cluster's, and the EFS driver's.
    expect(readdirSync(join(home, "requests")).sort()).toEqual([
      "0000_50_aws-ebs-csi-driver-operator.yaml",
      "0000_50_cloud-credential-operator-iam-ro.yaml",
      "0000_50_openshift-cloud-network-config-controller-aws.yaml",
      "0000_50_openshift-image-registry.yaml",
      "0000_50_openshift-ingress.yaml",
      "0000_50_openshift-machine-api-aws.yaml",
      "aws-efs-csi-driver-operator.yaml",
    ]);
    expect(existsSync(join(home, "pull-secret.json"))).toBe(false);
    expect((await stage("install", { INFRA_ID: identity.infraId, CREATED_AT: identity.createdAt })).stderr).toContain("directory is lost");
  }, 120_000);

  it("gets a role for each request, an identity provider and a bucket; manifests and key are in the ignition file of its bootstrap", async () => {
    const { status, stdout, stderr } = await stage("credentials", { INFRA_ID: identity.infraId });
    expect([status, stderr]).toEqual([0, expect.stringContaining("Writing certificates and ignition files with them")]);
    const now = await made();
    expect(now).toMatchObject({ roles: { length: 7 }, providers: { length: 1 }, buckets: [`${identity.infraId}-oidc`] });
    const issuer = `https://${identity.infraId}-oidc.s3.${region}.amazonaws.com`;

    const unpacked = mkdtempSync(join(folder, "assets-"));
    const unpack = `source infra/stages/lib/base.sh; base64 -d | unpack ${unpacked}`;
    expect(spawnSync("bash", ["-c", unpack], { cwd: checkout, input: stdout, env: { ...process.env, CLUSTER: "a" } }).status).toBe(0);
    const ignition = readFileSync(join(unpacked, "bootstrap.ign"), "utf8");
    const manifests = filesOf(ignition, "/opt/openshift/manifests/");
    expect(parse(manifests.get("cluster-authentication-02-config.yaml") ?? "").spec.serviceAccountIssuer).toBe(issuer);
    const secret = parse(manifests.get("openshift-machine-api-aws-cloud-credentials-credentials.yaml") ?? "");
    expect(secret.metadata).toEqual({ name: "aws-cloud-credentials", namespace: "openshift-machine-api" });
    const role = /role_arn = \S+:role\/(\S+)/.exec(secret.stringData.credentials)?.[1];
    expect(now.roles).toContain(role);
    // The operator's Subscription names that role.
    expect([...manifests.keys()].filter((name) => name.includes("efs"))).toEqual([]);
    expect(efsRoleArn(identity.infraId, "123456789012", region)).toBe(
      (await ask("iam", "get_role", { RoleName: now.roles.find((name) => name.includes("aws-efs")) })).Role.Arn,
    );
    // The cluster signs with the key that the provider shows.
    const signer = filesOf(ignition, "/opt/openshift/tls/").get("bound-service-account-signing-key.key");
    expect(signer).toBe(readFileSync(join(home, "ccoctl/serviceaccount-signer.private"), "utf8"));
    expect(JSON.parse(readFileSync(join(unpacked, "metadata.json"), "utf8"))).toEqual(identity.metadata);
    // No secret of AWS is in it: neither the session's nor a key of the cluster's.
    expect(manifests.has("99_cloud-creds-secret.yaml")).toBe(false);
    for (const text of manifests.values()) for (const value of Object.values(session)) expect(text).not.toContain(value);
  }, 120_000);

  it("gets them once: the stage that is done prints the same again", async () => {
    const before = readFileSync(join(folder, "ccoctl-calls"), "utf8").match(/create-all --name/g)?.length;
    const { status, stdout } = await stage("credentials", { INFRA_ID: identity.infraId });
    expect({ status, stdout: stdout.length > 0 }).toEqual({ status: 0, stdout: true });
    expect(readFileSync(join(folder, "ccoctl-calls"), "utf8").match(/create-all --name/g)?.length).toBe(before);
  }, 60_000);

  it("gets them anew where a try was killed half-way, whose half is removed before", async () => {
    for (const left of ["assets.tar.br", "ccoctl/manifests"]) rmSync(join(home, left), { recursive: true });
    const [role = ""] = (await made()).roles;
    const { PolicyNames } = await ask("iam", "list_role_policies", { RoleName: role });
    await ask("iam", "delete_role_policy", { RoleName: role, PolicyName: PolicyNames[0] });
    const { status, stderr } = await stage("credentials", { INFRA_ID: identity.infraId });
    expect([status, stderr]).toEqual([0, expect.stringContaining("An earlier try may have left half of it")]);
    expect((await ask("iam", "list_role_policies", { RoleName: role })).PolicyNames).toEqual(PolicyNames);
    expect(await made()).toMatchObject({ roles: { length: 7 }, providers: { length: 1 }, buckets: { length: 1 } });
  }, 180_000);

  it("leaves nothing of it behind when it is removed: no role, no provider, no bucket", async () => {
    const { status, stderr } = await stage("destroy", { IDENTITY: JSON.stringify(identity) });
    expect([status, stderr]).toEqual([0, expect.stringContaining(`and the bucket of ${identity.infraId}`)]);
    expect(await made()).toEqual(nothing);
  }, 180_000);
});

it("ccoctl needs no other rights than those of docs/aws/credentials.json", async () => {
  const policy = JSON.parse(readFileSync(join(checkout, "docs/aws/credentials.json"), "utf8")) as { Statement: object[] };
  const keys = await userWith(installer.aws, policy.Statement);
  try {
    const requests = join(folder, "requests");
    mkdirSync(requests);
    writeFileSync(join(requests, "efs.yaml"), JSON.stringify(efsCredentialsRequest));
    const ccoctl = async (...words: string[]) => {
      const child = spawn(
        "node",
        ["--require", "tsx/cjs", "rehearsal/installer/ccoctl.ts", "aws", ...words, "--name", "lab", "--region", region],
        {
          cwd: checkout,
          env: { ...process.env, ...credentials(installer.aws), ...keys, AWS_REGION: region },
        },
      );
      return finished(child);
    };
    const create = await ccoctl("create-all", "--credentials-requests-dir", requests, "--output-dir", join(folder, "made"));
    expect([create.code, create.stderr]).toEqual([0, expect.not.stringContaining("AccessDenied")]);
    const remove = await ccoctl("delete");
    expect(remove.stderr).not.toContain("AccessDenied");
    await checkRights(installer.aws.endpoint, false);
    expect(await made()).toEqual(nothing);
  } finally {
    await checkRights(installer.aws.endpoint, false);
  }
}, 120_000);
