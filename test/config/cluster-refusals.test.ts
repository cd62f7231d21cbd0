import { describe, expect, it } from "vitest";
import { areAccepted, areRefused, sshKey, sshKeyTypes, text } from "./refusals";
import { problems, withValues } from "./stack";

const name = 'lower-case letters, digits and dashes, with a letter first, at most 54 characters, such as "multiarch"';
const takenName =
  'another name: those of the cluster\'s objects in AWS begin with it, and AWS takes none that begins with "sg-" or "internal-"';
const domain = 'the name of a public hosted zone of the account, such as "example.com"';
const version = 'a full OpenShift version from 4.15 to 4.22, in quotes, such as "4.19.42"';
const type = 'an EC2 instance type such as "m6a.2xlarge" (amd64) or "m7g.2xlarge" (arm64)';
const zone = 'the name of an availability zone such as "eu-west-3a", neither a zone id nor a Local or Wavelength Zone';
const controlSize = "the size in GiB, from 120 to 16384";
const key = 'one public SSH key, such as "ssh-ed25519 AAAA... you@example.com"';
const damagedKey = `${key}: this one is damaged, not all of it, or an RSA key of less than 2048 bits`;
const modulus = Buffer.alloc(256, 0x5a);
/** Cut off, with something behind, with a part that is none: what golang.org/x/crypto/ssh, with which the installer reads a key, takes as little. */
const damagedKeys = [
  // Of those with an @ only what stands behind it is shown.
  ...sshKeyTypes.filter((type) => !type.includes("@")).map((type) => sshKey(type).replace(/.{8} you$/, "")),
  ...sshKeyTypes.map((type) => sshKey(type).replace(/=* you$/, "AAAA you")),
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAA",
  sshKey("ssh-ed25519", [Buffer.alloc(33)]),
  sshKey("ssh-ed25519", [Buffer.alloc(32), "more"]),
  sshKey("ssh-rsa", [Buffer.of(1, 0, 1), modulus.subarray(1)]),
  sshKey("ssh-rsa", [Buffer.of(1, 0, 0), modulus]),
  sshKey("ssh-rsa", [Buffer.of(1), modulus]),
  sshKey("ssh-rsa", [Buffer.of(1, 0, 0, 1), modulus]),
  sshKey("ssh-rsa", [Buffer.of(1, 0, 0, 0, 1), modulus]),
  sshKey("ssh-rsa", [Buffer.alloc(0), modulus]),
  sshKey("ecdsa-sha2-nistp256", ["nistp384", Buffer.alloc(97, 4)]),
  sshKey("ecdsa-sha2-nistp256", ["nistp256", Buffer.alloc(65, 4)]),
  sshKey("ecdsa-sha2-nistp256", ["nistp256", Buffer.alloc(64, 4)]),
  sshKey("sk-ssh-ed25519@openssh.com", [Buffer.alloc(32), ""]),
];
const endpointUrl = "an https:// address without a path (the installer accepts nothing else)";
const mirror = 'an https:// address that holds openshift-v4, such as "https://mirror.openshift.com/pub"';
const minutes = "minutes that the removal of the cluster may take, from 10 to 600";

