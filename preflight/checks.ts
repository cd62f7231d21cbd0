import { promises as dns } from "node:dns";
import type { PlainSettings } from "../config/settings";
import { Unanswered } from "./aws";
import { type Accounts, credentials } from "./credentials";
import { type Finding, unchecked } from "./finding";
import { hostedZone } from "./hosted-zone";
import { instanceTypes } from "./instance-types";
import { machine } from "./machine";
import { pullSecret } from "./pull-secret";
import { quotas } from "./quotas";
import { type Pushes, registries } from "./registries";
import { repositories, type Sources } from "./repositories";
import { release, tools } from "./tools";

/** All that is looked at. Secrets are in it: it goes from process to process by stdin. */
export interface Request
  extends Omit<Accounts, "credentialsMode">,
    Pick<Sources, "gitCredentials" | "buildGitCredentials">,
    Pick<Pushes, "registryCredentials"> {
  readonly settings: Pick<PlainSettings, "cluster" | "pools" | "builds"> & Pick<Sources, "namespace">;
  readonly pullSecret: string;
}

/** Looks at everything at once. In: see infra/stages/aws-client.ts. */
export async function check(request: Request): Promise<Finding[]> {
  const { settings, pullSecret: secret } = request;
  const { cluster, namespace, builds } = settings;
  const resolver = new dns.Resolver({ timeout: 3000, tries: 2 });
  const groups = await Promise.all([
    aws(request, () => [
      part("hosted zone", () => hostedZone(cluster, resolver)),
      part("instance types", () => instanceTypes(settings)),
      part("quotas", () => quotas(settings)),
    ]),
    part("tools", async () => {
      const found = await tools(cluster);
      return [...(await machine(found)), await release(cluster, found)];
    }),
    pullSecret(secret),
    part("registries", () => registries({ builds, namespace, registryCredentials: request.registryCredentials })),
    part("repositories", () => repositories({ builds, namespace, ...request })),
  ]);
  return groups.flat();
}

/** The credentials first: without any, every other question would fail for the same reason. */
async function aws(request: Request, questions: () => Promise<Finding[]>[]): Promise<Finding[]> {
  const { cluster } = request.settings;
  const { caller, findings } = await credentials(cluster.region, { ...request, credentialsMode: cluster.credentialsMode });
  if (caller === undefined) return [...findings, unchecked("hosted zone, instance types, quotas", "AWS takes no credentials to ask with")];
  return [...findings, ...(await Promise.all(questions())).flat()];
}

/** What goes wrong with one look keeps no other from being told. */
async function part(what: string, look: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await look();
  } catch (error) {
    return [unchecked(what, error instanceof Unanswered ? error.message : `${(error as Error).name}: ${(error as Error).message}`)];
  }
}
