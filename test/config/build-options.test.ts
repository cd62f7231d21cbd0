import { describe, expect, it } from "vitest";
import { exampleAuthority } from "../../config/certificates";
import { entitlement } from "./certificates";
import { areRefused, text } from "./refusals";
import { problems, withValues } from "./stack";

const certificates = "certificates as PEM, such as a file ca-bundle.crt holds";
const tag = "a tag of at most 128 characters, in which {commit} (40 of them) and {branch} stand for what was built";
const variable = "a name of letters, digits and _, without a digit first";
const argument = `${variable}, and none of TARGETARCH, TARGETPLATFORM and the like, which the build sets for each architecture`;
const label = "a name of letters, digits and ._/-, other than org.opencontainers.image.revision and source, which the build sets";
const prepare = { image: "docker.io/library/golang:1.26", script: "go build" };

areRefused("what the options of builds must be", [
  ["builds[0].submodules", "true, false, or a list of their paths", ["yes", 1, [], ["../a"]]],
  ["builds[0].prepare", "an object with image and script", ["go build", []]],
  ["builds[0].target", "the name of a stage of the Containerfile", ["", "-x", "a b"]],
  ["builds[0].buildArgs", "an object of names of ARGs and their texts", ["A=b", ["A=b"]]],
  ["builds[0].buildArgs.VERSION", "a text, in quotes where it looks like a number, or like true and false", [1.2, true, ["a"]]],
  ["builds[0].buildArgs.1A", argument, ["x"]],
  ["builds[0].buildArgs.A-B", argument, ["x"]],
  ["builds[0].buildArgs.TARGETARCH", argument, ["amd64"]],
  ["builds[0].buildArgs.TARGETPLATFORM", argument, ["linux/amd64"]],
  ["builds[0].buildArgs.BUILDVARIANT", argument, [""]],
  ["builds[0].buildArgs.__proto__", "another name", ["x"]],
  ["builds[0].environment.A=B", variable, ["x"]],
  ["builds[0].environment.__proto__", "another name", ["x"]],
  ["builds[0].labels.-a", label, ["x"]],
  ["builds[0].labels.a=b", label, ["x"]],
  ["builds[0].tags", "a list of tags", ["a", {}]],
  ["builds[0].tags[0]", tag, ["", "a b", "a:b", "{tag}", text(129), `${text(89)}{commit}`, 1]],
  ["builds[0].cache", 'true, false, or a repository without a tag, such as "quay.io/example/cache"', ["yes", "quay.io/a:b", "a/b", 1]],
  ["builds[0].architectures", "at least one architecture", [[]]],
  ["builds[0].architectures[0]", "one of amd64, arm64; did you mean arm64?", ["aarch64"]],
  ["builds[0].minutes.build", "minutes, from 1 to 1440", [0, 1441, 1.5, "60"]],
  ["builds[0].resources.cpu", "processors, from 1 to 192", [0, 193, 0.5, "4"]],
  ["builds[0].resources.memory", "GiB, from 1 to 768", [0, 769, "16Gi"]],
  ["builds[0].resources.storage", "GiB, from 10 to 1000", [9, 1001]],
  ["namespace.trustBundle", certificates, ["", "ca.crt", 1]],
  [
    "namespace.insecureRegistries[0]",
    'a registry as host or host:port, such as "registry.example.com:5000"',
    ["http://a", "a/b", "a:0", 1],
  ],
]);

const room = (branch: number) => `a tag of 1 to 128 characters together with the branch, which has ${branch}`;
const tagsOfBranches: [string, Record<string, unknown>, string[]][] = [
  ["a tag with a branch that just fits", { "builds[0].revision": text(128), "builds[0].tags": ["{branch}"] }, []],
  [
    "tags with a branch that fills them",
    { "builds[0].revision": text(88), "builds[0].tags": ["{branch}-{commit}", "{branch}"] },
    [`builds[0].tags[0] is "{branch}-{commit}"; expected ${room(88)}`],
  ],
  [
    "a tag with a branch that is too long by itself, however it is written",
    { "builds[0].revision": `refs/heads/${text(129)}`, "builds[0].tags": ["{branch}"] },
    [`builds[0].tags[0] is "{branch}"; expected ${room(129)}`],
  ],
  [
    "a tag with a branch of no letter that a tag has",
    { "builds[0].revision": "äöü", "builds[0].tags": ["{branch}"] },
    [`builds[0].tags[0] is "{branch}"; expected ${room(0)}`],
  ],
  [
    "a tag with a commit's branch, which is left out",
    { "builds[0].revision": "a".repeat(40), "builds[0].tags": ["{branch}-{commit}"] },
    [],
  ],
];

