import { createPrivateKey, X509Certificate } from "node:crypto";

const body = "[A-Za-z0-9+/=\\s]+";
/** As editors see a text with certificates: each has its end. */
export const certificatePattern = `^(?![\\s\\S]*-----BEGIN CERTIFICATE-----(?!${body}-----END CERTIFICATE-----))[\\s\\S]*-----BEGIN CERTIFICATE-----`;

interface Block {
  readonly kind: string;
  /** With its first and last line. */
  readonly text: string;
}

/** The blocks of a PEM text; whatever stands between them is a comment (RFC 7468, 2). */
const blocksOf = (pem: string): Block[] =>
  [...pem.matchAll(new RegExp(`-----BEGIN ([A-Z0-9 ]+)-----${body}-----END \\1-----`, "g"))].map(([text, kind = ""]) => ({ kind, text }));

const isKey = ({ kind }: Block) => kind.endsWith("PRIVATE KEY");
const isCertificate = ({ kind }: Block) => kind === "CERTIFICATE";

function parsed(certificate: Block): X509Certificate | undefined {
  try {
    return new X509Certificate(certificate.text);
  } catch {
    return undefined;
  }
}

export const trustText = "certificates as PEM, such as a file ca-bundle.crt holds";

/** What would be right instead of a text that builds are to trust; undefined when it is right. */
export function trustProblem(pem: string): string | undefined {
  if (/PRIVATE KEY-----/.test(pem)) return `${trustText}, without a private key: everybody can read this setting`;
  if (!pem.includes("-----BEGIN CERTIFICATE-----")) return trustText;
  if (!new RegExp(certificatePattern).test(pem)) return `${trustText}: each whole, from BEGIN to END`;
  return blocksOf(pem).filter(isCertificate).every(parsed) ? undefined : `${trustText}: one of these cannot be read`;
}

/** The files of a RHEL entitlement, as a host has them in /etc/pki/entitlement. */
export function entitlementFiles(pem: string): Record<string, string> {
  const blocks = blocksOf(pem);
  const file = (wanted: boolean) => blocks.flatMap((block) => (isKey(block) === wanted ? [`${block.text}\n`] : [])).join("");
  return { "entitlement.pem": file(false), "entitlement-key.pem": file(true) };
}

/** What is wrong with a RHEL entitlement; undefined when it has the right form. Names no part of it. */
export function entitlementProblem(pem: string): string | undefined {
  const blocks = blocksOf(pem);
  const [first, ...others] = blocks.filter(isCertificate);
  const [key, ...otherKeys] = blocks.filter(isKey);
  if (!first) return "it has no certificate";
  if (!key) return "it has no private key, or an encrypted one";
  if (others.length > 0 || otherKeys.length > 0) return "it has more than one certificate, or more than one private key";
  const certificate = parsed(first);
  if (!certificate) return "its certificate cannot be read";
  if (key.kind.startsWith("ENCRYPTED")) return "its private key is encrypted, and a build has no passphrase";
  try {
    return certificate.checkPrivateKey(createPrivateKey(key.text)) ? undefined : "its private key is that of another certificate";
  } catch {
    return "its private key cannot be read";
  }
}

/** A certificate for the examples, whose private key is nowhere. */
export const exampleAuthority = `-----BEGIN CERTIFICATE-----
MIIBSDCB+6ADAgECAhQcmA49LETvTWuG6wtOOrd5ybq2qzAFBgMrZXAwGTEXMBUG
A1UEAwwOY2EuZXhhbXBsZS5jb20wIBcNMjYxMTI5MTQ0MTA4WhgPMjEyNjExMDUx
NDQxMDhaMBkxFzAVBgNVBAMMDmNhLmV4YW1wbGUuY29tMCowBQYDK2VwAyEAr/b2
n3k/7GywY7Jx9rpu3rdPqo1xUGOGq+1QFQqpONGjUzBRMB0GA1UdDgQWBBSSTKBo
L0YBWrwEsNuk6YuaDAi1jjAfBgNVHSMEGDAWgBSSTKBoL0YBWrwEsNuk6YuaDAi1
jjAPBgNVHRMBAf8EBTADAQH/MAUGAytlcANBAG6omN9V3SbK6PDc91n4CE2fLDNO
mX4Mz2BEiaGH0wI/BjAZYJ7mTNq/9nBHsGo4uWdO/ruP0+CRtnVAqT2mmwk=
-----END CERTIFICATE-----
`;
