import { describe, expect, it } from "vitest";
import { areAccepted, areRefused, text } from "./refusals";
import { problems, withValues } from "./stack";

const type = 'an EC2 instance type such as "m6a.2xlarge" (amd64) or "m7g.2xlarge" (arm64)';
const zone = 'the name of an availability zone such as "eu-west-3a", neither a zone id nor a Local or Wavelength Zone';
const repository =
  'an https://, http:// or git:// address without user, password, query, fragment or $ (%24), such as "https://github.com/example/app.git", or one for ssh with its user, such as "git@github.com:example/app.git" or "ssh://git@example.com:2222/app.git"';
const image = 'registry, lower-case repository and tag, without a digest, such as "quay.io/example/app:latest"';
const folder = "a folder of the repository, relative and without ..";
const file = "a file below the context, or with / in front below the repository's root, without ..";
const prepare = { image: "docker.io/library/golang:1.26", script: "go build" };
const namespace =
  "lower-case letters, digits and dashes, with a letter first, at most 63 characters, not one of the cluster's own (openshift-*, kube-*, default)";
const lifecycle =
  "when unused files move to the cheaper class: NEVER, AFTER_1_DAY, AFTER_7_DAYS, AFTER_14_DAYS, AFTER_30_DAYS, AFTER_60_DAYS, AFTER_90_DAYS, AFTER_180_DAYS, AFTER_270_DAYS, AFTER_365_DAYS";
const digest = `sha256:${"0".repeat(64)}`;

areRefused("what pools must be", [
  ["pools", "a list with one object for each architecture", [undefined, {}, "amd64"]],
  ["pools", "at least one pool", [[]]],
  ["pools[0]", "an object with architecture, instanceType and zones", ["amd64"]],
  ["pools[0].architecture", "one of amd64, arm64; did you mean amd64?", ["x86_64", "X86_64", "x86-64", "x64", "AMD64", "amd46"]],
  ["pools[1].architecture", "one of amd64, arm64; did you mean arm64?", ["aarch64", "arm", "ARM64"]],
  ["pools[0].architecture", "one of amd64, arm64", ["s390x", "ppc64le", "toString", undefined, 64]],
  ["pools[0].instanceType", type, ["m6a", "mac2.metal", "m6a.2xl", undefined, 1]],
  [
    "pools[0].instanceType",
    "a type with the 2 vCPUs and 8 GiB of a node: large or more, in the families c and a1 xlarge or more",
    ["t3.nano", "t3.micro", "t3.small", "t3.medium", "c7a.large", "c8i-flex.large", "c4.xlarge", "m3.large"],
  ],
  [
    "pools[0].instanceType",
    'an amd64 (x86_64) type, such as "m6a.2xlarge": this is a Graviton type, whose processor is arm64',
    ["m7gd.2xlarge", "a1.xlarge"],
  ],
  [
    "pools[1].instanceType",
    'an arm64 (Graviton) type, such as "m7g.2xlarge", told by the g behind the generation number: this type\'s processor is amd64',
    ["g5.2xlarge", "m7i-flex.large"],
  ],
  ["pools[0].zones", "a list of objects with name and replicas", [undefined, "eu-west-3a", {}]],
  ["pools[0].zones", "at least one zone", [[]]],
  ["pools[0].zones[0]", 'an object with name and replicas, such as {name: "eu-west-3a", replicas: 1}', ["eu-west-3a"]],
  ["pools[1].zones[0].name", zone, [undefined, "eu-west-3", "us-west-2-lax-1a", 3]],
  ["pools[1].zones[0].name", 'a zone of the region eu-west-3 (aws:region), such as "eu-west-3a"', ["eu-west-1b"]],
  ["pools[1].zones[0].replicas", "the number of nodes in the zone, from 0 to 100", [-1, 101, 1.5, "1"]],
  ["pools[0].rootVolume", "an object with type, size (GiB) and iops", [100, "gp3"]],
  ["pools[0].rootVolume.size", "the size in GiB, from 100 to 16384", [99, 16385, 100.5, "100"]],
]);

areAccepted("the first and the last that pools may be", [
  ["pools[0].instanceType", ["m6a.large", "u7i-12tb.224xlarge", "m7i.metal-24xl", "g4dn.xlarge"]],
  ["pools[1].instanceType", ["t4g.large", "a1.metal", "p6e-gb200.36xlarge"]],
  ["pools[1].zones[0].replicas", [0, 100]],
  ["pools[0].rootVolume", [{ size: 100 }, { size: 16384 }, { type: "gp2", size: 100 }]],
]);

