import {
  GetHostedZoneCommand,
  type HostedZone,
  ListHostedZonesByNameCommand,
  ListResourceRecordSetsCommand,
  Route53Client,
} from "@aws-sdk/client-route-53";
import { clientSettings } from "../infra/stages/aws-client";
import { answered } from "./aws";
import { delegation, type Resolver } from "./delegation";
import { type Finding, ok, problem } from "./finding";

const what = "hosted zone";

/**
 * The public zone of the base domain: there, one, delegated, and without names of the cluster, at which the installer stops as well
 * (openshift/installer, pkg/asset/installconfig/aws/route53.go).
 */
export async function hostedZone({ name, baseDomain }: { name: string; baseDomain: string }, resolver: Resolver): Promise<Finding[]> {
  const client = new Route53Client(clientSettings("route53"));
  const zones = await zonesOf(client, baseDomain);
  const open = zones.filter(({ Config }) => !Config?.PrivateZone);
  const [zone, ...others] = open;
  if (zone === undefined) return [absent(baseDomain, zones.length)];
  if (others.length > 0) {
    return [
      problem(
        what,
        `there are ${open.length} public zones ${baseDomain} (${open.map(idOf).join(", ")}), of which the installer takes any: delete those that nobody delegates to`,
      ),
    ];
  }
  const { DelegationSet } = await answered("route53:GetHostedZone", client.send(new GetHostedZoneCommand({ Id: zone.Id })));
  return Promise.all([
    Promise.resolve(ok(what, `the public zone ${baseDomain} is ${idOf(zone)}`)),
    delegation(baseDomain, DelegationSet?.NameServers ?? [], resolver),
    records(client, zone, `${name}.${baseDomain}`),
  ]);
}

const idOf = ({ Id = "" }: HostedZone) => Id.replace("/hostedzone/", "");

async function zonesOf(client: Route53Client, domain: string): Promise<HostedZone[]> {
  // They come in an order of names that begins at the one asked for; more than a page of one name nobody has.
  const { HostedZones = [] } = await answered(
    "route53:ListHostedZonesByName",
    client.send(new ListHostedZonesByNameCommand({ DNSName: domain })),
  );
  return HostedZones.filter(({ Name }) => Name === `${domain}.`);
}

function absent(domain: string, hidden: number): Finding {
  const make = `aws route53 create-hosted-zone --name ${domain} --caller-reference ${domain}, then have its parent delegate to its name servers`;
  return hidden > 0
    ? problem(what, `${domain} is a private zone alone, and the cluster needs a public one: ${make}`)
    : problem(what, `the account has no zone ${domain}: set cluster.baseDomain to one that it has, or ${make}`);
}

/** Names below the cluster's: the list is in the order of names read from the right, so that they stand together. */
async function records(client: Route53Client, zone: HostedZone, domain: string): Promise<Finding> {
  const found: string[] = [];
  let from: { readonly StartRecordName?: string; readonly StartRecordType?: never } = { StartRecordName: domain };
  for (;;) {
    const page = await answered(
      "route53:ListResourceRecordSets",
      client.send(new ListResourceRecordSetsCommand({ HostedZoneId: zone.Id, ...from })),
    );
    const sets = page.ResourceRecordSets ?? [];
    const below = sets.filter(({ Name = "" }) => Name.endsWith(`.${domain}.`));
    found.push(...below.map(({ Name = "", Type }) => `${Name.replace("\\052", "*").replace(/\.$/, "")} (${Type})`));
    const past = sets.some(({ Name = "" }) => Name !== `${domain}.` && !Name.endsWith(`.${domain}.`));
    if (past || !page.IsTruncated) break;
    from = { StartRecordName: page.NextRecordName, StartRecordType: page.NextRecordType as never };
  }
  if (found.length === 0) return ok("names of the cluster", `${domain} has no records yet`);
  return problem(
    "names of the cluster",
    `${idOf(zone)} has records of another cluster, or of one that is gone: ${found.join(", ")}: delete them if nothing uses them, or set another cluster.name`,
  );
}
