import { describe, expect, it } from "vitest";
import { checkAccount, checkAwsConfig, parseAwsConfig } from "../../../rehearsal/plugins/aws/config";
import { fileSystemPolicy, samePolicy } from "../../../rehearsal/plugins/aws/file-system-policies";
import { fileSystem, validateFileSystem } from "../../../rehearsal/plugins/aws/file-systems";
import { toFilters } from "../../../rehearsal/plugins/aws/functions";
import { mountTarget } from "../../../rehearsal/plugins/aws/mount-targets";
import { securityGroup, securityGroupIngressRule, validateRule } from "../../../rehearsal/plugins/aws/security-groups";
import { allTags, readTags } from "../../../rehearsal/plugins/aws/tags";
import { type AwsType, checkAws, diffAws, refreshedInputs } from "../../../rehearsal/plugins/aws/type";
import { type Properties, topLevel, unknown } from "../../../rehearsal/plugins/values";

const credentials = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" };
const config = parseAwsConfig({ region: "eu-west-3", defaultTags: '{"tags":{"owner":"me"}}' }, credentials);

const check = (type: AwsType, news: Properties, olds: Properties = {}) =>
  checkAws(type, config, { urn: "urn:pulumi:dev::p::t::shared", name: "shared", olds, news });
/** Properties that change, and those of them that replace. */
function diff(type: AwsType, state: Properties, news: Properties, oldInputs = state) {
  const { differences, replaceOn, deleteBeforeReplace } = diffAws(type, { state, oldInputs, news });
  const changed = [...new Set([...differences.keys()].map(topLevel))];
  return { changed, replaced: changed.filter((property) => replaceOn.includes(property)), deleteBeforeReplace };
}

describe("configuration", () => {
  it("is read from the JSON text in which the engine sends it", () => {
    const parsed = parseAwsConfig(
      {
        region: "eu-west-3",
        endpoints: '[{"ec2":"http://127.0.0.1:1"},{"efs":"http://127.0.0.1:2"}]',
        allowedAccountIds: "[12345678901]",
        maxRetries: "2",
        skipCredentialsValidation: "true",
        ignoreTags: '{"keyPrefixes":["kubernetes.io/"]}',
      },
      credentials,
    );
    expect(parsed).toMatchObject({
      endpoints: { ec2: "http://127.0.0.1:1", efs: "http://127.0.0.1:2" },
      allowedAccountIds: ["012345678901"],
      maxRetries: 2,
      skipCredentialsValidation: true,
      ignoreTags: { keys: [], keyPrefixes: ["kubernetes.io/"] },
    });
  });

  it("takes region and credentials from the environment, and says what is missing", () => {
    expect(parseAwsConfig({}, { ...credentials, AWS_REGION: "us-east-1", AWS_SESSION_TOKEN: "s" })).toMatchObject({
      region: "us-east-1",
      credentials: { accessKeyId: "test", sessionToken: "s" },
    });
    expect(() => parseAwsConfig({}, credentials)).toThrow(/aws:region/);
    expect(() => parseAwsConfig({ region: "eu-west-3" }, {})).toThrow(/AWS_ACCESS_KEY_ID/);
  });

  it("refuses other accounts", () => {
    const guarded = { ...config, allowedAccountIds: ["111111111111"] };
    expect(() => checkAccount(guarded, "123456789012")).toThrow(/account 123456789012, allowed are: 111111111111/);
    expect(() => checkAccount(guarded, "111111111111")).not.toThrow();
    expect(() => checkAccount({ ...config, forbiddenAccountIds: ["123456789012"] }, "123456789012")).toThrow(/forbids/);
    expect(
      checkAwsConfig({ allowedAccountIds: '["12"]', forbiddenAccountIds: '["123456789012"]' }).map(({ property }) => property),
    ).toEqual(["forbiddenAccountIds"]);
    expect(checkAwsConfig({ allowedAccountIds: '["my-account"]' })).toHaveLength(1);
  });
});

