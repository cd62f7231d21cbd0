/** Regions of China and of the isolated partitions. */
export const otherPartition = "^cn-|-iso[a-z]?-";

/**
 * Why no cluster can be made in a region. Red Hat publishes no CoreOS image in China and in the isolated partitions (the CoreOS
 * stream in openshift/installer data/data/coreos, checkable with `openshift-install coreos print-stream-json`).
 */
export function regionProblem(region: string): string | undefined {
  return new RegExp(otherPartition).test(region)
    ? "a region of another partition: there is no CoreOS image in this one, and the program has no setting for one of your own"
    : undefined;
}

/** What is to be known about a region that is not refused. */
export function regionWarning(region: string): string | undefined {
  if (region.startsWith("us-gov-")) {
    return `aws:region is ${region}: GovCloud was not tried. Route 53 has no public zones there, says Red Hat's documentation, and this program makes only clusters with a public name.`;
  }
  return region.startsWith("eusc-") ? `aws:region is ${region}: the European Sovereign Cloud was not tried.` : undefined;
}

/** Settings of the AWS provider that belong into the stack's file only as secrets. */
export const secretAwsKeys = ["secretKey", "token"] as const;

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
  "aws:secretKey",
  "aws:assumeRole",
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

/** `aws:allowedAccountIds`; empty where the configuration has none, or no list. */
export function allowedAccounts({ "aws:allowedAccountIds": text = "" }: Readonly<Record<string, string>>): string[] {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list.map(String) : [];
  } catch {
    return [];
  }
}
