import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { stackSchema } from "../../configure/stack-schema";
import { beyondSchema, fileOf, schemaErrors } from "../config/editor";
import { raw, refusal, withValues } from "../config/stack";

it("config/stack.schema.json is what the settings say of themselves (`npm run schema` writes it)", async () => {
  await expect(`${JSON.stringify(stackSchema(), null, 2)}\n`).toMatchFileSnapshot("../../config/stack.schema.json");
});

const stackFiles = ["Pulumi.dev.yaml", "Pulumi.rehearsal.yaml"].map((name) => [
  name,
  readFileSync(resolve(__dirname, "../..", name), "utf8"),
]);

describe("the JSON schema takes", () => {
  it.each(stackFiles)("%s", (_, text) => expect(schemaErrors(parse(text))).toEqual([]));

  it("what Pulumi writes: secrets, encrypted objects, objects as JSON text, and its own keys", () => {
    const file = fileOf(raw()) as { config: Record<string, unknown> };
    const config = {
      ...file.config,
      "openshift-multiarch:pullSecret": { secure: "v1:x:y" },
      "openshift-multiarch:cluster": { secure: "v1:x:y" },
      "openshift-multiarch:pools": JSON.stringify(file.config["openshift-multiarch:pools"]),
      "aws:secretKey": { secure: "v1:x:y" },
      "pulumi:disable-default-providers": ["*"],
      "kubernetes:config:context": "x",
    };
    expect(schemaErrors({ config, encryptionsalt: "v1:x", secretsprovider: "passphrase", environment: ["aws"] })).toEqual([]);
  });
});

describe("the JSON schema refuses", () => {
  const withKey = (key: string, value: unknown) => ({ config: { ...(fileOf(raw()) as { config: object }).config, [key]: value } });
  it.each([
    ["openshift-multiarch:pols", []],
    ["aws:allowedAccountId", ["123456789012"]],
    ["cluster", {}],
    ["a:b:c", 1],
  ])("the key %s, which nobody reads", (key, value) => {
    expect(schemaErrors(withKey(key, value))).toEqual(["/config must NOT have additional properties"]);
  });
  it.each([
    ["aws:allowedAccountIds", [123456789012]],
    ["aws:allowedAccountIds", []],
    ["aws:region", "cn-north-1"],
    ["openshift-multiarch:cluster", { secure: 1 }],
    ["openshift-multiarch:pools", "amd64"],
  ])("%s: %j", (key, value) => expect(schemaErrors(withKey(key, value))).not.toEqual([]));
  it("a file without configuration, and keys that Pulumi has not", () => {
    expect(schemaErrors({})).toEqual([" must have required property 'config'"]);
    expect(schemaErrors({ ...(fileOf(raw()) as object), secretProvider: "x" })).toEqual([" must NOT have additional properties"]);
  });
});

describe("the JSON schema lets pass, and the program refuses", () => {
  it.each(beyondSchema.map(({ says, why, example }) => [String(says), why, says, example] as const))("%s: %s", (_, __, says, example) => {
    const input = withValues(example);
    const [, ...lines] = refusal(input).split("\n  - ");
    expect(lines).toEqual(lines.filter((line) => says.test(line)));
    expect(lines.length).toBeGreaterThan(0);
    expect(schemaErrors(fileOf(input))).toEqual([]);
  });
});