areRefused("what a cluster must be", [
  ["cluster", "an object with at least name, baseDomain and version", [undefined, "multiarch", [], 1]],
  ["cluster.name", name, [undefined, "", "MultiArch", "1lab", "lab-", "-lab", "a_b", "a.b", text(55), 7]],
  ["cluster.name", takenName, ["sg", "sg-lab", "internal", "internal-lab"]],
  [
    "cluster.baseDomain",
    domain,
    [
      undefined,
      "example",
      "a.b",
      "Example.com",
      "-a.com",
      "a-.com",
      `${text(64)}.com`,
      `a.${text(64)}`,
      `${`${text(52)}.`.repeat(3)}ab`,
      "example.com.",
      1,
    ],
  ],
  [
    "cluster.version",
    version,
    [undefined, "4.14.3", "4.23.0", "5.19.0", 4.2, "4.19", "stable-4.19", "v4.19.42", "4.19.042", "4.019.1", "4.19.4-ec.1", "4.19.4x"],
  ],
  ["cluster.controlPlane", "an object with instanceType, zone and rootVolume", ["m6a.2xlarge", []]],
  ["cluster.controlPlane.instanceType", type, [["m6a.xlarge"], "m6a", "m6a.0xlarge", "m6a.1000xlarge", "M6A.2xlarge", "mac2.metal", 8]],
  [
    "cluster.controlPlane.instanceType",
    'an amd64 (x86_64) type, such as "m6a.2xlarge": this is a Graviton type, whose processor is arm64',
    ["m6g.2xlarge", "a1.2xlarge"],
  ],
  [
    "cluster.controlPlane.instanceType",
    "a 2xlarge or larger: a single-node control plane needs 8 vCPUs, this type has 4",
    ["m6a.xlarge", "r5.xlarge"],
  ],
  [
    "cluster.controlPlane.instanceType",
    'a type with the 8 vCPUs and 16 GiB of a control plane, such as "m6a.2xlarge": this one has less',
    ["c3.2xlarge", "c4.2xlarge", "m2.2xlarge"],
  ],
  ["cluster.controlPlane.zone", zone, ["eu-west-3", "EU-WEST-3A", "euw3-az1", "us-west-2-lax-1a", "us-east-1-wl1-bos-wlz-1", 1]],
  ["cluster.controlPlane.zone", 'a zone of the region eu-west-3 (aws:region), such as "eu-west-3a"', ["us-east-1a", "eu-west-2a"]],
  ["cluster.controlPlane.rootVolume", "an object with type, size (GiB) and iops", [200, "gp3"]],
  ["cluster.controlPlane.rootVolume.size", controlSize, [119, 16385, 120.5, "200", undefined]],
  [
    "cluster.sshKey",
    key,
    [
      "",
      "ssh-ed25519",
      "ssh-ed25519 AAAA",
      sshKey("ssh-rsa").replace("ssh-rsa", "ssh-ed25519"),
      sshKey("ssh-dss"),
      `x${sshKey("ssh-rsa")}`,
      5,
    ],
  ],
  ["cluster.sshKey", damagedKey, damagedKeys],
  ["cluster.serviceEndpoints", "a list of objects with name and url", [{}, "ec2"]],
  [
    "cluster.mirror",
    mirror,
    [
      "https:mirror.example.com",
      "https:\\\\a.example.com",
      "HTTPS://a.example.com",
      "https://a.example.com/x\\y",
      "http://mirror.example.com",
      "mirror.example.com",
      "https://a.example.com/a b",
      1,
    ],
  ],
  ["cluster.credentialsMode", "mint, or manual for credentials with a session token", ["passthrough", "", 1]],
  ["cluster.destroyMinutes", minutes, [9, 601, 10.5, "60"]],
]);

areAccepted("the first and the last that a cluster may be", [
  ["cluster.name", ["a", text(54), "a--b", "a1", "sgx", "internals", "my-sg", "a-internal-b"]],
  ["cluster.baseDomain", ["a.io", "a-b.c1.example.com", `${text(63)}.com`, `a.${text(63)}`, `${`${text(52)}.`.repeat(3)}a`, "9.example"]],
  ["cluster.version", ["4.15.0", "4.22.9", "4.19.0-rc.1", "4.20.33"]],
  ["cluster.controlPlane.instanceType", ["m6a.2xlarge", "m7i-flex.2xlarge", "m5.metal", "u7i-12tb.224xlarge", "c8i.96xlarge"]],
  ["cluster.controlPlane.zone", ["eu-west-3a", "eu-west-3f"]],
  ["cluster.controlPlane.rootVolume", [{ size: 120 }, { size: 16384 }, { type: "io2", size: 200, iops: 64000 }]],
  [
    "cluster.sshKey",
    [
      ...sshKeyTypes.map((type) => sshKey(type)),
      sshKey("ssh-rsa", [Buffer.of(3), Buffer.alloc(512, 0x5a)]),
      `${sshKey("ssh-ed25519")}@example.com\n`,
      sshKey("ssh-ed25519").replace(" you", ""),
    ],
  ],
  [
    "cluster.serviceEndpoints",
    [
      [],
      [
        { name: "ec2", url: "https://a.example.com:8443/" },
        { name: "route53-x", url: "https://b.example.com" },
      ],
    ],
  ],
  ["cluster.mirror", ["https://mirror.example.com", "https://mirror.example.com:8443/a/b"]],
  ["cluster.credentialsMode", ["mint", "manual"]],
  ["cluster.destroyMinutes", [10, 600]],
]);