describe("tags", () => {
  it("stay the program's own; tagsAll has the provider's below them", () => {
    expect(check(fileSystem, { tags: { a: "1", owner: "you" } }).inputs).toMatchObject({
      tags: { a: "1", owner: "you" },
      tagsAll: { a: "1", owner: "you" },
    });
    expect(check(fileSystem, {}).inputs).toMatchObject({ tagsAll: { owner: "me" } });
    expect(allTags({ a: unknown }, config)).toBe(unknown);
  });

  it("are told apart again when they are read", () => {
    expect(readTags({ a: "1", owner: "me", "aws:x": "y" }, { a: "1" }, config)).toEqual({
      tags: { a: "1" },
      tagsAll: { a: "1", owner: "me" },
    });
    expect(readTags({ owner: "me" }, { owner: "me" }, config).tags).toEqual({ owner: "me" });
  });

  it("that the configuration ignores are neither set nor read", () => {
    const ignoring = { ...config, ignoreTags: { keys: ["b"], keyPrefixes: ["kubernetes.io/"] } };
    expect(allTags({ a: "1", b: "2" }, ignoring)).toEqual({ owner: "me", a: "1" });
    expect(readTags({ a: "1", "kubernetes.io/cluster/x": "shared" }, {}, ignoring).tags).toEqual({ a: "1" });
  });
});

describe("file system", () => {
  const state = { creationToken: "t", encrypted: true, throughputMode: "elastic", kmsKeyId: "key", lifecyclePolicies: [] };

  it("is bursting unless the program says otherwise", () => {
    expect(check(fileSystem, {}).inputs.throughputMode).toBe("bursting");
    expect(check(fileSystem, { throughputMode: "elastic" }).failures).toEqual([]);
  });

  it("is replaced for what EFS fixes at creation, updated for the rest", () => {
    expect(diff(fileSystem, state, { ...state, encrypted: false, throughputMode: "bursting" })).toMatchObject({
      changed: ["encrypted", "throughputMode"],
      replaced: ["encrypted"],
    });
  });

  it("keeps what AWS chose when the program does not say it", () => {
    expect(
      diff(fileSystem, state, { throughputMode: "elastic", lifecyclePolicies: [] }, { encrypted: true, throughputMode: "elastic" }).changed,
    ).toEqual([]);
  });

  it("sees lifecycle policies that went away, from the program or from AWS", () => {
    const policies = [{ transitionToIa: "AFTER_30_DAYS" }];
    expect(diff(fileSystem, { lifecyclePolicies: policies }, {}).changed).toEqual(["lifecyclePolicies"]);
    expect(diff(fileSystem, { lifecyclePolicies: [] }, { lifecyclePolicies: policies }).changed).toEqual(["lifecyclePolicies"]);
  });

  it("refuses what EFS refuses", () => {
    const both = { transitionToIa: "AFTER_30_DAYS", transitionToArchive: "AFTER_90_DAYS" };
    const properties = (inputs: Properties) => validateFileSystem({ throughputMode: "elastic", ...inputs }).map(({ property }) => property);
    expect(properties({ lifecyclePolicies: [both] })).toEqual(["lifecyclePolicies[0]"]);
    expect(properties({ throughputMode: "fast" })).toEqual(["throughputMode"]);
    expect(properties({ kmsKeyId: "key" })).toEqual(["kmsKeyId"]);
    expect(properties({ kmsKeyId: unknown, encrypted: true, lifecyclePolicies: unknown })).toEqual([]);
  });
});

describe("mount target", () => {
  const state = { fileSystemId: "fs-1", subnetId: "subnet-1", securityGroups: ["sg-1", "sg-2"] };

  it("takes security groups in any order, and others without replacement", () => {
    expect(diff(mountTarget, state, { ...state, securityGroups: ["sg-2", "sg-1"] }).changed).toEqual([]);
    expect(diff(mountTarget, state, { ...state, securityGroups: ["sg-3"] })).toMatchObject({ changed: ["securityGroups"], replaced: [] });
  });

  it("is deleted before its replacement, also for a subnet that is not known yet", () => {
    expect(diff(mountTarget, state, { ...state, subnetId: unknown })).toEqual({
      changed: ["subnetId"],
      replaced: ["subnetId"],
      deleteBeforeReplace: true,
    });
  });

  it("needs file system and subnet", () => {
    expect(check(mountTarget, {}).failures?.map(({ property }) => property)).toEqual(["fileSystemId", "subnetId"]);
  });
});

