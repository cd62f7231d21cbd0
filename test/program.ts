import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import * as pulumi from "@pulumi/pulumi";
import { vi } from "vitest";
import { parse } from "yaml";
import { fixedSettings, settingsAtInstall } from "../infra/install-config";
import { workerTemplate } from "./cluster/worker-template";
import { put } from "./config/stack";
import { type Graph, graph, type Registered } from "./graph";
import { testSecret } from "./leaks";
import { type Printed, printedBy } from "./stages";
import { record } from "./wire";

/** Everything that must not be read in the state, a log or a process list. */
export const secrets = Object.fromEntries(
  ["pull secret", "registry password", "npm token", "maven password", "AWS secret key", "admin certificate", "admin password"].map(
    (name) => [name, testSecret(name)],
  ),
);

const login = (secret: string) => Buffer.from(`user:${secrets[secret]}`).toString("base64");

interface Build {
  name: string;
  image: string;
}

/** A stack's file as it is in the repository. */
export interface StackFile {
  "openshift-multiarch:cluster": {
    name: string;
    baseDomain: string;
    version: string;
    controlPlane: { instanceType: string; rootVolume: { size: number; iops: number } };
  };
  "openshift-multiarch:pools": { architecture: string; instanceType: string; zones: { name: string; replicas: number }[] }[];
  "openshift-multiarch:builds": Build[];
}

export const stackFile = (stack: string): StackFile =>
  parse(readFileSync(join(__dirname, "..", `Pulumi.${stack}.yaml`), "utf8")).config as StackFile;

/** Changes of a configuration: by path in the project's settings (undefined removes), or by a whole key of the stack's file. */
export type Changes = Readonly<Record<string, unknown>>;

/** The stack's file, with every secret that the configuration takes, and changes. */
function configure(stack: string, changes: Changes = {}): void {
  const config = stackFile(stack);
  const registry = config["openshift-multiarch:builds"][0]?.image.split("/")[0] ?? "quay.io";
  const secretValues = {
    "openshift-multiarch:pullSecret": JSON.stringify({
      auths: { "quay.io": { auth: login("pull secret") }, "registry.redhat.io": { auth: login("pull secret") } },
    }),
    "openshift-multiarch:registryCredentials": JSON.stringify({ auths: { [registry]: { auth: login("registry password") } } }),
    "openshift-multiarch:npmrc": `//npm.example.com/:_authToken=${secrets["npm token"]}\n`,
    "openshift-multiarch:mavenSettings": `<settings><servers><server><password>${secrets["maven password"]}</password></server></servers></settings>`,
  };
  const text = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
  const changed = structuredClone({ ...config, ...secretValues });
  for (const [key, value] of Object.entries(changes)) {
    if (key.includes(":")) Object.assign(changed, { [key]: value });
    else
      put(
        changed,
        key.replace(/^[^.[]+/, (setting) => `openshift-multiarch:${setting}`),
        value,
      );
  }
  const values = Object.entries(changed).map(([key, value]) => [key, text(value)]);
  pulumi.runtime.setAllConfig(Object.fromEntries(values), Object.keys(secretValues));
}

/** What the program does with a stack's file that has mistakes: its message, and what it has asked or told the engine before. */
export async function refused(stack: string, changes: Changes): Promise<{ message: string; told: string[] }> {
  vi.resetModules();
  const told: string[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => {
        told.push(`${type} ${name}`);
        return { id: name, state: inputs };
      },
      call: ({ token }) => {
        told.push(token);
        return token.includes("getInstanceTypeOfferings") ? offerings(stack) : {};
      },
    },
    "openshift-multiarch",
    stack,
    true,
    "organization",
  );
  const { hooks } = record();
  configure(stack, changes);
  const message = await import("../index").then(
    () => "",
    (error: unknown) => (pulumi.RunError.isInstance(error) ? error.message : `no mistake of the user's: ${(error as Error).stack}`),
  );
  await pulumi.runtime.disconnect();
  return { message, told: [...told, ...hooks.map(({ name }) => name)] };
}

const account = "123456789012";
export const infraId = "multiarch-x7k2p";
export const kubeconfig = JSON.stringify({
  clusters: [{ cluster: { server: "https://api.multiarch.example.com:6443" } }],
  users: [{ user: { "client-key-data": Buffer.from(secrets["admin certificate"]).toString("base64") } }],
});

