import { type CredentialsMode, sessionMinutes } from "../infra/cloud-credentials";
import { type InstallerCaller, installerCaller } from "../infra/stages/caller";
import { type Finding, ok, problem, warning } from "./finding";

const what = "AWS credentials";

/** What the credentials have to fit. */
export interface Accounts {
  /** Account that Pulumi works in, where it is known. */
  readonly account?: string;
  /** `aws:allowedAccountIds`; empty: any. */
  readonly allowedAccounts: readonly string[];
  /** `cluster.credentialsMode`: whether the cluster keeps the installer's key. */
  readonly credentialsMode: CredentialsMode;
}

/** Whose credentials the installer takes; undefined, with a problem, if AWS takes none. In: see infra/stages/aws-client.ts. */
export async function credentials(
  region: string,
  accounts: Accounts,
): Promise<{ readonly caller?: InstallerCaller; readonly findings: Finding[] }> {
  try {
    const caller = await installerCaller();
    return { caller, findings: judged(caller, region, accounts) };
  } catch (error) {
    const { name, message } = error as Error & { code?: string };
    return { findings: [problem(what, `${reason(name, message, region)} (${name}: ${message})`)] };
  }
}

function reason(name: string, message: string, region: string): string {
  if (name === "CredentialsProviderError")
    return "openshift-install would find none: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or aws:profile in the stack";
  if (/ENOTFOUND|EAI_AGAIN/.test(message))
    return `STS of ${region} cannot be found: is aws:region a region, and is there a way to AWS from here`;
  // A region that an account has not opted in to does not know its keys: https://docs.aws.amazon.com/general/latest/gr/rande-manage.html
  return `AWS does not take them in ${region}: is the key right and active, and the region enabled for the account`;
}

/** What is wrong with credentials that AWS takes. */
export function judged({ account, arn, temporary, minutes }: InstallerCaller, region: string, accounts: Accounts): Finding[] {
  const found: Finding[] = [];
  if (accounts.account !== undefined && accounts.account !== account) {
    found.push(
      problem(
        what,
        `those of openshift-install are ${arn} of the account ${account}, Pulumi works in ${accounts.account}: use one account for both`,
      ),
    );
  } else if (accounts.allowedAccounts.length > 0 && !accounts.allowedAccounts.includes(account)) {
    found.push(
      problem(
        what,
        `${arn} is of the account ${account}, aws:allowedAccountIds has ${accounts.allowedAccounts.join(", ")}: use credentials of that, or add the account`,
      ),
    );
  }
  // openshift/installer, pkg/asset/manifests/openshift.go: "not valid for default credentials mode", for any session token.
  if (accounts.credentialsMode === "mint" && (temporary || /:(?:assumed-role|federated-user)\//.test(arn))) {
    found.push(
      problem(
        what,
        `${arn} is temporary (it has a session token), and the cluster needs the installer's for life: use the long-lived access key of an IAM user, or set cluster.credentialsMode to manual`,
      ),
    );
  }
  if (found.length > 0) return found;
  if (accounts.credentialsMode === "manual") {
    if (minutes !== undefined && minutes < sessionMinutes)
      return [
        warning(
          what,
          `the session of ${arn} ends in ${minutes} minutes, and an install takes up to ${sessionMinutes}: unless its profile renews it by itself, begin a new one`,
        ),
      ];
    return [ok(what, `${arn} of the account ${account}, which the cluster does not keep, taken in ${region}`)];
  }
  // cloud-credential-operator, pkg/aws/utils.go, CheckPermissionsUsingQueryClient: root is taken, with a warning.
  if (arn.endsWith(":root")) return [warning(what, `${arn} is the root user, whose key the cluster would keep: use that of an IAM user`)];
  return [ok(what, `${arn} of the account ${account}, a long-lived key, taken in ${region}`)];
}
