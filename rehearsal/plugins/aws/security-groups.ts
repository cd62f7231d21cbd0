import { randomBytes } from "node:crypto";
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DeleteSecurityGroupCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSecurityGroupsCommand,
  type IpPermission,
  ModifySecurityGroupRulesCommand,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
  type SecurityGroup,
  type SecurityGroupRule,
  type TagSpecification,
} from "@aws-sdk/client-ec2";
import type { Failure } from "../provider";
import { type Properties, unknown, type Value } from "../values";
import { type Api, hasCode, unlessGone, waitFor } from "./api";
import { fromAwsTags, toAwsTags } from "./tags";
import type { AwsType } from "./type";

/** As long as the real provider tries to delete a group that is still in use, in seconds. */
const deleteTime = 15 * 60;

const text = (value: Value | undefined): string | undefined => (value === undefined ? undefined : String(value));
const number = (value: Value | undefined): number | undefined => (value === undefined ? undefined : Number(value));

const tagSpecifications = (kind: "security-group" | "security-group-rule", tags: Value | undefined): TagSpecification[] | undefined => {
  const list = toAwsTags(tags);
  return list.length > 0 ? [{ ResourceType: kind, Tags: list }] : undefined;
};

async function findGroup(api: Api, id: string): Promise<SecurityGroup | undefined> {
  const answer = await unlessGone(api.ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: [id] })), "InvalidGroup.NotFound");
  return answer?.SecurityGroups?.[0];
}

/** Rules of a group in the form of the outputs `ingress` and `egress`: one entry a source. */
const rules = (id: string, permissions: readonly IpPermission[] | undefined): Value =>
  (permissions ?? []).flatMap((permission) => {
    const entry = (description: string | undefined, source: Properties): Value => ({
      cidrBlocks: [],
      description: description ?? "",
      fromPort: permission.FromPort ?? 0,
      ipv6CidrBlocks: [],
      prefixListIds: [],
      protocol: permission.IpProtocol ?? "-1",
      securityGroups: [],
      self: false,
      toPort: permission.ToPort ?? 0,
      ...(source as { [key: string]: Value }),
    });
    return [
      ...(permission.IpRanges ?? []).map((range) => entry(range.Description, { cidrBlocks: [range.CidrIp ?? ""] })),
      ...(permission.Ipv6Ranges ?? []).map((range) => entry(range.Description, { ipv6CidrBlocks: [range.CidrIpv6 ?? ""] })),
      ...(permission.PrefixListIds ?? []).map((range) => entry(range.Description, { prefixListIds: [range.PrefixListId ?? ""] })),
      ...(permission.UserIdGroupPairs ?? []).map((pair) =>
        entry(pair.Description, pair.GroupId === id ? { self: true } : { securityGroups: [pair.GroupId ?? ""] }),
      ),
    ];
  });

/** Rules within the resource are not supported: the program keeps them as resources of their own. */
const refuseInlineRules = (inputs: Properties): Failure[] =>
  ["ingress", "egress"]
    .filter((property) => inputs[property] !== undefined)
    .map((property) => ({ property, reason: "the stand-in has no rules within a group; use aws.vpc.SecurityGroupIngressRule" }));