const printed: Printed = {
  identity: ({ INSTALL_CONFIG, OPENSHIFT_VERSION }) => ({
    infraId,
    metadata: { infraID: infraId, aws: { region: "eu-west-3" } },
    workerTemplate: workerTemplate(),
    images: { amd64: "ami-1", arm64: "ami-2" },
    accountId: account,
    createdAt: "2026-01-01T00:00:00Z",
    fixed: fixedSettings(JSON.parse(INSTALL_CONFIG), OPENSHIFT_VERSION),
    atInstall: settingsAtInstall(JSON.parse(INSTALL_CONFIG)),
  }),
  assets: () => brotliCompressSync(`credentials: ${secrets["AWS secret key"]}`).toString("base64"),
  install: () => ({ kubeconfig, kubeadminPassword: secrets["admin password"] }),
  access: () => ({
    kubeconfig,
    kubeadminPassword: secrets["admin password"],
    apiUrl: "https://api.multiarch.example.com:6443",
    consoleUrl: "https://console.example.com",
  }),
};

/** What EC2 says when every zone has every type that the stack's file names. */
function offerings(stack: string): { instanceTypes: string[]; locations: string[] } {
  const { "openshift-multiarch:pools": pools, "openshift-multiarch:cluster": cluster } = stackFile(stack);
  const types = [...pools, cluster.controlPlane].map(({ instanceType }) => instanceType);
  const zones = pools.flatMap((pool) => pool.zones.map(({ name }) => name));
  const pairs = types.flatMap((type) => zones.map((zone) => [type, zone] as const));
  return { instanceTypes: pairs.map(([type]) => type), locations: pairs.map(([, zone]) => zone) };
}

/** What the last update knew of the builds of both stack files. */
export const lastResults = Object.fromEntries(
  ["htop", "nodejs", "quarkus"].map((name) => {
    const image = `registry.example.com/${name}@sha256:${"d".repeat(64)}`;
    const members = [image, image];
    return [name, { image, members, run: `${name}-abcde`, uid: `uid-of-${name}-run`, commit: "c0ffee", architectures: ["amd64", "arm64"] }];
  }),
);

/** Outputs of resources that are there already. */
function existing(type: string, name: string, inputs: Record<string, unknown>): Record<string, unknown> | undefined {
  if (type === "random:index/randomString:RandomString") return { result: "abcde" };
  if (inputs.kind === "PipelineRun") return { metadata: { ...(inputs.metadata as object), uid: `uid-of-${name}` } };
  if (type.startsWith("aws:")) return { arn: `arn:aws:elasticfilesystem:eu-west-3:${account}:${name}` };
  return type === "command:local:Command" ? printedBy(printed, inputs) : undefined;
}

/**
 * The whole program with a stack's own file: the preview before anything exists, or that of a stack that is there, in which
 * all outputs are known.
 * @param last more of what the last update left
 * @param asked is told of the functions that are called
 */
export function program(
  stack: string,
  when: "first" | "running",
  last: Record<string, unknown> = {},
  asked?: (token: string) => void,
): Promise<Graph> {
  vi.resetModules();
  return graph(
    () => {
      configure(stack);
      return import("../index");
    },
    {
      preview: true,
      stack,
      functions: (token, { name }) => {
        asked?.(token);
        if (token === "pulumi:pulumi:readStackOutputs") {
          if (name !== `organization/openshift-multiarch/${stack}`) throw new Error(`no stack is called ${name}`);
          return { name, outputs: when === "running" ? { infraId, builds: lastResults, ...last } : {}, secretOutputNames: [] };
        }
        if (token.includes("getCallerIdentity")) return { accountId: account, arn: `arn:aws:iam::${account}:user/builder` };
        if (token.includes("getInstanceTypeOfferings")) return offerings(stack);
        return when === "running" ? { id: "looked-up" } : {};
      },
      outputs: when === "running" ? existing : undefined,
    },
  );
}

export const commands = ({ resources }: Graph): Registered[] => resources.filter(({ type }) => type === "command:local:Command");

/** The one resource whose deletion destroys the cluster. */
export function guard({ resources }: Graph): Registered {
  const found = resources.filter(({ inputs }) => /infra\/stages\/destroy\.sh/.test(inputs?.delete ?? ""));
  if (found.length !== 1) throw new Error(`the cluster is destroyed by ${found.length} resources`);
  return found[0];
}
