import { type Change, set } from "./changes";

const olderRule = "aws:ec2/securityGroupRule:SecurityGroupRule";

export const securityGroupChanges: Readonly<Record<string, readonly Change[]>> = {
  "closed-security-groups": [
    {
      what: "a rule for all of IPv4",
      of: "shared-nfs-node",
      change: set("cidrIpv4", "0.0.0.0/0"),
      says: "cidrIpv4: ",
    },
    {
      what: "a rule for half of IPv4",
      of: "shared-nfs-node",
      change: set("cidrIpv4", "128.0.0.0/1"),
      says: "cidrIpv4: ",
    },
    {
      what: "a rule for all of IPv6",
      of: "shared-nfs-node",
      change: set("cidrIpv6", "::/0"),
      says: "cidrIpv6: ",
    },
    {
      what: "a rule for all of IPv6, written out",
      of: "shared-nfs-node",
      change: set("cidrIpv6", "0:0:0:0:0:0:0:0/0"),
      says: "cidrIpv6: ",
    },
    {
      what: "a rule for what is no range",
      of: "shared-nfs-node",
      change: set("cidrIpv4", "anywhere"),
      says: "cidrIpv4: ",
    },
    {
      what: "a rule for the machine network",
      of: "shared-nfs-node",
      change: set("cidrIpv4", "10.0.0.0/8"),
    },
    {
      what: "a rule for one address",
      of: "shared-nfs-node",
      change: set("cidrIpv6", "2001:db8::1/128"),
    },
    {
      what: "a group with a rule of its own",
      of: "shared-nfs",
      change: set("ingress", [{ protocol: "tcp", cidrBlocks: ["10.0.0.0/16", "0.0.0.0/0"] }]),
      says: "ingress[0].cidrBlocks[1]: ",
    },
    {
      what: "a group with a rule of its own for IPv6",
      of: "shared-nfs",
      change: set("ingress", [{}, { ipv6CidrBlocks: ["::/0"] }]),
      says: "ingress[1].ipv6CidrBlocks[0]: ",
    },
    {
      what: "a group with a closed rule of its own",
      of: "shared-nfs",
      change: set("ingress", [{ cidrBlocks: ["10.0.0.0/16"], ipv6CidrBlocks: null }]),
    },
    {
      what: "a group from which anything may go out",
      of: "shared-nfs",
      change: set("egress", [{ cidrBlocks: ["0.0.0.0/0"] }]),
    },
    ...["ingress", undefined].map((direction) => ({
      what: `an older rule with the type ${direction}`,
      of: "shared-nfs-node",
      as: olderRule,
      change: () => ({ type: direction, cidrBlocks: ["0.0.0.0/0"] }),
      says: "cidrBlocks[0]: ",
    })),
    {
      what: "an older rule for IPv6",
      of: "shared-nfs-node",
      as: olderRule,
      change: () => ({ type: "ingress", ipv6CidrBlocks: ["10.0.0.0/16", "::/0"] }),
      says: "ipv6CidrBlocks[1]: ",
    },
    {
      what: "an older rule for what goes out",
      of: "shared-nfs-node",
      as: olderRule,
      change: () => ({ type: "egress", cidrBlocks: ["0.0.0.0/0"] }),
    },
    {
      what: "the VPC's own group",
      of: "shared-nfs",
      as: "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
      change: set("ingress", [{ cidrBlocks: ["0.0.0.0/0"] }]),
      says: "ingress[0].cidrBlocks[0]: ",
    },
    {
      what: "a list of ranges",
      of: "shared-nfs",
      as: "aws:ec2/managedPrefixList:ManagedPrefixList",
      change: (g) => ({ tags: g.tags, entries: [{ cidr: "10.0.0.0/16" }, { cidr: "0.0.0.0/0" }] }),
      says: "entries[1].cidr: ",
    },
    {
      what: "a list of closed ranges",
      of: "shared-nfs",
      as: "aws:ec2/managedPrefixList:ManagedPrefixList",
      change: (g) => ({ tags: g.tags, entries: [{ cidr: "10.0.0.0/16" }] }),
    },
    {
      what: "an entry of a list of ranges",
      of: "shared-nfs",
      as: "aws:ec2/managedPrefixListEntry:ManagedPrefixListEntry",
      change: () => ({ cidr: "::/0" }),
      says: "cidr: ",
    },
  ],
};
