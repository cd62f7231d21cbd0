import { getCallerIdentityOutput } from "@pulumi/aws/getCallerIdentity";
import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Architecture, ClusterSettings } from "../config";
import type { Identity, WorkerTemplate } from "./identity";
import { installConfig } from "./install-config";
import { mirrorDirectory } from "./releases";

export type OpenShiftClusterArgs = ClusterSettings;

/** What the access stage prints. */
interface Access {
  readonly kubeconfig: string;
  readonly apiUrl: string;
  readonly consoleUrl: string;
  readonly kubeadminPassword: string;
}

/**
 * An OpenShift cluster with one control-plane node, made and removed by `openshift-install`.
 *
 * The stages are commands, so that each leaves its result in the state before the next begins. `identity` names the cluster
 * before anything of it exists in AWS, and it is the identity's deletion that destroys the cluster: a command that fails leaves
 * nothing in the state, so the long install cannot own what it half made. Inputs hold neither paths of a machine nor
 * credentials of AWS, which would re-run a stage whenever they change; a stage inherits those from Pulumi's own environment.
 */
export class OpenShiftCluster extends pulumi.ComponentResource {
  /** `<name>.<baseDomain>`; known before the cluster exists. */
  readonly identifier: string;
  /** Prefix of the names of all AWS objects of the cluster. Resolves when the cluster is there. */
  readonly infraId: pulumi.Output<string>;
  /** kubeconfig of the cluster's administrator, with the certificate of the router. Secret. */
  readonly kubeconfig: pulumi.Output<string>;
  readonly apiUrl: pulumi.Output<string>;
  readonly consoleUrl: pulumi.Output<string>;
  /** Secret. */
  readonly kubeadminPassword: pulumi.Output<string>;
  /** The installer's own worker MachineSet, of one of the zones. */
  readonly workerTemplate: pulumi.Output<WorkerTemplate>;
  /** The resource whose deletion destroys the cluster: what lives inside of it is `deletedWith` it. */
  readonly guard: pulumi.Resource;

  private readonly identity: pulumi.Output<Identity>;

  constructor(name: string, args: OpenShiftClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("openshift-multiarch:infra:OpenShiftCluster", name, {}, opts);
    this.identifier = `${args.name}.${args.baseDomain}`;
    const account = getCallerIdentityOutput({}, { parent: this });
    const common = {
      CLUSTER: this.identifier,
      OPENSHIFT_VERSION: args.version,
      OPENSHIFT_MIRROR: mirrorDirectory(args.mirror, args.version),
    };

    const tools = stage(this, `${name}-tools`, { create: script("tools"), update: script("tools"), environment: common });

    const identity = stage(
      this,
      `${name}-identity`,
      {
        create: script("identity"),
        update: script("identity", "update"),
        delete: script("destroy"),
        environment: {
          ...common,
          AWS_ACCOUNT_ID: account.accountId,
          DESTROY_MINUTES: String(args.destroyMinutes),
          INSTALL_CONFIG: JSON.stringify(installConfig(args)),
          PULL_SECRET: pulumi.secret(args.pullSecret),
        },
      },
      {
        dependsOn: tools,
        // A new cluster of the same name cannot be made while the old one holds its DNS names.
        deleteBeforeReplace: true,
        customTimeouts: { create: "30m", delete: `${args.destroyMinutes + 10}m` },
      },
    );
    this.guard = identity;
    // Secret as a whole: a stage's output may hold keys. These parts hold none.
    this.identity = pulumi.unsecret(identity.stdout.apply((json) => JSON.parse(json) as Identity));
    const identifiers = { INFRA_ID: this.identity.infraId, AWS_ACCOUNT_ID: this.identity.accountId, CREATED_AT: this.identity.createdAt };

    // The installer's directory, for an install that starts on another machine or after a failure. It is larger than an
    // environment variable may be, so it must not be handed to the identity's own deletion, and travels by stdin.
    const assets = stage(
      this,
      `${name}-assets`,
      {
        create: script("assets"),
        update: script("assets"),
        environment: { CLUSTER: this.identifier, INFRA_ID: this.identity.infraId },
        logging: command.local.Logging.None,
        addPreviousOutputInEnv: false,
      },
      { dependsOn: identity },
    );

    const install = stage(
      this,
      `${name}-install`,
      {
        create: script("install"),
        update: script("keep"),
        stdin: assets.stdout,
        environment: { ...common, ...identifiers, DESTROY_MINUTES: String(args.destroyMinutes) },
      },
      // The installer's own time-outs add up to less than three hours.
      { dependsOn: [identity, assets], customTimeouts: { create: "5h" } },
    );

    const access = stage(
      this,
      `${name}-access`,
      { create: script("access"), update: script("access"), stdin: install.stdout, environment: common },
      { dependsOn: install, customTimeouts: { create: "30m", update: "30m" } },
    );
    const parsed = pulumi.secret(access.stdout.apply((json) => JSON.parse(json) as Access));
    this.kubeconfig = parsed.kubeconfig;
    this.kubeadminPassword = parsed.kubeadminPassword;
    this.apiUrl = pulumi.unsecret(parsed.apiUrl);
    this.consoleUrl = pulumi.unsecret(parsed.consoleUrl);
    this.workerTemplate = this.identity.workerTemplate;
    this.infraId = pulumi.all([this.identity.infraId, this.apiUrl]).apply(([infraId]) => infraId);
    this.registerOutputs({
      identifier: this.identifier,
      infraId: this.infraId,
      kubeconfig: this.kubeconfig,
      apiUrl: this.apiUrl,
      consoleUrl: this.consoleUrl,
      kubeadminPassword: this.kubeadminPassword,
      workerTemplate: this.workerTemplate,
    });
  }

  /** AMI of Red Hat CoreOS for an architecture, in the cluster's region: the one that the installer itself would take. */
  machineImage(architecture: Architecture): pulumi.Output<string> {
    return this.identity.images[architecture];
  }
}

/** Relative to the project's folder, which is where Pulumi runs commands: an absolute path would differ between machines. */
const script = (name: string, ...args: string[]) => `exec bash ${[`infra/stages/${name}.sh`, ...args].join(" ")}`;

function stage(parent: pulumi.Resource, name: string, args: command.local.CommandArgs, opts: pulumi.CustomResourceOptions = {}) {
  return new command.local.Command(
    name,
    // Progress comes on stderr, in short lines. What a stage prints is never logged: it may be secret, and a line of more than
    // 64 KiB would block the plugin for good (bufio.Scanner in pulumi-command 1.2.1, provider/pkg/provider/util).
    { logging: command.local.Logging.Stderr, ...args },
    { parent, additionalSecretOutputs: ["stdout", "stderr"], ...opts },
  );
}