describe("the volumes of EBS", () => {
  const paths = ["pools[0].rootVolume", "cluster.controlPlane.rootVolume"];
  it.each([
    [{ size: 120, iops: 2999 }, "iops is 2999; expected 3000 to 16000 for gp3"],
    [{ type: "gp3", size: 120, iops: 16001 }, "iops is 16001; expected 3000 to 16000 for gp3"],
    [{ type: "gp2", size: 120, iops: 300 }, "iops is 300; expected nothing: gp2 volumes get theirs from the size; gp3 takes a number"],
    [{ type: "io1", size: 120 }, "iops is missing; expected a number: io1 volumes have no default"],
    [{ type: "io2", size: 120 }, "iops is missing; expected a number: io2 volumes have no default"],
    [{ type: "io1", size: 120, iops: 6001 }, "iops is 6001; expected at most 50 for each GiB of size, here 6000"],
    [{ type: "io2", size: 120, iops: 60001 }, "iops is 60001; expected at most 500 for each GiB of size, here 60000"],
    [{ type: "io2", size: 200, iops: 64001 }, "iops is 64001; expected operations a second, from 100 to 64000"],
    [{ type: "io1", size: 120, iops: 99 }, "iops is 99; expected operations a second, from 100 to 64000"],
    [{ size: 120, iops: "3000" }, 'iops is "3000"; expected operations a second, from 100 to 64000'],
    [{ size: 120, throughput: 1 }, "throughput is not a setting; known here: type, size, iops"],
    [{ type: "gp3" }, "size is missing; expected the size in GiB, from "],
    [{ type: "gp4", size: 120 }, 'type is "gp4"; expected one of gp3, gp2, io1, io2; did you mean gp3?'],
    [{ type: "constructor", size: 120, iops: 4000 }, 'type is "constructor"; expected one of gp3, gp2, io1, io2'],
    [{ type: { toString: 1 }, size: 120, iops: 4000 }, "type is an object; expected one of gp3, gp2, io1, io2"],
  ])("refused: %j", (volume, line) => {
    for (const path of paths) {
      const right = line.endsWith("from ") ? `${line}${path.startsWith("pools") ? 100 : 120} to 16384` : line;
      expect(problems(withValues({ [path]: volume }))).toEqual([`${path}.${right}`]);
    }
  });
  it.each([
    { size: 120, iops: 3000 },
    { size: 120, iops: 16000 },
    { type: "io1", size: 120, iops: 100 },
    { type: "io1", size: 120, iops: 6000 },
    { type: "io2", size: 120, iops: 60000 },
  ])("taken: %j", (volume) => {
    for (const path of paths) expect(problems(withValues({ [path]: volume }))).toEqual([]);
  });
});

areRefused("what file system, pipelines and namespace must be", [
  ["fileSystem.lifecycle", lifecycle, [30, "toString"]],
  ["fileSystem.lifecycle", `${lifecycle}; did you mean NEVER?`, ["never"]],
  ["pipelines", "an object with channel, keep, sign and sbom", [1, "latest", []]],
  [
    "pipelines.channel",
    '"latest" or a channel of OpenShift Pipelines from "pipelines-1.14" on, such as "pipelines-1.21"',
    ["stable", "pipelines-1.13", "pipelines-1.9", "pipelines-2.0", "pipelines-1.21.1", "xlatest", "latestx", 1.21],
  ],
  ["pipelines.keep", "the number of finished runs of a build to keep, from 3 to 1000", [0, 2, 1001, 1.5, "20"]],
  ["namespace", "an object with name, taskImages, trustBundle and insecureRegistries", ["builds", []]],
  ["namespace.name", namespace, ["", "default", "openshift", "openshift-builds", "kube-x", "Builds", "1a", "a-", text(64), 1]],
  ["namespace.taskImages", "an object with buildah, nodejs, maven and syft", ["x", []]],
  [
    "namespace.taskImages.buildah",
    'an image with registry and tag or digest, such as "registry.access.redhat.com/ubi9/buildah:9.8"',
    ["ubi9/buildah:9.8", "quay.io/a/b", `quay.io/a/b@${digest.slice(0, -1)}`, 1],
  ],
  [
    "namespace.taskImages.nodejs",
    'an image with registry and tag or digest, such as "registry.access.redhat.com/ubi9/nodejs-22:9.8"',
    ["a"],
  ],
  [
    "namespace.taskImages.maven",
    'an image with registry and tag or digest, such as "registry.access.redhat.com/ubi9/openjdk-21:1.24"',
    ["a"],
  ],
  ["namespace.taskImages.syft", 'an image with registry and tag or digest, such as "ghcr.io/anchore/syft:v1.57.1"', ["syft:v1"]],
]);

