import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { parseSettings } from "../config/settings";
import { fixedSettings, settingsAtInstall } from "../infra/install-config";
import { workerTemplate } from "./cluster/worker-template";
import { type Graph, graph } from "./graph";
import { testSecret } from "./leaks";
import { type Printed, printedBy } from "./stages";

/**
 * A stack as it is planned from its committed file alone: no account, no network, no Pulumi CLI. What only AWS, the installer or the
 * cluster can say is a placeholder in brackets; secrets are made up, since those of the file cannot be read here.
 */

const project = "openshift-multiarch";
const key = (name: string) => `${project}:${name}`;

/** Secrets that stand for the stack's own. A plan must show none of them. */
export const madeUp = {
  "pull secret": testSecret("planned pull secret"),
  "registry password": testSecret("planned registry password"),
  "npm token": testSecret("planned npm token"),
  "maven password": testSecret("planned maven password"),
  "other secret": testSecret("another planned secret"),
  kubeconfig: testSecret("planned kubeconfig"),
  "admin password": testSecret("planned admin password"),
  "installer's directory": testSecret("planned installer directory"),
} as const;

const login = (secret: keyof typeof madeUp) => Buffer.from(`user:${madeUp[secret]}`).toString("base64");

/** Names of the stacks that have a file in a folder, sorted. */
export const stacksOf = (folder: string): string[] =>
  readdirSync(folder)
    .flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? [])
    .sort();

export interface Planned extends Graph {
  /** What the preview warns about. */
  readonly warnings: readonly string[];
}

export type Config = Readonly<Record<string, unknown>>;

export const configOf = (folder: string, stack: string): Config =>
  (parse(readFileSync(join(folder, `Pulumi.${stack}.yaml`), "utf8")) as { config?: Config } | null)?.config ?? {};

/** The value of a configuration key: an encrypted one is made up. */
function openValue(name: string, value: unknown): { text: string; secret: boolean } {
  const secret = isEncrypted(value);
  if (!secret && hasEncrypted(value))
    throw new Error(`${name} has an encrypted part, without which there is no plan: encrypt whole texts only`);
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return secret ? { text: secretTexts[name] ?? madeUp["other secret"], secret } : { text, secret };
}

const isEncrypted = (value: unknown): boolean => typeof value === "object" && value !== null && "secure" in value;
const hasEncrypted = (value: unknown): boolean =>
  isEncrypted(value) || (typeof value === "object" && value !== null && Object.values(value).some(hasEncrypted));

const secretTexts: Readonly<Record<string, string>> = {
  [key("npmrc")]: `//npm.example.com/:_authToken=${madeUp["npm token"]}\n`,
  [key("mavenSettings")]: `<settings><servers><server><password>${madeUp["maven password"]}</password></server></servers></settings>`,
};

/** Texts of a stack's configuration, and which are secret. What every stack must have is there, whether it was set yet or not. */
function texts(config: Config): { readonly all: Record<string, string>; readonly secret: string[] } {
  const builds = (config[key("builds")] ?? []) as readonly { readonly image?: unknown }[];
  const registries = builds.map(({ image }) => String(image).split("/")[0]);
  const auths = Object.fromEntries(["quay.io", ...registries].map((name) => [name, { auth: login("registry password") }]));
  const required = {
    [key("pullSecret")]: JSON.stringify({
      auths: { "quay.io": { auth: login("pull secret") }, "registry.redhat.io": { auth: login("pull secret") } },
    }),
    [key("registryCredentials")]: JSON.stringify({ auths }),
  };
  const values = Object.entries(config)
    .filter(([name]) => !Object.hasOwn(required, name))
    .map(([name, value]) => [name, openValue(name, value)] as const);
  return {
    all: { ...Object.fromEntries(values.map(([name, { text }]) => [name, text])), ...required },
    secret: [...values.filter(([, { secret }]) => secret).map(([name]) => name), ...Object.keys(required)],
  };
}

/**
 * Checks the configuration before the program does: a mistake would else be one of the program's run, and end the process.
 * @throws UserMistake
 */
function check(config: Config): void {
  const { all } = texts(config);
  const own = Object.entries(all).filter(([name]) => name.startsWith(key("")));
  const value = (name: string, text: string) => (typeof config[name] === "object" && !isEncrypted(config[name]) ? config[name] : text);
  parseSettings({
    region: all["aws:region"],
    values: Object.fromEntries(own.map(([name, text]) => [name.slice(key("").length), value(name, text)])),
  });
}

