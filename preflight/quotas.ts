import { EC2Client } from "@aws-sdk/client-ec2";
import { EFSClient } from "@aws-sdk/client-efs";
import { GetAWSDefaultServiceQuotaCommand, GetServiceQuotaCommand, ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import type { PlainSettings } from "../config/settings";
import { clientSettings } from "../infra/stages/aws-client";
import { answered, Unanswered } from "./aws";
import { type Finding, ok, problem, unchecked } from "./finding";
import { cpusOf, wantedArchitectures } from "./instance-types";
import { addresses, fileSystems, type Need, natGateways, networks, otherNeeds, type Quota, vcpuNeeds, vcpuQuota } from "./quota-needs";
import { addressesInUse, fileSystemsInUse, natGatewaysInUse, networksInUse, typesInUse } from "./usage";

/** A quota, and how much of it is taken: all of it in one place, or in the fullest of several. */
interface Use {
  readonly count: number;
  readonly where?: string;
}

/** Whether what is to be made fits into the account's quotas beside what is there. */
export async function quotas(settings: Pick<PlainSettings, "cluster" | "pools">): Promise<Finding[]> {
  const { region, zones } = settings.cluster;
  const ec2 = new EC2Client(clientSettings("ec2"));
  // The installer's name of EFS's endpoint is its IAM and host name.
  const efs = new EFSClient(clientSettings("elasticfilesystem"));
  const service = new ServiceQuotasClient(clientSettings("servicequotas"));
  const cpus = await cpusOf(ec2, [...new Set(wantedArchitectures(settings).map(({ type }) => type))]);
  const { needs, unknown } = vcpuNeeds(settings, cpus);
  // Asked once, however many quotas it is for.
  const running = once(() => runningVcpus(ec2));
  const inUse = new Map<Quota, () => Promise<Use>>([
    ...needs.map(({ quota }) => [quota, async () => ({ count: (await running()).get(quota) ?? 0 })] as const),
    [addresses, async () => ({ count: await addressesInUse(ec2) })],
    [networks, async () => ({ count: await networksInUse(ec2) })],
    [natGateways, async () => fullest(await natGatewaysInUse(ec2), zones)],
    [fileSystems, async () => ({ count: await fileSystemsInUse(efs) })],
  ]);
  const found = [...needs, ...otherNeeds(zones)].map(async (need) => {
    const what = `quota of ${need.quota.name}`;
    try {
      const [limit, use] = await Promise.all([limitOf(service, need.quota), inUse.get(need.quota)?.() ?? { count: 0 }]);
      return fits(what, need, limit, use, region);
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      return unchecked(what, `${error.message}; needed are ${need.count} for ${need.by}`);
    }
  });
  const others = unknown.map((type) =>
    unchecked("quota of vCPUs", `which quota ${type} counts for, or how many vCPUs it has, is not known here`),
  );
  return [...(await Promise.all(found)), ...others];
}

/** Compares need, limit and use. */
export function fits(what: string, { quota, count, by }: Need, limit: number, use: Use, region: string): Finding {
  const where = use.where === undefined ? "" : ` in ${use.where}`;
  const numbers = `${limit} allowed, ${use.count} in use${where}, ${count} needed for ${by}`;
  if (use.count + count <= limit) return ok(what, numbers);
  const more = `aws service-quotas request-service-quota-increase --region ${region} --service-code ${quota.service} --quota-code ${quota.code} --desired-value ${use.count + count}`;
  return problem(what, `${numbers}: free some, or ask for more: ${more}`);
}

/** The zone that has most of something, of those that matter. */
function fullest(byZone: ReadonlyMap<string, number>, zones: readonly string[]): Use {
  const [first = "", ...others] = zones;
  const count = (zone: string) => byZone.get(zone) ?? 0;
  const where = others.reduce((most, zone) => (count(zone) > count(most) ? zone : most), first);
  return { where, count: count(where) };
}

/** The account's own limit; one that was never raised may be AWS's default alone (API_GetServiceQuota). */
async function limitOf(client: ServiceQuotasClient, { service: ServiceCode, code: QuotaCode }: Quota): Promise<number> {
  const question = { ServiceCode, QuotaCode };
  const applied = client.send(new GetServiceQuotaCommand(question)).catch((error: Error) => {
    if (error.name !== "NoSuchResourceException") throw error;
    return undefined;
  });
  const { Quota } =
    (await answered("servicequotas:GetServiceQuota", applied)) ??
    (await answered("servicequotas:GetAWSDefaultServiceQuota", client.send(new GetAWSDefaultServiceQuotaCommand(question))));
  if (Quota?.Value === undefined) throw new Unanswered(`Service Quotas has no value for ${ServiceCode}/${QuotaCode}`);
  return Quota.Value;
}

async function runningVcpus(client: EC2Client): Promise<Map<Quota, number>> {
  const types = await typesInUse(client);
  const cpus = await cpusOf(client, [...types.keys()]);
  const total = new Map<Quota, number>();
  for (const [type, count] of types) {
    const quota = vcpuQuota(type);
    if (quota) total.set(quota, (total.get(quota) ?? 0) + count * (cpus.get(type) ?? 0));
  }
  return total;
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= work();
    return result;
  };
}
