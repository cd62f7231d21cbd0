import { parse } from "yaml";
import { at, isObject, keyOf } from "./paths";

/** Parts of credentials that are none. */
const open = /\.knownHosts$/;

/**
 * Parts of secret settings that stand as they are in a stack's file, beside others that are encrypted. Pulumi calls the whole setting a
 * secret as soon as one part of it is, and hands over all of it decrypted, so that only the file tells (`secure:`,
 * https://www.pulumi.com/docs/iac/concepts/config/#structured-configuration).
 * @param file text of the stack's file. @param keys of the project's settings, each with its namespace. @returns each as `key.part.part`.
 */
export function plainParts(file: string, keys: readonly string[]): string[] {
  const config = at(parse(file), ["config"]);
  return keys.flatMap((key) => partsOf(at(config, [key]), [key.slice(key.indexOf(":") + 1)])).filter((part) => !open.test(part));
}

function partsOf(value: unknown, path: readonly PropertyKey[]): string[] {
  if (Array.isArray(value)) return value.flatMap((part, i) => partsOf(part, [...path, i]));
  if (isObject(value)) return "secure" in value ? [] : Object.entries(value).flatMap(([key, part]) => partsOf(part, [...path, key]));
  return path.length > 1 ? [keyOf(path)] : [];
}
