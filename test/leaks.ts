import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync } from "node:zlib";

/** A place where a secret can be read by whoever can read the rest. Never the secret itself. */
export interface Leak {
  readonly secret: string;
  /** Where in the value. */
  readonly path: string;
  /** How it is written there, outermost first: `base64 > gzip > text`. */
  readonly form: string;
}

/**
 * Secrets for tests, by name: of letters and digits alone, so that neither JSON, YAML, XML, a URL nor a shell has to write them in
 * another way, and long enough to stand nowhere by chance.
 */
export const testSecret = (name: string): string =>
  `${name.replace(/[^A-Za-z0-9]/g, "")}${[...name].map((letter) => ((letter.charCodeAt(0) * 2654435761) % 4294967296).toString(36)).join("")}`
    .slice(0, 48)
    .padEnd(24, "x7Q");

/** An archive within an archive in base64, and one layer to spare. */
const layers = 6;
const largest = 256 * 1024 * 1024;

/**
 * Where the secrets stand in a value: text, objects, lists, maps, buffers. Finds them as text, in hex, URL-encoded, in base64 that
 * begins anywhere before them, and inside what can be unpacked: base64 of any of these, gzip, deflate, brotli, tar.
 */
export function leaks(value: unknown, secrets: Readonly<Record<string, string>>): Leak[] {
  const needles = Object.entries(secrets).flatMap(([secret, text]) => {
    if (text.length < 12) throw new Error(`the secret ${secret} is too short to be told from other text`);
    return forms(text).map(([form, needle]) => ({ secret, form, needle }));
  });
  const found = new Map<string, Leak>();
  const seen = new Set<unknown>();
  const search = (text: string, path: string, around: string, depth: number): void => {
    for (const { secret, form, needle } of needles) {
      if (!text.includes(needle)) continue;
      const leak = { secret, path, form: around + form };
      const id = `${secret} ${path}`;
      if (!found.has(id)) found.set(id, leak);
    }
    if (depth === layers) return;
    for (const [form, inner] of unpacked(text)) search(inner, path, `${around}${form} > `, depth + 1);
  };
  // A path is shown, and a key may be the secret.
  const step = (name: unknown) => Object.values(secrets).reduce((path, secret) => path.replaceAll(secret, "***"), String(name));
  const walk = (part: unknown, path: string): void => {
    if (typeof part === "string") search(part, path, "", 0);
    else if (part instanceof Uint8Array) search(Buffer.from(part).toString("latin1"), path, "", 0);
    else if (part instanceof Error) search(`${part.message}\n${part.stack}`, path, "", 0);
    else if (typeof part === "object" && part !== null && !seen.has(part)) {
      seen.add(part);
      const entries = part instanceof Map ? part : part instanceof Set ? part.entries() : Object.entries(part);
      for (const [name, inner] of entries as Iterable<[unknown, unknown]>) {
        const at = path === "" ? step(name) : `${path}.${step(name)}`;
        if (typeof name === "string") search(name, at, "", 0);
        walk(inner, at);
      }
    }
  };
  walk(value, "");
  return [...found.values()];
}

/** The texts that a secret may stand as without any archive around it. */
export function forms(secret: string): [string, string][] {
  const bytes = Buffer.from(secret, "utf8");
  const json = JSON.stringify(secret).slice(1, -1);
  const base64 = [0, 1, 2].flatMap((offset): [string, string][] => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64");
    // Letters that hold bits of what stands before and behind depend on that.
    const certain = encoded.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
    return [
      [`base64 at offset ${offset}`, certain],
      [`base64url at offset ${offset}`, certain.replaceAll("+", "-").replaceAll("/", "_")],
    ];
  });
  return [
    ["text", secret],
    ["JSON", json],
    ["URL-encoded", encodeURIComponent(secret)],
    ["URL-encoded to the last letter", [...bytes].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("")],
    ["URL-encoded to the last letter", [...bytes].map((byte) => `%${byte.toString(16).padStart(2, "0").toUpperCase()}`).join("")],
    ["hex", bytes.toString("hex")],
    ["hex", bytes.toString("hex").toUpperCase()],
    ...base64,
  ];
}

/** What a text holds in a packed form; a tar archive needs no unpacking, its files stand in it as they are. */
function unpacked(text: string): [string, string][] {
  const found: [string, string][] = [];
  const archive = decompressed(Buffer.from(text, "latin1"));
  if (archive) found.push(archive);
  // Line breaks as base64(1) and PEM have them, as such or written as \n.
  const joined = text.replace(/(?<=[A-Za-z0-9+/_-]{60})(\\r|\\n|[\r\n])+[ \t]*/g, "");
  for (const [run] of joined.matchAll(/[A-Za-z0-9+/_-]{24,}/g)) {
    // A run may have a prefix that is no part of it: "path/H4sI...". gzip in base64 begins with H4sI.
    const starts = [0, ...[...run.matchAll(/H4sI/g)].map(({ index }) => index)];
    for (const start of new Set(starts)) {
      const decoded = Buffer.from(run.slice(start), "base64");
      const inner = decompressed(decoded);
      if (inner) found.push([`base64 > ${inner[0]}`, inner[1]]);
      // Text within base64 may hold another base64; plain finds in it are found by the encoded needles already.
      else if (printable(decoded)) found.push(["base64", decoded.toString("latin1")]);
    }
  }
  return found;
}

const printable = (bytes: Buffer) => bytes.length > 0 && bytes.every((byte) => byte >= 32 || byte === 9 || byte === 10 || byte === 13);

function decompressed(bytes: Buffer): [string, string] | undefined {
  if (bytes.length < 12) return undefined;
  const tries: [string, () => Buffer][] = [];
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) tries.push(["gzip", () => gunzipSync(bytes, { maxOutputLength: largest })]);
  if ((bytes[0] & 15) === 8 && bytes.readUInt16BE(0) % 31 === 0)
    tries.push(["deflate", () => inflateSync(bytes, { maxOutputLength: largest })]);
  // Neither has a mark of its own: what unpacks is believed.
  tries.push(["brotli", () => brotliDecompressSync(bytes, { maxOutputLength: largest })]);
  tries.push(["deflate", () => inflateRawSync(bytes, { maxOutputLength: largest })]);
  for (const [form, unpack] of tries) {
    try {
      const inner = unpack();
      if (inner.length > 0) return [form, inner.toString("latin1")];
    } catch {}
  }
  return undefined;
}
