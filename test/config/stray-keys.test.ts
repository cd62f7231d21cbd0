import * as provider from "@pulumi/aws/config/vars";
import { describe, expect, it } from "vitest";
import { strayKeys } from "../../config/stray-keys";
import { problems, raw, refusal } from "./stack";

const stray = (...keys: string[]) => strayKeys(keys, "openshift-multiarch", String);

describe("a key of a namespace that nobody reads", () => {
  it.each([
    ["openshift-multiarh:pools", "openshift-multiarch:pools"],
    ["openshift-multiarch-:pools", "openshift-multiarch:pools"],
    ["Openshift-Multiarch:pools", "openshift-multiarch:pools"],
    ["openshift-multi-arch:pools", "openshift-multiarch:pools"],
    ["asw:allowedAccountIds", "aws:allowedAccountIds"],
    ["AWS:region", "aws:region"],
    ["aw:region", "aws:region"],
  ])("%s is refused, as it was meant to be %s", (key, meant) =>
    expect(stray(key)).toEqual([`${key} is not a setting; did you mean ${meant}?`]),
  );

  it.each([
    "awsx:a",
    "aws-native:region",
    "tls:a",
    "dns:a",
    "gcp:a",
    "oci:a",
    "openshift:a",
    "openshift-pipelines:a",
    "kubernetes:a",
    "pulumi:a",
  ])("%s is another program's", (key) => expect(stray(key)).toEqual([]));
});

describe("a key of the AWS provider", () => {
  it.each([
    ["allowedAccountId", "allowedAccountIds"],
    ["allowedAccountIDs", "allowedAccountIds"],
    ["allowedAccounts", "allowedAccountIds"],
    ["Region", "region"],
    ["profil", "profile"],
  ])("%s is refused where it was meant to be %s", (key, meant) =>
    expect(stray(`aws:${key}`)).toEqual([`aws:${key} is not a setting; did you mean aws:${meant}?`]),
  );

  it("is none of those that the provider has", () => {
    const names = Object.keys(Object.getOwnPropertyDescriptors(provider)).filter((name) => name !== "__esModule");
    expect(names).toEqual(expect.arrayContaining(["allowedAccountIds", "forbiddenAccountIds", "stsRegion", "token"]));
    expect(stray(...names.map((name) => `aws:${name}`))).toEqual([]);
  });
});

describe("a part of a setting that was set without --path", () => {
  it.each([
    ["cluster.name", "cluster", "--path 'cluster.name' VALUE"],
    ["pools[0].zones", "pools", "--path 'pools[0].zones' VALUE"],
    ["buildSecrets.htop.token", "buildSecrets", "--secret --path 'buildSecrets.htop.token' < FILE"],
  ])("%s is refused with the commands that put it right", (key, whole, set) =>
    expect(problems(raw((values) => Object.assign(values, { [key]: "x" })))).toEqual([
      `${key} is not a setting; it is a part of ${whole}: pulumi config rm '${key}', then pulumi config set ${set}`,
    ]),
  );

  it("is not what a key with a dot of no setting is taken for", () => {
    expect(problems(raw((values) => Object.assign(values, { "buils.name": "x" })))[0]).toMatch(
      /^buils\.name is not a setting; known here: /,
    );
  });
});

describe("aws:allowedAccountIds", () => {
  const id = 'the twelve digits of an account of AWS, in quotes, such as "123456789012"';
  const given = (allowedAccountIds: unknown) => {
    const { region, values } = raw();
    return refusal({ region, aws: { allowedAccountIds }, values });
  };
  it.each([
    ["[]", "aws:allowedAccountIds is []; expected at least one account"],
    ['["12345678901"]', `aws:allowedAccountIds[0] is "12345678901"; expected ${id}`],
    ['["123456789012", "my-account"]', `aws:allowedAccountIds[1] is "my-account"; expected ${id}`],
    // 012345678901 in YAML.
    ["[12345678901]", `aws:allowedAccountIds[0] is 12345678901; expected ${id}`],
    ["123456789012", 'aws:allowedAccountIds is 123456789012; expected a list of accounts of AWS, such as ["123456789012"]'],
    ["my-account", 'aws:allowedAccountIds is "my-account"; expected a list of accounts of AWS, such as ["123456789012"]'],
  ])("%s is refused", (text, line) => expect(given(text)).toBe(`The stack's configuration has a problem:\n  - ${line}`));
  // As Pulumi hands a number over that pulumi config set --path has made of an account.
  it.each(['["123456789012"]', "[123456789012]"])("%s is right", (text) => {
    expect(given(text)).toBe("no mistake");
  });
});