describe("file system policy", () => {
  it("is the same in another notation", () => {
    const policy = { Statement: [{ Action: ["a"], Effect: "Allow" }], Version: "2012-10-17" };
    const other = { Version: "2012-10-17", Statement: { Effect: "Allow", Action: "a" } };
    expect(samePolicy(JSON.stringify(policy), JSON.stringify(other))).toBe(true);
    expect(diff(fileSystemPolicy, { policy: JSON.stringify(policy) }, { policy: JSON.stringify(other) }).changed).toEqual([]);
    expect(
      diff(fileSystemPolicy, { policy: JSON.stringify(policy) }, { policy: JSON.stringify({ ...other, Version: "x" }) }).changed,
    ).toEqual(["policy"]);
    expect(refreshedInputs(fileSystemPolicy, { policy: "{}" }, { policy: "{ }" })).toEqual({ policy: "{}" });
  });

  it("must be JSON", () => {
    expect(check(fileSystemPolicy, { fileSystemId: "fs-1", policy: "{" }).failures).toHaveLength(1);
  });
});

describe("security group", () => {
  it("gets a name once and keeps it", () => {
    const first = check(securityGroup, { vpcId: "vpc-1" }).inputs;
    expect(first).toMatchObject({ name: expect.stringMatching(/^shared-[0-9a-f]{7}$/), description: "Managed by Pulumi" });
    expect(check(securityGroup, { vpcId: "vpc-1" }, first).inputs).toEqual(first);
    expect(check(securityGroup, { name: "own" }, first).inputs.name).toBe("own");
  });

  it("refuses rules within it", () => {
    expect(check(securityGroup, { ingress: [{}] }).failures?.[0]?.reason).toMatch(/SecurityGroupIngressRule/);
  });

  it("is replaced for another description", () => {
    expect(diff(securityGroup, { description: "a", vpcId: "v" }, { description: "b", vpcId: "v" }).replaced).toEqual(["description"]);
  });

  it("stays in the provider's region", () => {
    expect(check(securityGroup, { region: "us-east-1" }).failures?.[0]?.property).toBe("region");
  });
});

describe("ingress rule", () => {
  const rule = { securityGroupId: "sg-1", ipProtocol: "tcp", fromPort: 2049, toPort: 2049, referencedSecurityGroupId: "sg-2" };

  it("has exactly one source, and ports if its protocol has", () => {
    expect(validateRule(rule)).toEqual([]);
    expect(validateRule({ ...rule, referencedSecurityGroupId: unknown })).toEqual([]);
    expect(validateRule({ ...rule, cidrIpv4: "10.0.0.0/8" })).toHaveLength(1);
    expect(validateRule({ ...rule, referencedSecurityGroupId: undefined })).toHaveLength(1);
    expect(validateRule({ ...rule, toPort: undefined })).toHaveLength(1);
    expect(validateRule({ ...rule, ipProtocol: "-1" })).toHaveLength(1);
  });

  it("is updated for another source of the same kind, replaced for another kind", () => {
    expect(diff(securityGroupIngressRule, rule, { ...rule, referencedSecurityGroupId: "sg-3" })).toMatchObject({ replaced: [] });
    const other = { ...rule, referencedSecurityGroupId: undefined, cidrIpv4: "10.0.0.0/8" };
    expect(diff(securityGroupIngressRule, rule, other).replaced).toEqual(["referencedSecurityGroupId", "cidrIpv4"]);
  });
});

it("makes filters of names, tags and arguments that have their own", () => {
  expect(toFilters({ filters: [{ name: "tag-key", values: ["a"] }], tags: { Name: "n" }, "vpc-id": "vpc-1", state: undefined })).toEqual([
    { Name: "tag-key", Values: ["a"] },
    { Name: "tag:Name", Values: ["n"] },
    { Name: "vpc-id", Values: ["vpc-1"] },
  ]);
  expect(toFilters({})).toBeUndefined();
});
