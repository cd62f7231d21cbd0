import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { mergeConfig } from "../../../rehearsal/stack/configuration";
import { pemBlocks } from "../../../rehearsal/stack/secrets";

describe("stack configuration", () => {
  const template = "# comment\nconfig:\n  aws:region: eu-west-3\n  p:a: 1\n";

  it("is the checkout's, with the salt and the secrets of the environment", () => {
    const previous = "encryptionsalt: salt\nconfig:\n  p:a: 0\n  p:plain: old\n  p:token:\n    secure: cipher\n";
    const merged = mergeConfig(template, previous, "p");
    expect(parse(merged)).toEqual({
      encryptionsalt: "salt",
      config: { "aws:region": "eu-west-3", "p:a": 1, "p:token": { secure: "cipher" } },
    });
    expect(mergeConfig(template, merged, "p")).toBe(merged);
  });

  it("is the checkout's alone at the first time", () => expect(parse(mergeConfig(template, "", "p"))).toEqual(parse(template)));

  it("finds every certificate of a bundle", () => {
    const block = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----";
    expect(pemBlocks(`# one\n${block}\ntext\n${block}\n`)).toEqual([block, block]);
  });
});
