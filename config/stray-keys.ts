import { awsKeys } from "./schema";
import { distance, nearest } from "./suggest";

/** Namespace of Pulumi's AWS Crosswalk, which is not a slip of the hand. */
const crosswalk = "awsx";
const inOrder = (word: string) => [...word].sort().join("");

/** The namespace that was most likely meant by one that nobody reads here: `project` or "aws". */
function meantNamespace(namespace: string, project: string): string | undefined {
  const written = namespace.toLowerCase();
  if (written === crosswalk) return undefined;
  // So short a name is near to many others.
  if (distance(written, "aws") <= 1 || inOrder(written) === inOrder("aws")) return "aws";
  return nearest(written, [project]);
}

/**
 * What is wrong with keys of a stack's file that Pulumi hands over and nobody reads: those of a namespace that is misspelt, and those of the
 * AWS provider whose effect would be missed. Other namespaces belong to other programs.
 * @param keys whole, as `namespace:key`
 * @param shown names a key
 */
export function strayKeys(keys: readonly string[], project: string, shown: (key: string) => string): string[] {
  const provider = Object.keys(awsKeys);
  return keys.flatMap((whole) => {
    const [namespace = "", key = ""] = [whole.slice(0, whole.indexOf(":")), whole.slice(whole.indexOf(":") + 1)];
    if (namespace === project) return [];
    const name = `${shown(namespace)}:${shown(key)}`;
    if (namespace !== "aws") {
      const meant = meantNamespace(namespace, project);
      return meant ? [`${name} is not a setting; did you mean ${meant}:${shown(key)}?`] : [];
    }
    const meant = provider.includes(key) ? undefined : nearest(key, provider);
    return meant ? [`${name} is not a setting; did you mean aws:${meant}?`] : [];
  });
}

/** What to do with a key such as `cluster.name`, which was set without --path; undefined for any other. */
export function withoutPath(key: string, known: readonly string[], isSecret: (key: string) => boolean): string | undefined {
  const [, whole = ""] = /^([^.[]+)[.[]/.exec(key) ?? [];
  if (!known.includes(whole)) return undefined;
  const set = isSecret(whole) ? `--secret --path '${key}' < FILE` : `--path '${key}' VALUE`;
  return `it is a part of ${whole}: pulumi config rm '${key}', then pulumi config set ${set}`;
}
