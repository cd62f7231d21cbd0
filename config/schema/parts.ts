import * as z from "zod";
import { nearest } from "../suggest";
import type { TagRules } from "../tags";

// The error text of every part says what would be right; `parseSettings` puts key and value in front of it. `meta` is what the JSON
// schema for editors and docs/configuration.md say of a setting: description, unit, examples, and rules that zod holds as functions.

/** In a JSON schema: what holds where a condition does. */
export const when = (condition: object, rule: object) => ({ if: { not: condition }, else: rule });

export const text = (pattern: RegExp, right: string) => z.string({ error: right }).regex(pattern, { error: right });
export const whole = (right: string, min: number, max: number) =>
  z.int({ error: right }).min(min, { error: right }).max(max, { error: right });

/** One of several words; another that resembles one of them, or is known to mean it, is answered with that one. */
export const oneOf = <const Words extends readonly [string, ...string[]]>(words: Words, right = `one of ${words.join(", ")}`, meant = {}) =>
  z.enum(words, {
    error: ({ input }) => {
      const word =
        typeof input === "string" ? (new Map(Object.entries<string>(meant)).get(input.toLowerCase()) ?? nearest(input, words)) : undefined;
      return word ? `${right}; did you mean ${word}?` : right;
    },
  });

export const label = "lower-case letters, digits and dashes, with a letter first";

export const tags = (wrong: (key: string, value: string) => string | undefined, rules: TagRules) =>
  z
    .record(z.string(), z.string({ error: "a text" }), { error: "an object of tag keys and texts" })
    .superRefine((value, context) => {
      for (const [key, text] of Object.entries(value)) {
        const message = wrong(key, text);
        if (message) context.addIssue({ code: "custom", path: [key], message });
      }
    })
    .meta({
      propertyNames: { allOf: [{ pattern: rules.key }, { not: { pattern: rules.taken } }, { not: { const: "__proto__" } }] },
      additionalProperties: { type: "string", pattern: rules.text },
    });

// Browsers read many more texts as an address (https:example.com, a host with %61 in it); Go and curl read those otherwise, or not at all.
const hostAndPort =
  "(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\\[[0-9A-Fa-f:.]+\\])(?::\\d{1,5})?";
export const httpsUrl = (right: string, path: boolean) => {
  const pattern = path ? `^https://${hostAndPort}(?:/[^@?#\\s\\\\]*)?$` : `^https://${hostAndPort}/?$`;
  return z
    .string({ error: right })
    .refine((value) => new RegExp(pattern).test(value) && URL.canParse(value), { error: right })
    .meta({ pattern });
};