const clusterKey = "a tag key of 1 to 128 letters (A to Z), digits, blanks between them and _.:/=+-@";
const clusterText = "a text of 1 to 256 letters (A to Z), digits, blanks between them and _.:/=+-@";
const fileSystemText = "a text of at most 256 letters, digits, blanks and _.:/=+-@";
const anotherKey = "another key: this one belongs to AWS, to the installer, to its destroyer or to this program";
const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`key${i}`, "x"]));

areRefused("tags, as the installer and EFS refuse them", [
  ["cluster.tags", "an object of tag keys and texts", ["a", ["a"]]],
  ["cluster.tags", "at most 24 tags, and these are 25", [many(25)]],
  ["cluster.tags.a", "a text", [1, true, ["a"]]],
  ["cluster.tags.a", clusterText, ["", " x", "x ", " ", "x,y", "x;y", "caf\u00e9", "\0", text(257)]],
  ["cluster.tags.a,b", clusterKey, ["x"]],
  ["fileSystem", "an object with lifecycle and tags", ["x", []]],
  ["fileSystem.tags", "an object of tag keys and texts", ["a", ["a"]]],
  ["fileSystem.tags", "at most 49 tags together with those of cluster.tags, which the file system gets too, and these are 50", [many(50)]],
  ["fileSystem.tags.a", "a text", [1]],
  ["fileSystem.tags.a", fileSystemText, ["x;y", "\0", text(257)]],
  ["fileSystem.tags.a,b", "a tag key of 1 to 128 letters, digits, blanks and _.:/=+-@", ["x"]],
  ["fileSystem.tags.Name", anotherKey, ["x"]],
  ["fileSystem.tags.aWs:x", anotherKey, ["x"]],
  ["fileSystem.tags.openshiftClusterID", anotherKey, ["x"]],
]);

areAccepted("tags, as the installer and EFS take them", [
  [
    "cluster.tags",
    [
      {},
      many(24),
      { [text(128)]: text(256) },
      { "a b": "c d" },
      { "a_.:/=+-@1": "a_.:/=+-@1" },
      { names: "x", "my.io/x": "y", "x-aws:y": "z", "x/sigs.k8s.io/y": "z" },
    ],
  ],
  ["fileSystem.tags", [{}, many(49), { [text(128)]: text(256) }, { "caf\u00e9": "" }, { name: "x", "a b": "c d" }]],
]);

describe("a tag's key that belongs to another", () => {
  const taken = [
    "kubernetes.io/x",
    "a.kubernetes.io/x",
    "openshift.io/x",
    "a.openshift.io/x",
    "sigs.k8s.io/x",
    "openshiftClusterID",
    "openshift-multiarch/cluster",
    "aws:x",
    "AWS:x",
  ];
  const cases = [
    ...[...taken, "Name", "name", "nAmE"].map((key) => ["cluster.tags", key] as const),
    ...[...taken, "Name"].map((key) => ["fileSystem.tags", key] as const),
  ];
  it.each(cases)("%s: %s", (path, key) => {
    expect(problems(withValues({ [path]: { [key]: "x" } }))).toEqual([`${path}.${key} is "x"; expected ${anotherKey}`]);
  });
});

it.each(["cluster.tags", "fileSystem.tags"])("a key of %s that is too long or empty, and one that copies of objects lose", (path) => {
  const right = path === "cluster.tags" ? clusterKey : "a tag key of 1 to 128 letters, digits, blanks and _.:/=+-@";
  expect(problems(withValues({ [path]: { [text(129)]: "x" } }))).toEqual([`${path}.<a text of 129 characters> is "x"; expected ${right}`]);
  expect(problems(withValues({ [path]: { "": "x" } }))).toEqual([`${path}."" is "x"; expected ${right}`]);
  expect(problems(withValues({ [path]: JSON.parse('{"__proto__": "x"}') }))).toEqual([`${path}.__proto__ is "x"; expected another key`]);
});

it.each([" a", "a ", " "])("a key of cluster.tags with a blank at its end: %j", (key) => {
  expect(problems(withValues({ "cluster.tags": { [key]: "x" } }))).toEqual([
    `cluster.tags.${JSON.stringify(key)} is "x"; expected ${clusterKey}`,
  ]);
});

