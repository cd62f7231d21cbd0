import { paginateDescribeTags } from "@aws-sdk/client-ec2";
import { paginateGetResources, type ResourceTagMapping } from "@aws-sdk/client-resource-groups-tagging-api";
import { HeadBucketCommand } from "@aws-sdk/client-s3";
import { type Asking, ccoctlKey, cli, type Leftover, ownerKeys } from "./asking";
import type { Clients } from "./clients";
import { ec2Kinds, ec2Objects } from "./ec2";
import { fileSystems } from "./file-systems";
import { identities } from "./identities";
import { loadBalancers } from "./load-balancers";
import { names } from "./names";
import { inNetworks } from "./network";

/** What a cluster has left in an account. */
export interface Leftovers {
  /** In an order in which their commands work. */
  readonly left: readonly Leftover[];
  /** ARNs of kinds that are not known here, of which it cannot be told whether they are there. */
  readonly unknown: readonly string[];
}

/** The order in which objects can go: what is used comes after what uses it. */
const order = [
  ...["instance", "loadbalancer", "targetgroup", "natgateway", "vpc-endpoint", "vpc-peering-connection", "access-point", "mount-target"],
  ...["file-system", "volume", "elastic-ip", "network-interface", "snapshot", "image", "record", "hostedzone", "security-group"],
  ...["route-table", "internet-gateway", "subnet", "vpc", "dhcp-options", "bucket", "instance-profile", "role", "user", "oidc-provider"],
];

/** ARNs and tags of all that the tagging API lists for a key, in every region in which a cluster has something. */
export async function tagged(
  { tagging }: Pick<Clients, "tagging">,
  asking: Asking,
  key: string,
  value?: string,
): Promise<ResourceTagMapping[]> {
  const TagFilters = [{ Key: key, ...(value === undefined ? {} : { Values: [value] }) }];
  const found: ResourceTagMapping[] = [];
  for (const client of tagging) {
    found.push(
      ...(await asking.all(
        "tag:GetResources",
        () => paginateGetResources({ client }, { TagFilters }),
        ({ ResourceTagMappingList }) => ResourceTagMappingList,
      )),
    );
  }
  return found;
}

/**
 * Looks for all that a cluster has in an account. The tagging API goes on to list what was deleted, a machine for an hour; each service is asked
 * itself whether the object is there before it counts. What that API does not list is asked of its service at once.
 *
 * @param domain `<name>.<baseDomain>`
 * @throws what AWS says, except that something is not there or may not be asked
 */
export async function leftovers(aws: Clients, asking: Asking, infraId: string, domain: string): Promise<Leftovers> {
  const arns = new Set<string>();
  const ids = new Map<string, Set<string>>();
  const add = (kind: string, id: string) => ids.set(kind, (ids.get(kind) ?? new Set()).add(id));
  for (const key of ownerKeys(infraId)) {
    for (const { ResourceARN } of await tagged(aws, asking, key, "owned")) if (ResourceARN) arns.add(ResourceARN);
    // EC2's own list of tags is never late, and needs no right to the tagging API.
    const Filters = [
      { Name: "key", Values: [key] },
      { Name: "value", Values: ["owned"] },
    ];
    const tags = await asking.all(
      "ec2:DescribeTags",
      () => paginateDescribeTags({ client: aws.ec2 }, { Filters }),
      ({ Tags }) => Tags,
    );
    for (const { ResourceType, ResourceId } of tags) add(ResourceType ?? "", ResourceId ?? "");
  }
  // EC2 has nothing of it.
  for (const { ResourceARN } of await tagged(aws, asking, ccoctlKey(infraId), "owned")) if (ResourceARN) arns.add(ResourceARN);
  const unknown: string[] = [];
  const zones = new Set<string>();
  const buckets = new Set([`openshift-bootstrap-data-${infraId}`, issuerBucket(infraId)]);
  for (const arn of arns) {
    // arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE
    const [, , service = "", , , ...rest] = arn.split(":");
    const resource = rest.join(":");
    const [kind = "", id = ""] = [resource.slice(0, resource.indexOf("/")), resource.slice(resource.indexOf("/") + 1)];
    if (service === "ec2" && ec2Kinds.includes(kind)) add(kind, id);
    else if (service === "route53" && kind === "hostedzone") zones.add(id);
    else if (service === "s3") buckets.add(resource);
    else if (!/^(?:elasticloadbalancing|elasticfilesystem|iam)$/.test(service)) unknown.push(arn);
  }
  const networks = ids.get("vpc") ?? new Set<string>();
  for (const [kind, found] of await inNetworks(aws.ec2, asking, [...networks])) for (const id of found) add(kind, id);
  const left = [
    ...(await ec2Objects(aws.ec2, asking, aws.region, ids)),
    ...(await loadBalancers(aws, asking, arns, networks)),
    ...(await fileSystems(aws.efs, asking, aws.region, infraId)),
    ...(await names(aws.route53, asking, infraId, domain, zones)),
    ...(await bucketsLeft(aws, asking, infraId, buckets)),
    ...(await identities(aws.iam, asking, infraId)),
  ];
  left.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  // A mount target and its interface are one thing.
  const first = left.filter(({ commands }, index) => left.findIndex((one) => one.commands[0] === commands[0]) === index);
  return { left: first, unknown };
}

/** The bucket in which ccoctl puts the public keys of the cluster's service accounts. */
const issuerBucket = (infraId: string) => `${infraId}-oidc`;

async function bucketsLeft(
  { s3: client, region }: Clients,
  asking: Asking,
  infraId: string,
  wanted: ReadonlySet<string>,
): Promise<Leftover[]> {
  const found: Leftover[] = [];
  for (const Bucket of wanted) {
    // HeadBucket has no action of its own (Service Authorization Reference, Amazon S3).
    const isThere = await asking.ask("s3:ListBucket", () => client.send(new HeadBucketCommand({ Bucket })).then(() => true), false);
    if (isThere)
      found.push({
        kind: "bucket",
        id: Bucket,
        name: "",
        ofCcoctl: Bucket === issuerBucket(infraId),
        commands: [cli("s3", "rb", `s3://${Bucket}`, "--force", "--region", region)],
      });
  }
  return found;
}
