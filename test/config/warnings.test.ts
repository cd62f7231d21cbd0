import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { parseSettings } from "../../config/settings";
import { expectAgreement } from "./editor";
import { credentials, withValues } from "./stack";

/** What is warned of is right all the same, also in an editor. */
const warnings = (changes: Record<string, unknown>) => {
  const input = withValues(changes);
  expectAgreement(input, []);
  return parseSettings(input).warnings;
};

describe("nodes", () => {
  it.each([
    [1, 1, []],
    [
      1,
      2,
      [
        "The pools have 3 nodes together. Red Hat has tested a single-node control plane with two; give cluster.controlPlane a larger type and watch it.",
      ],
    ],
  ])("%i and %i", (amd64, arm64, expected) => {
    expect(warnings({ "pools[0].zones[0].replicas": amd64, "pools[1].zones[0].replicas": arm64 })).toEqual(expected);
  });

  const waits =
    "pools[1] has no node in any zone, so every build for arm64 waits for one and fails when the time of its task is over: set replicas of one zone to 1.";
  it("of an architecture, 0 of them in any zone: its builds wait", () => {
    expect(warnings({ "pools[1].zones": [{ name: "eu-west-3a", replicas: 0 }, { name: "eu-west-3b" }] })).toEqual([waits]);
    expect(
      warnings({
        "pools[1].zones": [
          { name: "eu-west-3a", replicas: 0 },
          { name: "eu-west-3b", replicas: 1 },
        ],
      }),
    ).toEqual([]);
  });
  it("0 of them is nothing to warn of without builds, and for amd64, which the control plane builds then", () => {
    expect(warnings({ "pools[1].zones[0].replicas": 0, builds: [] })).toEqual([]);
    expect(warnings({ "pools[0].zones[0].replicas": 0 })).toEqual([]);
  });
});

describe("an architecture without nodes that no build is for", () => {
  it("is nothing to warn of; for one of several builds it is", () => {
    const other = { name: "other", pipeline: "nodejs", repository: "https://a.example.com/b", image: "quay.io/example/other" };
    const changes = { "pools[1].zones[0].replicas": 0, "builds[0].architectures": ["amd64"] };
    expect(warnings(changes)).toEqual([]);
    expect(warnings({ ...changes, "builds[1]": other })).toEqual([expect.stringMatching(/^pools\[1\] has no node in any zone/)]);
    expect(warnings({ ...changes, "builds[1]": { ...other, architectures: ["arm64"] } })).toHaveLength(1);
  });
});

describe("names of secrets among what is in plain text", () => {
  const args =
    "is in plain text in the stack's file, the cluster and the image's history: buildSecrets and RUN --mount=type=secret are for secrets.";
  const environment = "is in plain text in the stack's file and the cluster: buildSecrets, npmrc and mavenSettings are for secrets.";
  it.each([
    "NPM_TOKEN",
    "token",
    "DB_PASSWORD",
    "passwd",
    "CLIENT_SECRET",
    "AWS_SECRET_ACCESS_KEY",
    "API_KEY",
    "apikey",
    "PRIVATE_KEY",
    "GIT_CREDENTIALS",
  ])("%s", (name) => {
    expect(warnings({ "builds[0].buildArgs": { VERSION: "1", [name]: "x" } })).toEqual([
      `builds[0].buildArgs.${name} has the name of a secret, and ${args}`,
    ]);
    expect(warnings({ "builds[0].pipeline": "nodejs", "builds[0].environment": { [name]: "x" } })).toEqual([
      `builds[0].environment.${name} has the name of a secret, and ${environment}`,
    ]);
  });
  it.each(["VERSION", "KEY", "MONKEY", "PASS_THROUGH", "AUTHOR", "NODE_OPTIONS", "KEYBOARD"])("but not %s", (name) => {
    expect(
      warnings({ "builds[0].pipeline": "nodejs", "builds[0].buildArgs": { [name]: "x" }, "builds[0].environment": { [name]: "x" } }),
    ).toEqual([]);
  });
});

