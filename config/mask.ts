import { secretParts } from "./redact";

/** A part of a secret that is shorter than this may be an ordinary word, or the stack's own name. */
const shortest = 12;

/** Keys and certificates in a document such as a kubeconfig. */
const keysIn = (secret: string): string[] =>
  secret.includes("\n") ? secret.split(/\s+/).filter((word) => /^[\w+/=.~-]{40,}$/.test(word)) : [];

/**
 * Takes secrets out of a text, whole or in part, in whatever encoding. The engine does so itself for what it knows to be secret; this
 * is for what it does not know, such as a value that the program put into a message, or a log.
 */
export function masker(secrets: readonly string[]): (text: string) => string {
  const parts = [...new Set(secrets.flatMap((secret) => [secret, ...keysIn(secret)]).flatMap(secretParts))]
    .filter((part) => part.length >= shortest)
    // A part of another part would leave the rest of it.
    .sort((a, b) => b.length - a.length);
  return (text) => parts.reduce((rest, part) => rest.replaceAll(part, "[secret]"), text);
}
