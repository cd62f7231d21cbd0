import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { clientSettings } from "./aws-client";

/** Whose credentials the installer will use. */
export interface InstallerCaller {
  readonly account: string;
  readonly arn: string;
  /** Whether they have a session token. */
  readonly temporary: boolean;
  /** Minutes for which they hold; undefined where nothing says so, as for keys of the environment without AWS_CREDENTIAL_EXPIRATION. */
  readonly minutes?: number;
}

/** Asks STS. In: see aws-client.ts. @throws the SDK's error when there are no credentials, or none that AWS takes */
export async function installerCaller(): Promise<InstallerCaller> {
  const sts = new STSClient(clientSettings("sts"));
  const { Account: account = "", Arn: arn = "" } = await sts.send(new GetCallerIdentityCommand({}));
  const { sessionToken, expiration } = await sts.config.credentials();
  const minutes = expiration === undefined ? undefined : Math.floor((expiration.getTime() - Date.now()) / 60_000);
  return { account, arn, temporary: Boolean(sessionToken), ...(minutes === undefined ? {} : { minutes }) };
}
