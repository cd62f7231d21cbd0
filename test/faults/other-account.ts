import { CreateAccessKeyCommand, CreateUserCommand, IAMClient } from "@aws-sdk/client-iam";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { awsEndpoint } from "../../rehearsal/machine/places";
import { region } from "../../rehearsal/stack/environment";

let keys: { AWS_ACCESS_KEY_ID: string; AWS_SECRET_ACCESS_KEY: string } | undefined;

/** A user of the account 210987654321, whom the emulator makes when somebody takes a role there; known for as long as it runs. */
export async function makeOtherAccount(): Promise<void> {
  const at = { endpoint: awsEndpoint, region };
  const sts = new STSClient({ ...at, credentials: { accessKeyId: "test", secretAccessKey: "test" } });
  const { Credentials } = await sts.send(
    new AssumeRoleCommand({ RoleArn: "arn:aws:iam::210987654321:role/visitor", RoleSessionName: "visit" }),
  );
  const { AccessKeyId = "", SecretAccessKey = "", SessionToken } = Credentials ?? {};
  const iam = new IAMClient({
    ...at,
    credentials: { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken },
  });
  await iam.send(new CreateUserCommand({ UserName: "somebody-else" }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: "somebody-else" }));
  keys = { AWS_ACCESS_KEY_ID: AccessKey?.AccessKeyId ?? "", AWS_SECRET_ACCESS_KEY: AccessKey?.SecretAccessKey ?? "" };
}

/** Its credentials, as changes to an environment. */
export function otherAccountKeys(): Readonly<Record<string, string>> {
  if (keys === undefined) throw new Error("the other account is not made");
  return keys;
}
