import { masker } from "../config/mask";

/** Lines of the installer's log that are kept: the last minutes of an install, in which a controller may say one every second. */
const kept = 500;
/** Characters of a line: an answer of AWS has fewer. */
const widest = 2000;

/** What looks like a secret, whoever has made it: what stands behind the name of one, signatures of addresses, tokens. */
const alike: readonly [RegExp, string][] = [
  [/(password\\?"?:\s*\\?"?)[^\s"\\,}]+/gi, "$1[secret]"],
  [/(\\?"auth\\?":\s*\\?")[^"\\]+/g, "$1[secret]"],
  [/(X-Amz-(?:Signature|Credential|Security-Token)=)[^&\s"\\]+/gi, "$1[secret]"],
  [/\b(?:eyJ[\w-]{8,}\.[\w.-]+|sha256~[\w-]{20,})/g, "[secret]"],
];

/** Takes the installer's secrets out of a text; see `secretsIn`. */
export function scrubber(secrets: readonly string[]): (text: string) => string {
  const mask = masker(secrets);
  return (text) => alike.reduce((rest, [pattern, instead]) => rest.replace(pattern, instead), mask(text));
}

/** The end of a log, its lines cut, as it may be kept where others read it. */
export function tail(log: string, scrub: (text: string) => string): string {
  const lines = log.trimEnd().split("\n").slice(-kept);
  return `${scrub(lines.join("\n"))
    .split("\n")
    .map((line) => (line.length > widest ? `${line.slice(0, widest)}...` : line))
    .join("\n")}\n`;
}

/**
 * The secrets in a text of the installer's directory: `.openshift_install_state.json`, which has all that it makes (pull secret, private
 * keys, password, manifests with the AWS key), be it cut off where the installer was killed, or any other file of it, which is secret as a whole.
 */
export function secretsIn(text: string): string[] {
  const state = parsed(text);
  const whole = state === undefined ? [text.trim(), ...(text.match(/[A-Za-z0-9+/]{40,}={0,2}/g) ?? []).map(decoded).filter(hasKey)] : [];
  const inside = (state === undefined ? pairs(text) : texts(state)).flatMap(([key, value]) => {
    if (/password|pullsecret|token/i.test(key) || /"auths"/.test(value)) return [value];
    // Files are in base64 there, and in a manifest of a Secret its values once more.
    const file = /^[A-Za-z0-9+/]{16,}={0,2}$/.test(value) ? decoded(value) : "";
    const manifest = [...file.matchAll(/^\s*(?:aws_secret_access_key|\.dockerconfigjson):\s*"?([\w+/=]+)/gm)];
    return [...[file].filter(hasKey), ...manifest.map(([, encoded = ""]) => decoded(encoded))];
  });
  return [...whole, ...inside];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** All whole texts of JSON that is cut off, with the key that they stand at. */
const pairs = (text: string): [key: string, text: string][] =>
  [...text.matchAll(/(?:"([^"\\]*)"\s*:\s*)?("(?:[^"\\]|\\.)*")/g)].map(([, key = "", value = ""]) => [key, String(parsed(value) ?? "")]);

const decoded = (text: string) => Buffer.from(text, "base64").toString();
const hasKey = (text: string) => text.includes("PRIVATE KEY-----");

/** All texts in a value, with the key that they stand at. */
function texts(value: unknown, key = ""): [key: string, text: string][] {
  if (typeof value === "string") return [[key, value]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inside]) => texts(inside, Array.isArray(value) ? key : name));
}
