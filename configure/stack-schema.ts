import * as awsProvider from "@pulumi/aws/config/vars";
import * as z from "zod";
import { secretAwsKeys } from "../config/aws";
import { awsKeys, schema } from "../config/schema";
import { secretKeys } from "../config/secrets";

/** A JSON schema, as far as the program looks into one. */
export interface JsonSchema {
  type?: string | string[];
  description?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  default?: unknown;
  examples?: unknown[];
  unit?: string;
  /** What would be right; editors show it for a wrong value. */
  errorMessage?: string;
  else?: JsonSchema;
  [keyword: string]: unknown;
}

/** The name of the project, in front of its settings in a stack's file. */
export const project = "openshift-multiarch";

/** The texts that a part refuses values with. */
function rightOf(part: z.core.$ZodType): string | undefined {
  const { error, checks = [] } = part._zod.def;
  const texts = [error, ...checks.map((check) => check._zod.def.error)]
    .map((message) => message?.({ code: "custom", input: undefined, path: [], message: undefined } as never))
    .map((message) => (typeof message === "string" ? message : message?.message));
  const distinct = [...new Set(texts)].filter((text) => text !== undefined);
  return distinct.filter((text) => !distinct.some((other) => other !== text && other.startsWith(text))).join("; ") || undefined;
}

function jsonSchema(part: z.ZodType): JsonSchema {
  const { $schema, ...json } = z.toJSONSchema(part, {
    io: "input",
    override: ({ zodSchema, jsonSchema }) => {
      const { type } = zodSchema._zod.def;
      // Objects have several messages, so the editor's own is better there.
      if (type !== "object" && type !== "record") jsonSchema.errorMessage ??= rightOf(zodSchema);
      if (type === "string") for (const part of jsonSchema.allOf ?? []) part.errorMessage ??= jsonSchema.errorMessage;
      // A default before a transformation is none of zod's JSON schema.
      if (type === "default") jsonSchema.default ??= (zodSchema._zod.def as z.core.$ZodDefaultDef).defaultValue;
    },
  }) as JsonSchema;
  return JSON.parse(JSON.stringify(json));
}

const encrypted = { $ref: "#/$defs/encrypted" };
/** `pulumi config set` writes objects and lists as the JSON text that it was given, and `--secret` encrypts any value. */
const asWritten = (part: JsonSchema): JsonSchema => ({
  description: part.description,
  if: part.type === "string" ? encrypted : { anyOf: [encrypted, { $ref: "#/$defs/json" }] },
  else: part,
});
const secret = (name: string, description: string): JsonSchema => ({
  description: `${description} Set it with: pulumi config set --secret ${name}`,
  // In plain text it works as well, and the program warns of it.
  type: ["string", "object"],
});
const definitions = {
  encrypted: {
    type: "object",
    properties: { secure: { type: "string", description: "Text that Pulumi has encrypted." } },
    required: ["secure"],
    additionalProperties: false,
  },
  json: { type: "string", pattern: "^\\s*[\\[{]" },
};

/** Keys of the stack's configuration, with their namespaces. */
function configuration(): JsonSchema {
  const own = jsonSchema(schema);
  const objects = Object.entries(own.properties ?? {}).map(([key, part]) => [`${project}:${key}`, asWritten(part)] as const);
  const secrets = Object.entries(secretKeys).map(([key, { description }]) => [`${project}:${key}`, secret(key, description)] as const);
  const aws = Object.entries(awsKeys).map(([key, part]) => [`aws:${key}`, asWritten(jsonSchema(part))] as const);
  const provider = Object.keys(awsProvider).map((key): [string, JsonSchema] => [
    `aws:${key}`,
    secretAwsKeys.some((name) => name === key)
      ? secret(`aws:${key}`, "Part of the AWS provider's credentials.")
      : { description: `The setting ${key} of Pulumi's AWS provider.` },
  ]);
  return {
    type: "object",
    description: "Configuration of the stack: settings of this project, and of Pulumi's providers.",
    properties: Object.fromEntries([...aws, ...objects, ...secrets, ...provider.filter(([key]) => !aws.some(([known]) => known === key))]),
    // Settings of other providers, as `<namespace>:<key>`.
    patternProperties: { [`^(?!${project}:|aws:)[^:]+:(?:config:)?[^:]+$`]: true },
    required: ["aws:region", ...(own.required ?? []).map((key) => `${project}:${key}`)],
    additionalProperties: false,
  };
}

/** JSON schema of a whole stack file, `Pulumi.<stack>.yaml`. */
export const stackSchema = (): JsonSchema => ({
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: `A stack of ${project}`,
  type: "object",
  properties: {
    config: configuration(),
    // sdk/go/common/workspace/project.go of Pulumi, ProjectStack.
    secretsprovider: { type: "string", description: "What encrypts the stack's secrets, written by pulumi stack init." },
    encryptedkey: { type: "string", description: "Key of the stack's secrets, encrypted by the secrets provider." },
    encryptionsalt: { type: "string", description: "Salt of the passphrase that encrypts the stack's secrets." },
    environment: {
      description: "Environments of Pulumi ESC whose values the stack takes: a list of names, or a definition.",
      type: ["array", "object"],
      items: { type: ["string", "object"] },
    },
  },
  required: ["config"],
  additionalProperties: false,
  $defs: definitions,
});
