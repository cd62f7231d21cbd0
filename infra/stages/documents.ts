// The JSON and YAML work of the stages: node --require tsx/cjs documents.ts COMMAND [ARGUMENT]... Secrets come by environment or stdin.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseAllDocuments, parseDocument } from "yaml";
import { efsCredentialsRequest, efsRoleArn, efsSecretFile } from "../cloud-credentials";
import { ageProblem, type Identity, machineImages, pickWorkerTemplate } from "../identity";
import { fixedSettings, type InstallConfig, settingsAtInstall } from "../install-config";

function environment(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`the variable ${name} is not set`);
  return value;
}

/** A file, or stdin. What it holds is never part of an error: it may be secret. */
function read(file: string | number): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new Error(`${nameOf(file)} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}
function readJson(file: string | number) {
  const text = read(file);
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${nameOf(file)} is not JSON, or not all of it`);
  }
}
const nameOf = (file: string | number) => (file === 0 ? "what the stage before printed" : `the installer's ${basename(String(file))}`);

const print = (value: unknown) => process.stdout.write(`${typeof value === "string" ? value : JSON.stringify(value)}\n`);
const config = (): InstallConfig => JSON.parse(environment("INSTALL_CONFIG"));

/** The identity on stdin. Its infra ID names folders that are removed and objects in AWS. */
function identity(): Identity {
  const found = readJson(0) as Identity;
  if (typeof found.infraId !== "string" || !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(found.infraId)) {
    throw new Error(`the cluster's identity has no infra ID; it has ${JSON.stringify(found.infraId) ?? "none at all"}`);
  }
  return found;
}

/** Where a kubeconfig leads; an error when it leads nowhere. */
function serverOf(kubeconfig: string): string {
  const server = parseDocument(kubeconfig).getIn(["clusters", 0, "cluster", "server"]);
  if (typeof server !== "string") throw new Error("the kubeconfig of the install names no server");
  return server;
}

const commands: Record<string, (...args: string[]) => void> = {
  /** install-config.yaml, pull secret included. JSON is YAML. */
  "install-config": () => print({ ...config(), pullSecret: environment("PULL_SECRET") }),

  /** DIRECTORY: the installer's worker MachineSet among its manifests, which `create ignition-configs` will swallow. */
  template: (directory = "") => {
    const folder = join(directory, "openshift");
    const files = existsSync(folder) ? readdirSync(folder) : [];
    print(
      pickWorkerTemplate(
        files
          .filter((file) => /^99_openshift-cluster-api_worker-machineset-.*\.ya?ml$/.test(file))
          .flatMap((file) => parseAllDocuments(read(join(folder, file))).map((document) => document.toJS())),
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

  /** stdin: an identity. Its infra ID. */
  "infra-id": () => print(identity().infraId),

  /** stdin: an identity. What the deletion needs of it, as lines: infra ID, account, metadata.json. */
  destroy: () => {
    const { infraId, accountId, metadata } = identity();
    if (metadata?.infraID !== infraId) throw new Error(`the metadata.json of ${infraId} is for ${metadata?.infraID}`);
    print(`${infraId}\n${accountId}\n${JSON.stringify(metadata)}`);
  },

  /** stdin: metadata.json. Its infra ID. */
  metadata: () => print((readJson(0) as Identity["metadata"]).infraID),

  /** stdin: metadata.json. The region of AWS. */
  region: () => print((readJson(0) as Identity["metadata"]).aws.region),

  /** What the EFS CSI driver operator asks for. JSON is YAML. */
  "efs-request": () => print(efsCredentialsRequest),

  /** Name of the file that ccoctl writes for it. */
  "efs-secret": () => print(efsSecretFile),

  /** IDENTITY MANIFESTS: fails unless ccoctl has made the role that the program gives to the EFS CSI driver operator. */
  "efs-role": (file = "", manifests = "") => {
    const { infraId, accountId, metadata } = readJson(file) as Identity;
    const expected = efsRoleArn(infraId, accountId, metadata.aws.region);
    const secret = parseDocument(read(join(manifests, efsSecretFile))).toJS() as { stringData?: { credentials?: string } };
    const actual = /^\s*role_arn = (\S+)$/m.exec(secret?.stringData?.credentials ?? "")?.[1];
    if (actual !== expected)
      throw new Error(`ccoctl made the role ${actual ?? "of no name"} for the EFS CSI driver, and this program knows ${expected}`);
  },

  /** Fails when the certificates of CREATED_AT are too old for an install. */
  age: () => {
    const problem = ageProblem(environment("CREATED_AT"), new Date());
    if (problem) throw new Error(`${problem}. There is no cluster yet: run pulumi state unprotect --all, pulumi destroy, then pulumi up`);
  },

  /** DIRECTORY: what the install leaves. */
  installed: (directory = "") => {
    const kubeconfig = read(join(directory, "auth", "kubeconfig"));
    serverOf(kubeconfig);
    const kubeadminPassword = read(join(directory, "auth", "kubeadmin-password")).trim();
    if (kubeadminPassword === "") throw new Error("the installer's kubeadmin-password is empty");
    print({ kubeconfig, kubeadminPassword });
  },

  /** stdin: the install's output. The kubeconfig of it. */
  kubeconfig: () => {
    const { kubeconfig } = readJson(0) as { kubeconfig: string };
    serverOf(kubeconfig);
    process.stdout.write(kubeconfig);
  },

  /** ROUTE, stdin: the install's output. What the access stage prints; without a route of the console, its usual address. */
  access: (route = "") => {
    const { kubeconfig, kubeadminPassword } = readJson(0) as { kubeconfig: string; kubeadminPassword: string };
    const host = existsSync(route) ? (readJson(route) as { spec?: { host?: string } }).spec?.host : undefined;
    const consoleUrl = `https://${host ?? `console-openshift-console.apps.${environment("CLUSTER")}`}`;
    print({ kubeconfig, apiUrl: serverOf(kubeconfig), consoleUrl, kubeadminPassword });
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
