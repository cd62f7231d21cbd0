import { ProxyAgent } from "proxy-agent";

interface AwsPlatform {
  readonly region: string;
  readonly serviceEndpoints?: readonly { readonly name: string; readonly url: string }[] | null;
}

/** How the stages reach an AWS service: see `settingsFor`. In: CLUSTER_SETTINGS, metadata.json or install-config.yaml as JSON. */
export function clientSettings(...names: readonly string[]) {
  const settings = JSON.parse(process.env.CLUSTER_SETTINGS ?? "") as {
    readonly aws?: AwsPlatform;
    readonly platform?: { readonly aws: AwsPlatform };
  };
  const aws = settings.aws ?? settings.platform?.aws;
  if (!aws?.region) throw new Error("the settings of the cluster name no region of AWS");
  return settingsFor(aws, ...names);
}

/**
 * How to reach an AWS service: in the cluster's region, at the cluster's own address of it if there is one, through the proxy of
 * HTTPS_PROXY, HTTP_PROXY and NO_PROXY, which the SDK does not look at.
 *
 * @param names of the service among the cluster's addresses: what the installer calls it has changed with its SDK
 */
export function settingsFor({ region, serviceEndpoints }: AwsPlatform, ...names: readonly string[]) {
  preferKeys(process.env);
  const endpoint = serviceEndpoints?.find(({ name }) => names.includes(name))?.url;
  const agent = new ProxyAgent();
  return {
    region,
    maxAttempts: 3,
    ...(endpoint ? { endpoint } : {}),
    requestHandler: { httpAgent: agent, httpsAgent: agent, connectionTimeout: 10_000, requestTimeout: 30_000, throwOnRequestTimeout: true },
  };
}

/**
 * Makes this SDK choose as the installer's does, which is the one that counts: keys of the environment come before a profile that
 * the environment names (aws-sdk-go-v2, config/resolve_credentials.go), and a profile may be named by AWS_DEFAULT_PROFILE too.
 */
function preferKeys(environment: NodeJS.ProcessEnv): void {
  if (environment.AWS_ACCESS_KEY_ID && environment.AWS_SECRET_ACCESS_KEY) delete environment.AWS_PROFILE;
  else if (!environment.AWS_PROFILE && environment.AWS_DEFAULT_PROFILE) environment.AWS_PROFILE = environment.AWS_DEFAULT_PROFILE;
}
