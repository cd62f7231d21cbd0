import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { EfsStorage } from "./cluster/efs-storage";
import { MachinePool } from "./cluster/machine-pool";
import { OpenShiftPipelines } from "./cluster/pipelines";
import { PullSecret } from "./cluster/pull-secret";
import { loadSettings } from "./config";
import { wantedTypes } from "./infra/offerings";
import { OpenShiftCluster } from "./infra/openshift-cluster";
import { SharedFileSystem } from "./infra/shared-file-system";
import { BuildNamespace } from "./tekton/build-namespace";
import { MultiArchBuild } from "./tekton/multi-arch-build";

const settings = loadSettings();

// What the last update left.
const last = new pulumi.StackReference("last-update", { name: `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}` });

// AWS: the cluster, and the file system that its nodes share.
const cluster = new OpenShiftCluster("cluster", {
  ...settings.cluster,
  wantedTypes: wantedTypes(settings),
  installed: last.getOutput("infraId").apply((infraId) => infraId !== undefined),
});
const fileSystem = new SharedFileSystem(
  "shared",
  { infraId: cluster.infraId, workerTemplate: cluster.workerTemplate, ...settings.fileSystem },
  { dependsOn: cluster },
);

// Inside the cluster: nodes of each architecture, storage, pipelines.
const provider = new kubernetes.Provider("cluster", {
  kubeconfig: cluster.kubeconfig,
  clusterIdentifier: cluster.identifier,
});
const inside = { providers: [provider], deletedWith: cluster.guard };
new PullSecret("pull-secret", { pullSecret: settings.cluster.pullSecret }, inside);
const pools = settings.pools.map(
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
      inside,
    ),
);
const storage = new EfsStorage("efs", { fileSystemId: fileSystem.fileSystemId, kubeconfig: cluster.kubeconfig }, inside);
const pipelines = new OpenShiftPipelines("pipelines", { ...settings.pipelines, kubeconfig: cluster.kubeconfig }, inside);

// Builds: one namespace, one multi-architecture image per entry of the configuration.
const namespace = new BuildNamespace(
  "builds",
  { ...settings.namespace, architectures: settings.architectures, storageClass: storage.storageClass },
  { ...inside, dependsOn: [storage, pipelines] },
);
const builds = settings.builds.map(
  (build) =>
    new MultiArchBuild(
      build.name,
      { ...build, namespace, architectures: settings.architectures, kubeconfig: cluster.kubeconfig },
      { ...inside, dependsOn: [namespace, ...pools] },
    ),
);

export const apiUrl = cluster.apiUrl;
export const consoleUrl = cluster.consoleUrl;
export const kubeconfig = cluster.kubeconfig;
export const kubeadminPassword = cluster.kubeadminPassword;
export const infraId = cluster.infraId;
export const fileSystemId = fileSystem.fileSystemId;
export const images = pulumi.output(Object.fromEntries(builds.map((build) => [build.name, build.image])));
