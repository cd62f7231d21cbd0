import { exampleAuthority } from "../../config/certificates";
import { entitlement } from "./certificates";

/** Per setting: the last values that are right, the first ones that are wrong, and what the message says would be right. */
export interface Rule {
  readonly right: readonly unknown[];
  readonly wrong: readonly unknown[];
  readonly says: string;
}

export const letters = (count: number) => "a".repeat(count);
const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const anyType = [null, [], {}, true];
const whole = (from: number, to: number) => ({ right: [from, to], wrong: [from - 1, to + 1, from + 0.5, String(from), null] });
const anObject = (says: string, empty = false): Rule => ({ right: empty ? [{}] : [], wrong: ["text", 1, []], says });
const tags = {
  right: [
    { "a b_.:/=+-@9": "v" },
    { [letters(128)]: letters(256) },
    Object.fromEntries(Array.from({ length: 24 }, (_, index) => [`k${index}`, "v"])),
    { Names: "v", Nam: "v" },
    { "kubernetes.io": "v" },
    { xaws: "v" },
  ],
  wrong: ["text", ["a"], 1],
  says: "an object of tag keys and texts",
};
const taskImage = {
  right: [
    "quay.io/a/b:1",
    `quay.io/a/b@sha256:${"0af".repeat(22).slice(0, 64)}`,
    `quay.io/a/b:1@sha256:${"0".repeat(64)}`,
    "localhost/a:b",
    "registry:5000/a:b",
  ],
  wrong: [
    "quay.io/a/b",
    "b:1",
    "library/b:1",
    `quay.io/a/b@sha256:${"0".repeat(63)}`,
    `quay.io/a/b@sha256:${"0".repeat(64)}x`,
    "x quay.io/a/b:1",
    "quay.io/A/b:1",
    ...anyType,
  ],
  says: "an image with registry and tag or digest, such as",
};
const path = (says: string): Rule => ({
  right: [".", "a", "a/b", "a.b_c@1+2-3", "a..b", "..a/b", "a b/c  d"],
  wrong: ["", "-a", "..", "a/../b", "a/..", "/..", " a", "a ", " ", "a\tb", "a\nb", "ä", ...anyType],
  says,
});
const flag: Rule = { right: [true, false], wrong: ["true", "false", 0, 1, null, [], {}], says: "true or false" };
const variables = (says: string): Rule => ({
  right: [{}, { A: "" }, { _a9: "a=b \n--c", b: "x" }],
  wrong: ["A=b", ["A=b"], 1, null],
  says,
});
const instanceTypeRule = {
  right: [],
  wrong: ["", "m6a", "m6a.", ".large", "M6A.large", "m6a.2xlarge ", ...anyType],
  says: "an EC2 instance type such as",
};
const zone = {
  right: ["eu-west-3c"],
  wrong: ["", "eu-west-3", "eu-west-3ab", "xxxeu-west-3a", "eu-3a", "EU-west-3a", "e-west-3a", "eu-west-33a", ...anyType],
  says: 'the name of an availability zone such as "eu-west-3a"',
};
const network = (right: string[]): Rule => ({
  right,
  wrong: ["10.0.0.0", "10.0.0.1/16", "300.0.0.0/16", "10.0.0.0/33", "text", "", ...anyType],
  says: 'an IPv4 network such as "10.0.0.0/16"',
});
const url = (right: string[], wrong: string[], says: string): Rule => ({
  right: ["https://example.com", "https://example.com:8443", ...right],
  wrong: ["http://example.com", "example.com", "https://", "https://user@example.com", "https://example.com?a=b", ...wrong, ...anyType],
  says,
});
const volume = (says: number): Record<string, Rule> => ({
  size: { ...whole(says, 16384), right: [16384], says: `the size in GiB, from ${says} to 16384` },
  iops: { right: [100, 50000], wrong: [99, 64001, 100.5, "100", null], says: "operations a second, from 100 to 64000" },
  type: { right: ["io1", "io2"], wrong: ["gp4", "", ...anyType], says: "one of gp3, gp2, io1, io2" },
});
const prefixed = (prefix: string, rules: Record<string, Rule>) =>
  Object.fromEntries(Object.entries(rules).map(([key, rule]) => [`${prefix}.${key}`, rule]));

