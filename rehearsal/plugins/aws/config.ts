import type { Failure } from "../provider";
import { type Properties, present, unknown, type Value } from "../values";

/** Configuration of the provider, with what it takes from the environment. */
export interface AwsConfig {
  readonly region: string;
  /** URL by service: `ec2`, `efs`, `sts`. Others are accepted and not used. */
  readonly endpoints: Readonly<Record<string, string>>;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string };
  /** Empty: every account is allowed. */
  readonly allowedAccountIds: readonly string[];
  readonly forbiddenAccountIds: readonly string[];
  readonly defaultTags: Readonly<Record<string, string>>;
  readonly ignoreTags: { readonly keys: readonly string[]; readonly keyPrefixes: readonly string[] };
  /** Further tries of a call that failed for a reason that may pass. */
  readonly maxRetries: number;
  readonly skipCredentialsValidation: boolean;
  readonly skipRequestingAccountId: boolean;
}

/** The real provider tries 25 times, with pauses of many minutes in sum; too long for an emulator that does not answer. */
const defaultRetries = 4;

/** Nested configuration, and numbers and booleans, reach a plugin as text that holds JSON. */
function structured(value: Value | undefined): Value | undefined {
  if (typeof value !== "string" || value === unknown) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

const list = (value: Value | undefined): Value[] => {
  const parsed = structured(value);
  return Array.isArray(parsed) ? parsed : parsed === undefined || parsed === null ? [] : [parsed];
};
const texts = (value: Value | undefined): string[] => list(value).map(String);
const map = (value: Value | undefined): Properties => {
  const parsed = structured(value);
  return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed) ? parsed : {};
};
const textMap = (value: Value | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(present(map(value))).map(([key, item]) => [key, String(item)]));
const flag = (value: Value | undefined): boolean => structured(value) === true;
/** An account id that was written without quotes in the configuration comes as a number. */
const accountIds = (value: Value | undefined): string[] => texts(value).map((id) => id.padStart(12, "0"));

/**
 * Problems of a configuration that can be told without a call.
 * @param config values as the engine sends them
 */
export function checkAwsConfig(config: Properties): Failure[] {
  const failures: Failure[] = [];
  for (const property of ["allowedAccountIds", "forbiddenAccountIds"]) {
    if (config[property] === unknown) continue;
    for (const id of accountIds(config[property])) {
      if (!/^\d{12}$/.test(id)) failures.push({ property, reason: `${id} is not an account id (12 digits)` });
    }
  }
  if (list(config.allowedAccountIds).length > 0 && list(config.forbiddenAccountIds).length > 0) {
    failures.push({ property: "forbiddenAccountIds", reason: "allowedAccountIds and forbiddenAccountIds exclude each other" });
  }
  return failures;
}

/**
 * The configuration in typed form.
 * @throws Error when the region or the credentials are missing
 */
export function parseAwsConfig(config: Properties, environment: Readonly<Record<string, string | undefined>>): AwsConfig {
  const region = (config.region as string | undefined) || environment.AWS_REGION || environment.AWS_DEFAULT_REGION;
  if (!region) throw new Error("aws: no region; set `aws:region` in the stack's configuration or AWS_REGION");
  const accessKeyId = (config.accessKey as string | undefined) || environment.AWS_ACCESS_KEY_ID;
  const secretAccessKey = (config.secretKey as string | undefined) || environment.AWS_SECRET_ACCESS_KEY;
  if (!accessKeyId || !secretAccessKey) {
    throw new Error(
      "aws: no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (the stand-in reads no profile and no metadata service)",
    );
  }
  const sessionToken = (config.token as string | undefined) || environment.AWS_SESSION_TOKEN;
  const ignoreTags = map(config.ignoreTags);
  return {
    region,
    endpoints: Object.assign({}, ...list(config.endpoints).map((entry) => textMap(entry))),
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) },
    allowedAccountIds: accountIds(config.allowedAccountIds),
    forbiddenAccountIds: accountIds(config.forbiddenAccountIds),
    defaultTags: textMap(map(config.defaultTags).tags),
    ignoreTags: { keys: texts(ignoreTags.keys), keyPrefixes: texts(ignoreTags.keyPrefixes) },
    maxRetries: config.maxRetries === undefined ? defaultRetries : Number(structured(config.maxRetries)),
    skipCredentialsValidation: flag(config.skipCredentialsValidation),
    skipRequestingAccountId: flag(config.skipRequestingAccountId),
  };
}

/** @throws Error when the configuration does not allow to work in the account */
export function checkAccount(config: AwsConfig, account: string): void {
  if (config.allowedAccountIds.length > 0 && !config.allowedAccountIds.includes(account)) {
    throw new Error(
      `aws: the credentials are of account ${account}, allowed are: ${config.allowedAccountIds.join(", ")} (aws:allowedAccountIds)`,
    );
  }
  if (config.forbiddenAccountIds.includes(account)) {
    throw new Error(`aws: the credentials are of account ${account}, which aws:forbiddenAccountIds forbids`);
  }
}