areAccepted("the first and the last that these may be", [
  ["fileSystem.lifecycle", ["NEVER", "AFTER_1_DAY", "AFTER_365_DAYS"]],
  ["pipelines.channel", ["latest", "pipelines-1.14", "pipelines-1.19", "pipelines-1.20", "pipelines-1.99"]],
  ["pipelines.keep", [3, 1000]],
  ["namespace.name", ["a", text(63), "defaults", "openshiftx", "kubernetes"]],
  ["namespace.taskImages.buildah", ["quay.io/a/b:1", `quay.io/a/b@${digest}`, `quay.io/a/b:1@${digest}`, "localhost/a:b"]],
]);

areRefused("what builds must be", [
  ["builds", "a list of objects with name, pipeline, repository and image", [{}, "htop"]],
  ["builds[0]", "an object with name, pipeline, repository and image", ["htop", []]],
  [
    "builds[0].name",
    "lower-case letters, digits and dashes, with a letter first, at most 40 characters",
    [undefined, "", "Htop", "1a", "a-", text(41), 1],
  ],
  ["builds[0].trigger", "one of github, gitlab", ["bitbucket", true, 1, {}]],
  ["builds[0].trigger", "one of github, gitlab; did you mean gitlab?", ["gitlap"]],
  ["builds[0].rebuild", "one of daily, weekly, monthly", ["hourly", true, 1, {}]],
  ["builds[0].pipeline", "one of containerfile, nodejs, quarkus", ["maven", "constructor", undefined, 1]],
  ["builds[0].pipeline", "one of containerfile, nodejs, quarkus; did you mean nodejs?", ["node", "NodeJS"]],
  [
    "builds[0].repository",
    repository,
    [
      undefined,
      "github.com:a/b.git",
      "ssh://github.com/a/b",
      "ssh://git@github.com",
      "ssh://git@-oProxyCommand=x/a",
      "git@-x:a",
      "git@github.com:",
      "git@github.com://a/b",
      "git@github.com:a b",
      "git@github.com:2222:a",
      "https://github.com",
      "https://github.com/",
      "file:///a/b",
      "https://a.b/c d",
      "https://[/c",
      "https://a.b/$(params.url)",
      "https://a.b/c$d",
      "git@a.b:$(params.url)",
      "ssh://git@a.b/$c",
      1,
    ],
  ],
  [
    "builds[0].revision",
    "a branch, a tag or a commit",
    ["", "-x", "--upload-pack=x", "a..b", "a b", "a:b", "a~1", "a^", "a*", "a[b", "a\\b", "/a", "a/", "a//b", ".a", "a/.b"],
  ],
  ["builds[0].revision", "a branch, a tag or a commit", ["a.", "a.lock", "a.lock/b", "a\tb", "a\x01b", "a\x7fb", text(251), true, {}]],
  ["builds[0].revision", "a branch, a tag or a commit in quotes, without which YAML makes a number of it", [1234567, 12e3, 1.1]],
  ["builds[0].context", folder, ["", "/etc", "-x", "..", "../a", "a/../b", " a", "a ", "a\\b", 1]],
  ["builds[0].containerfile", file, ["", "/", "/../Containerfile", "//etc", "-x", "../Containerfile", "docker/", 1]],
  ["builds[0].image", 'where to push, such as "quay.io/example/app:latest"', [undefined, 1]],
  [
    "builds[0].image",
    'a repository of an account of Docker Hub, such as "docker.io/example/app:latest": nobody but Docker pushes to others',
    ["docker.io/app", "docker.io/library/app:1", "index.docker.io/app", "registry-1.docker.io:443/app"],
  ],
  [
    "builds[0].image",
    image,
    [
      "a/b",
      "htop",
      "quay.io",
      "quay.io/",
      "quay.io/A/b",
      "quay.io/a:b:c",
      "quay.io/a:-b",
      "a..b/c",
      "-a.b/c",
      "quay.io:0/a",
      "quay.io:65536/a",
      "https://quay.io/a",
      `quay.io/a@${digest}`,
      `quay.io/${text(248)}`,
      `quay.io/a:${text(129)}`,
    ],
  ],
]);

// Shown without what might be a user or a query.
it.each(["a?", "@", "a@{1}"])("builds[0].revision %j", (revision) => {
  expect(problems(withValues({ "builds[0].revision": revision }))).toEqual([
    expect.stringMatching(/; expected a branch, a tag or a commit$/),
  ]);
});