describe("repositories", () => {
  const other = { name: "other", pipeline: "nodejs", image: "quay.io/example/other" };
  const warning = (which: string) =>
    `The repository of ${which} is read over http:// or git://: whoever is on the way can change what is built. Use https:// where the server has it.`;
  it.each(["http://a.example.com/b", "git://a.example.com/b"])("%s", (repository) => {
    expect(warnings({ "builds[0].repository": repository })).toEqual([warning("builds[0]")]);
    expect(warnings({ "builds[0].repository": repository, "builds[1]": { ...other, repository } })).toEqual([
      warning("builds[0], builds[1]"),
    ]);
    expect(warnings({ "builds[1]": { ...other, repository } })).toEqual([warning("builds[1]")]);
  });
  const key = { sshKey: "set below", knownHosts: `github.com ssh-ed25519 ${"AAAA".repeat(9)}` };
  it.each(["git@github.com:a/b.git", "ssh://git@github.com:22/a"])("%s, without a key or a token for its host", (repository) => {
    const without = (gitCredentials?: unknown) => warnings({ "builds[0].repository": repository, gitCredentials });
    const warned = [
      "builds[0].repository is read over ssh, for which gitCredentials has neither an sshKey nor a line of its host: its builds will fail.",
    ];
    expect(without()).toEqual(warned);
    expect(without("https://me:token@github.com.example.com")).toEqual(warned);
    expect(without("https://x:y@a.com\nhttps://me:token@github.com/a")).toEqual([]);
    // A build's own are all that it has.
    const withOwn = (htop: string, gitCredentials: string) =>
      warnings({ "builds[0].repository": repository, gitCredentials, buildGitCredentials: { htop } });
    const [right, wrong] = ["https://me:token@github.com", "https://me:token@a.com"];
    expect(withOwn(right, wrong)).toEqual([]);
    expect(withOwn(wrong, right)).toEqual([warned[0]?.replace("gitCredentials", "buildGitCredentials.htop")]);
    const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
    key.sshKey = pair.privateKey.export({ type: "pkcs1", format: "pem" }).toString();
    expect(without(key)).toEqual([]);
    expect(without(JSON.stringify(key))).toEqual([]);
  });
  it("https://", () => expect(warnings({ "builds[0].repository": "https://http.example.com/git:x" })).toEqual([]));
});

describe("a repository that keeps layers", () => {
  it("is warned of without credentials for its registry, as an image is", () => {
    expect(warnings({ "builds[0].cache": "ghcr.io/example/layers" })).toEqual([
      "builds[0].cache goes to ghcr.io, for which registryCredentials has no entry: layers will be kept there anonymously.",
    ]);
    expect(warnings({ "builds[0].cache": "quay.io/example/layers" })).toEqual([]);
  });
});

describe("registries", () => {
  const entry = JSON.parse(credentials).auths["quay.io"];
  const to = (image: string, ...registries: string[]) =>
    warnings({
      "builds[0].image": image,
      registryCredentials: JSON.stringify({ auths: Object.fromEntries(registries.map((registry) => [registry, entry])) }),
    });
  it.each([
    ["ghcr.io/example/htop:1", "ghcr.io", ["quay.io"]],
    ["quay.io:8443/example/htop", "quay.io:8443", ["quay.io"]],
    ["quay.io/example/htop", "quay.io", ["quay.io/other", "quay.io/exam", "example"]],
    ["docker.io/example/htop", "docker.io", ["https://quay.io/v1/"]],
  ])("%s: none for %s among %j", (image, host, registries) => {
    expect(to(image, ...registries)).toEqual([
      `builds[0].image goes to ${host}, for which registryCredentials has no entry: the push will be anonymous.`,
    ]);
  });
  it.each([
    ["quay.io/example/htop", "quay.io"],
    ["quay.io/example/htop", "quay.io/example"],
    ["quay.io/example/htop", "quay.io/example/htop"],
    ["quay.io/example/htop", "https://quay.io"],
    ["quay.io/example/htop", "https://quay.io/v2/"],
    ["quay.io:8443/example/htop", "quay.io:8443"],
    ["docker.io/example/htop", "https://index.docker.io/v1/"],
    ["docker.io/example/htop", "docker.io"],
    ["index.docker.io/example/htop", "docker.io"],
  ])("%s is served by the entry %s", (image, registry) => expect(to(image, "a.example.com", registry)).toEqual([]));
});

describe("signatures, with an operator that makes no key for them", () => {
  const unsigned =
    "Images will not be signed: the operator of pipelines-1.16 makes no key; from pipelines-1.17 on it does. pipelines.sign false says that it is meant.";
  it.each([
    ["pipelines-1.16", undefined, [unsigned], false],
    ["pipelines-1.16", true, [unsigned], false],
    ["pipelines-1.16", false, [], false],
    ["pipelines-1.17", undefined, [], true],
    ["latest", undefined, [], true],
    ["latest", false, [], false],
  ])("%s, sign: %s", (channel, sign, expected, signed) => {
    const pipelines = { channel, ...(sign !== undefined && { sign }) };
    expect(warnings({ pipelines })).toEqual(expected);
    expect(parseSettings(withValues({ pipelines })).settings.pipelines.sign).toBe(signed);
  });
});

describe("a key for signatures that signs nothing", () => {
  const signingPrivateKey = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" });
  it.each([
    [{ sign: false }, ["signingPrivateKey signs nothing: pipelines.sign is false."]],
    [
      { channel: "pipelines-1.16" },
      [
        "Images will not be signed, and signingPrivateKey is ignored: the program signs from pipelines-1.17 on, pipelines.channel is pipelines-1.16. pipelines.sign false says that it is meant.",
      ],
    ],
    [{ channel: "pipelines-1.17" }, []],
  ])("%j", (pipelines, expected) => expect(warnings({ pipelines, signingPrivateKey })).toEqual(expected));
});

