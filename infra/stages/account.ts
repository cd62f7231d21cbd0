// Prints the id of the AWS account that the credentials of the environment belong to. The AWS provider cannot tell it here: a
// deletion runs without the program. In: METADATA, the installer's metadata.json, for the region and the address of STS.
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

interface Metadata {
  readonly aws: { readonly region: string; readonly serviceEndpoints?: readonly { readonly name: string; readonly url: string }[] | null };
}

async function main() {
  const { aws } = JSON.parse(process.env.METADATA ?? "") as Metadata;
  const endpoint = aws.serviceEndpoints?.find(({ name }) => name === "sts")?.url;
  const sts = new STSClient({ region: aws.region, maxAttempts: 3, ...(endpoint ? { endpoint } : {}) });
  const { Account } = await sts.send(new GetCallerIdentityCommand({}));
  process.stdout.write(`${Account}\n`);
}

main().catch((error: Error) => {
  process.stderr.write(`${error.name}: ${error.message}\n`);
  process.exitCode = 1;
});
