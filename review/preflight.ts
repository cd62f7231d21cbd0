import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { readConfig, UserMistake } from "../config";
import { allowedAccounts, awsCredentials } from "../config/aws";
import { asText, gitCredentialFiles } from "../config/git-credentials";
import { withAuth } from "../config/secrets";
import { stageEnvironment } from "../infra/credentials";
import type { Finding } from "../preflight/finding";
import { look } from "../preflight/look";
import { Mistake } from "./mistake";
import { configured } from "./pulumi";
import { checkout } from "./stacks";

/**
 * What the program's own preflight would find for a stack that has no cluster yet, whether it has one or not.
 * @throws Mistake when the configuration cannot be read, or is wrong
 */
export async function preflight(stack: string): Promise<Finding[]> {
  const { name: project }: { name: string } = parse(readFileSync(join(checkout, "Pulumi.yaml"), "utf8"));
  const { texts, secret } = await configured(stack);
  const { settings, values } = read(project, texts, secret);
  const own = (values.buildGitCredentials ?? {}) as Record<string, unknown>;
  const request = {
    settings,
    allowedAccounts: allowedAccounts(texts),
    pullSecret: String(values.pullSecret),
    registryCredentials: withAuth(String(values.registryCredentials)),
    ...(values.gitCredentials !== undefined && { gitCredentials: gitCredentialFiles(asText(values.gitCredentials)) }),
    buildGitCredentials: Object.fromEntries(Object.entries(own).map(([build, text]) => [build, gitCredentialFiles(asText(text))])),
  };
  return look(request, stageEnvironment(settings.cluster.region, awsCredentials(texts)));
}

function read(project: string, texts: Readonly<Record<string, string>>, secret: readonly string[]) {
  try {
    return readConfig(project, texts, secret);
  } catch (error) {
    throw error instanceof UserMistake ? new Mistake(error.message) : error;
  }
}
