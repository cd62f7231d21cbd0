import * as kubernetes from "@pulumi/kubernetes";
import { ClusterVersion, checkVersion } from "./cluster/cluster-version";
import { EfsStorage } from "./cluster/efs-storage";
import { warnOfLosses } from "./cluster/losses";
import { MachinePool } from "./cluster/machine-pool";
import { OpenShiftPipelines } from "./cluster/pipelines";
import { PullSecret } from "./cluster/pull-secret";
import { loadSettings } from "./config";
import { lastUpdate } from "./config/last-update";
import { wantedTypes } from "./infra/offerings";
import { OpenShiftCluster } from "./infra/openshift-cluster";
import { SharedFileSystem } from "./infra/shared-file-system";
import { preflight } from "./preflight";
import { BuildNamespace } from "./tekton/build-namespace";
import { BuildSchedules } from "./tekton/build-schedules";
import { BuildTriggers } from "./tekton/build-triggers";
import { MultiArchBuild } from "./tekton/multi-arch-build";

const settings = loadSettings();
const last = lastUpdate();
warnOfLosses(last, settings);

// AWS: the cluster, and the file system that its nodes share.
const cluster = new OpenShiftCluster("cluster", {
  ...settings.cluster,
  wantedTypes: wantedTypes(settings),
  installed: last.getOutput("infraId").apply((infraId) => infraId !== undefined),
  installedVersion: last.getOutput("installedVersion"),
  lastVersion: last.getOutput("version"),
  checkVersion: (kubeconfig, before) => checkVersion(kubeconfig, before, settings.cluster.version),
  preflight: (account) => preflight(settings, account),
});
const fileSystem = new SharedFileSystem(
  "shared",
  {
    infraId: cluster.infraId,
    workerTemplate: cluster.workerTemplate,
    owner: cluster.owner,
    protect: settings.cluster.protect,
    ...settings.fileSystem,
  },
  { dependsOn: cluster },
);

// Inside the cluster: nodes of each architecture, storage, pipelines.
const provider = new kubernetes.Provider("cluster", {
  kubeconfig: cluster.kubeconfig,
  clusterIdentifier: cluster.identifier,
  // A renewed password changes the Secret. The default, to delete it and make another, would fail what starts in between.
  enableSecretMutable: true,
});
const inside = { providers: [provider], deletedWith: cluster.guard };
const domain = `${settings.cluster.name}.${settings.cluster.baseDomain}`;
const pullSecret = new PullSecret("pull-secret", { pullSecret: settings.cluster.pullSecret }, inside);
const openshift = new ClusterVersion(
  "version",
  { version: settings.cluster.version, kubeconfig: cluster.kubeconfig },
  { ...inside, dependsOn: pullSecret },
);
const updated = { ...inside, dependsOn: openshift };
const workers = settings.pools.map(
  (pool) =>
    new MachinePool(
      `workers-${pool.architecture}`,
      {
        infraId: cluster.infraId,
        template: cluster.workerTemplate,
        image: cluster.machineImage(pool.architecture),
        kubeconfig: cluster.kubeconfig,
        ...pool,
      },
      updated,
    ),
);
const storage = new EfsStorage(
  "efs",
  { fileSystemId: fileSystem.fileSystemId, kubeconfig: cluster.kubeconfig, owner: cluster.owner, roleArn: cluster.efsRoleArn },
  updated,
);
const pipelines = new OpenShiftPipelines("pipelines", { ...settings.pipelines, domain, kubeconfig: cluster.kubeconfig }, updated);

// Builds: one namespace, one multi-architecture image per entry of the configuration.
const namespace = new BuildNamespace(
  "builds",
  {
    ...settings.namespace,
    sbom: settings.pipelines.sbom,
    listens: settings.builds.some(({ trigger }) => trigger),
    storageClass: storage.storageClass,
  },
  { ...inside, dependsOn: [storage, pipelines] },
);
const lastResults = last.getOutput<Record<string, unknown>>("builds").apply((results) => results ?? {});
const wanted = settings.builds.map((build) => ({ ...build, architectures: build.architectures ?? settings.architectures }));
const built = wanted.map(
  ({ trigger: _, rebuild: __, ...build }) =>
    new MultiArchBuild(
      build.name,
      { ...build, namespace, kubeconfig: cluster.kubeconfig, signed: settings.pipelines.sign, lastResults },
      { ...inside, dependsOn: [namespace, ...workers] },
    ),
);

// What else starts them: a push to Git, and the clock.
const pushed = wanted.flatMap(({ trigger, ...build }) => (trigger ? [{ ...build, trigger }] : []));
const triggers =
  pushed.length > 0
    ? new BuildTriggers(
        "triggers",
        { namespace, builds: pushed, domain: `apps.${domain}`, channel: settings.pipelines.channel },
        { ...inside, dependsOn: [namespace, ...built] },
      )
    : undefined;
const scheduled = wanted.flatMap(({ rebuild, ...build }) => (rebuild ? [{ ...build, rebuild }] : []));
if (scheduled.length > 0) {
  const image = settings.namespace.taskImages.nodejs;
  new BuildSchedules("schedules", { namespace, builds: scheduled, image }, { ...inside, dependsOn: [namespace, ...built] });
}

export const apiUrl = cluster.apiUrl;
export const consoleUrl = cluster.consoleUrl;
export const kubeconfig = cluster.kubeconfig;
export const kubeadminPassword = cluster.kubeadminPassword;
export const infraId = cluster.infraId;
/** OpenShift's version: at the install, and the one that `cluster.version` has brought since. */
export const installedVersion = cluster.installedVersion;
export const version = openshift.version;
export const fileSystemId = fileSystem.fileSystemId;
/** The nodes, one entry an architecture. */
export const pools = settings.pools;
/** Where the pipelines and their runs are. */
export const buildNamespace = namespace.name;
/** Public key of the images' signatures, as PEM: `cosign verify --key` takes it. Empty where they are not signed. */
export const signingKey = pipelines.signingKey;
/** `repository@sha256:...` of each build whose run has succeeded. */
export const images = Object.fromEntries(built.map(({ name, image }) => [name, image]));
/** More about each build: members, commit and run, or why it failed. */
export const builds = Object.fromEntries(built.map(({ name, result }) => [name, result]));
/** Where Git servers send their pushes to, and the secret that they prove themselves with; empty where no build has a trigger. */
export const webhooks = triggers?.url ?? "";
export const webhookSecret = triggers?.secret ?? "";
