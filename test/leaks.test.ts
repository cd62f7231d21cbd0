import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { leaks, testSecret } from "./leaks";

const secret = testSecret("pull secret");
const secrets = { pullSecret: secret };
const text = `before ${secret} after`;
const base64 = (value: string | Buffer) => Buffer.from(value).toString("base64");

function tar(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "openshift-multiarch-leaks-"));
  try {
    writeFileSync(join(folder, "file"), text);
    return execFileSync("tar", ["-cf", "-", "-C", folder, "."]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("a secret is found", () => {
  const hidden: Record<string, unknown> = {
    "as text": text,
    "in JSON in JSON": JSON.stringify(JSON.stringify({ a: secret })),
    "as the key of a map": { [secret]: 1 },
    "in a list in an object": { a: [{ b: text }] },
    "in a Map": new Map([["a", text]]),
    "in a Set": new Set([text]),
    "in the message of an error": new Error(text),
    "in a buffer": Buffer.from(text),
    "in hex": `x${Buffer.from(text).toString("hex")}`,
    "in upper-case hex": Buffer.from(text).toString("hex").toUpperCase(),
    "with every letter URL-encoded": [...Buffer.from(secret)].map((byte) => `%${byte.toString(16)}`).join(""),
    "in base64 at offset 0": base64(`${secret} after`),
    "in base64 at offset 1": base64(`1${secret} after`),
    "in base64 at offset 2": base64(`12${secret} after`),
    "in base64 at the end": base64(`u:${secret}`),
    "in base64 in base64": base64(JSON.stringify({ auth: base64(`user:${secret}`) })),
    "in base64 in base64 in base64": base64(base64(base64(text))),
    "in base64url": Buffer.from(`???${text}>>>`).toString("base64url"),
    "in gzip": gzipSync(text),
    "in gzip in base64": base64(gzipSync(text)),
    "in gzip in base64 behind a path": `folder/${base64(gzipSync(text))}`,
    "in gzip in base64 of 76 columns": `data:\n${base64(gzipSync(`${text}${"0123456789abcdef".repeat(9).split("").sort().join("x")}`)).replace(/.{76}/g, "$&\n")}`,
    "in deflate in base64": base64(deflateSync(text)),
    "in raw deflate in base64": base64(deflateRawSync(text)),
    "in brotli in base64": base64(brotliCompressSync(text)),
    "in a tar archive": tar(),
    "in a tar archive in brotli in base64": base64(brotliCompressSync(tar())),
    "in gzip in a tar archive's place in gzip in base64, in JSON": JSON.stringify({ a: base64(gzipSync(gzipSync(text))) }),
  };
  for (const [how, value] of Object.entries(hidden)) {
    it(how, () => expect(leaks({ here: value }, secrets).map((leak) => leak.secret)).toContain("pullSecret"));
  }
});

it("says where a secret stands and how, and never what it is", () => {
  const found = leaks({ a: { b: [base64(gzipSync(text))] } }, secrets);
  expect(found).toEqual([{ secret: "pullSecret", path: "a.b.0", form: "base64 > gzip > text" }]);
  expect(leaks({ [secret]: 1 }, secrets)).toEqual([{ secret: "pullSecret", path: "***", form: "text" }]);
});

it("finds nothing where nothing is", () => {
  const other = testSecret("another one");
  for (const value of [
    base64(gzipSync(other)),
    other,
    base64(brotliCompressSync(other)),
    undefined,
    null,
    1,
    ["/usr/lib/node_modules/a/b/c/d"],
  ])
    expect(leaks(value, secrets)).toEqual([]);
});

it("refuses secrets that stand anywhere by chance", () => {
  expect(() => leaks("", { password: "hunter2" })).toThrow("the secret password is too short");
});

it("makes secrets that no encoding of text alters, one for each name", () => {
  const made = ["pullSecret", "registryCredentials", "npmrc", "a"].map(testSecret);
  expect(new Set(made).size).toBe(made.length);
  for (const one of made) expect(one).toMatch(/^[A-Za-z0-9]{24,48}$/);
});
