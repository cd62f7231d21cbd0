import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config";
import { allowedAccounts } from "../config/aws";
import { stageEnvironment } from "../infra/credentials";
import { type Finding, summary } from "./finding";
import { look } from "./look";

/**
 * Looks at everything that would stop an install, before anything is made: a preview warns of what it finds, an update ends with all problems
 * at once. What could not be looked at is warned of, and stops nothing.
 * @param account that Pulumi works in
 * @throws Error that lists the problems, each with what would be right
 */
export async function preflight(settings: Settings, account: string): Promise<void> {
  const { pools, builds } = settings;
  const { pullSecret, credentials, ...cluster } = settings.cluster;
  const { registryCredentials, gitCredentials, buildGitCredentials, insecureRegistries, trustBundle } = settings.namespace;
  const secrets = await value(pulumi.output({ pullSecret, registryCredentials, gitCredentials, buildGitCredentials }));
  const request = {
    settings: { cluster, pools, builds, namespace: { insecureRegistries, ...(trustBundle !== undefined && { trustBundle }) } },
    account,
    allowedAccounts: allowedAccounts(pulumi.runtime.allConfig()),
    ...secrets,
  };
  let findings: Finding[];
  try {
    findings = await look(request, stageEnvironment(cluster.region, credentials));
  } catch (error) {
    pulumi.log.warn(`Nothing was looked at before the install: ${(error as Error).message}`);
    return;
  }
  pulumi.log.info(`Before the install: ${summary(findings)}. All of it is printed by npm run preflight -- ${pulumi.getStack()}`);
  const of = (...outcomes: Finding["outcome"][]) => findings.filter(({ outcome }) => outcomes.includes(outcome));
  for (const { what, says } of of("warning", "unchecked")) pulumi.log.warn(`Before the install, ${what}: ${says}`);
  const problems = of("problem").map(({ what, says }) => `${what}: ${says}`);
  if (pulumi.runtime.isDryRun()) for (const problem of problems) pulumi.log.warn(`pulumi up will stop before the install, ${problem}`);
  else if (problems.length > 0)
    throw new Error(`The install would not succeed, so nothing was made:\n${problems.map((line) => `  - ${line}`).join("\n")}`);
}

const value = <T>(output: pulumi.Output<T>): Promise<T> =>
  new Promise((resolve) => {
    output.apply(resolve);
  });