/** The installer's worker MachineSet, for a cluster of another name and region than the one that it was taken from. */
function template(infraId: string, zone: string): unknown {
  const text = JSON.stringify(workerTemplate())
    .replaceAll("multiarch-x7k2p", infraId)
    .replaceAll("eu-west-3a", zone)
    .replaceAll("eu-west-3", zone.slice(0, -1));
  return JSON.parse(text);
}

const printed: Printed = {
  identity: ({ INSTALL_CONFIG = "", OPENSHIFT_VERSION = "" }) => {
    const config = JSON.parse(INSTALL_CONFIG);
    // An infra ID is the cluster's name, cut to 21 characters, and 5 random ones.
    const infraId = `${config.metadata.name.slice(0, 21)}-xxxxx`;
    return {
      infraId,
      metadata: { infraID: infraId, aws: { region: config.platform.aws.region } },
      workerTemplate: template(infraId, config.compute[0].platform.aws.zones[0]),
      images: { amd64: "[CoreOS image for amd64]", arm64: "[CoreOS image for arm64]" },
      accountId: "[account]",
      createdAt: "[time of the identity]",
      fixed: fixedSettings(config, OPENSHIFT_VERSION),
      atInstall: settingsAtInstall(config),
    };
  },
  assets: () => madeUp["installer's directory"],
  install: () => ({ kubeconfig: madeUp.kubeconfig, kubeadminPassword: madeUp["admin password"] }),
  access: () => ({
    kubeconfig: madeUp.kubeconfig,
    kubeadminPassword: madeUp["admin password"],
    apiUrl: "[URL of the API]",
    consoleUrl: "[URL of the console]",
  }),
};

function outputs(type: string, name: string, inputs: Record<string, unknown>): Record<string, unknown> | undefined {
  if (type === "random:index/randomString:RandomString") return { result: "[suffix]" };
  if (type.startsWith("aws:")) return { arn: `[arn of ${name}]` };
  if (inputs.kind === "PipelineRun") return { metadata: { ...(inputs.metadata as object), uid: "[uid]" } };
  return type === "command:local:Command" ? printedBy(printed, inputs) : undefined;
}

/** A lookup's question as one line, so that its answer shows what was asked: two subnets differ in nothing else. */
function question(inputs: unknown): string {
  if (typeof inputs !== "object" || inputs === null) return String(inputs);
  if (Array.isArray(inputs)) return inputs.map(question).join(", ");
  const { name, values, ...rest } = inputs as Record<string, unknown>;
  const filter = Array.isArray(values) ? [`${name}=${values.join("|")}`] : [];
  return [
    ...filter,
    ...Object.entries(rest).map(([key, value]) => (key === "filters" ? question(value) : `${key}=${question(value)}`)),
  ].join(", ");
}

/** What AWS answers: every zone has every type, and there is just what is looked for. */
const functions =
  (config: Config) =>
  (token: string, inputs: Record<string, unknown>): Record<string, unknown> => {
    // A stack that no update has made yet.
    if (token === "pulumi:pulumi:readStackOutputs") return { name: inputs.name, outputs: {}, secretOutputNames: [] };
    if (token.endsWith(":getCallerIdentity")) return { accountId: "[account]", arn: "[arn of the caller]" };
    if (token.endsWith(":getInstanceTypeOfferings")) {
      const zones = [...new Set(JSON.stringify(config).match(/[a-z]{2,4}(?:-[a-z]+)+-\d[a-z]\b/g))];
      const [{ values: types }] = inputs.filters as [{ values: string[] }];
      return { instanceTypes: types.flatMap((type) => zones.map(() => type)), locations: types.flatMap(() => zones) };
    }
    return { id: `[${token.split(":").at(-1)} ${question(inputs)}]` };
  };

/**
 * The whole program with a stack's configuration, as its preview would show it if all that is unknown were a placeholder.
 * @param index loads index.ts anew
 */
export async function planned(stack: string, config: Config, index: () => Promise<unknown>): Promise<Planned> {
  const warnings: string[] = [];
  const { warn, info } = pulumi.log;
  Object.assign(pulumi.log, { warn: async (text: string) => void warnings.push(text), info: async () => {} });
  try {
    // Here a mistake is an error of this function; within a program it would also be that of each promise of the SDK.
    check(config);
    const program = () => {
      const { all, secret } = texts(config);
      pulumi.runtime.setAllConfig(all, secret);
      return index();
    };
    return { ...(await graph(program, { preview: true, stack, outputs, functions: functions(config) })), warnings };
  } finally {
    Object.assign(pulumi.log, { warn, info });
  }
}
