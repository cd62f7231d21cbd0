import type { BadConfigurations } from "./row";

export const builds: BadConfigurations = {
  builds: [
    {
      what: "a build's name with a capital letter",
      change: { "builds[0].name": "Htop" },
      says: 'builds[0].name is "Htop"; expected lower-case letters, digits and dashes, with a letter first, at most 40 characters',
    },
    {
      what: "two builds of one name",
      change: { "builds[1].name": "htop" },
      says: 'builds[1].name is "htop"; expected a name that no other build has (builds[0].name)',
    },
    {
      what: "two builds of one image",
      change: { "builds[1].image": "quay.io/example/htop" },
      says: 'builds[1].image is "quay.io/example/htop"; expected an image that no other build pushes (builds[0].image)',
    },
    {
      what: "an image without its registry",
      change: { "builds[0].image": "example/htop:latest" },
      says: 'builds[0].image is "example/htop:latest"; expected registry, lower-case repository and tag, without a digest, such as "quay.io/example/app:latest"',
    },
    {
      what: "an image by its digest",
      change: { "builds[0].image": `quay.io/example/htop@sha256:${"0".repeat(64)}` },
      says: 'builds[0].image is "quay.io/example/htop@sha256:0000000000000000000000000000000000000000000000000000000000000000"; expected registry, lower-case repository and tag, without a digest, such as "quay.io/example/app:latest"',
    },
    {
      what: "an image of Docker's own",
      change: { "builds[0].image": "docker.io/htop" },
      says: 'builds[0].image is "docker.io/htop"; expected a repository of an account of Docker Hub, such as "docker.io/example/app:latest": nobody but Docker pushes to others',
    },
    {
      what: "an image in capital letters",
      change: { "builds[0].image": "quay.io/Example/htop" },
      says: 'builds[0].image is "quay.io/Example/htop"; expected registry, lower-case repository and tag, without a digest, such as "quay.io/example/app:latest"',
    },
    {
      what: "a tag with a slash",
      change: { "builds[0].tags": ["feature/x"] },
      says: 'builds[0].tags[0] is "feature/x"; expected a tag of at most 128 characters, in which {commit} (40 of them) and {branch} stand for what was built',
    },
    {
      what: "a tag with a variable that there is not",
      change: { "builds[0].tags": ["{version}"] },
      says: 'builds[0].tags[0] is "{version}"; expected a tag of at most 128 characters, in which {commit} (40 of them) and {branch} stand for what was built',
    },
    {
      what: "a repository with a password",
      change: { "builds[0].repository": "https://me:password@github.com/example/app.git" },
      says: 'builds[0].repository is "https://***@github.com/example/app.git"; expected an https://, http:// or git:// address without user, password, query, fragment or $ (%24), such as "https://github.com/example/app.git", or one for ssh with its user, such as "git@github.com:example/app.git" or "ssh://git@example.com:2222/app.git"',
    },
    {
      what: "a page of a repository in the place of its address",
      change: { "builds[0].repository": "github.com/example/app" },
      says: 'builds[0].repository is "github.com/example/app"; expected an https://, http:// or git:// address without user, password, query, fragment or $ (%24), such as "https://github.com/example/app.git", or one for ssh with its user, such as "git@github.com:example/app.git" or "ssh://git@example.com:2222/app.git"',
    },
    {
      what: "a short commit that YAML takes for a number",
      change: { "builds[0].revision": 1234567 },
      says: "builds[0].revision is 1234567; expected a branch, a tag or a commit in quotes, without which YAML makes a number of it",
    },
    {
      what: "a context outside of the repository",
      change: { "builds[0].context": "../htop" },
      says: 'builds[0].context is "../htop"; expected a folder of the repository, relative and without ..',
    },
    {
      what: "a Containerfile outside of the repository",
      change: { "builds[0].containerfile": "/../Containerfile" },
      says: 'builds[0].containerfile is "/../Containerfile"; expected a file below the context, or with / in front below the repository\'s root, without ..',
    },
    {
      what: "a pipeline that there is not",
      change: { "builds[0].pipeline": "golang" },
      says: 'builds[0].pipeline is "golang"; expected one of containerfile, nodejs, quarkus',
    },
    {
      what: "a step before npm's own",
      change: { "builds[1].prepare": { image: "docker.io/library/golang:1.26", script: "make" } },
      says: "builds[1].prepare is an object; expected nothing: nodejs has a step of its own; containerfile takes any other",
    },
    {
      what: "a step in an image without a tag",
      change: { "builds[0].prepare": { image: "golang", script: "make" } },
      says: 'builds[0].prepare.image is "golang"; expected an image with registry and tag or digest, such as "docker.io/library/golang:1.26"',
    },
    {
      what: "an argument that would build every member for amd64",
      change: { "builds[0].buildArgs": { TARGETARCH: "amd64" } },
      says: 'builds[0].buildArgs.TARGETARCH is "amd64"; expected a name of letters, digits and _, without a digit first, and none of TARGETARCH, TARGETPLATFORM and the like, which the build sets for each architecture',
    },
    {
      what: "an argument that is a number",
      change: { "builds[0].buildArgs": { VERSION: 1.2 } },
      says: "builds[0].buildArgs.VERSION is 1.2; expected a text, in quotes where it looks like a number, or like true and false",
    },
    {
      what: "a label that the build sets",
      change: { "builds[0].labels": { "org.opencontainers.image.revision": "x" } },
      says: 'builds[0].labels.org.opencontainers.image.revision is "x"; expected a name of letters, digits and ._/-, other than org.opencontainers.image.revision and source, which the build sets',
    },
    {
      what: "an architecture without a pool",
      change: {
        pools: [{ architecture: "amd64", instanceType: "m6a.2xlarge", zones: [{ name: "eu-west-3a", replicas: 1 }] }],
        "builds[0].architectures": ["arm64"],
      },
      says: 'builds[0].architectures[0] is "arm64"; expected an architecture of a pool (pools[].architecture)',
    },
    {
      what: "platforms, as docker has them",
      change: { "builds[0].platforms": ["linux/arm64"] },
      says: "builds[0].platforms is not a setting; known here: name, pipeline, repository, revision, context, containerfile, submodules, lfs, gitFolder, prepare, target, buildArgs, labels, environment, image, tags, cache, architectures, entitlement, trigger, rebuild, minutes, resources, retries",
    },
    {
      what: "a build of no minute",
      change: { "builds[0].minutes.build": 0 },
      says: "builds[0].minutes.build is 0; expected minutes, from 1 to 1440",
    },
    {
      what: "memory with a unit",
      change: { "builds[0].resources": { memory: "8Gi" } },
      says: 'builds[0].resources.memory is "8Gi"; expected GiB, from 1 to 768',
    },
    {
      what: "a trigger on a tag",
      change: { "builds[0].trigger": "github", "builds[0].revision": "refs/tags/v1" },
      says: 'builds[0].revision is "refs/tags/v1"; expected a branch, as pushes to it start the build',
    },
    {
      what: "a subscription that is not there",
      change: { "builds[0].entitlement": true },
      says: "builds[0].entitlement is true; expected false, or a subscription: pulumi config set --secret rhelEntitlement < FILE",
    },
    {
      what: "an insecure registry with its scheme",
      change: { "namespace.insecureRegistries": ["http://registry.example.com:5000"] },
      says: 'namespace.insecureRegistries[0] is "http://registry.example.com:5000"; expected a registry as host or host:port, such as "registry.example.com:5000"',
    },
    {
      what: "a trust bundle with its key",
      change: { "namespace.trustBundle": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" },
      says: "namespace.trustBundle is a text of 59 characters; expected certificates as PEM, such as a file ca-bundle.crt holds, without a private key: everybody can read this setting",
    },
  ],
};
