import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { signature, signatures, type Value } from "../values";

/**
 * Files below `directory` that the rules choose, relative to it. A rule is a glob, or `!` and a glob that takes files away
 * again; the last rule that matches a file decides.
 */
export function chooseFiles(rules: readonly string[], files: readonly string[]): string[] {
  const matchers = rules.map((rule) => ({ include: !rule.startsWith("!"), pattern: globPattern(rule.replace(/^!/, "")) }));
  return files.filter((file) => matchers.reduce((chosen, { include, pattern }) => (pattern.test(file) ? include : chosen), false));
}

/** All files below a folder, relative to it, sorted. */
export function listFiles(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(directory, "/").length))
    .sort();
}

/** A file as an asset of Pulumi: by its path and the hash of its content, the content itself is not kept. */
export function asset(path: string): Value {
  const hash = createHash("sha256").update(readFileSync(path)).digest("hex");
  return { [signature]: signatures.asset, path, hash };
}

export const archive = (assets: { [path: string]: Value }): Value => ({ [signature]: signatures.archive, assets });

/**
 * A glob of github.com/gobwas/glob with the separator `/`: `*` stays within a folder, `**` is any text. A folder between two
 * separators is not optional there, so `out`, `**` and `a.txt` joined by `/` do not match `out/a.txt`.
 */
export function globPattern(glob: string): RegExp {
  let braces = 0;
  const source = glob.replace(
    /\\(.)|\*\*|[*?{},]|\[(!?)([^\]]*)\]|[.+^$()|\]\\]/g,
    (token, escaped?: string, not?: string, set?: string) => {
      if (escaped !== undefined) return escaped.replace(/\W/, "\\$&");
      if (set !== undefined) return `[${not ? "^" : ""}${set}]`;
      switch (token) {
        case "**":
          return ".*";
        case "*":
          return "[^/]*";
        case "?":
          return "[^/]";
        case "{":
          braces++;
          return "(?:";
        case "}":
          if (braces === 0) return "\\}";
          braces--;
          return ")";
        case ",":
          return braces > 0 ? "|" : ",";
        default:
          return `\\${token}`;
      }
    },
  );
  return new RegExp(`^${source}$`, "s");
}
