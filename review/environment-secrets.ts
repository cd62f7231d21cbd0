/** Environment variables with secrets that CI gives to the commands of this folder. */
const variables = [
  "PULUMI_CONFIG_PASSPHRASE",
  "PULUMI_ACCESS_TOKEN",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "GITHUB_TOKEN",
  "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
];

/** Secrets of the environment. */
export const environmentSecrets = (env: NodeJS.ProcessEnv = process.env): string[] => variables.flatMap((name) => env[name] || []);
