import * as z from "zod";
import { nearest } from "../suggest";

// The error text of every part says what would be right; `parseSettings` puts key and value in front of it.

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

export const tags = (wrong: (key: string, value: string) => string | undefined, right: string) =>
  z.record(z.string(), z.string({ error: right }), { error: "an object of tag keys and texts" }).superRefine((value, context) => {
    for (const [key, text] of Object.entries(value)) {
      const message = wrong(key, text);
      if (message) context.addIssue({ code: "custom", path: [key], message });
    }
  });

export const httpsUrl = (right: string, path: boolean) =>
  z.string({ error: right }).refine(
    (value) => {
      if (!URL.canParse(value)) return false;
      const url = new URL(value);
      // An @ or a ? may also stand where the parser sees neither user nor query.
      return url.protocol === "https:" && !/[@?#\s]/.test(value) && (path || url.pathname === "/");
    },
    { error: right },
  );
