import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { clientSettings } from "./aws-client";

/** Whose credentials the installer will use. */
export interface InstallerCaller {
  readonly account: string;
  readonly arn: string;
  /** Whether they have a session token. */
  readonly temporary: boolean;
}

/** Asks STS. In: see aws-client.ts. @throws the SDK's error when there are no credentials, or none that AWS takes */
export async function installerCaller(): Promise<InstallerCaller> {
  const sts = new STSClient(clientSettings("sts"));
  const { Account: account = "", Arn: arn = "" } = await sts.send(new GetCallerIdentityCommand({}));
  const { sessionToken } = await sts.config.credentials();
  return { account, arn, temporary: Boolean(sessionToken) };
}
