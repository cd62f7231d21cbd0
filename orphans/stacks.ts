import { Mistake } from "../review/mistake";
import { explained, pulumi } from "../review/pulumi";

/**
 * The text of each stack's state, as `pulumi stack export` prints it: secrets stay encrypted. The guard of a cluster has its infra ID in
 * clear, as the trigger of its replacement (infra/openshift-cluster.ts).
 *
 * @throws Mistake when a state cannot be read: whatever it knows would be taken for an orphan.
 */
export async function states(): Promise<Map<string, string>> {
  const listed = await pulumi(["stack", "ls", "--all", "--json"]);
  if (listed.code !== 0) throw new Mistake(explained("STACK", listed));
  const found = new Map<string, string>();
  for (const { name } of JSON.parse(listed.stdout) as { readonly name: string }[]) {
    const outcome = await pulumi(["stack", "export", "--stack", name]);
    if (outcome.code !== 0)
      throw new Mistake(
        `the state of the stack ${name} cannot be read, so it is not known which clusters are its own: ${explained(name, outcome)}`,
      );
    found.set(name, outcome.stdout);
  }
  return found;
}
