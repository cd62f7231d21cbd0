import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { run } from "../machine/exec";
import { awsEndpoint, baseDomain, checkout, network, places } from "../machine/places";

export const stack = "rehearsal";
export const region = "eu-west-3";

/**
 * A copy of the checkout's Pulumi.yaml lies beside the stack's configuration, so that commands which need no program
 * (`config`, `stack`, `destroy`) run there and never touch the checkout.
 */
export const projectFile = join(places.stack, "Pulumi.yaml");
export const configFile = join(places.stack, `Pulumi.${stack}.yaml`);
export const stateFolder = join(places.stack, "state");
export const passphraseFile = join(places.stack, "passphrase");

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
 * Certificates that a client must trust: the machine's own and the authority of the emulator's TLS front, which the installer and
 * its helpers speak to. For SSL_CERT_FILE and AWS_CA_BUNDLE.
 */
export const trustBundle = join(places.pki, "aws", "bundle.crt");

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
