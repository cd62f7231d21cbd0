import type { AwsCredentials } from "../config/aws";
import type { CredentialsMode } from "./cloud-credentials";

/** What the installer and the removal get of the stack's own credentials: they take theirs from the environment. */
export function stageEnvironment(region: string, { profile }: AwsCredentials): Record<string, string> {
  if (profile === undefined) return { AWS_REGION: region };
  // Pulumi's provider prefers the profile to keys of the environment; the installer's SDK would prefer the keys. Empty is not set.
  return { AWS_REGION: region, AWS_PROFILE: profile, AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "", AWS_SESSION_TOKEN: "" };
}

/**
 * What a preview says of the credentials before there is a cluster.
 * @param account that Pulumi works in
 * @param stack what the stack's configuration sets of `aws:`
 * @param environment that of the program, which the stages inherit
 * @param mode `cluster.credentialsMode`
 */
export function credentialNotes(
  account: string,
  stack: AwsCredentials,
  environment: Readonly<Record<string, string | undefined>>,
  mode: CredentialsMode,
): { readonly note: string; readonly warnings: string[] } {
  const { profile } = stack;
  // As aws-sdk-go-v2 chooses (config/env_config.go).
  const named = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"].find((name) => environment[name]);
  const ofEnvironment = named ? `of the profile ${environment[named]} (${named})` : "of the default profile";
  const source =
    profile === undefined
      ? environment.AWS_ACCESS_KEY_ID
        ? "of the environment (AWS_ACCESS_KEY_ID)"
        : ofEnvironment
      : `of the profile ${profile} (aws:profile)`;
  const kind =
    mode === "manual" ? `credentials of the account ${account}, for an hour at least` : `long-lived keys of the account ${account}`;
  const note = `openshift-install will use the AWS credentials ${source}; they must be ${kind}.`;
  const warnings: string[] = [];
  const other = stack.others.filter(
    (key) => !/^aws:(access|secret)Key$/.test(key) || stack.accessKey !== environment.AWS_ACCESS_KEY_ID || profile !== undefined,
  );
  if (other.length > 0) {
    warnings.push(
      `${other.join(", ")}: only Pulumi takes these credentials. openshift-install will use those ${source}, and the install stops before it begins if they are of another account than ${account}.`,
    );
  }
  return { note, warnings };
}
