import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect, rootCertificates } from "node:tls";
import { parse, parseDocument } from "yaml";
import { run } from "../machine/exec";
import { awsEndpoint, baseDomain, network, places } from "../machine/places";
import { UserError } from "../machine/progress";
import { dockerConfig, registryCredentials } from "../services/registry";

export const checkout = join(__dirname, "..", "..");
export const stack = "rehearsal";
export const region = "eu-west-3";

/**
 * A copy of the checkout's Pulumi.yaml lies beside the stack's configuration, so that commands which need no program
 * (`config`, `stack`, `destroy`) run there and never touch the checkout.
 */
const projectFile = join(places.stack, "Pulumi.yaml");
export const configFile = join(places.stack, `Pulumi.${stack}.yaml`);
export const stateFolder = join(places.stack, "state");
const passphraseFile = join(places.stack, "passphrase");

/** What the rehearsal's AWS account is reached with: the emulator takes any key. */
export const awsEnvironment = {
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
  AWS_REGION: region,
  AWS_DEFAULT_REGION: region,
  AWS_ENDPOINT_URL: awsEndpoint,
  // A user's own profile, role or session must not get into the rehearsal, nor the other way round.
  AWS_PROFILE: undefined,
  AWS_DEFAULT_PROFILE: undefined,
  AWS_SESSION_TOKEN: undefined,
  AWS_CONFIG_FILE: "/dev/null",
  AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
  AWS_EC2_METADATA_DISABLED: "true",
} as const;

/**
 * The machine's certificates and that of the emulator's TLS front, which the installer and its helpers speak to. Written by
 * rehearsal/aws (which imports this file, so its own constant cannot be used here).
 */
const trustBundle = join(places.pki, "aws", "bundle.crt");

/**
 * Temporary files of `pulumi` and its plugins. They are kept apart because not all are removed by who made them: the Kubernetes
 * provider leaves a copy of the kubeconfig each time it starts (provider/pkg/provider/provider.go, `writeKubeconfigToFile`).
 */
const temporaryFiles = join(places.stack, "tmp");

/** Environment of `pulumi`, as changes to the caller's. The folder for its temporary files is there afterwards. */
export function pulumiEnvironment(): Record<string, string | undefined> {
  mkdirSync(temporaryFiles, { recursive: true, mode: 0o700 });
  return {
    ...awsEnvironment,
    PATH: `${places.path}:${process.env.PATH ?? ""}:/usr/sbin:/sbin`,
    PULUMI_HOME: places.pulumiHome,
    PULUMI_BACKEND_URL: `file://${stateFolder}`,
    PULUMI_CONFIG_PASSPHRASE_FILE: passphraseFile,
    PULUMI_CONFIG_PASSPHRASE: undefined,
    PULUMI_ACCESS_TOKEN: undefined,
    PULUMI_STACK: stack,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    PULUMI_ERROR_OUTPUT_STRING: "true",
    // The language host is older than the engine and does not hear the runtime's options from it: it would have ts-node check the
    // types of the whole program at every change.
    PULUMI_NODEJS_TSCONFIG_PATH: tsconfig(),
    // Half a second of a preview: the diffs, each a dry run by the API server, are not made one after another.
    PULUMI_PARALLEL_DIFF: "true",
    SSL_CERT_FILE: trustBundle,
    NODE_EXTRA_CA_CERTS: trustBundle,
    AWS_CA_BUNDLE: trustBundle,
    // The stages keep the installer's directories there: part of the environment, so gone with it.
    XDG_CACHE_HOME: join(places.run, "cache"),
    TMPDIR: temporaryFiles,
    // Whatever proxy the machine needs, it does not know the way to the rehearsal's own addresses.
    NO_PROXY: withoutProxy(process.env.NO_PROXY ?? process.env.no_proxy),
    no_proxy: withoutProxy(process.env.NO_PROXY ?? process.env.no_proxy),
    // The program's provider has its kubeconfig from the cluster; an ambient one would hide that it has none.
    KUBECONFIG: undefined,
    NODE_OPTIONS: undefined,
  };
}

/** Name of the tsconfig that Pulumi.yaml chooses. */
function tsconfig(): string {
  const project: { runtime: { options: { tsconfig: string } } } = parse(readFileSync(join(checkout, "Pulumi.yaml"), "utf8"));
  return project.runtime.options.tsconfig;
}

const withoutProxy = (list: string | undefined) =>
  [list, "127.0.0.1", "localhost", network.host, `.${baseDomain}`].filter(Boolean).join(",");

/** Environment of a user's shell: everything of `pulumi`, and what kubectl and an AWS client need. */
export function shellEnvironment(): Record<string, string | undefined> {
  return {
    ...pulumiEnvironment(),
    // Any flag can be given as PULUMI_OPTION_<FLAG>: commands typed in the checkout find the configuration outside of it.
    PULUMI_OPTION_CONFIG_FILE: configFile,
    KUBECONFIG: places.adminKubeconfig,
  };
}

