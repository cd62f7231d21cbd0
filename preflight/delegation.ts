import { type Finding, ok, problem, unchecked } from "./finding";

const what = "delegation";

/** What is asked of node:dns's Resolver. */
export interface Resolver {
  resolveNs(name: string): Promise<string[]>;
  resolve4(name: string): Promise<string[]>;
}

/** Nobody delegates them: RFC 6761, special-use domain names. */
const special = /(?:^|\.)(?:test|example|invalid|localhost)$/;

const plain = (name: string) => name.toLowerCase().replace(/\.$/, "");

/**
 * Whether the names of a zone are found by the world: its parent has to name the zone's own servers.
 * @param nameServers those that Route 53 serves the zone by
 */
export async function delegation(domain: string, nameServers: readonly string[], resolver: Resolver): Promise<Finding> {
  const own = nameServers.map(plain);
  const fix = `have the zone above ${domain}, or its registrar, name ${own.join(", ")}`;
  if (special.test(domain)) return unchecked(what, `${domain} is below a name that nobody delegates (RFC 6761)`);
  try {
    const found = (await resolver.resolveNs(domain)).map(plain);
    const foreign = found.filter((name) => !own.includes(name));
    if (foreign.length === 0 || (await sameAddresses(foreign, own, resolver)))
      return ok(what, `${domain} is delegated to the zone's name servers`);
    return problem(what, `${domain} is delegated to ${foreign.join(", ")}, which are not those of the hosted zone: ${fix}`);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    // A resolver that does not know the zone's servers either knows nothing of the world.
    if (!["ENOTFOUND", "ENODATA", "ESERVFAIL", "EREFUSED"].includes(code) || !(await knows(own, resolver)))
      return unchecked(what, `the resolver of this machine does not tell the name servers of ${domain} (${code})`);
    return code === "ENOTFOUND" || code === "ENODATA"
      ? problem(what, `${domain} is not delegated, so nobody finds the cluster's names: ${fix}`)
      : problem(what, `${domain} is delegated to servers that do not serve it, as after a zone was made anew (${code}): ${fix}`);
  }
}

const addresses = async (names: readonly string[], resolver: Resolver) =>
  (await Promise.all(names.map((name) => resolver.resolve4(name).catch(() => [])))).flat();

const knows = async (names: readonly string[], resolver: Resolver) => (await addresses(names.slice(0, 1), resolver)).length > 0;

/** Servers may have names of their own for Route 53's addresses ("white-label name servers" in its Developer Guide). */
async function sameAddresses(foreign: readonly string[], own: readonly string[], resolver: Resolver): Promise<boolean> {
  const [theirs, ours] = await Promise.all([addresses(foreign, resolver), addresses(own, resolver)]);
  return theirs.length > 0 && theirs.every((address) => ours.includes(address));
}
