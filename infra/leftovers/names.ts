import {
  GetHostedZoneCommand,
  type HostedZone,
  ListHostedZonesByNameCommand,
  ListResourceRecordSetsCommand,
  type ListResourceRecordSetsRequest,
  type ListResourceRecordSetsResponse,
  ListTagsForResourceCommand,
  type ResourceRecordSet,
  type Route53Client,
} from "@aws-sdk/client-route-53";
import { type Asking, cli, isOwned, type Leftover } from "./asking";

/** Names that the installer and the ingress operator make. Route 53 writes the star as \052. */
const ownNames = (domain: string) => ["api", "api-int", "\\052.apps"].map((host) => `${host}.${domain}.`);

const idOf = ({ Id = "" }: HostedZone) => Id.replace(/^\/hostedzone\//, "");

/**
 * Hosted zones of a cluster with their records, and its names in the public zones above it.
 * @param domain `<name>.<baseDomain>`
 * @param tagged ids of zones that the tagging API has named
 */
export async function names(
  client: Route53Client,
  asking: Asking,
  infraId: string,
  domain: string,
  tagged: ReadonlySet<string>,
): Promise<Leftover[]> {
  const found: Leftover[] = [];
  const own = new Map<string, HostedZone>();
  for (const id of tagged) {
    const zone = await asking.ask(
      "route53:GetHostedZone",
      async () => (await client.send(new GetHostedZoneCommand({ Id: id }))).HostedZone,
      undefined,
    );
    if (zone) own.set(id, zone);
  }
  for (const zone of await zonesOf(client, asking, domain)) {
    if (!own.has(idOf(zone)) && zone.Config?.PrivateZone && (await isTagged(client, asking, idOf(zone), infraId)))
      own.set(idOf(zone), zone);
  }
  for (const [id, { Name = "" }] of own) {
    const records = await recordsOf(client, asking, id);
    for (const record of records.filter(({ Type }) => Type !== "NS" && Type !== "SOA")) found.push(leftRecord(id, record));
    found.push({ kind: "hostedzone", id, name: Name, commands: [cli("route53", "delete-hosted-zone", "--id", id)] });
  }
  for (let above = domain; above.includes("."); above = above.slice(above.indexOf(".") + 1)) {
    for (const zone of await zonesOf(client, asking, above)) {
      if (zone.Config?.PrivateZone) continue;
      const records = await recordsOf(client, asking, idOf(zone));
      for (const record of records.filter(({ Name = "" }) => ownNames(domain).includes(Name))) {
        // A load balancer of the API has the infra ID in its name, that of the router has none; and a record has no tags.
        const isOwn = record.AliasTarget?.DNSName?.includes(`${infraId}-`);
        found.push({ ...leftRecord(idOf(zone), record), ...(isOwn ? {} : { doubtful: true }) });
      }
    }
  }
  return found;
}

/** Zones of just this name. There may be several: a public one, and private ones of several networks. */
async function zonesOf(client: Route53Client, asking: Asking, name: string): Promise<HostedZone[]> {
  const answer = await asking.ask(
    "route53:ListHostedZonesByName",
    async () => (await client.send(new ListHostedZonesByNameCommand({ DNSName: name }))).HostedZones,
    undefined,
  );
  return (answer ?? []).filter(({ Name }) => Name === `${name}.`);
}

const isTagged = (client: Route53Client, asking: Asking, ResourceId: string, infraId: string) =>
  asking.ask(
    "route53:ListTagsForResource",
    async () => {
      const { ResourceTagSet } = await client.send(new ListTagsForResourceCommand({ ResourceType: "hostedzone", ResourceId }));
      return isOwned(ResourceTagSet?.Tags, infraId);
    },
    false,
  );

const recordsOf = (client: Route53Client, asking: Asking, HostedZoneId: string): Promise<ResourceRecordSet[]> =>
  asking.all(
    "route53:ListResourceRecordSets",
    () => recordPages(client, HostedZoneId),
    (page) => page,
  );

/** The SDK has no pages of this one: where an answer ends, the next one begins. */
async function* recordPages(client: Route53Client, HostedZoneId: string) {
  let start: Pick<ListResourceRecordSetsRequest, "StartRecordName" | "StartRecordType" | "StartRecordIdentifier"> | undefined = {};
  while (start !== undefined) {
    const page: ListResourceRecordSetsResponse = await client.send(new ListResourceRecordSetsCommand({ HostedZoneId, ...start }));
    yield page.ResourceRecordSets;
    const { IsTruncated, NextRecordName, NextRecordType, NextRecordIdentifier } = page;
    start = IsTruncated
      ? { StartRecordName: NextRecordName, StartRecordType: NextRecordType, StartRecordIdentifier: NextRecordIdentifier }
      : undefined;
  }
}

/** API_ChangeResourceRecordSets: a record is deleted by all of its values. */
function leftRecord(zone: string, ResourceRecordSet: ResourceRecordSet): Leftover {
  const { Name = "", Type = "" } = ResourceRecordSet;
  const batch = JSON.stringify({ Changes: [{ Action: "DELETE", ResourceRecordSet }] });
  return {
    kind: "record",
    id: `${Name.replace("\\052", "*")} ${Type}`,
    name: `in ${zone}`,
    commands: [cli("route53", "change-resource-record-sets", "--hosted-zone-id", zone, "--change-batch", batch)],
  };
}