/** Runs `kubectl` on the cluster, as its administrator. */
export const kubectl = (args: readonly string[], input?: string): Promise<string> =>
  run([join(places.bin, "kubectl"), "--kubeconfig", places.adminKubeconfig, ...args], { input });

/** Runs `pulumi` on the stack, away from the checkout. */
export function pulumi(args: readonly string[], input?: string): Promise<string> {
  return run([join(places.path, "pulumi"), "--non-interactive", "--color", "never", "-C", places.stack, ...args], {
    env: pulumiEnvironment(),
    input,
  });
}

/**
 * Makes the stack if there is none, and its configuration: the checkout's Pulumi.rehearsal.yaml with the secrets of this
 * environment added. What has not changed since is left as it is, ciphertexts included.
 */
export async function prepareStack(): Promise<void> {
  mkdirSync(stateFolder, { recursive: true, mode: 0o700 });
  // Made up for this environment: the state is gone when it is.
  if (!existsSync(passphraseFile)) writeFileSync(passphraseFile, randomBytes(24).toString("base64url"), { mode: 0o600 });
  const project = readFileSync(join(checkout, "Pulumi.yaml"), "utf8");
  writeFileSync(projectFile, project);
  const { name }: { name: string } = parse(project);
  const template = readFileSync(join(checkout, `Pulumi.${stack}.yaml`), "utf8");
  const previous = existsSync(configFile) ? readFileSync(configFile, "utf8") : "";
  writeFileSync(configFile, mergeConfig(template, previous, name), { mode: 0o600 });
  if (!stackExists(name)) await pulumi(["stack", "init", stack, "--no-select"]);

  const [listed, wanted] = await Promise.all([pulumi(["config", "--show-secrets", "--json"]), secrets()]);
  const present: Record<string, { value?: string }> = JSON.parse(listed);
  for (const [key, value] of Object.entries(wanted)) {
    const current = present[`${name}:${key}`]?.value;
    // pulumi drops line ends at the end of what it reads. By stdin: arguments can be read by every user of the machine.
    if (value !== undefined && current !== value.trimEnd()) await pulumi(["config", "set", "--secret", key], value.trimEnd());
    if (value === undefined && current !== undefined) await pulumi(["config", "rm", key]);
  }
}

const stackExists = (project: string) => existsSync(join(stateFolder, ".pulumi", "stacks", project, `${stack}.json`));

/**
 * The configuration to use: all of `template`, and from the configuration used so far the encryption salt and the secrets.
 *
 * @param project name of the project: its keys are `<project>:<key>`.
 */
export function mergeConfig(template: string, previous: string, project: string): string {
  const document = parseDocument(template);
  const before: { encryptionsalt?: string; config?: Record<string, unknown> } | null = parse(previous);
  if (before?.encryptionsalt !== undefined) document.set("encryptionsalt", before.encryptionsalt);
  for (const [key, value] of Object.entries(before?.config ?? {})) {
    const secret = typeof value === "object" && value !== null && "secure" in value;
    if (secret && key.startsWith(`${project}:`) && !document.hasIn(["config", key])) document.setIn(["config", key], value);
  }
  return document.toString({ lineWidth: 0 });
}

/** The stack's secrets: key -> plain text, undefined for one that this machine has no use for. */
async function secrets(): Promise<Record<string, string | undefined>> {
  return {
    pullSecret: pullSecret(),
    registryCredentials: dockerConfig(registryCredentials()),
    npmrc: await npmrc(),
    mavenSettings: mavenSettings(),
  };
}

/** A pull secret of the right form for registries that nothing in the rehearsal asks. */
function pullSecret(): string {
  const auth = Buffer.from("rehearsal:rehearsal").toString("base64");
  const hosts = ["cloud.openshift.com", "quay.io", "registry.connect.redhat.com", "registry.redhat.io"];
  return JSON.stringify({ auths: Object.fromEntries(hosts.map((host) => [host, { auth, email: "nobody@rehearsal.test" }])) });
}

/**
 * The machine's own npm client set-up as an .npmrc for the builds' pods: registry, proxies, and the certificate authority that
 * answers for the registry when Node.js does not know it by itself. Read at run time, kept in the stack's secrets alone.
 */
async function npmrc(): Promise<string> {
  const settings: Record<string, unknown> = JSON.parse(await run(["npm", "config", "list", "--json"], { cwd: checkout }));
  const lines = [];
  for (const key of ["registry", "proxy", "https-proxy", "noproxy", "strict-ssl"]) {
    const value = settings[key];
    if (value !== undefined && value !== null && value !== "" && !(Array.isArray(value) && value.join("") === ""))
      lines.push(`${key}=${value}`);
  }
  const certificates = await authorities(
    String(settings.registry),
    settings.cafile as string | null,
    settings.ca as string | string[] | null,
  );
  for (const certificate of certificates) lines.push(`ca[]="${certificate.trim().replaceAll("\n", "\\n")}"`);
  return lines.join("\n");
}

