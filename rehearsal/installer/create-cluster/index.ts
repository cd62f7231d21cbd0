import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { awsEnvironment } from "../../aws";
import { startApiAlone, startControlPlane, startMachineApi, startOperators } from "../../cluster";
import { api } from "../../cluster/api";
import { objects } from "../../cluster/objects";
import { lifecycleImage } from "../../images/operators/recipes";
import { ensureHosts } from "../../machine/hosts";
import { ensureNetwork } from "../../machine/network";
import { network, places } from "../../machine/places";
import type { CommandLine } from "../command-line";
import { fails, faultAt } from "../faults";
import { refusalOf, removeBootstrapOf } from "./bootstrap";
import { fill, manager } from "./fill";
import { createInfrastructure, type Infrastructure, type Plan, plan, Refused } from "./infrastructure";
import { artifacts, authorities, bootstrapManifests, consumed, etcd, InstallDirectory, type Manifest } from "./install-directory";
import { askInstaller, endingSignals, parseVersion, runInstaller } from "./installer";
import { InstallerLog, type Level, parseLevel, waiting } from "./log";
import { bootstrapComplete, clusterObjects } from "./objects";
import { servingCertificate, startControlPlaneNode } from "./programs";
import { recordCluster, removeRunningCluster, runningCluster } from "./running-cluster";

/** Exit codes of the installer: cmd/openshift-install/create.go. */
const exitCodes = { failure: 1, installConfig: 3, infrastructure: 4, bootstrap: 5, install: 6, interrupted: 8 } as const;

/** For tests of the install and the removal: of the cluster there is the API alone, without a control plane and nodes. */
const apiAlone = (): boolean => process.env.REHEARSAL_CLUSTER === "api";

/** Ends `create cluster` with a code after its messages were logged. */
class Stop extends Error {
  constructor(readonly code: number) {
    super(`exit ${code}`);
  }
}
const guests = "openshift-cluster-api-guests";

/**
 * The stand-in for `openshift-install create cluster`: same files, log lines, exit codes and refusals; AWS objects come into
 * being in the emulated account, and the cluster as processes on this machine. Its last part, the wait for the cluster to be
 * complete, is the real installer's.
 *
 * @returns the exit code.
 */
export async function createCluster(line: CommandLine): Promise<number> {
  const refusal = refusalOf(line);
  if (refusal !== undefined) {
    process.stderr.write(refusal);
    return exitCodes.failure;
  }
  const { directory, logLevel, skipPasswordPrint } = line;
  const log = new InstallerLog(directory, parseLevel(logLevel) as Level);
  const install = new InstallDirectory(directory);
  const creation = new Creation(install, log);
  const onSignal = () => void creation.interrupted().then(() => process.exit(exitCodes.interrupted));
  for (const signal of endingSignals) process.on(signal, onSignal);
  try {
    await creation.run();
  } catch (error) {
    if (error instanceof Stop) return error.code;
    if (error instanceof Refused) for (const line of error.said) log.debug(line);
    log.error(
      `failed to fetch Cluster: failed to generate asset "Cluster": failed to create cluster: ${error instanceof Error ? error.message : error}`,
    );
    return exitCodes.infrastructure;
  } finally {
    for (const signal of endingSignals) process.off(signal, onSignal);
  }
  return waitForInstall(install, logLevel, skipPasswordPrint);
}