areAccepted("the first and the last that builds may be", [
  ["builds", [undefined, []]],
  ["builds[0].name", ["a", text(40), "a-1"]],
  [
    "builds[0].repository",
    [
      "git@github.com:a/b.git",
      "ssh://git@github.com/a/b",
      "ssh://git@a.example.com:2222/~me/a.git",
      "me@10.0.0.1:/srv/a.git",
      "ssh://git@[2001:db8::1]:22/a",
      "git@[2001:db8::1]:a",
    ],
  ],
  [
    "builds[0].repository",
    ["https://a.example.com/b", "http://10.0.0.1:8080/a/b.git", "git://a/b", "https://a.example.com/~b/c%20d.git", "https://a.b/c%24d"],
  ],
  [
    "builds[0].revision",
    ["a", "v1.0", "feature/x", "a.b", "a@b", "fix/#123", "+x", "größe", "a(b)", "a=b", "a.locked", "1234567", text(250)],
  ],
  ["builds[0].context", [".", "a", "a/b", "a/..b", "./a", "@scope/a+b", "My App/a b"]],
  ["builds[0].containerfile", ["Containerfile", "a/Dockerfile.arm64", "/Containerfile", "/docker files/app"]],
  ["builds[0].prepare", [prepare, { ...prepare, once: true }]],
  ["builds[0].architectures", [["arm64"], ["arm64", "amd64"]]],
  ["builds[0].tags", [["2"], ["{commit}", "{branch}"], ["{branch}-{commit}", "latest"]]],
  ["builds[0].cache", [true, false, "quay.io/example/layers"]],
  ["namespace.insecureRegistries", [[], ["registry.example.com", "registry.example.com:5000"]]],
  [
    "builds[0].image",
    [
      "quay.io/a",
      "localhost/a",
      "a:1/b:c",
      "quay.io:65535/a",
      `quay.io/${text(247)}`,
      `quay.io/a:${text(128)}`,
      "docker.io/a/b__c.d-e:1.0_X",
    ],
  ],
]);

describe("what may be there only once", () => {
  const other = { name: "other", pipeline: "nodejs", repository: "https://a.example.com/b", image: "quay.io/example/other" };
  const taken = (path: string, value: string, right: string) => [`${path} is "${value}"; expected ${right}`];
  it("a pool of an architecture, a zone of a pool", () => {
    const pool = { architecture: "amd64", instanceType: "m6a.2xlarge", zones: [{ name: "eu-west-3a" }, { name: "eu-west-3a" }] };
    expect(problems(withValues({ "pools[2]": { ...pool, zones: [{ name: "eu-west-3a" }] } }))).toEqual(
      taken(
        "pools[2].architecture",
        "amd64",
        "an architecture that no other pool has (pools[0].architecture); one pool may span many zones",
      ),
    );
    expect(problems(withValues({ "pools[0]": pool }))).toEqual(
      taken(
        "pools[0].zones[1].name",
        "eu-west-3a",
        "a zone that the pool does not have yet (pools[0].zones[0].name); one entry with more replicas does the same",
      ),
    );
  });
  it("a name of a build", () => {
    expect(problems(withValues({ "builds[1]": { ...other, name: "htop" } }))).toEqual(
      taken("builds[1].name", "htop", "a name that no other build has (builds[0].name)"),
    );
  });
  it.each([
    ["quay.io/example/htop", "quay.io/example/htop:latest"],
    ["quay.io/example/htop:latest", "quay.io:443/example/htop"],
    ["docker.io/example/htop", "index.docker.io/example/htop"],
    ["docker.io/example/htop", "registry-1.docker.io/example/htop:latest"],
  ])("an image, in whatever way it is written: %s and %s", (first, second) => {
    expect(problems(withValues({ "builds[0].image": first, "builds[1]": { ...other, image: second } }))).toEqual(
      taken("builds[1].image", second, "an image that no other build pushes (builds[0].image)"),
    );
  });
  it.each([
    ["quay.io/example/htop:1", "quay.io/example/htop:2"],
    ["quay.io/example/htop", "quay.io:8443/example/htop"],
    ["quay.io/htop", "quay.io/library/htop"],
    ["docker.io/a/htop", "docker.io/example/htop"],
  ])("but %s and %s are two", (first, second) => {
    expect(problems(withValues({ "builds[0].image": first, "builds[1]": { ...other, image: second } }))).toEqual([]);
  });
});

describe("a build that a push starts", () => {
  const pushed = (revision?: string) => problems(withValues({ "builds[0].trigger": "github", "builds[0].revision": revision }));
  it.each(["HEAD", "heads/main", "tags/v1", "refs/tags/v1", "refs/pull/1/head", "a".repeat(40), "0".repeat(64)])(
    "is of no branch with the revision %s",
    (revision) => {
      expect(pushed(revision)).toEqual([
        `builds[0].revision is ${JSON.stringify(revision)}; expected a branch, as pushes to it start the build`,
      ]);
    },
  );
  it.each([undefined, "main", "refs/heads/main", "a".repeat(39), "v1.0"])("may be of a branch with the revision %s", (revision) => {
    expect(pushed(revision)).toEqual([]);
  });
  it("is the only one that has to be of a branch", () => {
    expect(problems(withValues({ "builds[0].revision": "a".repeat(40) }))).toEqual([]);
  });
});
