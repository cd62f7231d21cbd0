import { generateKeyPairSync } from "node:crypto";
import { exampleAuthority } from "../../config/certificates";
import { entitlement } from "../config/certificates";

/**
 * What becomes of a change to a running stack: each key of its configuration changed alone. The end-to-end test asks the real engine
 * for each row, and the documentation shows the same rows.
 */
export interface Change {
  /** The key, as messages name it. */
  readonly setting: string;
  /** What is changed, where the key alone does not say it. */
  readonly what?: string;
  /** Where it stands in the stack's file, below `config`; keys of the project without its name. */
  readonly path: readonly (string | number)[];
  readonly value: unknown;
  /**
   * `carried out`: the preview shows what is touched, and nothing else. `partly`: a warning says what is not carried out.
   * `refused`: the preview ends with an error.
   */
  readonly outcome: "carried out" | "partly" | "refused";
  /** Operations of the preview as `<operation> <name>`; the update of a component shows the changed settings themselves. */
  readonly touches?: readonly string[];
  /** What the error or the warning says. */
  readonly says?: string;
  /** For the reader of the documentation. */
  readonly effect: string;
}

const everyZone = (prefix: string) => ["eu-west-3a", "eu-west-3b", "eu-west-3c"].map((zone) => `${prefix}-${zone}`);
const replaced = (...names: string[]) => names.map((name) => `replace ${name}`);
const updated = (...names: string[]) => names.map((name) => `update ${name}`);
/** A component and what is in it. */
const created = (component: string, ...parts: string[]) =>
  [component, ...parts.map((part) => `${component}-${part}`)].map((name) => `create ${name}`);
/** Another run of a build whose own settings stay. */
const again = (...builds: string[]) => builds.flatMap((build) => replaced(`${build}-suffix`, `${build}-run`));
const builds = ["htop", "nodejs", "quarkus"];
/** Another run of a build that is told something else: its Pipeline has the same, for runs by hand. */
const otherwise = (...builds: string[]) => builds.flatMap((build) => [...updated(build, `${build}-pipeline`), ...again(build)]);
const pipelinesOf = (...builds: string[]) => updated(...builds.map((build) => `${build}-pipeline`));
/** Other machines of a pool. */
const newMachines = (pool: string) => [...updated(pool), ...replaced(...everyZone(pool).flatMap((name) => [name, `${name}-ready`]))];

const kept =
  "Refused: a cluster keeps it for its life. Set it back, or make a new cluster (pulumi state unprotect --all, pulumi destroy, pulumi up).";
const keeps = (setting: string) => `The cluster keeps what it was made with:\n  - ${setting} is `;
const anew = "The build runs anew; the image's tag moves when it has ended well.";