/** The real installer's own last part, with its output; `wait-for` of 4.19 has no --skip-password-print. */
async function waitForInstall(install: InstallDirectory, logLevel: string, skipPasswordPrint: boolean): Promise<number> {
  const log = ".openshift_install.log";
  const before = install.read(log).length;
  const omit = (text: string) =>
    text.replace(
      /Login to the console with user.*/g,
      `Credentials omitted, if necessary verify the ${resolve(install.path, "auth", "kubeadmin-password")} file`,
    );
  const args = ["wait-for", "install-complete", "--dir", install.path, "--log-level", logLevel];
  const code = await runInstaller(args, skipPasswordPrint ? { rewrite: omit } : {});
  if (skipPasswordPrint) {
    const text = install.read(log);
    writeFileSync(
      join(install.path, log),
      text.slice(0, before) + text.slice(before).replace(/msg="Login to the console.*/g, (line) => `${omit(line)}"`),
    );
  }
  return code;
}

/** One run of the command up to the end of the bootstrap. */
class Creation {
  private pending: Promise<unknown> = Promise.resolve();
  private interruptions = 0;

  constructor(
    private readonly install: InstallDirectory,
    private readonly log: InstallerLog,
  ) {}

  async run(): Promise<void> {
    const { install, log } = this;
    const release = parseVersion(await askInstaller(["version"]));
    log.debug(`OpenShift Installer ${release.version}`);
    this.refuseSecondRun();
    await this.targets();
    const { metadata } = install;
    const apiHost = `api.${metadata.aws.clusterDomain}`;
    const ignition = install.read("bootstrap.ign");
    const manifests = bootstrapManifests(ignition);
    const machines = { controlPlane: install.controlPlaneMachine, bootstrap: install.bootstrapMachine };
    const wanted = plan(metadata, install.awsCluster, machines, ignition);
    const adminSigner = install.certificate(authorities.adminSigner);
    const loadBalancerSigner = install.certificate(authorities.loadBalancerSigner);
    for (const [name, file] of consumed) {
      if (!install.has(file)) continue;
      log.info(`Consuming ${name} from target directory`);
      install.remove(file);
    }

    if (runningCluster()) await removeRunningCluster();
    recordCluster({ infraId: metadata.infraID, apiHost });
    const infrastructure = await this.infrastructure(wanted);

    log.info(waiting(20, `for the Kubernetes API at https://${apiHost}:6443...`));
    await ensureNetwork();
    ensureHosts({ [apiHost]: network.host, [apiHost.replace(/^api\./, "api-int.")]: network.host });
    const serving = await servingCertificate(apiHost, loadBalancerSigner);
    const alone = apiAlone();
    if (alone) await startApiAlone({ clientCa: adminSigner.certificate, ...serving, objects: [] });
    else await startControlPlane({ apiHost, clientCas: [adminSigner.certificate], servingCertificates: [serving] });
    log.info(`API ${alone ? "alone" : (await api<{ gitVersion: string }>("GET", "/version")).gitVersion} up`);
    log.info(waiting(45, "for bootstrapping to complete..."));
    await faultAt("create cluster: bootstrap");
    if (fails("bootstrap")) this.bootstrapFailure();

    const coreOsStream = askInstaller(["coreos", "print-stream-json"]);
    const objectsOf = async () => {
      const routerCa = alone ? loadBalancerSigner.certificate : readFileSync(join(places.pki, "ca.crt"), "utf8");
      const facts = { metadata, manifests, ...release, coreOsStream: await coreOsStream, routerCa, lifecycleImage: lifecycleImage() };
      return clusterObjects({ ...facts, now: new Date() });
    };
    if (alone) {
      await startApiAlone({ clientCa: adminSigner.certificate, ...serving, objects: [...(await objectsOf()), bootstrapComplete] });
      await this.bootstrapDone();
    } else {
      await Promise.all([startControlPlaneNode(wanted, infrastructure), fill(objectsOf)]);
      startOperators(awsEnvironment);
      await Promise.all([startMachineApi(), objects.apply(bootstrapComplete, manager).then(() => this.bootstrapDone())]);
    }
    await faultAt("create cluster: operators");
    if (fails("operators")) this.operatorFailure();
  }

  private refuseSecondRun(): void {
    if (!this.install.has(join(artifacts, "envtest.kubeconfig"))) return;
    if (process.env.OPENSHIFT_INSTALL_REENTRANT?.toLowerCase() === "true") return;
    const reason = "local infrastructure provisioning artifacts already exist. There may already be a running cluster";
    this.log.fatal(`failed to fetch Cluster: failed to load asset "Cluster": ${reason}`);
    throw new Stop(exitCodes.failure);
  }

  /** What earlier stages would have made is made by the real installer, which also refuses what it refuses. */
  private async targets(): Promise<void> {
    if (fails("install-config")) {
      this.log.error(
        'failed to fetch Cluster: failed to load asset "Install Config": failed to create install config: invalid "install-config.yaml" file: rehearsal: Invalid value',
      );
      throw new Stop(exitCodes.installConfig);
    }
    if (this.install.has("bootstrap.ign") && this.install.has("metadata.json")) return;
    const code = await runInstaller(["create", "ignition-configs", "--dir", this.install.path]);
    if (code !== 0) throw new Stop(code);
  }

  private async infrastructure(wanted: Plan): Promise<Infrastructure> {
    const { install, log } = this;
    log.info("Creating infrastructure resources...");
    log.info("Reconciling IAM roles for control-plane and compute nodes");
    log.info("Creating IAM role for master");
    log.info("Creating IAM role for worker");
    mkdirSync(join(install.path, etcd), { recursive: true, mode: 0o750 });
    install.write(
      join(artifacts, "envtest.kubeconfig"),
      "# The stand-in has no local control plane; a second `create cluster` looks for this file.\n",
      0o600,
    );
    log.info("Started local control plane with envtest");
    log.info(`Stored kubeconfig for envtest in: ${join(install.path, artifacts, "envtest.kubeconfig")}`);
    log.info("Creating infra manifests...");
    for (const object of install.clusterApiObjects("")) this.created(object, wanted.infraId);
    log.info("Done creating infra manifests");
    log.info(`Creating kubeconfig entry for capi cluster ${wanted.infraId}`);
    log.info(waiting(15, "for network infrastructure to become ready..."));
    await faultAt("create cluster: network");
    const creating = createInfrastructure(wanted);
    this.pending = creating.catch(() => undefined);
    const infrastructure = await creating;
    await faultAt("create cluster: infrastructure");
    if (fails("infrastructure"))
      throw new Error("infrastructure was not ready within 15m0s: client rate limiter Wait returned an error: context deadline exceeded");
    log.info("Network infrastructure is ready");
    log.info("Creating Route53 records for control plane load balancer");
    log.info("Created private Hosted Zone");
    for (const object of install.clusterApiObjects("machines")) this.created(object, wanted.infraId);
    log.info(waiting(15, `for machines [${wanted.infraId}-bootstrap ${wanted.controlPlane.name}] to provision...`));
    log.info("Control-plane machines are ready");
    log.info("Cluster API resources have been created. Waiting for cluster to become ready...");
    return infrastructure;
  }

  /** The file and the line of one cluster-api object. */
  private created(object: Manifest, infraId: string): void {
    const name = object.metadata.name ?? infraId;
    const version = object.apiVersion.split("/").at(-1) ?? "v1";
    this.log.info(`Created manifest *${version}.${object.kind}, namespace=${guests} name=${name}`);
    // JSON is YAML.
    this.install.write(join(artifacts, `${object.kind}-${guests}-${name}.yaml`), JSON.stringify(object, null, 1));
  }

  private async bootstrapDone(): Promise<void> {
    const { install, log } = this;
    log.info("Waiting for the bootstrap etcd member to be removed...");
    log.info("Bootstrap etcd member has been removed");
    if (process.env.OPENSHIFT_INSTALL_PRESERVE_BOOTSTRAP) {
      log.warning(
        "OPENSHIFT_INSTALL_PRESERVE_BOOTSTRAP is set, not destroying bootstrap resources. Warning: this should only be used for debugging purposes, and poses a risk to cluster stability.",
      );
      return;
    }
    log.info("Destroying the bootstrap resources...");
    await faultAt("create cluster: bootstrap-removal");
    const removing = removeBootstrapOf(install, log, fails("bootstrap-removal"));
    this.pending = removing.catch(() => undefined);
    await removing.catch((error) => {
      log.fatal(error instanceof Error ? error.message : String(error));
      throw new Stop(exitCodes.failure);
    });
  }

  private teardown(): void {
    this.log.info("Shutting down local Cluster API controllers...");
    this.log.info("Shutting down local Cluster API control plane...");
    this.log.info("Local Cluster API system has completed operations");
  }

  private bootstrapFailure(): never {
    this.log.error("Bootstrap failed to complete: timed out waiting for the condition");
    this.log.error(
      "Failed to wait for bootstrapping to complete. This error usually happens when there is a problem with control plane hosts that prevents the control plane operators from creating the control plane.",
    );
    throw new Stop(exitCodes.bootstrap);
  }

  private operatorFailure(): never {
    this.log.error(`Cluster initialization failed because one or more operators are not functioning properly.
The cluster should be accessible for troubleshooting as detailed in the documentation linked below,
https://docs.openshift.com/container-platform/latest/support/troubleshooting/troubleshooting-installations.html
The 'wait-for install-complete' subcommand can then be used to continue the installation`);
    this.log.error("failed to initialize the cluster: Cluster operator console is not available");
    throw new Stop(exitCodes.install);
  }

  /** As the installer does: what is under way in AWS ends, within a minute; a second signal ends the command at once. */
  async interrupted(): Promise<void> {
    this.interruptions += 1;
    if (this.interruptions > 1) process.exit(exitCodes.failure);
    this.log.warning("Received interrupt signal");
    await Promise.race([this.pending, new Promise((done) => setTimeout(done, 60_000))]);
    this.teardown();
  }
}