export const securityGroup: AwsType = {
  what: "EC2 security group",
  replaceOn: ["name", "namePrefix", "description", "vpcId"],
  computed: ["arn", "egress", "ingress", "name", "namePrefix", "ownerId", "vpcId"],
  tagged: "ec2",
  defaults: (inputs, { name, olds }) => ({
    description: "Managed by Pulumi",
    revokeRulesOnDelete: false,
    // A name that was made up once is kept, or each run would ask for another group.
    name: inputs.namePrefix === undefined ? (olds.name ?? `${name}-${randomBytes(4).toString("hex").slice(0, 7)}`) : undefined,
  }),
  validate: refuseInlineRules,
  async create(api, inputs) {
    const request = new CreateSecurityGroupCommand({
      GroupName: text(inputs.name) ?? `${inputs.namePrefix}${Date.now()}${randomBytes(4).toString("hex")}`,
      Description: text(inputs.description),
      VpcId: text(inputs.vpcId),
      TagSpecifications: tagSpecifications("security-group", inputs.tagsAll),
    });
    return (await api.ec2.send(request)).GroupId as string;
  },
  // AWS lets a new group send anywhere; the real provider takes that away, because the program did not say so.
  async complete(api, id) {
    for (const range of [{ IpRanges: [{ CidrIp: "0.0.0.0/0" }] }, { Ipv6Ranges: [{ CidrIpv6: "::/0" }] }]) {
      const request = new RevokeSecurityGroupEgressCommand({ GroupId: id, IpPermissions: [{ IpProtocol: "-1", ...range }] });
      await unlessGone(api.ec2.send(request), "InvalidPermission.NotFound", "InvalidParameterValue");
    }
  },
  async read(api, id, known) {
    const found = await findGroup(api, id);
    return (
      found && {
        arn: `arn:aws:ec2:${api.region}:${found.OwnerId}:security-group/${id}`,
        description: found.Description,
        egress: rules(id, found.IpPermissionsEgress),
        ingress: rules(id, found.IpPermissions),
        name: found.GroupName,
        namePrefix: known.namePrefix ?? "",
        ownerId: found.OwnerId,
        revokeRulesOnDelete: known.revokeRulesOnDelete ?? false,
        tagsAll: fromAwsTags(found.Tags),
        vpcId: found.VpcId,
      }
    );
  },
  async delete(api, id, state, { signal }) {
    if (state.revokeRulesOnDelete) await revokeAll(api, id);
    // Network interfaces that used the group go away some time after what they belonged to.
    const tryDelete = async (): Promise<unknown> => {
      try {
        await unlessGone(api.ec2.send(new DeleteSecurityGroupCommand({ GroupId: id })), "InvalidGroup.NotFound");
        return undefined;
      } catch (error) {
        if (hasCode(error, "DependencyViolation", "InvalidGroup.InUse")) return error;
        throw error;
      }
    };
    await waitFor(
      `EC2 security group ${id} to be out of use (DependencyViolation)`,
      deleteTime,
      signal,
      tryDelete,
      (error) => error === undefined,
    );
    await waitFor(
      `EC2 security group ${id} to be gone`,
      deleteTime,
      signal,
      () => findGroup(api, id),
      (found) => !found,
    );
  },
};

async function revokeAll(api: Api, id: string): Promise<void> {
  const found = await findGroup(api, id);
  if (found?.IpPermissions?.length)
    await api.ec2.send(new RevokeSecurityGroupIngressCommand({ GroupId: id, IpPermissions: found.IpPermissions }));
  if (found?.IpPermissionsEgress?.length) {
    await api.ec2.send(new RevokeSecurityGroupEgressCommand({ GroupId: id, IpPermissions: found.IpPermissionsEgress }));
  }
}

const sources = ["cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId"] as const;

/** A rule has exactly one source, and ports unless it is for all protocols. */
export function validateRule(inputs: Properties): Failure[] {
  const failures: Failure[] = [];
  const set = sources.filter((source) => inputs[source] !== undefined);
  if (set.length !== 1) {
    failures.push({
      property: set[1] ?? sources[0],
      reason: `exactly one of ${sources.join(", ")} must be set, ${set.length === 0 ? "there is none" : `there are ${set.join(", ")}`}`,
    });
  }
  if (inputs.ipProtocol === unknown || inputs.ipProtocol === undefined) return failures;
  const ports = ["fromPort", "toPort"].filter((port) => inputs[port] !== undefined);
  if (inputs.ipProtocol === "-1" && ports.length > 0)
    failures.push({ property: ports[0] ?? "", reason: "a rule for all protocols (-1) has no ports" });
  if (["tcp", "udp"].includes(String(inputs.ipProtocol)) && ports.length < 2) {
    failures.push({ property: "fromPort", reason: `a rule for ${inputs.ipProtocol} needs fromPort and toPort` });
  }
  return failures;
}

const sourceOf = (inputs: Properties) => sources.find((name) => inputs[name] !== undefined);