/** Certificates that an npm client elsewhere must be given to trust the registry as this machine does. */
async function authorities(url: string, cafile: string | null, ca: string | string[] | null): Promise<string[]> {
  if (ca) return [ca].flat();
  const known = new Set(rootCertificates.map(fingerprintText));
  const files = [cafile, process.env.NODE_EXTRA_CA_CERTS, process.env.SSL_CERT_FILE, "/etc/ssl/certs/ca-certificates.crt"];
  const bundle = files.flatMap((file) => (file && existsSync(file) ? pemBlocks(readFileSync(file, "utf8")) : []));
  const root = URL.canParse(url) && url.startsWith("https:") ? await rootOf(new URL(url), [...rootCertificates, ...bundle]) : undefined;
  return root !== undefined && !known.has(fingerprintText(root)) ? [root] : [];
}

/** The certificates of a PEM file. */
export const pemBlocks = (text: string): string[] => text.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];

const fingerprintText = (pem: string) => pem.replace(/\s+/g, "");

/** The authority at the end of a server's chain, as PEM; undefined when the server cannot be reached without a proxy. */
function rootOf(url: URL, ca: string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: url.hostname, port: Number(url.port || 443), servername: url.hostname, ca, timeout: 15_000 }, () => {
      let certificate = socket.getPeerCertificate(true);
      while (certificate.issuerCertificate && certificate.issuerCertificate.fingerprint256 !== certificate.fingerprint256) {
        certificate = certificate.issuerCertificate;
      }
      socket.end();
      const body = certificate.raw.toString("base64").match(/.{1,64}/g) ?? [];
      resolve(["-----BEGIN CERTIFICATE-----", ...body, "-----END CERTIFICATE-----"].join("\n"));
    });
    for (const event of ["error", "timeout"]) {
      socket.once(event, () => {
        socket.destroy();
        resolve(undefined);
      });
    }
  });
}

/** The user's own Maven settings, if there are any. */
function mavenSettings(): string | undefined {
  const file = join(process.env.HOME ?? "/root", ".m2", "settings.xml");
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

interface Deployment {
  readonly resources?: readonly { readonly type: string; readonly outputs?: Record<string, unknown> }[];
  pending_operations?: readonly { readonly type: string; readonly resource: { readonly urn: string } }[];
}

/** Number of resources in the stack's state; 0 when there is no stack. Reads the file, so it needs no toolchain. */
export function recordedResources(): number {
  try {
    const { name }: { name: string } = parse(readFileSync(projectFile, "utf8"));
    const state = JSON.parse(readFileSync(join(stateFolder, ".pulumi", "stacks", name, `${stack}.json`), "utf8"));
    return (state.checkpoint?.latest as Deployment | undefined)?.resources?.length ?? 0;
  } catch {
    return 0;
  }
}

/**
 * Clears what an update that was killed left in the state: its lock, and creations of which nobody knows how they ended. The
 * caller holds the machine's lock, so no other `npm run rehearse` is behind them; a `pulumi` typed by hand that still runs is.
 *
 * @returns names of the resources whose creation was cut off.
 */
export async function clearInterrupted(): Promise<string[]> {
  if (recordedResources() === 0 && !existsSync(join(stateFolder, ".pulumi", "locks"))) return [];
  const locks = join(stateFolder, ".pulumi", "locks");
  for (const file of existsSync(locks) ? (await run(["find", locks, "-type", "f"])).split("\n").filter(Boolean) : []) {
    const { pid } = readLock(file);
    // A process of that id that is no pulumi got the id later.
    if (pid !== undefined && isPulumi(pid))
      throw new UserError(`the stack is being changed by another pulumi (process ${pid}): wait for it or end it`);
    rmSync(file, { force: true });
  }
  const exported: { deployment: Deployment } = JSON.parse(await pulumi(["stack", "export"]));
  const pending = exported.deployment.pending_operations ?? [];
  if (pending.length === 0) return [];
  exported.deployment.pending_operations = [];
  await pulumi(["stack", "import"], JSON.stringify(exported));
  return pending.filter(({ type }) => type === "creating").map(({ resource }) => resource.urn.split("::").at(-1) ?? resource.urn);
}

function readLock(file: string): { pid?: number } {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return {};
  }
}

function isPulumi(pid: number): boolean {
  try {
    return /^pulumi\b/.test(readFileSync(`/proc/${pid}/comm`, "utf8"));
  } catch {
    return false;
  }
}

/** The stack's outputs, secrets masked by pulumi. */
export async function stackOutputs(): Promise<Record<string, unknown>> {
  return JSON.parse(await pulumi(["stack", "output", "--json"]));
}