describe("what the options of builds must be, together with others", () => {
  const other = { name: "other", pipeline: "containerfile", repository: "https://a.example.com/b", image: "quay.io/example/htop:2" };
  it.each<[string, Record<string, unknown>, string[]]>([
    [
      "a prepare step with a pipeline that has one",
      { "builds[0].pipeline": "nodejs", "builds[0].prepare": prepare },
      ["builds[0].prepare is an object; expected nothing: nodejs has a step of its own; containerfile takes any other"],
    ],
    [
      "a pipeline that there is not, and nothing about its prepare step",
      { "builds[0].pipeline": "maven", "builds[0].prepare": prepare },
      ['builds[0].pipeline is "maven"; expected one of containerfile, nodejs, quarkus'],
    ],
    [
      "an entitlement without a subscription",
      { "builds[0].entitlement": true },
      ["builds[0].entitlement is true; expected false, or a subscription: pulumi config set --secret rhelEntitlement < FILE"],
    ],
    [
      "an architecture without a pool, by name",
      {
        "pools[1]": undefined,
        pools: [{ architecture: "amd64", instanceType: "m6a.2xlarge", zones: [{ name: "eu-west-3a" }] }],
        "builds[0].architectures": ["amd64", "arm64"],
      },
      ['builds[0].architectures[1] is "arm64"; expected an architecture of a pool (pools[].architecture)'],
    ],
    [
      "an architecture twice",
      { "builds[0].architectures": ["arm64", "arm64"] },
      ['builds[0].architectures[1] is "arm64"; expected an architecture that is not in the list yet (builds[0].architectures[0])'],
    ],
    [
      "an extra tag twice",
      { "builds[0].tags": ["{commit}", "2", "{commit}"] },
      ['builds[0].tags[2] is "{commit}"; expected a tag that the image does not have yet (builds[0].tags[0])'],
    ],
    [
      "an extra tag that is the image's own",
      { "builds[0].tags": ["2", "1"] },
      ['builds[0].tags[1] is "1"; expected a tag that the image does not have yet (builds[0].image)'],
    ],
    [
      "an extra tag that is the one which the image has without any",
      { "builds[0].image": "quay.io/example/htop", "builds[0].tags": ["latest"] },
      ['builds[0].tags[0] is "latest"; expected a tag that the image does not have yet (builds[0].image)'],
    ],
    [
      "an extra tag that is another build's image",
      { "builds[0].tags": ["2"], "builds[1]": other },
      ['builds[0].tags[0] is "2"; expected a tag that no other build pushes (builds[1].image)'],
    ],
    [
      "an extra tag that another build has for the same repository",
      { "builds[0].tags": ["{branch}"], "builds[1]": { ...other, tags: ["x", "{branch}"] } },
      ['builds[1].tags[1] is "{branch}"; expected a tag that no other build pushes (builds[0].tags[0])'],
    ],
    ...tagsOfBranches,
    [
      "no extra tag of another repository",
      { "builds[0].tags": ["2"], "builds[1]": { ...other, image: "quay.io/example/top:2", tags: ["1"] } },
      [],
    ],
    [
      "a registry twice",
      { "namespace.insecureRegistries": ["a.example.com", "b.example.com", "a.example.com"] },
      [
        'namespace.insecureRegistries[2] is "a.example.com"; expected a registry that is not in the list yet (namespace.insecureRegistries[0])',
      ],
    ],
    [
      "secrets of a build that there is not",
      { buildSecrets: { htop: { token: "x" }, top: { token: "x" } } },
      ["buildSecrets.(secret) is (secret); expected the name of a build (builds[].name) in front of its secrets"],
    ],
    [
      "Git credentials of a build that there is not",
      { buildGitCredentials: { htop: "https://me:x@a.example.com", top: "https://me:x@a.example.com" } },
      ["buildGitCredentials.(secret) is (secret); expected the name of a build (builds[].name) in front of its secrets"],
    ],
  ])("%s", (_, changes, lines) => expect(problems(withValues(changes))).toEqual(lines));

  it.each([
    ["one broken certificate", exampleAuthority.replace("MIIB", "MIIA"), "one of these cannot be read"],
    ["one that ends too early", exampleAuthority.slice(0, -30), "each whole, from BEGIN to END"],
    ["one without an end behind a whole one", `${exampleAuthority}-----BEGIN CERTIFICATE-----\nMIIB`, "each whole, from BEGIN to END"],
    ["a broken one behind a whole one", exampleAuthority + exampleAuthority.replace("MIIB", "MIIA"), "one of these cannot be read"],
  ])("a trustBundle with %s", (_, pem, wrong) =>
    expect(problems(withValues({ "namespace.trustBundle": pem }))).toEqual([
      expect.stringMatching(`^namespace\\.trustBundle is a text of \\d+ characters; expected ${certificates}: ${wrong}$`),
    ]),
  );
  it("a trustBundle with a private key, which is not shown", () => {
    expect(problems(withValues({ "namespace.trustBundle": entitlement.whole }))).toEqual([
      `namespace.trustBundle is a text of ${entitlement.whole.length} characters; expected ${certificates}, without a private key: everybody can read this setting`,
    ]);
  });
});
