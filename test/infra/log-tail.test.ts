import { describe, expect, it } from "vitest";
import { scrubber, secretsIn, tail } from "../../infra/log-tail";
import { leaks, testSecret } from "../leaks";

const secrets = Object.fromEntries(
  ["pull secret", "password of kubeadmin", "AWS key", "private key of the API", "key of the administrator"].map((name) => [
    name,
    testSecret(name),
  ]),
);
const of = (name: string) => secrets[name] ?? "";
const base64 = (text: string) => Buffer.from(text).toString("base64");

const pullSecret = JSON.stringify({ auths: { "quay.io": { auth: base64(`user:${of("pull secret")}`), email: "user@example.com" } } });
const key = `-----BEGIN RSA PRIVATE KEY-----\n${of("private key of the API")}\n-----END RSA PRIVATE KEY-----\n`;
const kubeconfig = `users:\n- name: admin\n  user:\n    client-key-data: ${base64(`-----BEGIN RSA PRIVATE KEY-----\n${of("key of the administrator")}\n`)}\n`;
/** In the form of `.openshift_install_state.json`: openshift/installer, pkg/asset/store/store.go, and the types of the assets. */
const state = JSON.stringify({
  "*installconfig.InstallConfig": { config: { baseDomain: "example.com", pullSecret } },
  "*password.KubeadminPassword": { Password: of("password of kubeadmin"), PasswordHash: base64("$2a$10$hash") },
  "*tls.KubeAPIServerLBSignerCertKey": { CertRaw: base64("-----BEGIN CERTIFICATE-----\nAAAA\n"), KeyRaw: base64(key) },
  "*manifests.Openshift": {
    FileList: [
      {
        Filename: "openshift/99_cloud-creds-secret.yaml",
        Data: base64(
          `kind: Secret\ndata:\n  aws_access_key_id: ${base64("AKIA")}\n  aws_secret_access_key: ${base64(of("AWS key"))}\nmetadata:\n  name: aws-creds\n`,
        ),
      },
    ],
  },
});

describe("the end of the installer's log", () => {
  const scrub = scrubber([state, of("password of kubeadmin"), kubeconfig].flatMap(secretsIn));

  it("has none of the installer's secrets, however they are written", () => {
    const log = [
      `level=debug msg="pullSecret: ${JSON.stringify(pullSecret).slice(1, -1)}"`,
      `level=info msg=Login to the console with user: "kubeadmin", and password: "${of("password of kubeadmin")}"`,
      `level=debug msg=${of("AWS key")} ${base64(of("AWS key"))}`,
      key,
      kubeconfig,
      of("key of the administrator"),
      encodeURIComponent(pullSecret),
    ].join("\n");
    expect(
      leaks(log, secrets)
        .map(({ secret }) => secret)
        .sort(),
    ).toEqual(Object.keys(secrets).sort());
    expect(leaks(tail(log, scrub), secrets)).toEqual([]);
  });

  it.each(Object.keys(secrets).filter((name) => name !== "key of the administrator"))(
    "has no %s of a state that was cut off behind it, when the installer was killed",
    (name) => {
      const secret = name === "pull secret" ? pullSecret : name === "private key of the API" ? key : of(name);
      const log = `msg=${secret}`;
      expect(leaks(log, secrets).map(({ secret: found }) => found)).toContain(name);
      expect(leaks(tail(log, scrubber(secretsIn(state.slice(0, -4)))), secrets)).toEqual([]);
    },
  );

  it.each([
    [
      'msg=Login to the console with user: "kubeadmin", and password: "abc"',
      'msg=Login to the console with user: "kubeadmin", and password: "[secret]"',
    ],
    ['msg="and password: \\"abc\\""', 'msg="and password: \\"[secret]\\""'],
    ['{"auth":"dTpw"}', '{"auth":"[secret]"}'],
    [
      "https://b.s3.amazonaws.com/bootstrap.ign?X-Amz-Credential=AKIA%2F2026&X-Amz-Signature=abc",
      "https://b.s3.amazonaws.com/bootstrap.ign?X-Amz-Credential=[secret]&X-Amz-Signature=[secret]",
    ],
    ["token eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJr.c2ln", "token [secret]"],
  ])("has nothing that looks like a secret: %s", (line, kept) => {
    expect(tail(line, scrubber([]))).toBe(`${kept}\n`);
  });

  it("keeps all that is none: objects, codes and addresses of AWS, and users", () => {
    const line =
      'time="2026-08-12T14:44:01Z" level=debug msg="AddressLimitExceeded: The maximum number of addresses has been reached." arn="arn:aws:ec2:eu-west-3:123456789012:vpc/vpc-0d364a8acdb685257" user@example.com api.lab.example.com';
    expect(tail(line, scrub)).toBe(`${line}\n`);
  });

  it("has five hundred lines, and no longer ones than 2000 characters", () => {
    const lines = Array.from({ length: 700 }, (_, i) => `line ${i}`);
    expect(tail(`${lines.join("\n")}\n`, scrub)).toBe(`${lines.slice(200).join("\n")}\n`);
    expect(tail("x".repeat(5000), scrub)).toBe(`${"x".repeat(2000)}...\n`);
  });
});
