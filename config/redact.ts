import { isObject } from "./paths";

/** A part of a secret that is shorter than this may be an ordinary word. */
const shortest = 6;

/**
 * Writes keys and values of a configuration into messages, without what may be secret: user information and queries of URLs,
 * what looks like a token or a document, and every part of the stack's own secrets, in whatever encoding.
 */
export class Redactor {
  private readonly parts: readonly string[];

  /** @param secrets Values of the settings that are secret. */
  constructor(secrets: readonly unknown[]) {
    this.parts = [...new Set(secrets.flatMap(secretParts))].filter((part) => part.length >= shortest);
  }

  /** A value as it stands behind "is": a text is quoted, an object or a list is only named. */
  value(value: unknown): string {
    if (Array.isArray(value)) return value.length === 0 ? "[]" : "a list";
    if (isObject(value)) return Object.keys(value).length === 0 ? "{}" : "an object";
    const hidden = this.hidden(String(value));
    if (hidden) return hidden;
    return typeof value === "string" ? JSON.stringify(cleaned(value)) : String(value);
  }

  /** A key that somebody wrote. */
  key(key: string): string {
    const hidden = this.hidden(key);
    if (hidden) return `<${hidden}>`;
    return /^[\x21-\x7e]+$/.test(key) ? cleaned(key) : JSON.stringify(cleaned(key));
  }

  /** What is said of a text that is not shown. */
  private hidden(text: string): string | undefined {
    if (this.holdsSecret(text)) return "(secret)";
    return text.length > 120 || looksLikeDocument(text) || looksLikeToken(text) ? `a text of ${text.length} characters` : undefined;
  }

  private holdsSecret(text: string): boolean {
    return this.parts.some((part) => text.includes(part) || (text.length >= shortest + 2 && part.includes(text)));
  }
}

/** A template of a tag may begin with {commit}, which no JSON does. */
const looksLikeDocument = (text: string) => /[\r\n]/.test(text) || /^\s*(?:[[<]|\{(?![a-z]{1,8}\})|-----)/.test(text);
const knownToken = /(?:gh[pousr]_|github_pat_|glpat-|npm_|xox[a-z]-|AKIA|ASIA|sha256~|eyJ)[A-Za-z0-9_\-.]{8}/;
const looksLikeToken = (text: string) =>
  knownToken.test(text) || (/^[A-Za-z0-9+/_=-]{20,}$/.test(text) && /[a-z]/.test(text) && /[A-Z]/.test(text) && /[0-9]/.test(text));

// Wider than URLs are: a password that should have been encoded, or a URL without its scheme, must not show either.
const withoutQuery = (text: string) => text.replace(/[?#].*$/, (found) => `${found[0]}***`);
const withoutUserInformation = (text: string) => {
  const digest = /@sha256:[0-9a-f]*$/.exec(text)?.[0] ?? "";
  const name = text.slice(0, text.length - digest.length);
  return name.replace(/^([a-z][a-z0-9+.-]*:\/+)?(.*)@/i, (_, scheme = "", user) => `${scheme}${user === "git" ? user : "***"}@`) + digest;
};

const cleaned = (text: string) => withoutQuery(withoutUserInformation(text));

/** What must not show of a secret: its texts, the password in a registry's `auth`, and these as JSON, base64, hex and URL encoding. */
export function secretParts(secret: unknown): string[] {
  return texts(secret).flatMap(passwords).flatMap(encodings);
}

/** The texts in a value; of a JSON document those inside, but for the names of users. */
function texts(value: unknown): string[] {
  if (typeof value === "number") return [String(value)];
  if (Array.isArray(value)) return value.flatMap(texts);
  if (isObject(value)) return Object.entries(value).flatMap(([key, inside]) => (/^(?:username|email)$/.test(key) ? [] : texts(inside)));
  if (typeof value !== "string") return [];
  try {
    const parsed: unknown = JSON.parse(value);
    if (typeof parsed === "object") return texts(parsed);
  } catch {
    // Not JSON: the text itself.
  }
  return [value];
}

/** A text and the password in it if it is a registry's `auth`; of an .npmrc, a settings.xml or a .git-credentials only the passwords. */
function passwords(text: string): string[] {
  const npmrc = [...text.matchAll(/_(?:authToken|auth|password)\s*=\s*"?([^"\s]+)/g)];
  const maven = [...text.matchAll(/<(?:password|passphrase)>\s*([^<\s]+)/g)];
  const git = [...text.matchAll(/^https?:\/\/[^/:@\s]+:([^/@\s]+)@/gm)];
  const key = text.includes("PRIVATE KEY-----") ? [...text.matchAll(/^([A-Za-z0-9+/]{12,}={0,2})\r?$/gm)] : [];
  const found = [...npmrc, ...maven, ...git, ...key].flatMap(([, password = ""]) => [password, decoded(password)]);
  if (found.length > 0) return found;
  return [text, /:(.*)$/s.exec(Buffer.from(text, "base64").toString())?.[1] ?? ""];
}

/** As an address means it. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function encodings(text: string): string[] {
  const bytes = Buffer.from(text);
  // The letters of base64 depend on what stands before the text; the first and the last ones also hold bits of the neighbours.
  const shifted = [0, 1, 2].map((offset) =>
    Buffer.concat([Buffer.alloc(offset), bytes])
      .toString("base64")
      .replace(/=+$/, "")
      .slice(Math.ceil((offset * 4) / 3), -1),
  );
  const forUrls = shifted.map((part) => part.replaceAll("+", "-").replaceAll("/", "_"));
  return [text, JSON.stringify(text).slice(1, -1), ...shifted, ...forUrls, bytes.toString("hex"), encodeURIComponent(bytes.toString())];
}
