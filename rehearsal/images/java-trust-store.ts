import { createHash, X509Certificate } from "node:crypto";

/** The password that Java takes for its own list of certification authorities; it protects nothing. */
const password = "changeit";

/**
 * A Java key store (format JKS) that trusts the certificates of a PEM bundle.
 *
 * Written here because Debian makes it by running Java at installation, which the rehearsal's images never do: they are
 * unpacked, and half of them are for another architecture. Format: OpenJDK's sun/security/provider/JavaKeyStore.java, engineStore.
 */
export function javaTrustStore(pem: string): Buffer {
  const certificates = (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map(
    (text) => new X509Certificate(text).raw,
  );
  const entries = certificates.map((der, index) =>
    Buffer.concat([uint32(2), text(`authority-${index}`), Buffer.alloc(8), text("X.509"), uint32(der.length), der]),
  );
  const content = Buffer.concat([uint32(0xfeedfeed), uint32(2), uint32(entries.length), ...entries]);
  const seal = createHash("sha1").update(Buffer.from(password, "utf16le").swap16()).update("Mighty Aphrodite").update(content).digest();
  return Buffer.concat([content, seal]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** As DataOutput.writeUTF does for plain ASCII: two bytes of length, then the text. */
function text(value: string): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value.length);
  return Buffer.concat([bytes, Buffer.from(value, "ascii")]);
}