export const changes: readonly Change[] = [
  {
    setting: "aws:region",
    path: ["aws:region"],
    value: "eu-west-1",
    outcome: "refused",
    says: "expected a zone of the region eu-west-1 (aws:region)",
    effect: kept,
  },
  {
    setting: "aws:allowedAccountIds",
    what: "credentials of another account",
    path: ["aws:allowedAccountIds"],
    value: ["999999999999"],
    outcome: "refused",
    says: "allowed are: 999999999999",
    effect: "Refused by Pulumi's AWS provider; credentials of another allowed account are refused by the program.",
  },
  { setting: "cluster.name", path: ["cluster", "name"], value: "other", outcome: "refused", says: keeps("cluster.name"), effect: kept },
  {
    setting: "cluster.baseDomain",
    path: ["cluster", "baseDomain"],
    value: "other.test",
    outcome: "refused",
    says: keeps("cluster.baseDomain"),
    effect: kept,
  },
  {
    setting: "cluster.version",
    what: "one that is not offered",
    path: ["cluster", "version"],
    value: "4.19.1",
    outcome: "refused",
    says: 'cluster.version is "4.19.1", to which the cluster is not updated:\n  - the cluster does not know its updates: RemoteFailed',
    effect:
      "A later version that the cluster's channel, or that of the next minor version, offers: OpenShift updates itself, the update follows it, and a warning says what that means. All else is refused, with what the cluster says, as in this row, where it reaches no update service.",
  },
  {
    setting: "cluster.controlPlane.instanceType",
    path: ["cluster", "controlPlane", "instanceType"],
    value: "m6a.4xlarge",
    outcome: "refused",
    says: keeps("cluster.controlPlane"),
    effect: kept,
  },
  {
    setting: "cluster.controlPlane.zone",
    path: ["cluster", "controlPlane", "zone"],
    value: "eu-west-3b",
    outcome: "refused",
    says: keeps("cluster.controlPlane"),
    effect: kept,
  },
  ...(
    [
      ["type", { type: "gp2" }],
      ["size", { size: 300, iops: 4000 }],
      ["iops", { iops: 5000, size: 200 }],
    ] as const
  ).map(
    ([key, value]): Change => ({
      setting: `cluster.controlPlane.rootVolume.${key}`,
      path: ["cluster", "controlPlane", "rootVolume"],
      value: key === "type" ? { ...value, size: 200 } : value,
      outcome: "refused",
      says: keeps("cluster.controlPlane"),
      effect: kept,
    }),
  ),
  ...Object.entries({ machine: "10.1.0.0/16", cluster: "10.132.0.0/14", hostPrefix: 24, service: "172.31.0.0/16" }).map(
    ([key, value]): Change => ({
      setting: `cluster.networks.${key}`,
      path: ["cluster", "networks", key],
      value,
      outcome: "refused",
      says: keeps("cluster.networks"),
      effect: kept,
    }),
  ),
  {
    setting: "cluster.tags",
    path: ["cluster", "tags", "team"],
    value: "build",
    outcome: "partly",
    touches: updated("cluster", "shared", "shared", "shared-nfs", "shared-nfs-node"),
    says: "cluster.tags has changed since the install",
    effect: "The file system and its security group get the tags. What the installer made keeps the old ones; a warning says so.",
  },
  {
    setting: "cluster.sshKey",
    path: ["cluster", "sshKey"],
    value: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBJyaGVhcnNhbHJlaGVhcnNhbHJlaGVhcnNhbHJlaGVh you@example.com",
    outcome: "partly",
    touches: updated("cluster"),
    says: "cluster.sshKey has changed since the install",
    effect: "Nothing, and a warning says so: the nodes keep the old key. oc can change the MachineConfigs 99-master-ssh and 99-worker-ssh.",
  },
  ...(["name", "url"] as const).map(
    (key): Change => ({
      setting: `cluster.serviceEndpoints[0].${key}`,
      path: ["cluster", "serviceEndpoints", 0, key],
      value: key === "name" ? "autoscaling" : "https://127.0.0.1:5244",
      outcome: "partly",
      touches: updated("cluster"),
      says: "cluster.serviceEndpoints has changed since the install",
      effect: "Nothing, and a warning says so: the cluster and its removal keep the old addresses.",
    }),
  ),
  {
    setting: "cluster.credentialsMode",
    path: ["cluster", "credentialsMode"],
    value: "manual",
    outcome: "refused",
    says: keeps("cluster.credentialsMode"),
    effect: kept,
  },
  {
    setting: "cluster.mirror",
    path: ["cluster", "mirror"],
    value: "https://mirror.example.com/pub",
    outcome: "carried out",
    touches: updated("cluster", "cluster-tools", "cluster-guard"),
    effect: "Later downloads of the installer, the client and ccoctl come from there; the cluster is not concerned.",
  },
  {
    setting: "cluster.protect",
    path: ["cluster", "protect"],
    value: true,
    outcome: "carried out",
    touches: updated("cluster"),
    effect:
      "The engine refuses to delete or replace the cluster (guard and identity) and the file system; false lets it again, after one pulumi up.",
  },
  {
    setting: "cluster.destroyMinutes",
    path: ["cluster", "destroyMinutes"],
    value: 20,
    outcome: "carried out",
    touches: updated("cluster", "cluster-guard"),
    effect: "The next pulumi destroy gives up later or sooner.",
  },
  {
    setting: "pools[].architecture",
    what: "a pool is taken away",
    path: ["pools"],
    value: [{ architecture: "amd64", instanceType: "m6a.2xlarge", zones: everyZone("").map((zone) => ({ name: zone.slice(1) })) }],
    outcome: "carried out",
    touches: [
      "delete workers-arm64",
      ...everyZone("workers-arm64").flatMap((name) => [`delete ${name}`, `delete ${name}-ready`]),
      ...otherwise(...builds),
    ],
    says: "The pool workers-arm64 is no longer among `pools`: 1 machine (1 in eu-west-3b)",
    effect: "The pool's machines go, and every image is built anew without the architecture; warnings say both.",
  },
  {
    setting: "pools[].instanceType",
    path: ["pools", 1, "instanceType"],
    value: "m7g.xlarge",
    outcome: "carried out",
    touches: newMachines("workers-arm64"),
    says: "The pool workers-arm64 has another instanceType (m7g.2xlarge before, m7g.xlarge now)",
    effect:
      "The pool's MachineSets are replaced, and with them its machines: the old ones go first. Where there are machines, a warning says which, what is lost and for how long the architecture has none.",
  },
  ...Object.entries({
    type: { type: "gp2", size: 120 },
    size: { size: 200 },
    iops: { size: 120, iops: 4000 },
  }).map(
    ([key, value]): Change => ({
      setting: `pools[].rootVolume.${key}`,
      path: ["pools", 0, "rootVolume"],
      value,
      outcome: "carried out",
      touches: newMachines("workers-amd64"),
      effect: "The same; a pool without machines loses nothing, and is not warned of.",
    }),
  ),
  {
    setting: "pools[].zones[].name",
    what: "a zone that the cluster does not have",
    path: ["pools", 0, "zones", 2, "name"],
    value: "eu-west-3d",
    outcome: "refused",
    says: "pools or cluster.controlPlane name the zone eu-west-3d, the cluster has subnets in eu-west-3a, eu-west-3b, eu-west-3c only",
    effect: "Refused: the installer makes the subnets. Taking a zone away is carried out.",
  },
  {
    setting: "pools[].zones[].replicas",
    path: ["pools", 0, "zones", 0, "replicas"],
    value: 1,
    outcome: "carried out",
    touches: updated("workers-amd64", "workers-amd64-eu-west-3a", "workers-amd64-eu-west-3a-ready"),
    effect: "Machines are made or removed.",
  },
  {
    setting: "fileSystem.lifecycle",
    path: ["fileSystem", "lifecycle"],
    value: "NEVER",
    outcome: "carried out",
    touches: updated("shared", "shared"),
    effect: "Carried out in place.",
  },
  {
    setting: "fileSystem.tags",
    path: ["fileSystem", "tags"],
    value: { team: "build" },
    outcome: "carried out",
    touches: updated("shared", "shared", "shared-nfs", "shared-nfs-node"),
    effect: "Carried out in place, on the file system and its security group.",
  },
  {
    setting: "pipelines.channel",
    path: ["pipelines", "channel"],
    value: "pipelines-1.21",
    outcome: "carried out",
    touches: updated("pipelines", "pipelines-operator", "pipelines-operator-subscription", "pipelines-operator-ready"),
    effect: "The operator of OpenShift Pipelines moves to the channel.",
  },
  {
    setting: "pipelines.keep",
    path: ["pipelines", "keep"],
    value: 5,
    outcome: "carried out",
    touches: updated("pipelines", "pipelines-config"),
    effect: "The next pruning keeps that many runs of each build.",
  },
  {
    setting: "pipelines.sign",
    path: ["pipelines", "sign"],
    value: false,
    outcome: "carried out",
    touches: [...updated("pipelines", "pipelines-config", ...builds), "delete pipelines-signing", "delete pipelines-signing-key"],
    effect:
      "Images of later runs are not signed; what was signed stays so, and the key stays in the cluster. Switched on (again), it signs what is built from then on: what is there gets a signature by `npm run build -- NAME --rebuild` alone.",
  },
  {
    setting: "pipelines.sbom",
    path: ["pipelines", "sbom"],
    value: false,
    outcome: "carried out",
    touches: [...updated("builds", "builds-buildah-build", "builds-buildah-push"), ...pipelinesOf(...builds), ...again(...builds)],
    effect: "All builds run anew, and attach no SBOM; those that are attached stay.",
  },
  {
    setting: "namespace.name",
    path: ["namespace", "name"],
    value: "other-builds",
    outcome: "carried out",
    touches: [
      ...updated("builds"),
      ...replaced(
        "builds-namespace",
        "builds-scc",
        "builds-no-ingress",
        "builds-limits",
        "builds-downloads",
        "builds-npmrc",
        "builds-registry-credentials",
        "builds-git-clone",
        "builds-npm-build",
        "builds-maven-package",
        "builds-prepare",
        "builds-buildah-build",
        "builds-buildah-push",
        "builds-image-build",
        "builds-image-clone",
        "builds-image-push",
        "builds-image-sources",
      ),
      ...builds.flatMap((build) => replaced(`${build}-pipeline`, `${build}-run`)),
    ],
    says: "namespace.name was build-multiarch and is other-builds",
    effect:
      "All that is in the namespace is made anew in the other one; the images are built again. A warning says what is lost with the old one, and the new address of the webhooks where a build has a trigger.",
  },
  {
    setting: "namespace.taskImages.buildah",
    path: ["namespace", "taskImages", "buildah"],
    value: "registry.example.com/buildah:1",
    outcome: "carried out",
    touches: [
      ...updated("builds", "builds-git-clone", "builds-buildah-build", "builds-buildah-push"),
      ...pipelinesOf(...builds),
      ...again(...builds),
    ],
    effect: "All builds run anew.",
  },
  {
    setting: "namespace.taskImages.nodejs",
    path: ["namespace", "taskImages", "nodejs"],
    value: "registry.example.com/nodejs:1",
    outcome: "carried out",
    touches: [
      ...updated("builds", "builds-git-clone", "builds-npm-build", "builds-prepare"),
      ...pipelinesOf(...builds),
      ...again(...builds),
    ],
    effect: "All builds run anew: the image also clones.",
  },
  {
    setting: "namespace.taskImages.maven",
    path: ["namespace", "taskImages", "maven"],
    value: "registry.example.com/maven:1",
    outcome: "carried out",
    touches: [...updated("builds", "builds-maven-package", "quarkus-pipeline"), ...again("quarkus")],
    effect: "The quarkus builds run anew.",
  },
  {
    setting: "namespace.taskImages.syft",
    path: ["namespace", "taskImages", "syft"],
    value: "registry.example.com/syft:1",
    outcome: "carried out",
    touches: [...updated("builds", "builds-buildah-build"), ...pipelinesOf(...builds), ...again(...builds)],
    effect: "All builds run anew; their SBOMs are another program's.",
  },
  {
    setting: "namespace.trustBundle",
    what: "set for the first time",
    path: ["namespace", "trustBundle"],
    value: exampleAuthority,
    outcome: "carried out",
    touches: [...updated("builds"), "create builds-trust", ...again(...builds)],
    effect: "The ConfigMap is made, and all builds run anew with it; a later change changes the ConfigMap alone.",
  },
  {
    setting: "namespace.insecureRegistries",
    path: ["namespace", "insecureRegistries"],
    value: ["registry.example.com:5000"],
    outcome: "carried out",
    touches: [...updated("builds"), ...pipelinesOf(...builds), ...again(...builds)],
    effect: "All builds run anew.",
  },
  {
    setting: "builds[].name",
    path: ["builds", 0, "name"],
    value: "top",
    outcome: "carried out",
    touches: [
      ...["top", "top-pipeline", "top-suffix", "top-run"].map((name) => `create ${name}`),
      ...["htop", "htop-pipeline", "htop-suffix", "htop-run"].map((name) => `delete ${name}`),
    ],
    effect: "Another build: its pipeline and run are made, those of the old name go. Images stay in the registry.",
  },
  {
    setting: "builds[].pipeline",
    path: ["builds", 1, "pipeline"],
    value: "containerfile",
    outcome: "carried out",
    touches: otherwise("nodejs"),
    effect: anew,
  },
  ...Object.entries({
    repository: "https://example.com/app.git",
    revision: "other",
    context: "nodejs",
    containerfile: "Dockerfile",
    submodules: false,
    lfs: false,
    gitFolder: true,
    target: "runtime",
    buildArgs: { VERSION: "1" },
    labels: { "org.opencontainers.image.title": "htop" },
    image: "10.213.0.1:5000/builds/htop:other",
    tags: ["{commit}"],
    cache: false,
    architectures: ["arm64"],
  }).map(
    ([key, value]): Change => ({
      setting: `builds[].${key}`,
      path: ["builds", 0, key],
      value,
      outcome: "carried out",
      touches: otherwise("htop"),
      effect: key === "architectures" ? "The build runs anew, for these alone; a warning says what the image loses." : anew,
    }),
  ),
  ...Object.entries({ image: { image: "docker.io/library/golang:1.26" }, script: { script: "make" }, once: { once: true } }).map(
    ([key, value]): Change => ({
      setting: `builds[].prepare.${key}`,
      path: ["builds", 0, "prepare"],
      value: { image: "docker.io/library/golang:1.25", script: "go build", ...value },
      outcome: "carried out",
      touches: otherwise("htop"),
      effect: anew,
    }),
  ),
  {
    setting: "builds[].environment",
    path: ["builds", 1, "environment"],
    value: { NODE_OPTIONS: "--max-old-space-size=8192" },
    outcome: "carried out",
    touches: otherwise("nodejs"),
    effect: `${anew} Without npm, Maven or a prepare step nothing reads it, and nothing runs.`,
  },
  {
    setting: "builds[].entitlement",
    what: "without a subscription",
    path: ["builds", 0, "entitlement"],
    value: true,
    outcome: "refused",
    says: "expected false, or a subscription: pulumi config set --secret rhelEntitlement < FILE",
    effect: "Refused as long as rhelEntitlement is not set. With it the build runs anew.",
  },
  ...["clone", "prepare", "build", "push"].map(
    (key): Change => ({
      setting: `builds[].minutes.${key}`,
      path: ["builds", 2, "minutes", key],
      value: 30,
      outcome: "carried out",
      touches: otherwise("quarkus"),
      effect: anew,
    }),
  ),
  ...Object.entries({ cpu: 4, memory: 8, storage: 120 }).map(
    ([key, value]): Change => ({
      setting: `builds[].resources.${key}`,
      path: ["builds", 0, "resources", key],
      value,
      outcome: "carried out",
      touches: [...updated("htop"), ...again("htop")],
      effect: anew,
    }),
  ),
  {
    setting: "builds[].retries",
    path: ["builds", 0, "retries"],
    value: 3,
    outcome: "carried out",
    touches: updated("htop"),
    effect: "Nothing is built anew; the next build is repeated that often when a pod of it is lost.",
  },
  {
    setting: "builds[].trigger",
    path: ["builds", 0, "trigger"],
    value: "github",
    outcome: "carried out",
    touches: [
      ...updated("builds-limits"),
      ...created("triggers", "token", "secret", "account", "role", "role-binding", "cluster-role", "cluster-role-binding"),
      ...created("triggers", "binding", "htop", "listener", "from-router", "route").slice(1),
    ],
    effect:
      "The first one makes the listener and its address; with a further one the listener gets another trigger. Nothing is built anew; the address and the secret stay as long as one build has a trigger.",
  },
  {
    setting: "builds[].rebuild",
    path: ["builds", 0, "rebuild"],
    value: "weekly",
    outcome: "carried out",
    touches: created("schedules", "account", "role", "role-binding", "htop"),
    effect: "The build gets a CronJob. Nothing is built anew.",
  },
  {
    setting: "pullSecret",
    path: ["pullSecret"],
    value: '{"auths":{"quay.io":{"auth":"bmV3Om5ldw=="},"registry.redhat.io":{"auth":"bmV3Om5ldw=="}}}',
    outcome: "carried out",
    touches: updated("pull-secret-patch"),
    effect: "The cluster's pull secret (openshift-config/pull-secret) is changed; the nodes follow without a restart.",
  },
  {
    setting: "registryCredentials",
    path: ["registryCredentials"],
    value: '{"auths":{"10.213.0.1:5000":{"auth":"bmV3Om5ldw=="}}}',
    outcome: "carried out",
    touches: updated("builds-registry-credentials"),
    effect: "The Secret is changed; the next run pushes with it.",
  },
  {
    setting: "npmrc",
    path: ["npmrc"],
    value: "registry=https://npm.example.com/",
    outcome: "carried out",
    touches: updated("builds-npmrc"),
    effect: "The Secret is changed; the next run uses it.",
  },
  {
    setting: "mavenSettings",
    what: "set for the first time",
    path: ["mavenSettings"],
    value: "<settings></settings>",
    outcome: "carried out",
    touches: ["create builds-maven-settings", ...pipelinesOf("quarkus"), ...again("quarkus")],
    effect: "The Secret is made, and the quarkus builds run anew with it; a later change changes the Secret alone.",
  },
  {
    setting: "gitCredentials",
    what: "set for the first time",
    path: ["gitCredentials"],
    value: "https://builder:token@git.example.com",
    outcome: "carried out",
    touches: ["create builds-git-credentials", ...builds.flatMap((build) => [...updated(build, `${build}-pipeline`), ...again(build)])],
    effect:
      "The Secret is made, and all builds run anew with it, without a cache, as their submodules may be private (`submodules: false` or `cache` says otherwise); a later change changes the Secret alone.",
  },
  {
    setting: "buildGitCredentials",
    what: "set for the first time",
    path: ["buildGitCredentials"],
    value: '{"htop":"https://builder:token@git.example.com"}',
    outcome: "carried out",
    touches: ["create builds-htop-git-credentials", ...updated("htop", "htop-pipeline"), ...again("htop")],
    effect:
      "The Secret of the build is made, and the build runs anew with it in the place of `gitCredentials`, without a cache as with those; a later change changes the Secret alone.",
  },
  {
    setting: "buildSecrets",
    what: "set for the first time",
    path: ["buildSecrets"],
    value: '{"htop":{"token":"x"}}',
    outcome: "carried out",
    touches: ["create builds-htop-secrets", ...pipelinesOf("htop"), ...again("htop")],
    effect: "The Secret of the build is made, and the build runs anew with it; a later change changes the Secret alone.",
  },
  {
    setting: "rhelEntitlement",
    what: "set for the first time",
    path: ["rhelEntitlement"],
    value: entitlement.whole,
    outcome: "carried out",
    touches: ["create builds-rhel-entitlement"],
    effect: "The Secret is made; builds with entitlement: true run anew with it. A later change changes the Secret alone.",
  },
  {
    setting: "signingPrivateKey",
    what: "set for the first time",
    path: ["signingPrivateKey"],
    value: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" }),
    outcome: "carried out",
    touches: updated("pipelines-signing-key", "pipelines-signing"),
    effect:
      "Later runs are signed with it; images that are there keep the signatures of the key before, until `npm run build -- NAME --rebuild` adds one.",
  },
];
