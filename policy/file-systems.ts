import type { StackValidationPolicy } from "@pulumi/policy";
import { isOpen } from "./ranges";
import { type Finding, NotKnown, rule, type Value } from "./rule";

const fileSystem = "aws:efs/fileSystem:FileSystem";
const fileSystemPolicy = "aws:efs/fileSystemPolicy:FileSystemPolicy";

/** Encryption at rest. It is decided when a file system is made: https://docs.aws.amazon.com/efs/latest/ug/encryption-at-rest.html */
export const encryptedFileSystems = rule(
  {
    name: "encrypted-file-systems",
    description: "Every EFS file system is encrypted.",
    enforcementLevel: "mandatory",
    severity: "high",
  },
  function* ({ type, inputs: { encrypted } }) {
    if (type !== fileSystem) return;
    if (encrypted instanceof NotKnown) yield encrypted;
    else if (encrypted !== true) yield "encrypted: not true, and it cannot be changed later without a new file system";
  },
);

/** Without a policy of its own, a file system takes any client that reaches it, encrypted or not. */
export const fileSystemPolicies: StackValidationPolicy = {
  name: "file-system-policies",
  description: "Every EFS file system has a policy, which the rules of this pack then look at.",
  enforcementLevel: "mandatory",
  severity: "high",
  validateStack: ({ resources }, report) => {
    const governed = resources
      .filter(({ type }) => type === fileSystemPolicy)
      .flatMap(({ propertyDependencies }) => propertyDependencies.fileSystemId ?? [])
      .map(({ urn }) => urn);
    for (const { type, urn } of resources) {
      if (type === fileSystem && !governed.includes(urn)) report("no aws.efs.FileSystemPolicy is for this file system", urn);
    }
  },
};

/** https://docs.aws.amazon.com/efs/latest/ug/encryption-in-transit.html */
export const tlsToFileSystems = rule(
  {
    name: "tls-to-file-systems",
    description: "The policy of every EFS file system refuses clients that do not encrypt.",
    enforcementLevel: "mandatory",
    severity: "high",
  },
  function* ({ type, inputs: { policy } }) {
    if (type !== fileSystemPolicy) return;
    const given = statements(policy);
    if (given instanceof NotKnown) yield given;
    else if (!given?.some(refusesPlainText))
      yield 'policy: no statement denies everything to everybody where aws:SecureTransport is "false"';
  },
);

/** https://docs.aws.amazon.com/efs/latest/ug/access-control-block-public-access.html, "The meaning of public". */
export const privateFileSystems = rule(
  {
    name: "private-file-systems",
    description: "No policy of an EFS file system is public.",
    enforcementLevel: "mandatory",
    severity: "critical",
  },
  function* ({ type, inputs: { policy } }) {
    if (type === fileSystemPolicy) yield* publicStatements(statements(policy));
  },
);

function* publicStatements(given: Value[] | NotKnown | undefined): Generator<Finding> {
  if (given instanceof NotKnown) yield given;
  else if (!given) yield "policy: no JSON document with statements";
  else {
    for (const [index, statement] of given.entries()) {
      if (statement?.Effect === "Allow" && isForEverybody(statement) && !confined(statement.Condition))
        yield `policy.Statement[${index}]: open to the world; a condition such as elasticfilesystem:AccessedViaMountTarget confines it`;
    }
  }
}

/** Of a policy document; undefined for what is none. */
function statements(policy: Value): Value[] | NotKnown | undefined {
  if (policy instanceof NotKnown) return policy;
  try {
    const { Statement } = typeof policy === "string" ? JSON.parse(policy) : policy;
    return Statement === undefined ? undefined : list(Statement);
  } catch {
    return undefined;
  }
}

const list = (value: Value): Value[] => (Array.isArray(value) ? value : [value]);

/** `*`, `{AWS: "*"}`, `{AWS: ["*"]}`, or all but some. */
const isForEverybody = ({ Principal, NotPrincipal }: Value): boolean =>
  NotPrincipal !== undefined || list(Principal).includes("*") || list(Principal?.AWS).includes("*");

function refusesPlainText({ Effect, Principal, Action, Condition }: Value): boolean {
  const entries = Object.entries<Value>(Condition ?? {}).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, value]) => `${operator} ${key.toLowerCase()} ${list(value)}`),
  );
  return (
    Effect === "Deny" &&
    // All but some (NotPrincipal) are not everybody.
    isForEverybody({ Principal }) &&
    list(Action).some((action) => action === "*" || action === "elasticfilesystem:*") &&
    // Any other condition would leave clients out.
    entries.length === 1 &&
    entries[0] === "Bool aws:securetransport false"
  );
}

/** Operators that hold only if the key is there and has the value. */
const binding = ["Bool", "StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike", "IpAddress"];
const confining = [
  "aws:sourceip",
  "aws:principalorgid",
  "aws:principalarn",
  "aws:principalaccount",
  "aws:sourcearn",
  "aws:sourcevpc",
  "aws:sourcevpce",
  "aws:sourceowner",
  "aws:sourceaccount",
  "aws:userid",
];

/** Conditions must all hold, so one that confines is enough. */
const confined = (condition: Value): boolean =>
  Object.entries<Value>(condition ?? {}).some(
    ([operator, keys]) =>
      binding.includes(operator) &&
      Object.entries<Value>(keys).some(([key, value]) => list(value).every((one) => confines(key.toLowerCase(), String(one)))),
  );

function confines(key: string, value: string): boolean {
  if (key === "elasticfilesystem:accessedviamounttarget") return value === "true";
  if (key === "aws:sourceip") return !isOpen(value.includes("/") ? value : `${value}/${value.includes(":") ? 128 : 32}`);
  return confining.includes(key) && !/[*?]/.test(value);
}
