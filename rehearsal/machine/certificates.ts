import { existsSync } from "node:fs";

/** Where Debian and Red Hat's systems keep the certification authorities that they trust. */
const places = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];

/** The file (PEM) with the certification authorities that this machine trusts, but not `except`; undefined when there is none. */
export function findTrustedBundle(except?: string): string | undefined {
  return [process.env.SSL_CERT_FILE, ...places].find((path) => path !== undefined && path !== except && existsSync(path));
}

/** The same. @throws when there is none. */
export function trustedBundle(): string {
  const file = findTrustedBundle();
  if (!file) throw new Error(`no bundle of CA certificates: neither SSL_CERT_FILE nor ${places.join(" nor ")} is there`);
  return file;
}
