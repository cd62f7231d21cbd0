/** A region's name; the prefix tells its partition. */
export const regionPattern = /^[a-z]{2,4}(?:-[a-z]+)+-\d$/;

/**
 * Why no cluster can be made in a region. Red Hat publishes no CoreOS image in China and in the isolated partitions (the CoreOS
 * stream in openshift/installer data/data/coreos, checkable with `openshift-install coreos print-stream-json`).
 */
export function regionProblem(region: string): string | undefined {
  return /^cn-|-iso[a-z]?-/.test(region)
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

/** Settings of Pulumi's AWS provider that choose its credentials, but are not handed on to openshift-install. */
const credentialKeys = [
  "accessKey",
  "secretKey",
  "token",
  "assumeRole",
  "assumeRoles",
  "assumeRoleWithWebIdentity",
  "sharedConfigFiles",
  "sharedCredentialsFiles",
] as const;

/** Of these, what belongs into the stack's file only as a secret. */
export const secretAwsKeys = ["secretKey", "token"] as const;

export function credentialsWarning(aws: Readonly<Record<string, unknown>>): string | undefined {
  const used = credentialKeys.filter((key) => Object.hasOwn(aws, key)).map((key) => `aws:${key}`);
  return used.length === 0
    ? undefined
    : `${used.join(", ")}: only Pulumi takes this. openshift-install takes the keys of the environment or of aws:profile, which have to be long-lived keys (no session token) of the same account.`;
}
