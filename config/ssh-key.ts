import { createPublicKey } from "node:crypto";

const curves: Readonly<Record<string, { readonly name: string; readonly bytes: number }>> = {
  nistp256: { name: "P-256", bytes: 32 },
  nistp384: { name: "P-384", bytes: 48 },
  nistp521: { name: "P-521", bytes: 66 },
};

/** A key's parts behind its type: RFC 4253 (6.6), RFC 5656 (3.1), RFC 8709 (4), openssh-portable's PROTOCOL.u2f. */
const parts: Readonly<Record<string, readonly ((part: Buffer) => boolean)[]>> = {
  "ssh-ed25519": [isEd25519],
  "ssh-rsa": [isExponent, isModulus],
  "ecdsa-sha2-nistp256": [(part) => is(part, "nistp256"), (part) => isPoint(part, "nistp256")],
  "ecdsa-sha2-nistp384": [(part) => is(part, "nistp384"), (part) => isPoint(part, "nistp384")],
  "ecdsa-sha2-nistp521": [(part) => is(part, "nistp521"), (part) => isPoint(part, "nistp521")],
  "sk-ssh-ed25519@openssh.com": [isEd25519, isApplication],
  "sk-ecdsa-sha2-nistp256@openssh.com": [(part) => is(part, "nistp256"), (part) => isPoint(part, "nistp256"), isApplication],
};
/** The types of OpenSSH but for DSA, which a node's sshd no longer takes. */
export const sshKeyTypes = Object.keys(parts);

/** A key begins with the length and the name of its type (RFC 4253, 6.6). */
const begins = (type: string) => Buffer.from(`\0\0\0${String.fromCharCode(type.length)}${type}`);
const form = /^(\S+) ([A-Za-z0-9+/]+=*)(?: .*)?\n?$/;

/** Whether a text has the form of one public key, as ssh-keygen writes it into a .pub file. */
export function isSshKey(text: string): boolean {
  const [, type = "", key = ""] = form.exec(text) ?? [];
  const first = begins(type);
  return sshKeyTypes.includes(type) && Buffer.from(key, "base64").subarray(0, first.length).equals(first);
}

/** Whether such a key is all there and none of its letters is another: as far as its parts show it. */
export function isWholeSshKey(text: string): boolean {
  const [, type = "", key = ""] = form.exec(text) ?? [];
  const bytes = Buffer.from(key, "base64");
  const checks = parts[type] ?? [];
  const [, ...found] = fieldsOf(bytes) ?? [];
  return bytes.toString("base64") === key && found.length === checks.length && checks.every((check, i) => check(found[i] ?? Buffer.of()));
}

/** As JSON Schema sees it: the letters of base64 whose bits are all of the key's beginning. */
export const sshKeyPattern = `^(?:${sshKeyTypes
  .map((type) => {
    const first = begins(type);
    return `${type.replaceAll(".", "\\.")} ${first.toString("base64").slice(0, Math.floor((first.length * 8) / 6))}`;
  })
  .join("|")})[A-Za-z0-9+/]+=*(?: .*)?\\n?$`;

/** Each a length of four bytes and what is that long; undefined where the last one is cut off. */
function fieldsOf(bytes: Buffer): Buffer[] | undefined {
  const fields: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + 4 > bytes.length) return undefined;
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) return undefined;
    fields.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return fields;
}

const is = (part: Buffer, text: string) => part.toString("latin1") === text;
function isEd25519(part: Buffer): boolean {
  return part.length === 32;
}
/** What golang.org/x/crypto/ssh takes: odd, 3 or more, of 24 bits at most. */
function isExponent(part: Buffer): boolean {
  const exponent = part.length > 0 && part.length <= 4 ? part.readUIntBE(0, part.length) : 0;
  return exponent >= 3 && exponent < 2 ** 24 && exponent % 2 === 1;
}
/** A node's sshd wants 2048 bits (min_rsa_size of the policy DEFAULT in RHEL 9's crypto-policies); the first byte is 0 where the next bit is set. */
function isModulus(part: Buffer): boolean {
  return (part[0] === 0 ? part.length - 1 : part.length) >= 256;
}
function isApplication(part: Buffer): boolean {
  return part.length > 0;
}
function isPoint(part: Buffer, curve: string): boolean {
  const { name, bytes } = curves[curve] ?? { name: "", bytes: 0 };
  if (part.length !== 1 + 2 * bytes || part[0] !== 4) return false;
  const [x, y] = [part.subarray(1, 1 + bytes), part.subarray(1 + bytes)].map((half) => half.toString("base64url"));
  try {
    createPublicKey({ key: { kty: "EC", crv: name, x, y }, format: "jwk" });
    return true;
  } catch {
    return false;
  }
}
