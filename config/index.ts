import * as pulumi from "@pulumi/pulumi";
import { awsCredentials } from "./aws";
import { parseSettings, type Settings } from "./settings";

export { UserMistake } from "./mistake";
export * from "./settings";

/**
 * The settings of the current stack: its configuration, checked and with defaults filled in. Secrets are secret outputs.
 * @throws UserMistake that lists everything that is wrong, before any resource is registered.
 */
export function loadSettings(): Settings {
  const config = new pulumi.Config();
  const prefix = `${config.name}:`;
  const values: Record<string, unknown> = {};
  // allConfig has the secrets in plain text: they are checked together with the rest and go no further than parseSettings.
  for (const [key, value] of Object.entries(pulumi.runtime.allConfig())) {
    if (key.startsWith(prefix)) values[key.slice(prefix.length)] = parseValue(key.slice(prefix.length), value);
  }
  const { settings, warnings } = parseSettings({ region: new pulumi.Config("aws").get("region"), values });
  // The SDK keeps this list to itself (pulumi.runtime.isConfigSecret is internal); it comes from the engine in this variable.
  const encrypted: string[] | undefined = process.env.PULUMI_CONFIG_SECRET_KEYS
    ? JSON.parse(process.env.PULUMI_CONFIG_SECRET_KEYS)
    : undefined;
  for (const key of ["pullSecret", "registryCredentials"]) {
    if (encrypted && !encrypted.includes(prefix + key)) {
      warnings.push(`${key} is in plain text in the stack's file: set it with pulumi config set --secret ${key}`);
    }
  }
  for (const warning of warnings) pulumi.log.warn(warning);
  return {
    ...settings,
    cluster: {
      ...settings.cluster,
      pullSecret: config.requireSecret("pullSecret"),
      credentials: awsCredentials(pulumi.runtime.allConfig()),
    },
    namespace: {
      ...settings.namespace,
      registryCredentials: config.requireSecret("registryCredentials"),
      npmrc: config.getSecret("npmrc"),
      mavenSettings: config.getSecret("mavenSettings"),
    },
  };
}

const texts = new Set(["pullSecret", "registryCredentials", "npmrc", "mavenSettings"]);

/** Pulumi hands objects and lists over as JSON, and every other value as text. */
function parseValue(key: string, value: string): unknown {
  if (texts.has(key)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
