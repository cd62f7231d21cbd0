import { getInstanceTypeOfferingsOutput } from "@pulumi/aws/ec2/getInstanceTypeOfferings";
import { getCallerIdentityOutput } from "@pulumi/aws/getCallerIdentity";
import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Architecture, ClusterSettings } from "../config";
import { changes, refusal } from "./changes";
import { efsRoleArn } from "./cloud-credentials";
import { credentialNotes, stageEnvironment } from "./credentials";
import type { Identity, WorkerTemplate } from "./identity";
import { installConfig } from "./install-config";
import { timeouts } from "./limits";
import { missingTypes, type WantedType } from "./offerings";
import { type PreflightArgs, preflightHook } from "./preflight-hook";
import { refuse } from "./refuse";
import { mirrorDirectory } from "./releases";
import { asMade, script, stage } from "./stage";

export interface OpenShiftClusterArgs extends ClusterSettings, PreflightArgs {
  /** Instance types that the cluster's zones must have, those of nodes that are made later included. */
  readonly wantedTypes: readonly WantedType[];
  /** The version that it was installed with, whose tools remove it. @default `version` */
  readonly installedVersion: pulumi.Input<string | undefined>;
  /** The version that the last update has brought. @default that of the install */
  readonly lastVersion: pulumi.Input<string | undefined>;
  /**
   * Called with the kubeconfig of a cluster that is there, and with the version that it was given before, ahead of anything that is made in it;
   * it ends the program where the cluster is not to be updated to `version`.
   */
  readonly checkVersion: (kubeconfig: string, before: string) => Promise<void>;
}

/**
 * Environment of the stages that delete what is not the component's own: names of the cluster and its account, how AWS is reached, and
 * with which profile. Of the identity in the state, so that it is what it was, whatever credentials are at hand.
 */