export const rules: Record<string, Rule> = {
  "cluster.name": {
    right: ["a", "a9", "a-b", letters(54)],
    wrong: ["", "9a", "-a", "a-", "A", "a_b", "a.b", "aB", " a", "a\n", letters(55), ...anyType],
    says: "lower-case letters, digits and dashes, with a letter first, at most 54 characters",
  },
  "cluster.baseDomain": {
    right: ["a.bc", "1.com", "a-b.c-d.example.com", "a9.b9.c9", `${letters(63)}.com`],
    wrong: [
      "com",
      "a.b",
      ".com",
      "a.",
      "a..b",
      "-a.com",
      "a-.com",
      "a.-com",
      "a.com-",
      "a_b.com",
      "A.com",
      "a.Com",
      "x a.com",
      "a.com/",
      `${letters(197)}.com`,
      ...anyType,
    ],
    says: 'the name of a public hosted zone of the account, such as "example.com"',
  },
  "cluster.version": {
    right: ["4.15.0", "4.22.999", "4.19.0-rc.10"],
    wrong: [
      "4.14.99",
      "4.23.0",
      "3.19.1",
      "5.19.1",
      "4.19",
      "4.19.x",
      "x4.19.1",
      "4.19.1x",
      "4.19.1-rc",
      "v4.19.1",
      "stable-4.19",
      "4.19.1-rc.",
      4.19,
      ...anyType,
    ],
    says: "a full OpenShift version from 4.15 to 4.22, in quotes",
  },
  "cluster.destroyMinutes": { ...whole(10, 600), says: "minutes that the removal of the cluster may take, from 10 to 600" },
  "cluster.protect": {
    right: [true, false],
    wrong: ["true", "false", 0, 1, null, [], {}],
    says: "true, or false for a cluster that pulumi destroy may remove: pulumi config set --path cluster.protect false, pulumi up, pulumi destroy",
  },
  "cluster.mirror": url(["https://example.com/a/b"], [], "an https:// address that holds openshift-v4"),
  "cluster.serviceEndpoints[0].url": url(["https://example.com/"], ["https://example.com/a"], "an https:// address without a path"),
  "cluster.serviceEndpoints[0].name": {
    right: ["ec2", "s3", "elastic-load-balancing", "9"],
    wrong: ["", "EC2", "-ec2", "ec2-", "a--b", "a b", "a\n", ...anyType],
    says: 'the name of an AWS service, such as "ec2"',
  },
  "cluster.serviceEndpoints[0]": anObject("an object with name and url"),
  "cluster.serviceEndpoints": { right: [[]], wrong: ["ec2", {}, 1], says: "a list of objects with name and url" },
  "cluster.sshKey": {
    right: [key, `${key} a comment`, `${key} c\n`],
    wrong: [
      "",
      "AAAA",
      "ssh-dss AAAA",
      "ecdsa-sha2-nistp128 A",
      "x ssh-rsa A",
      "ssh-ed25519 AAAA\nssh-rsa B",
      "ssh-ed25519 A=A",
      "ssh-ed25519  A",
      ...anyType,
    ],
    says: "one public SSH key, such as",
  },
  "cluster.tags": tags,
  "fileSystem.tags": tags,
  "cluster.controlPlane": anObject("an object with instanceType, zone and rootVolume", true),
  "cluster.controlPlane.instanceType": { ...instanceTypeRule, right: ["m6a.4xlarge", "m7i.metal-24xl"] },
  "cluster.controlPlane.zone": zone,
  "cluster.controlPlane.rootVolume": anObject("an object with type, size (GiB) and iops"),
  ...prefixed("cluster.controlPlane.rootVolume", volume(120)),
  "cluster.networks": anObject("an object with machine, cluster, hostPrefix and service", true),
  "cluster.networks.machine": network(["192.168.0.0/16", "192.168.0.0/20"]),
  "cluster.networks.cluster": network(["10.132.0.0/14", "10.64.0.0/12"]),
  "cluster.networks.service": network(["172.31.0.0/16", "192.168.0.0/24"]),
  "cluster.networks.hostPrefix": {
    right: [16, 28],
    wrong: [15, 29, 23.5, "23", null],
    says: "the prefix of one node's part of the cluster network, from 16 to 28",
  },
  pools: { right: [], wrong: ["text", {}, 1], says: "a list with one object for each architecture" },
  "pools[0]": anObject("an object with architecture, instanceType and zones"),
  "pools[0].architecture": { right: [], wrong: ["x86_64", "aarch64", "", "ppc64le", ...anyType], says: "one of amd64, arm64" },
  "pools[0].instanceType": { ...instanceTypeRule, right: ["m6a.large", "c5.metal", "g4dn.xlarge"] },
  "pools[1].instanceType": { ...instanceTypeRule, right: ["m7g.large", "c7gn.16xlarge", "g5g.xlarge", "im4gn.large", "r8gd.metal-24xl"] },
  "pools[0].zones": { right: [], wrong: ["text", {}, 1], says: "a list of objects with name and replicas" },
  "pools[0].zones[0]": anObject("an object with name and replicas, such as"),
  "pools[0].zones[0].name": zone,
  "pools[0].zones[0].replicas": { ...whole(0, 100), says: "the number of nodes in the zone, from 0 to 100" },
  "pools[0].rootVolume": anObject("an object with type, size (GiB) and iops"),
  ...prefixed("pools[0].rootVolume", volume(100)),
  fileSystem: anObject("an object with lifecycle and tags", true),
  "fileSystem.lifecycle": {
    right: ["NEVER", "AFTER_1_DAY", ...[7, 14, 30, 60, 90, 180, 270, 365].map((days) => `AFTER_${days}_DAYS`)],
    wrong: ["AFTER_1_DAYS", "AFTER_2_DAYS", "never", "", ...anyType],
    says: "when unused files move to the cheaper class: NEVER, AFTER_1_DAY, AFTER_7_DAYS",
  },
  pipelines: anObject("an object with channel, keep, sign and sbom", true),
  "pipelines.channel": {
    right: ["latest", "pipelines-1.14", "pipelines-1.99"],
    wrong: [
      "",
      "stable",
      "latest ",
      "xlatest",
      "pipelines-1",
      "pipelines-1.x",
      "pipelines-1.21x",
      "pipelines-.1",
      "pipelines-1.13",
      ...anyType,
    ],
    says: '"latest" or a channel of OpenShift Pipelines from "pipelines-1.14" on, such as "pipelines-1.21"',
  },
  "pipelines.keep": { ...whole(3, 1000), says: "the number of finished runs of a build to keep, from 3 to 1000" },
  namespace: anObject("an object with name, taskImages, trustBundle and insecureRegistries", true),
  "pipelines.sign": { right: [true, false], wrong: ["true", "", 0, 1, null, [], {}], says: "true, or false for images that nobody signs" },
  "pipelines.sbom": { right: [true, false], wrong: ["true", "", 0, 1, null, [], {}], says: "true, or false for images without an SBOM" },
  "namespace.name": {
    right: ["a", "a9-b", letters(63), "opens", "kube", "defaults", "openshifts"],
    wrong: ["", "9", "-a", "a-", "A", "aB", "a b", "default", "openshift", "openshift-x", "kube-x", letters(64), ...anyType],
    says: "lower-case letters, digits and dashes, with a letter first, at most 63 characters, not one of the cluster's own",
  },
  "namespace.taskImages": anObject("an object with buildah, nodejs, maven and syft", true),
  "namespace.taskImages.buildah": taskImage,
  "namespace.taskImages.nodejs": taskImage,
  "namespace.taskImages.maven": taskImage,
  "namespace.taskImages.syft": taskImage,
  "namespace.trustBundle": {
    right: [
      exampleAuthority,
      `${exampleAuthority}${exampleAuthority}`,
      // As Mozilla's, curl's and openssl's bundles have them.
      `##\n## Bundle of CA Root Certificates\n\nAn Authority\n============\n${exampleAuthority}\n# Another\n${exampleAuthority}`,
      `Certificate:\n    Data:\n        Serial Number:\n            1c:98:0e\n${exampleAuthority}`,
      exampleAuthority.replaceAll("\n", "\r\n"),
    ],
    wrong: [
      "",
      "MIIB",
      "/etc/pki/tls/certs/ca-bundle.crt",
      exampleAuthority.slice(0, -30),
      exampleAuthority.replace("MIIB", "MIIA"),
      exampleAuthority + exampleAuthority.replace("MIIB", "MIIA"),
      `${exampleAuthority}-----BEGIN CERTIFICATE-----\nMIIB`,
      exampleAuthority.replaceAll("CERTIFICATE", "TRUSTED CERTIFICATE"),
      entitlement.whole,
      ...anyType,
    ],
    says: "certificates as PEM, such as a file ca-bundle.crt holds",
  },
  "namespace.insecureRegistries": { right: [[]], wrong: ["registry.example.com", {}, 1, null], says: "a list of registries" },
  "namespace.insecureRegistries[0]": {
    right: ["registry.example.com:5000", "10.0.0.1:1", "localhost", "a-b.c:65535"],
    wrong: ["", "http://a", "a/b", "a:", "a:0", "a:65536", "A.b", "a..b", "-a", "a-", "*.example.com", "a b", "[::1]:5000", ...anyType],
    says: 'a registry as host or host:port, such as "registry.example.com:5000"',
  },
  builds: { right: [[]], wrong: ["text", {}, 1], says: "a list of objects with name, pipeline, repository and image" },
  "builds[0]": anObject("an object with name, pipeline, repository and image"),
  "builds[0].name": {
    right: ["a", "a-9", letters(40)],
    wrong: ["", "9a", "-a", "a-", "A", "aB", "a.b", letters(41), ...anyType],
    says: "lower-case letters, digits and dashes, with a letter first, at most 40 characters",
  },
  "builds[0].pipeline": {
    right: ["containerfile", "nodejs", "quarkus"],
    wrong: ["docker", "", ...anyType],
    says: "one of containerfile, nodejs, quarkus",
  },
  "builds[0].repository": {
    right: ["https://a/b", "http://a/b.git", "git://a:9418/b", "https://a/@group/b"],
    wrong: [
      "",
      "github.com:a/b.git",
      "ssh://a/b",
      "https://a",
      "https://a/",
      "ftp://a/b",
      "x https://a/b",
      "https://a/b c",
      "https://user@a/b",
      "https://:password@a/b",
      "file:///a",
      ...anyType,
    ],
    says: "an https://, http:// or git:// address without user, password, query, fragment or $ (%24)",
  },
  "builds[0].revision": {
    right: ["v1", "feature/x", "a.b", "a@b+c_d", letters(250)],
    wrong: ["", "-a", "a..b", "aa..b", "a b", "a~1", "a.lock", letters(251), "a:b", ...anyType],
    says: "a branch, a tag or a commit",
  },
  "builds[0].context": path("a folder of the repository, relative and without .."),
  "builds[0].containerfile": {
    ...path("a file below the context, or with / in front below the repository's root, without .."),
    right: ["a", "a/b c", "/a", "/a/b.c", "..a/b"],
    wrong: [...path("").wrong, "/", "//a", "/-a", "/ a", "/a/../b", "a/"],
  },
  "builds[0].trigger": { right: ["github", "gitlab"], wrong: ["", "GitHub", "bitbucket", ...anyType], says: "one of github, gitlab" },
  "builds[0].rebuild": {
    right: ["daily", "weekly", "monthly"],
    wrong: ["", "hourly", "Weekly", ...anyType],
    says: "one of daily, weekly, monthly",
  },
  "builds[0].submodules": {
    right: [true, false, ["a"], ["vendor/a", "b c"]],
    wrong: ["true", "", 0, null, {}, [], ["../a"], ["/a"], [1]],
    says: "true, false, or a list of their paths",
  },
  "builds[0].lfs": flag,
  "builds[0].gitFolder": flag,
  "builds[0].entitlement": flag,
  "builds[0].prepare": anObject("an object with image and script"),
  "builds[0].prepare.image": { ...taskImage, says: 'an image with registry and tag or digest, such as "docker.io/library/golang:1.26"' },
  "builds[0].prepare.script": {
    right: ["true", 'set -eu\ngo build -o app .\necho "$HOME" | cat\n'],
    wrong: ["", " ", "\n\t", ["go build"], null, {}, 1],
    says: "the text of a shell script",
  },
  "builds[0].prepare.once": flag,
  "builds[0].target": {
    right: ["runtime", "0", "a.b_c-D"],
    wrong: ["", "-a", ".a", "a b", "a/b", "a\n", ...anyType],
    says: "the name of a stage of the Containerfile",
  },
  "builds[0].buildArgs": variables("an object of names of ARGs and their texts"),
  "builds[0].environment": variables("an object of names of variables and their texts"),
  "builds[0].labels": {
    right: [
      {},
      { a: "" },
      { "org.opencontainers.image.title": "a=b" },
      { "com.example/A_b-1": "x\ny" },
      { "org.opencontainers.image.sources": "x" },
    ],
    wrong: ["a=b", ["a=b"], 1, null],
    says: "an object of names of labels and their texts",
  },
  "builds[0].tags": { right: [[], ["a", "b"]], wrong: ["a", {}, 1, null], says: "a list of tags" },
  "builds[0].tags[0]": {
    right: [
      "v1.0_a-b",
      "_",
      "{commit}",
      "{branch}",
      "v-{commit}.{branch}_x",
      letters(128),
      `${letters(88)}{commit}`,
      `${letters(124)}{branch}`,
    ],
    wrong: [
      "",
      ".a",
      "-a",
      "a b",
      "a:b",
      "{tag}",
      "{commit",
      "{Commit}",
      "a/b",
      letters(129),
      `${letters(89)}{commit}`,
      `${letters(128)}{branch}`,
      ...anyType,
    ],
    says: "a tag of at most 128 characters, in which {commit} (40 of them) and {branch} stand for what was built",
  },
  "builds[0].cache": {
    right: [true, false, "quay.io/a/cache", "registry:5000/a", "localhost/a/b-c"],
    wrong: ["", "true", "quay.io/a:1", "a/b", "quay.io", "quay.io/A", `quay.io/a@sha256:${"0".repeat(64)}`, 1, null, [], {}],
    says: 'true, false, or a repository without a tag, such as "quay.io/example/cache"',
  },
  "builds[0].architectures": { right: [["amd64"], ["arm64", "amd64"]], wrong: ["amd64", {}, 1, null], says: "a list of architectures" },
  "builds[0].architectures[0]": { right: [], wrong: ["x86_64", "aarch64", "", "s390x", ...anyType], says: "one of amd64, arm64" },
  "builds[0].minutes": anObject("an object with clone, prepare, build and push", true),
  ...prefixed("builds[0].minutes", {
    clone: { ...whole(1, 1440), says: "minutes, from 1 to 1440" },
    prepare: { ...whole(1, 1440), says: "minutes, from 1 to 1440" },
    build: { ...whole(1, 1440), says: "minutes, from 1 to 1440" },
    push: { ...whole(1, 1440), says: "minutes, from 1 to 1440" },
  }),
  "builds[0].resources": anObject("an object with cpu, memory and storage", true),
  ...prefixed("builds[0].resources", {
    cpu: { ...whole(1, 192), says: "processors, from 1 to 192" },
    memory: { ...whole(1, 768), says: "GiB, from 1 to 768" },
    storage: { ...whole(10, 1000), says: "GiB, from 10 to 1000" },
  }),
  "builds[0].retries": { ...whole(0, 5), says: "times, from 0 to 5" },
  "builds[0].image": {
    right: ["quay.io/a/b:1", "quay.io/a/b", "localhost/a", "registry:5000/a-b__c.d/e", "10.0.0.1:5000/a", `quay.io/a:${letters(128)}`],
    wrong: [
      "",
      "b:1",
      "library/b",
      "quay.io/A",
      "quay.io/a:",
      `quay.io/a:${letters(129)}`,
      "quay.io/a:.x",
      "quay.io/a//b",
      "quay.io/a/",
      "x quay.io/a",
      "quay.io/a b",
      "quay.io:123456/a",
      `quay.io/a@sha256:${"0".repeat(64)}`,
    ],
    says: "registry, lower-case repository and tag, without a digest, such as",
  },
};
