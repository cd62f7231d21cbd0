/** What a stack's configuration says of the credentials for AWS. Only Pulumi's own provider takes them by itself. */
export interface AwsCredentials {
  /** `aws:profile`. */
  readonly profile?: string;
  /** `aws:accessKey`, which is no secret. */
  readonly accessKey?: string;
  /** Keys that set other credentials than a profile does. */
  readonly others: readonly string[];
}

/** Keys of the provider's configuration by which its credentials differ from those of the environment. */
const own = [
  "aws:accessKey",
  "aws:assumeRoles",
  "aws:assumeRoleWithWebIdentity",
  "aws:sharedConfigFiles",
  "aws:sharedCredentialsFiles",
  "aws:token",
];

/** @param config the whole configuration of a stack, as `pulumi.runtime.allConfig` has it */
export function awsCredentials(config: Readonly<Record<string, string>>): AwsCredentials {
  const { "aws:profile": profile, "aws:accessKey": accessKey } = config;
  return {
    ...(profile === undefined ? {} : { profile }),
    ...(accessKey === undefined ? {} : { accessKey }),
    others: own.filter((key) => config[key] !== undefined),
  };
}