export interface Owner extends Readonly<Record<string, pulumi.Input<string>>> {
  readonly CLUSTER: string;
  readonly AWS_ACCOUNT_ID: pulumi.Input<string>;
  /** JSON: region and addresses of AWS, as in metadata.json. */
  readonly CLUSTER_SETTINGS: pulumi.Input<string>;
}

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
 * before anything of it exists in AWS, and it is the deletion of `guard`, made next, that destroys the cluster: a command that
 * fails leaves nothing in the state, so the long install cannot own what it half made.
 *
 * In a preview every output of a command that is going to be updated is unknown, and with it all that is made from it. So what
 * others read comes from commands that are never updated: their inputs stay as they were. What does change (the mirror of
 * the tools, the removal's deadline, the profile) is in `tools` and `guard`, whose outputs nobody reads.
 *
 * `protect` is set on `identity` and `guard`, not on the component, whose children would all inherit it: the assets are to be replaceable.
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
  /** OpenShift's version at the install. */
  readonly installedVersion: pulumi.Output<string>;
  /** ARN of the role of the EFS CSI driver; undefined where the cluster makes a user for it. */
  readonly efsRoleArn?: pulumi.Output<string>;
  /** The installer's own worker MachineSet, of one of the zones. */
  readonly workerTemplate: pulumi.Output<WorkerTemplate>;
  /** What a stage needs to tell whether credentials are of the cluster's account; see `Owner`. */
  readonly owner: Owner;
  /** The resource whose deletion destroys the cluster: what lives inside of it is `deletedWith` it. */
  readonly guard: pulumi.Resource;

  private readonly identity: pulumi.Output<Identity>;

  constructor(name: string, args: OpenShiftClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("openshift-multiarch:infra:OpenShiftCluster", name, reviewed(args), opts);
    this.identifier = `${args.name}.${args.baseDomain}`;
    const config = installConfig(args);
    const limits = timeouts(args.destroyMinutes);
    const credentials = stageEnvironment(args.region, args.credentials);
    const version = pulumi.output(args.installedVersion).apply((installed) => installed ?? args.version);
    const common = {
      CLUSTER: this.identifier,
      OPENSHIFT_VERSION: version,
      OPENSHIFT_MIRROR: version.apply((of) => mirrorDirectory(args.mirror, of)),
      ...(args.credentialsMode === "manual" ? { CREDENTIALS_MODE: "manual" } : {}),
    };
    const account = getCallerIdentityOutput({}, { parent: this }).accountId;
    const hooks = { beforeCreate: [preflightHook(name, account, args)] };

    this.explainCredentials(account, args);

    const tools = stage(
      this,
      `${name}-tools`,
      { create: script("tools"), update: script("tools"), delete: script("tidy"), environment: common },
      { customTimeouts: { create: limits.tools, update: limits.tools }, hooks },
    );

    const identity = stage(
      this,
      `${name}-identity`,
      {
        create: script("identity"),
        delete: script("forget"),
        environment: {
          ...common,
          ...credentials,
          AWS_ACCOUNT_ID: account,
          INSTALL_CONFIG: JSON.stringify(config),
          PULL_SECRET: pulumi.secret(args.pullSecret),
        },
      },
      {
        dependsOn: tools,
        ignoreChanges: asMade,
        deleteBeforeReplace: true,
        protect: args.protect,
        customTimeouts: { create: limits.identity },
        hooks,
      },
    );
    // Everything else is made from the identity that fits the settings, so that what is refused shows no change of the rest.
    const known = pulumi.all([identity.stdout, account, args.installed, this.missing(args.wantedTypes)]);
    const text = known.apply(async ([json, accountId, installed, missing]) => {
      const { refused, ignored } = changes(JSON.parse(json) as Identity, config, args.version, accountId, installed);
      if (refused.length > 0) await refuse(refusal(refused));
      if (missing.length > 0) await refuse(`AWS does not offer what is asked for:\n${missing.map((line) => `  - ${line}`).join("\n")}`);
      for (const warning of ignored) pulumi.log.warn(warning, this);
      return json;
    });
    // Secret as a whole: a stage's output may hold keys. These parts hold none.
    this.identity = pulumi.unsecret(text.apply((json) => JSON.parse(json) as Identity));
    const { infraId, accountId, createdAt } = this.identity;
    this.installedVersion = this.identity.apply(({ fixed }) => fixed["cluster.version"] as string);
    this.owner = {
      CLUSTER: this.identifier,
      AWS_ACCOUNT_ID: accountId,
      CLUSTER_SETTINGS: this.identity.apply(({ metadata: { aws } }) =>
        JSON.stringify({ aws: { region: aws.region, serviceEndpoints: aws.serviceEndpoints } }),
      ),
      ...credentials,
    };
    // Another identity is another cluster: what was made for the one before is replaced, first of all the guard.
    const triggers = [infraId];

    const guard = stage(
      this,
      `${name}-guard`,
      {
        delete: script("destroy"),
        environment: {
          ...common,
          // Of the identity: a stack of an earlier version of this program has no such output yet.
          OPENSHIFT_VERSION: this.installedVersion,
          OPENSHIFT_MIRROR: this.installedVersion.apply((of) => mirrorDirectory(args.mirror, of)),
          ...credentials,
          IDENTITY: pulumi.secret(text),
          DESTROY_MINUTES: String(args.destroyMinutes),
        },
        addPreviousOutputInEnv: false,
        triggers,
      },
      {
        dependsOn: identity,
        // A new cluster of the same name cannot be made while the old one holds its DNS names.
        deleteBeforeReplace: true,
        protect: args.protect,
        customTimeouts: { delete: limits.removal },
      },
    );
    this.guard = guard;

    // The installer's directory, for an install that starts on another machine or after a failure. It is larger than an
    // environment variable may be, and travels by stdin.
    const manual = args.credentialsMode === "manual";
    const assets = stage(
      this,
      `${name}-assets`,
      {
        create: script(manual ? "credentials" : "assets"),
        environment: manual ? { ...common, ...this.owner, INFRA_ID: infraId } : { CLUSTER: this.identifier, INFRA_ID: infraId },
        ...(manual ? {} : { logging: command.local.Logging.None }),
        addPreviousOutputInEnv: false,
        triggers,
      },
      // ccoctl makes something in AWS, which the guard's deletion removes.
      { dependsOn: manual ? guard : identity, ignoreChanges: asMade, ...(manual && { customTimeouts: { create: limits.credentials } }) },
    );

    const install = stage(
      this,
      `${name}-install`,
      {
        create: script("install"),
        update: script("keep"),
        // Not as it was made: assets that are made anew are empty, and so the state no longer holds the installer's directory.
        stdin: assets.stdout,
        environment: {
          ...common,
          ...credentials,
          INFRA_ID: infraId,
          AWS_ACCOUNT_ID: accountId,
          CREATED_AT: createdAt,
          DESTROY_MINUTES: String(args.destroyMinutes),
        },
        triggers,
      },
      { dependsOn: [guard, assets], ignoreChanges: asMade, customTimeouts: { create: limits.install } },
    );

    const access = stage(
      this,
      `${name}-access`,
      { create: script("access"), stdin: install.stdout, environment: common, triggers },
      { dependsOn: install, ignoreChanges: [...asMade, "stdin"], customTimeouts: { create: limits.access } },
    );
    const parsed = pulumi.secret(
      pulumi.all([access.stdout, this.installedVersion, args.lastVersion, text]).apply(async ([json, installed, before = installed]) => {
        const parts = JSON.parse(json) as Access;
        await args.checkVersion(parts.kubeconfig, before);
        return parts;
      }),
    );
    this.kubeconfig = parsed.kubeconfig;
    this.kubeadminPassword = parsed.kubeadminPassword;
    this.apiUrl = pulumi.unsecret(parsed.apiUrl);
    this.consoleUrl = pulumi.unsecret(parsed.consoleUrl);
    this.workerTemplate = this.identity.workerTemplate;
    this.infraId = pulumi.all([infraId, this.apiUrl]).apply(([id]) => id);
    if (manual) this.efsRoleArn = pulumi.all([this.infraId, accountId]).apply(([id, owner]) => efsRoleArn(id, owner, args.region));
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

  /** Instance types that their zone does not have, a line for each; one question to EC2 for all. */
  private missing(wanted: readonly WantedType[]): pulumi.Output<string[]> {
    const types = [...new Set(wanted.map(({ type }) => type))].sort();
    const offerings = getInstanceTypeOfferingsOutput(
      { locationType: "availability-zone", filters: [{ name: "instance-type", values: types }] },
      { parent: this },
    );
    return offerings.apply((answer) => missingTypes(wanted, answer));
  }

  /** Says which credentials the installer takes, as long as there is no cluster: in the preview, and again in the update. */
  private explainCredentials(account: pulumi.Output<string>, args: OpenShiftClusterArgs): void {
    pulumi.all([account, args.installed]).apply(([whose, installed]) => {
      if (installed) return;
      const { note, warnings } = credentialNotes(whose, args.credentials, process.env, args.credentialsMode);
      pulumi.log.info(note, this);
      for (const warning of warnings) pulumi.log.warn(warning, this);
    });
  }
}

/**
 * What a preview shows of the cluster's arguments: its own settings. Zones and machines of the pools are shown by these, secrets and
 * credentials by nobody.
 */
function reviewed(args: OpenShiftClusterArgs) {
  const { name, baseDomain, version, region, controlPlane, networks, tags, sshKey, serviceEndpoints } = args;
  const { credentialsMode, mirror, protect, destroyMinutes } = args;
  const settings = { name, baseDomain, version, region, controlPlane, networks, tags, sshKey, serviceEndpoints };
  return { ...settings, credentialsMode, mirror, protect, destroyMinutes };
}
