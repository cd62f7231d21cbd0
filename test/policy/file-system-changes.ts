import { type Change, type Inputs, set } from "./changes";

const rule = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";
const policy = "aws:efs/fileSystemPolicy:FileSystemPolicy";
const system = "aws:efs/fileSystem:FileSystem";
const statements = (change: (statements: Inputs[]) => Inputs) => (inputs: Inputs) => {
  const document = JSON.parse(inputs.policy);
  document.Statement = change(document.Statement) ?? document.Statement;
  inputs.policy = JSON.stringify(document);
};

/** A change of one value in a statement. */
const statement = (index: number, path: string, value: unknown) => statements((all) => void set(path, value)(all[index]));

export const fileSystemChanges: Readonly<Record<string, readonly Change[]>> = {
  "encrypted-file-systems": [
    {
      what: "a file system that is not encrypted",
      of: "shared",
      type: system,
      change: set("encrypted", false),
      says: "encrypted: ",
    },
    { what: "a file system that does not say it", of: "shared", type: system, change: (f) => void delete f.encrypted, says: "encrypted: " },
    {
      what: "an encrypted file system with a key of one's own",
      of: "shared",
      type: system,
      change: set("kmsKeyId", "arn:aws:kms:eu-west-3:123456789012:key/1"),
    },
  ],
  "tls-to-file-systems": [
    { what: "no Deny", of: "shared", type: policy, change: statements(([allow]) => [allow]), says: "policy: no statement denies" },
    {
      what: "a Deny of what is encrypted",
      of: "shared",
      type: policy,
      change: statement(1, 'Condition.Bool["aws:SecureTransport"]', "true"),
      says: "policy: no statement denies",
    },
    {
      what: "a Deny that is an Allow",
      of: "shared",
      type: policy,
      change: statements(([, deny]) => void Object.assign(deny, { Effect: "Allow", Principal: { AWS: "arn:aws:iam::123456789012:root" } })),
      says: "policy: no statement denies",
    },
    {
      what: "a Deny for one role",
      of: "shared",
      type: policy,
      change: statement(1, "Principal", { AWS: "arn:aws:iam::123456789012:role/one" }),
      says: "policy: no statement denies",
    },
    {
      what: "a Deny of writing only",
      of: "shared",
      type: policy,
      change: statement(1, "Action", "elasticfilesystem:ClientWrite"),
      says: "policy: no statement denies",
    },
    {
      what: "a Deny with an exception",
      of: "shared",
      type: policy,
      change: statement(1, "Condition.StringNotEquals", { "aws:SourceVpc": "vpc-1" }),
      says: "policy: no statement denies",
    },
    {
      what: "a Deny for all but one",
      of: "shared",
      type: policy,
      change: statements(([, deny]) => {
        deny.NotPrincipal = { AWS: "arn:aws:iam::123456789012:role/one" };
        delete deny.Principal;
      }),
      says: "policy: no statement denies",
    },
    {
      what: "the Deny written in other words",
      of: "shared",
      type: policy,
      change: statements(
        ([, deny]) =>
          void Object.assign(deny, {
            Principal: "*",
            Action: ["elasticfilesystem:*"],
            Condition: { Bool: { "AWS:SecureTransport": [false] } },
          }),
      ),
    },
  ],
  "private-file-systems": [
    {
      what: "an Allow to everybody",
      of: "shared",
      type: policy,
      change: statements(([allow]) => void delete allow.Condition),
      says: "policy.Statement[0]: open to the world",
    },
    {
      what: "an Allow to everybody among others",
      of: "shared",
      type: policy,
      change: statements(
        ([allow]) => void Object.assign(allow, { Principal: { AWS: ["arn:aws:iam::123456789012:root", "*"] }, Condition: {} }),
      ),
      says: "policy.Statement[0]: open to the world",
    },
    {
      what: "an Allow to all but one",
      of: "shared",
      type: policy,
      change: statements(([allow]) => {
        allow.NotPrincipal = { AWS: "arn:aws:iam::123456789012:role/one" };
        delete allow.Principal;
        delete allow.Condition;
      }),
      says: "policy.Statement[0]: open to the world",
    },
    {
      what: "an Allow outside of mount targets",
      of: "shared",
      type: policy,
      change: statement(0, 'Condition.Bool["elasticfilesystem:AccessedViaMountTarget"]', "false"),
      says: "policy.Statement[0]: open to the world",
    },
    {
      what: "an Allow from all addresses",
      of: "shared",
      type: policy,
      change: statement(0, "Condition", { IpAddress: { "aws:SourceIp": ["10.0.0.0/16", "0.0.0.0/0"] } }),
      says: "policy.Statement[0]: open to the world",
    },
    {
      what: "an Allow to a pattern of networks",
      of: "shared",
      type: policy,
      change: statement(0, "Condition", { StringLike: { "aws:SourceVpc": "vpc-*" } }),
      says: "policy.Statement[0]: open to the world",
    },
    {
      what: "an Allow from a network that need not be named",
      of: "shared",
      type: policy,
      change: statement(0, "Condition", { StringEqualsIfExists: { "aws:SourceVpc": "vpc-1" } }),
      says: "policy.Statement[0]: open to the world",
    },
    {
      what: "an Allow at a time of day",
      of: "shared",
      type: policy,
      change: statement(0, "Condition", { StringEquals: { "aws:CurrentTime": "noon" } }),
      says: "policy.Statement[0]: open to the world",
    },
    {
      what: "an Allow to one network",
      of: "shared",
      type: policy,
      change: statement(0, "Condition", { StringEquals: { "aws:sourceVpc": "vpc-1" } }),
    },
    {
      what: "an Allow from one address",
      of: "shared",
      type: policy,
      change: statement(0, "Condition", { IpAddress: { "aws:SourceIp": "198.51.100.7" } }),
    },
    {
      what: "an Allow to one account",
      of: "shared",
      type: policy,
      change: statements(
        ([allow]) => void Object.assign(allow, { Principal: { AWS: "arn:aws:iam::123456789012:root" }, Condition: undefined }),
      ),
    },
  ],
  "required-tags": [
    { what: "a file system without tags", of: "shared", type: system, change: (f) => void delete f.tags, says: "tags: no Name" },
    {
      what: "a type whose file has other capitals, without tags",
      of: "shared-nfs",
      as: "aws:guardduty/iPSet:IPSet",
      change: (g) => void delete g.tags,
      says: "tags: no Name",
    },
    {
      what: "a group without a name",
      of: "shared-nfs",
      change: set("tags", { environment: "dev", project: "p" }),
      says: "tags: no Name",
    },
    {
      what: "a rule with a name only",
      of: "shared-nfs-node",
      type: rule,
      change: set("tags", { Name: "n" }),
      says: "tags: fewer than 2",
    },
    {
      what: "a rule whose second tag is that of the provider",
      of: "shared-nfs-node",
      type: rule,
      change: set("tags", { Name: "n" }),
      provider: { inputs: { defaultTags: JSON.stringify({ tags: { owner: "o" } }) } },
    },
    { what: "a mount target, which has no tags", of: "shared-eu-west-3a", change: () => undefined },
  ],
};
