import { isOpen } from "./ranges";
import { type Finding, NotKnown, rule, type Value } from "./rule";

/** Where each type keeps address ranges that may come in. */
const ranges: Readonly<Record<string, (inputs: Value) => [path: string, value: Value][]>> = {
  "aws:ec2/securityGroup:SecurityGroup": (inputs) => inline(inputs),
  "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": (inputs) => inline(inputs),
  "aws:ec2/securityGroupRule:SecurityGroupRule": (inputs) =>
    inputs.type === "egress" ? [] : ["cidrBlocks", "ipv6CidrBlocks"].map((key) => [key, inputs[key]]),
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": (inputs) => ["cidrIpv4", "cidrIpv6"].map((key) => [key, inputs[key]]),
  // A rule can name a list of ranges instead of the ranges.
  "aws:ec2/managedPrefixList:ManagedPrefixList": ({ entries }) =>
    Array.isArray(entries)
      ? entries.map((entry: Value, index: number) => [`entries[${index}].cidr`, entry instanceof NotKnown ? entry : entry.cidr])
      : [["entries", entries]],
  "aws:ec2/managedPrefixListEntry:ManagedPrefixListEntry": ({ cidr }) => [["cidr", cidr]],
};

function inline({ ingress }: Value): [string, Value][] {
  if (!Array.isArray(ingress)) return [["ingress", ingress]];
  return ingress.flatMap((one: Value, index: number): [string, Value][] =>
    one instanceof NotKnown
      ? [[`ingress[${index}]`, one]]
      : ["cidrBlocks", "ipv6CidrBlocks"].map((key) => [`ingress[${index}].${key}`, one[key]]),
  );
}

/** What may come in names its sources. What goes out is not limited: builds fetch from anywhere. */
export const closedSecurityGroups = rule(
  {
    name: "closed-security-groups",
    description: "No security group lets the whole world in.",
    enforcementLevel: "mandatory",
    severity: "critical",
  },
  function* ({ type, inputs }) {
    for (const [path, value] of Object.hasOwn(ranges, type) ? ranges[type](inputs) : []) yield* open(path, value);
  },
);

function* open(path: string, value: Value): Generator<Finding> {
  if (value === undefined || value === null) return;
  if (value instanceof NotKnown) yield value;
  else if (Array.isArray(value)) for (const [index, range] of value.entries()) yield* open(`${path}[${index}]`, range);
  else if (isOpen(value)) yield `${path}: open to the world; name the addresses, or the security group, that may come in`;
}