it("keys of cluster.tags that differ by small and capital letters alone, which IAM does not tell apart, and EFS does", () => {
  const tags = { Environment: "a", environment: "b", team: "c", ENVIRONMENT: "d" };
  const right = "a key that differs from Environment by more than small and capital letters: IAM knows no difference";
  expect(problems(withValues({ "cluster.tags": tags }))).toEqual([
    `cluster.tags.environment is "b"; expected ${right}`,
    `cluster.tags.ENVIRONMENT is "d"; expected ${right}`,
  ]);
  expect(problems(withValues({ "fileSystem.tags": tags }))).toEqual([]);
});

it.each([15, 16])("blanks in tags: the installer of 4.%s takes none", (minor) => {
  const input = withValues({ "cluster.version": `4.${minor}.1`, "cluster.tags": { "a b": "x", c: "d e", f: "g" } });
  const right = `key and text without blanks: the installer of 4.${minor} takes none`;
  expect(problems(input)).toEqual([`cluster.tags."a b" is "x"; expected ${right}`, `cluster.tags.c is "d e"; expected ${right}`]);
});

it("blanks in tags: the installer of 4.17 takes them, and EFS in the days of 4.15", () => {
  expect(problems(withValues({ "cluster.version": "4.17.0", "cluster.tags": { "a b": "c d" } }))).toEqual([]);
  expect(problems(withValues({ "cluster.version": "4.15.0", "fileSystem.tags": { "a b": "c d" } }))).toEqual([]);
});

it("the file system's tags count together with the cluster's, each key once", () => {
  const tags = { "cluster.tags": many(24) };
  const more = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`more${i}`, "x"]));
  expect(problems(withValues({ ...tags, "fileSystem.tags": more(25) }))).toEqual([]);
  expect(problems(withValues({ ...tags, "fileSystem.tags": { ...more(25), key0: "y" } }))).toEqual([]);
  expect(problems(withValues({ ...tags, "fileSystem.tags": more(26) }))).toHaveLength(1);
});

describe("an endpoint of a service", () => {
  const withEndpoints = (...endpoints: unknown[]) => problems(withValues({ "cluster.serviceEndpoints": endpoints }));
  const url = "https://a.example.com";
  it.each([
    ["http://127.0.0.1:5000", '"http://127.0.0.1:5000"'],
    ["https://a.example.com/x", '"https://a.example.com/x"'],
    ["https://a.example.com/?x=y", '"https://a.example.com/?***"'],
    ["https://a.example.com#x", '"https://a.example.com#***"'],
    ["https://u:p@a.example.com", '"https://***@a.example.com"'],
    ["a.example.com", '"a.example.com"'],
    ["https:a.example.com", '"https:a.example.com"'],
    ["https:\\\\a.example.com", '"https:\\\\\\\\a.example.com"'],
    ["HTTPS://a.example.com", '"HTTPS://a.example.com"'],
    ["https://a.example.com:", '"https://a.example.com:"'],
    ["https://a..example.com", '"https://a..example.com"'],
    ["https://%61.example.com", '"https://%61.example.com"'],
    ["https://a.example.com:99999", '"https://a.example.com:99999"'],
    [1, "1"],
  ])("%s", (wrong, shown) => {
    expect(withEndpoints({ name: "ec2", url: wrong })).toEqual([`cluster.serviceEndpoints[0].url is ${shown}; expected ${endpointUrl}`]);
  });
  it.each(["EC2", "ec2-", "-ec2", "e c2", ""])("for a service called %j", (name) => {
    expect(withEndpoints({ name, url })).toEqual([
      `cluster.serviceEndpoints[0].name is ${JSON.stringify(name)}; expected the name of an AWS service, such as "ec2"`,
    ]);
  });
  it("is an object, and there is one for a service", () => {
    expect(withEndpoints("ec2")).toEqual(['cluster.serviceEndpoints[0] is "ec2"; expected an object with name and url']);
    expect(withEndpoints({ name: "ec2", url }, { name: "iam", url }, { name: "ec2", url })).toEqual([
      'cluster.serviceEndpoints[2].name is "ec2"; expected a service that no other endpoint is for (cluster.serviceEndpoints[0].name)',
    ]);
  });
});
