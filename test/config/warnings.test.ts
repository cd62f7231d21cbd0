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
    "pools[1] has no node in any zone, so every build waits for one of architecture arm64 and fails when the time of its task is over: set replicas of one zone to 1.";
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
  it("https://", () => expect(warnings({ "builds[0].repository": "https://http.example.com/git:x" })).toEqual([]));
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
