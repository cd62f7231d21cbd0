import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { problems, withValues } from "./stack";

/** Path, what would be right, and values that are refused with just that. */
export type Refusals = [path: string, right: string, values: unknown[]][];

const short = (value: unknown) => {
  const text = JSON.stringify(value) ?? "missing";
  return text.length > 70 ? `${text.slice(0, 60)}... (${text.length} letters)` : text;
};
const shown = (value: unknown) => {
  if (value === undefined) return "is missing";
  if (Array.isArray(value)) return value.length === 0 ? "is []" : "is a list";
  if (typeof value === "object") return Object.keys(value as object).length === 0 ? "is {}" : "is an object";
  return typeof value === "string" && value.length > 120 ? `is a text of ${value.length} characters` : `is ${JSON.stringify(value)}`;
};

export const text = (length: number) => "x".repeat(length);

/** A configuration that differs in one value has one problem, told in one exact line. */
export function areRefused(title: string, table: Refusals): void {
  describe(title, () => {
    for (const [path, right, values] of table) {
      it.each(values.map((value) => [short(value), value]))(`${path} %s`, (_, value) => {
        expect(problems(withValues({ [path]: value }))).toEqual([`${path} ${shown(value)}; expected ${right}`]);
      });
    }
  });
}

/** What the values of a table have around them is right, and so are these. */
export function areAccepted(title: string, table: [path: string, values: unknown[]][]): void {
  describe(title, () => {
    for (const [path, values] of table) {
      it.each(values.map((value) => [short(value), value]))(`${path} %s`, (_, value) => {
        expect(problems(withValues({ [path]: value }))).toEqual([]);
      });
    }
  });
}

const field = (bytes: Buffer | string) => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, Buffer.from(bytes)]);
};
const point = (namedCurve: string) => {
  const { x = "", y = "" } = generateKeyPairSync("ec", { namedCurve }).publicKey.export({ format: "jwk" });
  return Buffer.concat([Buffer.of(4), Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]);
};
/** What is behind the type in a key of each: RFC 4253 (6.6), RFC 5656 (3.1), RFC 8709 (4), openssh-portable's PROTOCOL.u2f. */
const inside: Record<string, () => (Buffer | string)[]> = {
  "ssh-ed25519": () => [Buffer.alloc(32, 7)],
  "ssh-rsa": () => [Buffer.of(1, 0, 1), Buffer.concat([Buffer.of(0), Buffer.alloc(256, 0xa5)])],
  "ecdsa-sha2-nistp256": () => ["nistp256", point("P-256")],
  "ecdsa-sha2-nistp384": () => ["nistp384", point("P-384")],
  "ecdsa-sha2-nistp521": () => ["nistp521", point("P-521")],
  "sk-ssh-ed25519@openssh.com": () => [Buffer.alloc(32, 7), "ssh:"],
  "sk-ecdsa-sha2-nistp256@openssh.com": () => ["nistp256", point("P-256"), "ssh:"],
};
export const sshKeyTypes = Object.keys(inside);

/** An SSH public key. @param parts behind its type @default those of a key that is right */
export function sshKey(type: string, parts: (Buffer | string)[] = inside[type]?.() ?? [Buffer.alloc(32)]): string {
  return `${type} ${Buffer.concat([type, ...parts].map(field)).toString("base64")} you`;
}