function permission(inputs: Properties): IpPermission {
  const Description = text(inputs.description);
  const source = {
    cidrIpv4: () => ({ IpRanges: [{ CidrIp: text(inputs.cidrIpv4), Description }] }),
    cidrIpv6: () => ({ Ipv6Ranges: [{ CidrIpv6: text(inputs.cidrIpv6), Description }] }),
    prefixListId: () => ({ PrefixListIds: [{ PrefixListId: text(inputs.prefixListId), Description }] }),
    referencedSecurityGroupId: () => ({ UserIdGroupPairs: [{ GroupId: text(inputs.referencedSecurityGroupId), Description }] }),
  }[sourceOf(inputs) ?? "cidrIpv4"]();
  return { IpProtocol: text(inputs.ipProtocol), FromPort: number(inputs.fromPort), ToPort: number(inputs.toPort), ...source };
}

async function findRule(api: Api, id: string): Promise<SecurityGroupRule | undefined> {
  const request = new DescribeSecurityGroupRulesCommand({ SecurityGroupRuleIds: [id] });
  const answer = await unlessGone(api.ec2.send(request), "InvalidSecurityGroupRuleId.NotFound", "InvalidGroup.NotFound");
  return answer?.SecurityGroupRules?.[0];
}

export const securityGroupIngressRule: AwsType = {
  what: "VPC security group ingress rule",
  required: ["securityGroupId", "ipProtocol"],
  replaceOn: ["securityGroupId"],
  // A rule may get another source, but not another kind of source.
  replaceAlsoOn: (before, after) => (sourceOf(before) === sourceOf(after) ? [] : sources),
  computed: ["arn", "securityGroupRuleId"],
  tagged: "ec2",
  validate: validateRule,
  async create(api, inputs) {
    const request = new AuthorizeSecurityGroupIngressCommand({
      GroupId: text(inputs.securityGroupId),
      IpPermissions: [permission(inputs)],
      TagSpecifications: tagSpecifications("security-group-rule", inputs.tagsAll),
    });
    return (await api.ec2.send(request)).SecurityGroupRules?.[0]?.SecurityGroupRuleId as string;
  },
  async read(api, id) {
    const found = await findRule(api, id);
    return (
      found && {
        arn: `arn:aws:ec2:${api.region}:${found.GroupOwnerId ?? (await api.callerIdentity()).Account}:security-group-rule/${id}`,
        cidrIpv4: found.CidrIpv4,
        cidrIpv6: found.CidrIpv6,
        description: found.Description,
        // For all protocols AWS says -1, the program nothing.
        fromPort: found.FromPort === -1 ? undefined : found.FromPort,
        toPort: found.ToPort === -1 ? undefined : found.ToPort,
        ipProtocol: found.IpProtocol,
        prefixListId: found.PrefixListId,
        referencedSecurityGroupId: found.ReferencedGroupInfo?.GroupId,
        securityGroupId: found.GroupId,
        securityGroupRuleId: id,
        tagsAll: fromAwsTags(found.Tags),
      }
    );
  },
  async update(api, id, state, news) {
    if (JSON.stringify(permission(state)) === JSON.stringify(permission(news))) return;
    await api.ec2.send(
      new ModifySecurityGroupRulesCommand({
        GroupId: text(news.securityGroupId),
        SecurityGroupRules: [
          {
            SecurityGroupRuleId: id,
            SecurityGroupRule: {
              IpProtocol: text(news.ipProtocol),
              FromPort: number(news.fromPort),
              ToPort: number(news.toPort),
              CidrIpv4: text(news.cidrIpv4),
              CidrIpv6: text(news.cidrIpv6),
              PrefixListId: text(news.prefixListId),
              ReferencedGroupId: text(news.referencedSecurityGroupId),
              Description: text(news.description),
            },
          },
        ],
      }),
    );
  },
  async delete(api, id, state) {
    const request = new RevokeSecurityGroupIngressCommand({ GroupId: text(state.securityGroupId), SecurityGroupRuleIds: [id] });
    await unlessGone(api.ec2.send(request), "InvalidGroup.NotFound", "InvalidSecurityGroupRuleId.NotFound");
  },
};
