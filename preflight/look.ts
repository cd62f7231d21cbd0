import { join } from "node:path";
import type { Request } from "./checks";
import type { Finding } from "./finding";
import { run } from "./run";

/** Seconds for all looks together; each has a limit of its own that is far below. */
const patience = 330;

/**
 * Looks at everything that would stop an install, in a process of its own, and changes nothing.
 * @param credentials environment by which the stages choose their credentials for AWS
 * @throws Error when the looks themselves could not be carried out
 */
export async function look(request: Request, credentials: Readonly<Record<string, string>>): Promise<Finding[]> {
  const { region, serviceEndpoints } = request.settings.cluster;
  // Of pulumi's own variables some hold secrets in plain text, which git and the others have no use for.
  const pulumis = Object.keys(process.env).filter((name) => name.startsWith("PULUMI_"));
  const environment = {
    ...Object.fromEntries(pulumis.map((name) => [name, undefined])),
    ...credentials,
    CLUSTER_SETTINGS: JSON.stringify({ aws: { region, serviceEndpoints } }),
    // As infra/stages/lib/aws.sh has it.
    NODE_EXTRA_CA_CERTS: process.env.AWS_CA_BUNDLE || process.env.NODE_EXTRA_CA_CERTS,
    NODE_NO_WARNINGS: "1",
  };
  const program = ["--require", require.resolve("tsx/cjs"), join(__dirname, "main.ts")];
  const { code, stdout, stderr } = await run("node", program, patience, environment, JSON.stringify(request));
  if (code !== 0) throw new Error(`the preflight did not come to its end (${stderr.trim() || `more than ${patience} s`})`);
  return JSON.parse(stdout) as Finding[];
}
