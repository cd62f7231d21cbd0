// Prints what AWS still has of the cluster INFRA_ID, its first argument, and with the second `installer` only what the installer removes: nothing, or for each object a line `KIND ID (NAME): COMMAND && COMMAND...`, in an
// order in which the commands work. Rights that are missing to ask for all of it are warned about. In: see aws-client.ts; CLUSTER.

import { leftovers } from "../leftovers";
import { Asking, type Leftover } from "../leftovers/asking";
import { clients } from "../leftovers/clients";
import { clientSettings } from "./aws-client";
import { main } from "./program";

const lineOf = ({ kind, id, name, going, commands }: Leftover) => {
  const details = [name, going].filter(Boolean).join(", ");
  return `${kind} ${id}${details === "" ? "" : ` (${details})`}: ${commands.join(" && ")}\n`;
};

main(async () => {
  const [, , infraId, whose] = process.argv;
  const { CLUSTER: domain } = process.env;
  if (!infraId || !domain) throw new Error("leftovers.ts needs an infra ID and CLUSTER");
  const asking = new Asking();
  const { left, unknown } = await leftovers(clients(clientSettings), asking, infraId, domain);
  if (asking.refused.size > 0) {
    process.stderr.write(
      `Warning: it is not known whether anything else is left, as the credentials have no right to ask: ${[...asking.refused].sort().join(", ")} (docs/aws.md, "Rights of the deploying user")\n`,
    );
  }
  for (const arn of unknown) {
    process.stderr.write(
      `Warning: ${arn} is listed as the cluster's, but it is of a kind that this program does not know: see whether it is there\n`,
    );
  }
  for (const one of left.filter(({ doubtful }) => doubtful)) {
    process.stderr.write(`Warning: this may be the cluster's, though nothing says so; if it is, remove it by its command: ${lineOf(one)}`);
  }
  return left
    .filter(({ doubtful, ofCcoctl }) => !doubtful && !(whose === "installer" && ofCcoctl))
    .map(lineOf)
    .join("");
});
