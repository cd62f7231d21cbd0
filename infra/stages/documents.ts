// The JSON and YAML work of the stages: node --require tsx/cjs documents.ts COMMAND [ARGUMENT]... Secrets come by environment or stdin.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments, parseDocument, stringify } from "yaml";
import { ageProblem, type Identity, machineImages, pickWorkerTemplate } from "../identity";
import { changedSettings, fixedSettings, type InstallConfig, settingsAtInstall } from "../install-config";
import { manifestPatches } from "../manifest-patches";

function environment(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`the variable ${name} is not set`);
  return value;
}

const readJson = (file: string | number) => JSON.parse(readFileSync(file, "utf8"));
const print = (value: unknown) => process.stdout.write(`${typeof value === "string" ? value : JSON.stringify(value)}\n`);
const config = (): InstallConfig => JSON.parse(environment("INSTALL_CONFIG"));
/** What the command printed when it ran before; Pulumi hands it to updates and deletions. */
const previous = (): Identity => JSON.parse(environment("PULUMI_COMMAND_STDOUT"));

const commands: Record<string, (...args: string[]) => void> = {
  /** install-config.yaml, pull secret included. JSON is YAML. */
  "install-config": () => print({ ...config(), pullSecret: environment("PULL_SECRET") }),

  /**
   * DIRECTORY: applies the program's patches to the manifests there, and prints the installer's worker MachineSet, which
   * `create ignition-configs` will swallow.
   */
  manifests: (directory = "") => {
    for (const { file, change } of manifestPatches) {
      const path = join(directory, file);
      if (!existsSync(path)) throw new Error(`${file} is to be patched, but the installer wrote no such file`);
      writeFileSync(path, stringify(change(parseDocument(readFileSync(path, "utf8")).toJS())));
    }
    const folder = join(directory, "openshift");
    const files = readdirSync(folder).filter((file) => /^99_openshift-cluster-api_worker-machineset-.*\.ya?ml$/.test(file));
    print(
      pickWorkerTemplate(
        files.flatMap((file) => parseAllDocuments(readFileSync(join(folder, file), "utf8")).map((document) => document.toJS())),
      ),
    );
  },

  /** DIRECTORY TEMPLATE STREAM: the identity. */
  identity: (directory = "", template = "", stream = "") => {
    const metadata = readJson(join(directory, "metadata.json")) as Identity["metadata"];
    const installConfig = config();
    const identity: Identity = {
      infraId: metadata.infraID,
      metadata,
      workerTemplate: readJson(template),
      images: machineImages(readJson(stream), installConfig.platform.aws.region),
      accountId: environment("AWS_ACCOUNT_ID"),
      createdAt: new Date().toISOString(),
      fixed: fixedSettings(installConfig, environment("OPENSHIFT_VERSION")),
      atInstall: settingsAtInstall(installConfig),
    };
    print(identity);
  },

  /** The identity as it was, if the new settings and credentials leave it alone. */
  unchanged: () => {
    const identity = previous();
    const account = environment("AWS_ACCOUNT_ID");
    if (account !== identity.accountId) {
      throw new Error(
        `the cluster is in the AWS account ${identity.accountId}, but the credentials are for ${account}: use credentials of the first`,
      );
    }
    const changed = changedSettings(identity.fixed, fixedSettings(config(), environment("OPENSHIFT_VERSION")));
    if (changed.length > 0) {
      throw new Error(
        `a cluster keeps these settings for its life: ${changed.join(", ")}. Set them back, or run pulumi destroy and pulumi up for a new cluster`,
      );
    }
    print(environment("PULUMI_COMMAND_STDOUT"));
  },

  /** What the deletion needs of the identity, as lines: infra ID, account, metadata.json. */
  destroy: () => {
    const { infraId, accountId, metadata } = previous();
    print(`${infraId}\n${accountId}\n${JSON.stringify(metadata)}`);
  },

  /** Fails when the certificates of CREATED_AT are too old for an install. */
  age: () => {
    const problem = ageProblem(environment("CREATED_AT"), new Date());
    if (problem) throw new Error(`${problem}. There is no cluster yet: run pulumi destroy, then pulumi up`);
  },

  /** DIRECTORY: what the install leaves. */
  installed: (directory = "") =>
    print({
      kubeconfig: readFileSync(join(directory, "auth", "kubeconfig"), "utf8"),
      kubeadminPassword: readFileSync(join(directory, "auth", "kubeadmin-password"), "utf8").trim(),
    }),

  /** stdin: the install's output. The kubeconfig of it. */
  kubeconfig: () => process.stdout.write(readJson(0).kubeconfig),

  /** ROUTE, stdin: the install's output. What the access stage prints; without a route of the console, its usual address. */
  access: (route = "") => {
    const { kubeconfig, kubeadminPassword } = readJson(0) as { kubeconfig: string; kubeadminPassword: string };
    const apiUrl = parseDocument(kubeconfig).getIn(["clusters", 0, "cluster", "server"]);
    if (typeof apiUrl !== "string") throw new Error("the kubeconfig of the install names no server");
    const host = existsSync(route) ? (readJson(route) as { spec?: { host?: string } }).spec?.host : undefined;
    const consoleUrl = `https://${host ?? `console-openshift-console.apps.${environment("CLUSTER")}`}`;
    print({ kubeconfig, apiUrl, consoleUrl, kubeadminPassword });
  },
};

const [name = "", ...args] = process.argv.slice(2);
try {
  const command = commands[name];
  if (!command) throw new Error(`documents.ts has no command ${name}`);
  command(...args);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
