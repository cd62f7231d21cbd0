// Prints whose credentials the installer will use, as {"account","arn","temporary"}. The AWS provider cannot tell it: it may be
// configured with others, and a deletion runs without the program. In: see aws-client.ts.
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { clientSettings, main } from "./aws-client";

main(async () => {
  const sts = new STSClient(clientSettings("sts"));
  const { Account: account, Arn: arn } = await sts.send(new GetCallerIdentityCommand({}));
  const { sessionToken } = await sts.config.credentials();
  return `${JSON.stringify({ account, arn, temporary: Boolean(sessionToken) })}\n`;
});
