import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { awsCredentials, secretAwsKeys } from "./aws";
import { entitlementFiles } from "./certificates";
import { asText, gitCredentialFiles } from "./git-credentials";
import { plainParts } from "./plain-parts";
import { asPkcs8, withAuth } from "./secrets";
import { type ParsedSettings, parseSettings, type Settings } from "./settings";

export { UserMistake } from "./mistake";
export * from "./settings";

/** A stack's configuration, read and checked. */
export interface ReadConfig extends ParsedSettings {
  /** The keys of the project's own namespace, secrets in plain text. */
  readonly values: Readonly<Record<string, unknown>>;
}

/**
 * Reads a stack's configuration.
 * @param all texts by `<namespace>:<key>`, as Pulumi hands them over, secrets in plain text: they are checked together with the rest
 * @param secretKeys which of the keys are encrypted; undefined where that is not known
 * @throws UserMistake that lists everything that is wrong
 */
export function readConfig(project: string, all: Readonly<Record<string, string>>, secretKeys: readonly string[] | undefined): ReadConfig {
  const aws: Record<string, unknown> = {};
  const values: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(all)) {
    const colon = key.indexOf(":");
    const [namespace, name] = [key.slice(0, colon), key.slice(colon + 1)];
    // defineProperty, as an assignment to __proto__ makes no key.
    const set = (to: object, parsed: unknown) => Object.defineProperty(to, name, { value: parsed, enumerable: true });
    if (namespace === project) set(values, parseValue(name, value));
    if (namespace === "aws") set(aws, value);
  }
  const encrypted = Object.keys(values).filter((key) => secretKeys?.includes(`${project}:${key}`));
  const { region, ...provider } = aws;
  const { settings, warnings } = parseSettings({ region, aws: provider, values, encrypted, keys: Object.keys(all), project });
  const plain = [
    ...secrets.filter((key) => Object.hasOwn(values, key)).map((key) => [key, `${project}:${key}`] as const),
    ...secretAwsKeys.filter((key) => Object.hasOwn(aws, key)).map((key) => [`aws:${key}`, `aws:${key}`] as const),
  ];
  for (const [shown, key] of plain) {
    if (secretKeys && !secretKeys.includes(key)) {
      warnings.push(`${shown} is in plain text in the stack's file: set it with pulumi config set --secret ${shown}`);
    }
  }
  return { settings, warnings, values };
}

/**
 * The settings of the current stack: its configuration, checked and with defaults filled in. Secrets are secret outputs.
 * @throws UserMistake that lists everything that is wrong, before any resource is registered.
 */
export function loadSettings(): Settings {
  const config = new pulumi.Config();
  // The SDK keeps this list to itself (pulumi.runtime.isConfigSecret is internal); it comes from the engine in this variable.
  const secretKeys: string[] | undefined = process.env.PULUMI_CONFIG_SECRET_KEYS
    ? JSON.parse(process.env.PULUMI_CONFIG_SECRET_KEYS)
    : undefined;
  const { settings, warnings, values } = readConfig(config.name, pulumi.runtime.allConfig(), secretKeys);
  const encryptedSecrets = secrets.map((key) => `${config.name}:${key}`).filter((key) => secretKeys?.includes(key));
  for (const part of plainParts(stackFile(), encryptedSecrets))
    warnings.push(
      `${part} is in plain text in the stack's file, beside what is encrypted: set it with pulumi config set --secret --path ${part}`,
    );
  for (const warning of warnings) pulumi.log.warn(warning);
  return {
    ...settings,
    cluster: {
      ...settings.cluster,
      pullSecret: config.requireSecret("pullSecret"),
      credentials: awsCredentials(pulumi.runtime.allConfig()),
    },
    pipelines: { ...settings.pipelines, signingPrivateKey: config.getSecret("signingPrivateKey")?.apply(asPkcs8) },
    namespace: {
      ...settings.namespace,
      registryCredentials: config.requireSecret("registryCredentials").apply(withAuth),
      npmrc: config.getSecret("npmrc"),
      mavenSettings: config.getSecret("mavenSettings"),
      rhelEntitlement: config.getSecret("rhelEntitlement")?.apply(entitlementFiles),
      buildSecrets: secretsOfBuilds(values.buildSecrets, (secrets) => secrets as Record<string, string>),
      gitCredentials: config.getSecret("gitCredentials")?.apply(gitCredentialFiles),
      buildGitCredentials: secretsOfBuilds(values.buildGitCredentials, (credentials) => gitCredentialFiles(asText(credentials))),
    },
  };
}

/** Text of the stack's file; empty where it is elsewhere (`--config-file`, `stackConfigDir`): Pulumi does not say where it read it. */
function stackFile(): string {
  const file = join(process.cwd(), `Pulumi.${pulumi.getStack()}.yaml`);
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

/** Which builds have secrets is none; what they are is. */
const secretsOfBuilds = (
  value: unknown,
  contentOf: (secret: unknown) => Record<string, string>,
): Record<string, pulumi.Output<Record<string, string>>> =>
  Object.fromEntries(
    Object.entries((value as Record<string, unknown>) ?? {}).map(([build, secret]) => [build, pulumi.secret(contentOf(secret))]),
  );

/** Settings that Pulumi would give as something else where their text looks like it. */
const texts = ["pullSecret", "registryCredentials", "npmrc", "mavenSettings", "gitCredentials", "rhelEntitlement", "signingPrivateKey"];
/** Settings that have to be encrypted. */
const secrets = [...texts, "buildSecrets", "buildGitCredentials"];

/** Pulumi hands objects and lists over as JSON, and every other value as text. */
function parseValue(key: string, value: string): unknown {
  if (texts.includes(key)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
