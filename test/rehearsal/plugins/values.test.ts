import { describe, expect, it } from "vitest";
import {
  conceal,
  differences,
  equal,
  hasUnknowns,
  reveal,
  signature,
  signatures,
  topLevel,
  unknown,
  type Value,
} from "../../../rehearsal/plugins/values";

const secret = (value: Value): Value => ({ [signature]: signatures.secret, value });

describe("differences", () => {
  it("names the path of each difference, as deep as both sides go", () => {
    const found = differences(
      { same: { a: 1 }, environment: { HOME: "/a", OLD: "x" }, triggers: ["1"], gone: true },
      { same: { a: 1 }, environment: { HOME: "/b", NEW: "y" }, triggers: ["1", "2"], come: {} },
    );
    expect(Object.fromEntries(found)).toEqual({
      "environment.HOME": "update",
      "environment.OLD": "delete",
      "environment.NEW": "add",
      "triggers[1]": "add",
      gone: "delete",
      come: "add",
    });
  });

  it("quotes keys that are no identifiers", () => {
    expect([...differences({ tags: { "a.b/c": "1" } }, { tags: { "a.b/c": "2" } }).keys()]).toEqual(['tags["a.b/c"]']);
  });

  it("takes an unknown new value for a difference, also below another", () => {
    expect(Object.fromEntries(differences({ a: "x", b: ["y"] }, { a: unknown, b: [unknown] }))).toEqual({ a: "update", "b[0]": "update" });
  });

  it("ignores the order of keys, and properties that are undefined", () => {
    expect(differences({ a: { x: 1, y: 2 }, b: undefined }, { a: { y: 2, x: 1 } }).size).toBe(0);
  });
});

describe("secrets", () => {
  it("are plain for the plugin and marked again at the same place", () => {
    const model = { environment: { TOKEN: secret("t"), HOME: "/" }, create: secret("echo") };
    const plain = reveal(model) as { [key: string]: Value };
    expect(plain).toEqual({ environment: { TOKEN: "t", HOME: "/" }, create: "echo" });
    expect(conceal({ ...plain, stdout: "t" }, model)).toEqual({ ...model, stdout: "t" });
  });

  it("are found within lists and within other secrets", () => {
    expect(reveal([secret({ a: secret("x") })])).toEqual([{ a: "x" }]);
    expect(conceal(["a", "b"], [secret("a"), "b"])).toEqual([secret("a"), "b"]);
  });
});

it("finds unknowns at any depth", () => {
  expect(hasUnknowns({ a: [{ b: unknown }] })).toBe(true);
  expect(hasUnknowns({ a: [{ b: "known" }] })).toBe(false);
});

it("compares lists by their order", () => {
  expect(equal(["a", "b"], ["a", "b"])).toBe(true);
  expect(equal(["a", "b"], ["b", "a"])).toBe(false);
});

it("tells the property that a path begins with", () => {
  expect(["triggers[0]", "environment.HOME", 'tags["a.b"].c', '["a.b"].c', "plain"].map(topLevel)).toEqual([
    "triggers",
    "environment",
    "tags",
    "a.b",
    "plain",
  ]);
});
