import { createHash, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { javaTrustStore } from "../../../rehearsal/images/java-trust-store";
import { selfSigned } from "../../../rehearsal/machine/self-signed";

it("a Java trust store holds every certificate of the bundle and is sealed with Java's default password", () => {
  const folder = mkdtempSync(join(tmpdir(), "trust-"));
  const pems = ["one", "two"].map((name) => {
    return readFileSync(selfSigned(join(folder, name), name).certificate, "utf8");
  });
  rmSync(folder, { recursive: true });
  const store = javaTrustStore(`# comment\n${pems.join("# another\n")}`);

  expect(store.readUInt32BE(0)).toBe(0xfeedfeed);
  expect(store.readUInt32BE(8)).toBe(2);
  for (const pem of pems) expect(store.includes(new X509Certificate(pem).raw)).toBe(true);
  const content = store.subarray(0, -20);
  const seal = createHash("sha1").update(Buffer.from([..."changeit"].flatMap((letter) => [0, letter.charCodeAt(0)])));
  expect(store.subarray(-20)).toEqual(seal.update("Mighty Aphrodite").update(content).digest());
});
