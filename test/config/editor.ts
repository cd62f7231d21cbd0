import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import Ajv2020 from "ajv/dist/2020";
import { expect } from "vitest";
import type { RawSettings } from "../../config/settings";

const committed = JSON.parse(readFileSync(resolve(__dirname, "../../config/stack.schema.json"), "utf8"));
// Rules of ours stand beside the type and the properties that they are about, not among them.
const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allErrors: true });
ajv.addVocabulary(["errorMessage", "unit"]);
const validate = ajv.compile(committed);

/** What the JSON schema that editors use has against a whole stack file; nothing if it is right. */
export function schemaErrors(file: unknown): string[] {
  return validate(file) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

/** The stack file of a configuration. */
export function fileOf({ region, aws = {}, values }: RawSettings): unknown {
  const keys = [
    ...Object.entries({ region, ...aws }).map(([key, value]) => [`aws:${key}`, value]),
    ...Object.entries(values).map(([key, value]) => [`openshift-multiarch:${key}`, value]),
  ];
  // As an editor sees it: without what is undefined.
  return { config: Object.fromEntries(keys.filter(([, value]) => value !== undefined)) };
}

/** A mistake that the JSON schema lets pass: the program's line, why, and changes of the smallest right configuration that make it. */
interface Beyond {
  readonly says: RegExp;
  readonly why: string;
  readonly example: Record<string, unknown>;
}
const compares = "JSON Schema compares no two values";
const counts = "JSON Schema does not calculate";
const content = "the schema sees encrypted text, and of a plain one not what is inside";
const zone = { name: "eu-west-3a" };
const app = { name: "other", pipeline: "nodejs", repository: "https://a.example.com/b", image: "quay.io/example/other" };

export const beyondSchema: readonly Beyond[] = [
  {
    says: /^(?:pullSecret|registryCredentials) is missing;/,
    why: "secrets are set after the file is written, and a file without them is committed until then",
    example: { pullSecret: undefined },
  },
  {
    says: /^(?:pullSecret|registryCredentials|npmrc|mavenSettings|gitCredentials|buildGitCredentials|buildSecrets|rhelEntitlement|signingPrivateKey) is \(secret\), but /,
    why: content,
    example: { pullSecret: "x" },
  },
  { says: /; expected a zone of the region /, why: compares, example: { "pools[0].zones[0].name": "us-east-1a" } },
  {
    says: /; expected a zone that the pool does not have yet/,
    why: compares,
    example: { "pools[0].zones": [zone, { ...zone, replicas: 1 }] },
  },
  { says: /; expected a service that no other endpoint is for/, why: compares, example: endpoints() },
  { says: /; expected a name that no other build has/, why: compares, example: { "builds[1]": { ...app, name: "htop" } } },
  {
    says: /; expected an image that no other build pushes/,
    why: compares,
    example: { "builds[1]": { ...app, image: "quay.io/example/htop:1" } },
  },
  { says: /; expected a network that shares no address with /, why: counts, example: { "cluster.networks": { service: "10.0.0.0/20" } } },
  {
    says: /^cluster\.networks\.\w+ is "(?:(?:[1-9]?\d|1\d\d|2[0-4]\d|25[0-5])[./]){4}(?:3[0-2]|[12]?\d)"; .* no bit set behind the prefix/,
    why: counts,
    example: { "cluster.networks": { machine: "10.0.0.1/16" } },
  },
  {
    says: /^cluster\.networks\.machine .* expected a (?:prefix of at most \d+: the installer cuts|larger network: )/,
    why: counts,
    example: { "cluster.networks": { machine: "10.0.0.0/30" } },
  },
  {
    says: /^cluster\.networks\.hostPrefix .* expected at least \d+, so that the cluster network has a part/,
    why: counts,
    example: { "cluster.networks": { cluster: "10.128.0.0/20", hostPrefix: 20 } },
  },
  {
    says: /iops is \d+; expected at most \d+ for each GiB of size/,
    why: counts,
    example: { "pools[0].rootVolume": { type: "io1", size: 120, iops: 6001 } },
  },
  {
    says: /^cluster\.networks\.cluster .* expected a prefix of at most \d+, so that each of \d+ nodes has a part of it/,
    why: counts,
    example: { "cluster.networks": { cluster: "10.128.0.0/24" } },
  },
  {
    says: /^cluster\.sshKey is .*: this one is damaged, not all of it, or an RSA key/,
    why: "what base64 holds is not for patterns",
    example: { "cluster.sshKey": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA" },
  },
  {
    says: /^cluster\.tags\..* expected a key that differs from .* by more than small and capital letters/,
    why: compares,
    example: { "cluster.tags": { a: "x", A: "x" } },
  },
  {
    says: /^cluster\.(?:mirror|serviceEndpoints\[\d+\]\.url) is "https:\/\/[^"]*:\d{5,}[^"]*"; expected an https:/,
    why: counts,
    example: { "cluster.mirror": "https://a.example.com:99999" },
  },
  {
    says: /^cluster\.tags\..* the installer of 4\.1[56] takes none/,
    why: "the version is another value than the tags; their description says it",
    example: { "cluster.version": "4.15.1", "cluster.tags": { a: "b c" } },
  },
  {
    says: /^fileSystem\.tags is an object; expected at most 49 tags together/,
    why: counts,
    example: { "cluster.tags": many(24, "a"), "fileSystem.tags": many(26, "b") },
  },
  {
    says: /^builds\[\d+\]\.entitlement is true; expected false, or a subscription/,
    why: "secrets are set after the file is written",
    example: { "builds[0].entitlement": true },
  },
  {
    says: /^build(?:Secrets|GitCredentials)\.\(secret\) is \(secret\); expected the name of a build/,
    why: compares,
    example: { buildSecrets: { other: { token: "x" } } },
  },
  {
    says: /^builds\[\d+\]\.tags\[\d+\] is ".*"; expected a tag that (?:the image does not have yet \(builds\[\d+\]\.image\)|no other build pushes)/,
    why: compares,
    example: { "builds[0].tags": ["1"] },
  },
  {
    says: /^builds\[\d+\]\.tags\[\d+\] is "[\w.{}-]*\{(?:commit|branch)\}[\w.{}-]*"; expected a tag of at most 128 characters/,
    why: counts,
    example: { "builds[0].tags": [`${"x".repeat(89)}{commit}`] },
  },
  {
    says: /^builds\[\d+\]\.tags\[\d+\] is .*; expected a tag of 1 to 128 characters together with the branch/,
    why: compares,
    example: { "builds[0].revision": "x".repeat(129), "builds[0].tags": ["{branch}"] },
  },
  {
    says: /; expected an architecture of a pool /,
    why: compares,
    example: { pools: [{ architecture: "amd64", instanceType: "m6a.2xlarge", zones: [zone] }], "builds[0].architectures": ["arm64"] },
  },
  {
    says: /^namespace\.trustBundle is .*; expected certificates as PEM, .*: one of these cannot be read/,
    why: content,
    example: { "namespace.trustBundle": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" },
  },
  {
    says: /^builds\[\d+\]\.repository is "https:\/\/\[\/c"/,
    why: "whether an address can be parsed is a program's business, not a pattern's",
    example: { "builds[0].repository": "https://[/c" },
  },
];

function endpoints() {
  const endpoint = { name: "ec2", url: "https://a.example.com" };
  return { "cluster.serviceEndpoints": [endpoint, endpoint] };
}
function many(count: number, prefix: string) {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`${prefix}${i}`, "x"]));
}

const isBeyond = (line: string) => beyondSchema.some(({ says }) => says.test(line));

/** The JSON schema refuses what the program refuses, unless that is beyond it, and takes what the program takes. */
export function expectAgreement(input: RawSettings, problems: readonly string[]): void {
  const errors = schemaErrors(fileOf(input));
  const expected = problems.some((line) => !isBeyond(line));
  expect(errors.length > 0, `the program: ${JSON.stringify(problems)}; the JSON schema: ${JSON.stringify(errors)}`).toBe(expected);
}
