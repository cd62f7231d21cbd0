import type { Provider } from "../provider";
import { Api, errorText } from "./api";
import { checkAccount, checkAwsConfig, parseAwsConfig } from "./config";
import { fileSystemPolicy } from "./file-system-policies";
import { fileSystem } from "./file-systems";
import { functions } from "./functions";
import { mountTarget } from "./mount-targets";
import { securityGroup, securityGroupIngressRule } from "./security-groups";
import { type AwsType, resourceType } from "./type";

const types: Readonly<Record<string, AwsType>> = {
  "aws:efs/fileSystem:FileSystem": fileSystem,
  "aws:efs/mountTarget:MountTarget": mountTarget,
  "aws:efs/fileSystemPolicy:FileSystemPolicy": fileSystemPolicy,
  "aws:ec2/securityGroup:SecurityGroup": securityGroup,
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": securityGroupIngressRule,
};

/** Stand-in of the plugin `aws`: the types and functions that the program uses, over the AWS API at the configured endpoints. */
export function awsProvider(version: string): Provider {
  let configured: Api | undefined;
  const api = (): Api => {
    if (!configured) throw new Error("aws: the provider is not configured yet");
    return configured;
  };
  return {
    name: "aws",
    version,
    resources: Object.fromEntries(Object.entries(types).map(([token, type]) => [token, resourceType(type, api)])),
    functions: Object.fromEntries(
      Object.entries(functions).map(([token, call]) => [
        token,
        async (args) => {
          try {
            return await call(api(), args);
          } catch (error) {
            throw new Error(`${token.split(":").pop()}: ${errorText(error)}`);
          }
        },
      ]),
    ),
    checkConfig: checkAwsConfig,
    async configure(config) {
      const parsed = parseAwsConfig(config, process.env);
      configured = new Api(parsed);
      const guarded = parsed.allowedAccountIds.length + parsed.forbiddenAccountIds.length > 0;
      if (parsed.skipCredentialsValidation && (parsed.skipRequestingAccountId || !guarded)) return;
      let account: string | undefined;
      try {
        account = (await configured.callerIdentity()).Account;
      } catch (error) {
        throw new Error(`aws: the credentials are not valid, or the endpoint of sts does not answer: ${errorText(error)}`);
      }
      checkAccount(parsed, account ?? "");
    },
  };
}