describe("settings of a build that do nothing", () => {
  const environment =
    "builds[0].environment is read by nothing: it is for npm, Maven and a prepare step. For the Containerfile there is buildArgs.";
  const minutes = "builds[0].minutes.prepare is the limit of nothing: nothing runs before the image is built.";
  const secrets = { htop: { token: "hunter2" } };
  const cache = "builds[0].cache keeps no layers: a build with secrets (buildSecrets) takes and leaves none.";
  it.each<[Record<string, unknown>, string[]]>([
    [{ environment: { A: "b" } }, [environment]],
    [{ environment: {} }, []],
    [{ environment: { A: "b" }, prepare: { image: "quay.io/a/b:1", script: "x" } }, []],
    [{ environment: { A: "b" }, pipeline: "nodejs" }, []],
    [{ minutes: { prepare: 5 } }, [minutes]],
    [{ minutes: { build: 5 } }, []],
    [{ minutes: { prepare: 5 }, pipeline: "quarkus" }, []],
  ])("%j", (build, expected) => {
    expect(warnings(Object.fromEntries(Object.entries(build).map(([key, value]) => [`builds[0].${key}`, value])))).toEqual(expected);
  });
  it.each([
    ["quay.io/example/cache", [cache]],
    [true, [cache]],
    [false, []],
    [undefined, []],
  ])("cache: %s, with secrets of its own", (value, expected) => {
    expect(warnings({ "builds[0].cache": value, buildSecrets: secrets }).filter((text) => text.includes("layers: "))).toEqual(expected);
    expect(warnings({ "builds[0].cache": value }).filter((text) => text.includes("layers: "))).toEqual([]);
  });
});

describe("a trigger", () => {
  const warned =
    "builds[0].trigger waits for pushes to a branch of the name in revision. If that is a tag or a commit, no push starts the build: name a branch.";
  it.each(["v1.2.3", "1.2", "2024.01.31-rc1", "1a2b3c4", "refs/heads/v1.0"])("for what looks like a tag or a commit, %s", (revision) => {
    expect(warnings({ "builds[0].trigger": "github", "builds[0].revision": revision })).toEqual([warned]);
    expect(warnings({ "builds[0].revision": revision })).toEqual([]);
  });
  it.each(["main", "release/1.2", "v1", "feedface", "1.x", "topic-1a2b3c4"])("for a branch, %s", (revision) => {
    expect(warnings({ "builds[0].trigger": "gitlab", "builds[0].revision": revision })).toEqual([]);
  });
});

describe("volumes of runs that nobody follows", () => {
  const builds = (count: number, more: object) =>
    Array.from({ length: count }, (_, i) => ({
      name: `b${i}`,
      pipeline: "containerfile",
      repository: "https://example.com/a",
      image: `quay.io/example/b${i}:1`,
      ...more,
    }));
  const warned = (keep: number, count: number, words: string, safe: number) => [
    `pipelines.keep is ${keep}, and a push or the clock starts ${words}, whose finished runs keep a volume each: ${keep * count} of the 1000 that the namespace may have. Without one left no build of any kind runs: at most ${safe} is safe.`,
  ];
  const of = (count: number, keep: number | undefined, more: object) =>
    warnings({ builds: builds(count, more), ...(keep !== undefined && { pipelines: { keep } }) }).filter((text) =>
      text.startsWith("pipelines.keep"),
    );
  it("are warned of when they may be more than four fifths of what there may be", () => {
    expect(of(40, undefined, { trigger: "github" })).toEqual([]);
    expect(of(41, undefined, { trigger: "github" })).toEqual(warned(20, 41, "41 builds", 19));
    expect(of(1, 1000, { rebuild: "daily" })).toEqual(warned(1000, 1, "1 build", 800));
    expect(of(1, 800, { rebuild: "daily", trigger: "gitlab" })).toEqual([]);
  });
  it("are none of builds that pulumi up follows", () => expect(of(50, 1000, {})).toEqual([]));
});

describe("a token for http://", () => {
  const warned = (key: string, line: number) =>
    `${key} has a line for http:// (line ${line}), which nothing uses: everybody on the way could read it. Write https://, or name its host in namespace.insecureRegistries.`;
  const lines = "https://me:token@a.example.com\nhttp://me:token@b.example.com:3000/team";
  it("is warned of by the number of its line, of a build's own as well, unless its host is one that builds speak to by plain http", () => {
    expect(warnings({ gitCredentials: lines })).toEqual([warned("gitCredentials", 2)]);
    expect(warnings({ buildGitCredentials: { htop: { credentials: lines } } })).toEqual([warned("buildGitCredentials.htop", 2)]);
    expect(warnings({ gitCredentials: lines, "namespace.insecureRegistries": ["b.example.com:3000"] })).toEqual([]);
    expect(warnings({ gitCredentials: lines, "namespace.insecureRegistries": ["b.example.com"] })).toEqual([warned("gitCredentials", 2)]);
  });
});
