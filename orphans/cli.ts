import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { Asking } from "../infra/leftovers/asking";
import { clients } from "../infra/leftovers/clients";
import { settingsFor } from "../infra/stages/aws-client";
import { exitCodeOf, parsed } from "../review/command-line";
import { Mistake } from "../review/mistake";
import { refuseSwallowed } from "../review/npm-options";
import { clustersOf, isOfRegion } from "./clusters";
import { help } from "./help";
import { metadata, orphan, text } from "./report";
import { states } from "./stacks";

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parsed("orphans", {
    args,
    allowPositionals: true,
    options: { metadata: { type: "string" }, json: { type: "boolean" }, help: { type: "boolean", short: "h" } },
  });
  if (values.help) {
    process.stdout.write(`${help}\n`);
    return 0;
  }
  refuseSwallowed("orphans", ["metadata", "json"], args);
  const [region, ...others] = positionals;
  if (region === undefined || others.length > 0 || !/^[a-z]{2,4}(?:-[a-z]+)+-\d$/.test(region))
    throw new Mistake("orphans takes one region of AWS, such as eu-west-3; see npm run orphans -- --help");
  // First what may refuse: a state that cannot be read makes all that follows of no use.
  const known = await states();
  const settings = (...names: string[]) => settingsFor({ region }, ...names);
  const { Account: account } = await new STSClient(settings("sts")).send(new GetCallerIdentityCommand({}));
  const asking = new Asking();
  const found = await clustersOf(clients(settings), asking);
  if (asking.refused.has("tag:GetResources"))
    throw new Mistake("the credentials have no right to ask for clusters: tag:GetResources (docs/aws.md)");
  // As a word: alone, or as the beginning of a name.
  const isKnown = (infraId: string) => {
    const word = new RegExp(`(?<![a-z0-9-])${infraId}(?![a-z0-9])`);
    return [...known.values()].some((state) => word.test(state));
  };
  const unknown = found.own.filter(({ infraId }) => !isKnown(infraId));
  const orphans = unknown.filter(isOfRegion);
  const elsewhere = unknown.filter((cluster) => !isOfRegion(cluster)).map(({ infraId }) => infraId);
  const strangers = found.others.filter((infraId) => !isKnown(infraId));
  for (const cluster of values.metadata === undefined ? [] : orphans) {
    const folder = join(values.metadata ?? "", cluster.infraId);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "metadata.json"), `${JSON.stringify(metadata(cluster, region), null, 2)}\n`);
  }
  const told = orphans.map((cluster) => orphan(cluster, region, values.metadata ?? "FOLDER"));
  const refused = [...asking.refused].sort();
  if (values.json)
    process.stdout.write(`${JSON.stringify({ region, account, orphans: told, elsewhere, others: strangers, refused }, null, 2)}\n`);
  else {
    process.stdout.write(
      `${told.length === 0 ? "No cluster" : `${told.length} cluster${told.length === 1 ? "" : "s"}`} of this program in ${region} of the account ${account} that none of the ${known.size} stacks of the backend knows${told.length === 0 ? "." : ":"}\n`,
    );
    for (const one of told) process.stdout.write(`\n${text(one)}\n`);
    if (told.length > 0 && values.metadata === undefined)
      process.stdout.write("\nFOLDER: npm run orphans with --metadata FOLDER writes what openshift-install needs there.\n");
    if (elsewhere.length > 0)
      process.stdout.write(
        `\nWith names, buckets or identities alone, which are of no region, so ask for the region of each: ${elsewhere.join(", ")}.\n`,
      );
    if (strangers.length > 0)
      process.stdout.write(
        `\nWithout the tag of this program, so made by others or by a version of it that had none: ${strangers.join(", ")}.\n`,
      );
    if (refused.length > 0)
      process.stderr.write(`Not all is shown: the credentials have no right to ask ${refused.join(", ")} (docs/aws.md).\n`);
  }
  return orphans.length > 0 ? 1 : 0;
}

exitCodeOf(main(process.argv.slice(2))).then((code) => {
  process.exitCode = code;
});
