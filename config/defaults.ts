/** Volumes that the namespace of the builds may have. Each is an access point, of which a file system has 10,000 (Amazon EFS User Guide, "Quotas"): a tenth of them. */
export const mostVolumes = 1000;

/** What applies where a stack says nothing. Every value is also in docs and in `Pulumi.dev.yaml`. */
export const defaults = {
  controlPlane: {
    instanceType: "m6a.2xlarge",
    /** gp3 has a baseline of 3000 operations a second; etcd shares the disk with the workload of a single node. */
    rootVolume: { type: "gp3", size: 200, iops: 4000 },
  },
  networks: { machine: "10.0.0.0/16", cluster: "10.128.0.0/14", hostPrefix: 23, service: "172.30.0.0/16" },
  credentialsMode: "mint",
  mirror: "https://mirror.openshift.com/pub",
  /** `destroy cluster` has no deadline of its own; Hive gives its job an hour as well. */
  destroyMinutes: 60,
  protect: true,
  fileSystem: { lifecycle: "AFTER_30_DAYS" },
  pipelines: { channel: "latest", keep: 20, sign: true, sbom: true },
  namespace: {
    name: "build-multiarch",
    /** Red Hat's own and syft's own, for both architectures, and public: they need no entry in registryCredentials. */
    taskImages: {
      buildah: "registry.access.redhat.com/ubi9/buildah:9.8",
      nodejs: "registry.access.redhat.com/ubi9/nodejs-22:9.8",
      maven: "registry.access.redhat.com/ubi9/openjdk-21:1.24",
      syft: "ghcr.io/anchore/syft:v1.57.1",
    },
  },
  build: {
    revision: "main",
    context: ".",
    containerfile: "Containerfile",
    minutes: { clone: 10, prepare: 20, build: 40, push: 15 },
    retries: 1,
  },
} as const;
