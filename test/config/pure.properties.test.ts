import { describe, expect, it } from "vitest";
import { architectureOfInstanceType, cpusOfInstanceType, isInstanceType } from "../../config/architecture";
import { UserMistake } from "../../config/mistake";
import { parseNetwork } from "../../config/networks";
import { distance, nearest } from "../../config/suggest";
import { base, problems, withValue } from "./values";

describe("an instance type", () => {
  it.each(["p6e-gb200.36xlarge", "p12e-gb3000.36xlarge", "m10g.large", "m7g.metal-48xl"])("%s is arm64", (type) =>
    expect(architectureOfInstanceType(type)).toBe("arm64"),
  );
  // Families that only contain the name of one.
  it.each(["xa1.large", "a10.large", "p6e.48xlarge", "1m6g.large"])("%s is amd64", (type) =>
    expect(architectureOfInstanceType(type)).toBe("amd64"),
  );
  it.each(["m6a.99xlarge", "m6a.10xlarge", "m6a.nano", "m6a.micro", "m6a.small", "a.medium", "u-6tb1.metal"])("%s has its form", (type) =>
    expect(isInstanceType(type)).toBe(true),
  );
  it.each([
    "-m6a.large",
    "1m6a.large",
    "m6a.largest",
    "m6a.xlarge1",
    "m6a.1axlarge",
    "m6a.metal-xl",
    "m6a.metal-24xla",
    "a--b.large",
    "mac1.metal",
  ])("%s has not", (type) => expect(isInstanceType(type)).toBe(false));
  it("has the processors of its size, if that says how many", () => {
    const sizes = ["nano", "micro", "small", "medium", "large", "xlarge", "10xlarge", "1xlarges", "x2xlarge", "metal-24xl"];
    expect(sizes.map((size) => cpusOfInstanceType(`m6a.${size}`))).toEqual([2, 2, 2, 1, 2, 4, 40, undefined, undefined, undefined]);
    expect(cpusOfInstanceType("m6a")).toBeUndefined();
  });
});

it("a network is four numbers and a prefix, nothing before or behind", () => {
  expect(
    ["1.2.3.4/32", "x1.2.3.4/32", "1.2.3.4/320", "1.2.3.4/32x", " 1.2.3.4/32"].map((text) => parseNetwork(text) !== undefined),
  ).toEqual([true, false, false, false, false]);
});

describe("the distance of two words", () => {
  // kitten and sitting is the example of every text on it.
  it.each([
    ["kitten", "sitting", 3],
    ["", "abc", 3],
    ["abc", "", 3],
    ["abc", "abc", 0],
    ["abc", "abd", 1],
    ["abc", "xabc", 1],
    ["flaw", "lawn", 2],
  ])("from %j to %j is %i", (from, to, steps) => expect(distance(from, to)).toBe(steps));
});

describe("what was meant", () => {
  it("is the nearest one, whatever its case", () => expect(nearest("POOL", ["builds", "pools", "tool"])).toBe("pools"));
  it("is at most two letters away, in a longer word a third of it", () => {
    expect(nearest("ab", ["abcd"])).toBe("abcd");
    expect(nearest("a", ["abcd"])).toBeUndefined();
    expect(nearest("architec", ["architectur"])).toBe("architectur");
    expect(nearest("archite", ["architectur"])).toBeUndefined();
  });
  it("is nothing among nothing", () => expect(nearest("a", [])).toBeUndefined());
});

it("a mistake of the user's has a name of its own", () => expect(new UserMistake("text").name).toBe("UserMistake"));

describe.each(["pullSecret", "registryCredentials"])("%s", (key) => {
  const auth = Buffer.from("user:password").toString("base64");
  const of = (value: unknown) => problems(withValue(key, typeof value === "string" ? value : JSON.stringify(value)));

  it.each<[string, unknown, string]>([
    ["is no JSON", "{", "it is not JSON"],
    ["is null", "null", 'it has no registries under "auths"'],
    ["is a list", "[]", 'it has no registries under "auths"'],
    ["has no auths", {}, 'it has no registries under "auths"'],
    ["has auths that are a list", { auths: [] }, 'it has no registries under "auths"'],
    ["has empty auths", { auths: {} }, 'it has no registries under "auths"'],
    ["has an entry that is no object", { auths: { "quay.io": "text" } }, "its entry for quay.io is no object"],
    ["has an entry that is null", { auths: { "quay.io": null } }, "its entry for quay.io is no object"],
  ])("that %s is refused", (_, value, says) =>
    expect(of(value)).toEqual([expect.stringMatching(`^${key} is \\(secret\\), but ${says}; expected `)]),
  );

  it.each<[string, unknown]>([
    ["nothing", {}],
    ["a number", { auth: 12345678 }],
    ["no base64", { auth: "user:password" }],
    ["no base64 behind a start that is", { auth: `${auth} x` }],
  ])("with %s as auth is refused, by the name of the registry", (_, entry) => {
    expect(of({ auths: { "good.example.com": { auth }, "quay.io": entry } })).toEqual([
      expect.stringContaining("its entry for quay.io has "),
    ]);
  });

  it("with base64 as auth is right", () => expect(of({ auths: { "quay.io": { auth }, "registry.redhat.io": { auth } } })).toEqual([]));
  it("is asked for when it is missing", () => {
    const values = base();
    delete values[key];
    expect(problems(values)).toEqual([expect.stringMatching(`^${key} is missing; expected .*: pulumi config set --secret ${key} < FILE$`)]);
  });
});
