import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { connect, rootCertificates } from "node:tls";
import { run } from "../machine/exec";
import { checkout } from "../machine/places";
import { dockerConfig, registryCredentials } from "../services/registry";

/** The stack's secrets: key -> plain text, undefined for one that this machine has no use for. */
export async function secrets(): Promise<Record<string, string | undefined>> {
  return {
    pullSecret: pullSecret(),
    registryCredentials: dockerConfig(registryCredentials()),
    npmrc: await npmrc(),
    mavenSettings: mavenSettings(),
  };
}

/** A pull secret of the right form for registries that nothing in the rehearsal asks. */
function pullSecret(): string {
  const auth = Buffer.from("rehearsal:rehearsal").toString("base64");
  const hosts = ["cloud.openshift.com", "quay.io", "registry.connect.redhat.com", "registry.redhat.io"];
  return JSON.stringify({ auths: Object.fromEntries(hosts.map((host) => [host, { auth, email: "nobody@rehearsal.test" }])) });
}

/**
 * The machine's own npm client set-up as an .npmrc for the builds' pods: registry, proxies, and the certificate authority that
 * answers for the registry when Node.js does not know it by itself. Read at run time, kept in the stack's secrets alone.
 */
async function npmrc(): Promise<string> {
  const settings: Record<string, unknown> = JSON.parse(await run(["npm", "config", "list", "--json"], { cwd: checkout }));
  const lines = [];
  for (const key of ["registry", "proxy", "https-proxy", "noproxy", "strict-ssl"]) {
    const value = settings[key];
    if (value !== undefined && value !== null && value !== "" && !(Array.isArray(value) && value.join("") === ""))
      lines.push(`${key}=${value}`);
  }
  const certificates = await authorities(
    String(settings.registry),
    settings.cafile as string | null,
    settings.ca as string | string[] | null,
  );
  for (const certificate of certificates) lines.push(`ca[]="${certificate.trim().replaceAll("\n", "\\n")}"`);
  return lines.join("\n");
}

/** Certificates that an npm client elsewhere must be given to trust the registry as this machine does. */
async function authorities(url: string, cafile: string | null, ca: string | string[] | null): Promise<string[]> {
  if (ca) return [ca].flat();
  const known = new Set(rootCertificates.map(fingerprintText));
  const files = [cafile, process.env.NODE_EXTRA_CA_CERTS, process.env.SSL_CERT_FILE, "/etc/ssl/certs/ca-certificates.crt"];
  const bundle = files.flatMap((file) => (file && existsSync(file) ? pemBlocks(readFileSync(file, "utf8")) : []));
  const root = URL.canParse(url) && url.startsWith("https:") ? await rootOf(new URL(url), [...rootCertificates, ...bundle]) : undefined;
  return root !== undefined && !known.has(fingerprintText(root)) ? [root] : [];
}

/** The certificates of a PEM file. */
export const pemBlocks = (text: string): string[] => text.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];

const fingerprintText = (pem: string) => pem.replace(/\s+/g, "");

/** The authority at the end of a server's chain, as PEM; undefined when the server cannot be reached without a proxy. */
function rootOf(url: URL, ca: string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: url.hostname, port: Number(url.port || 443), servername: url.hostname, ca, timeout: 15_000 }, () => {
      let certificate = socket.getPeerCertificate(true);
      while (certificate.issuerCertificate && certificate.issuerCertificate.fingerprint256 !== certificate.fingerprint256) {
        certificate = certificate.issuerCertificate;
      }
      socket.end();
      const body = certificate.raw.toString("base64").match(/.{1,64}/g) ?? [];
      resolve(["-----BEGIN CERTIFICATE-----", ...body, "-----END CERTIFICATE-----"].join("\n"));
    });
    for (const event of ["error", "timeout"]) {
      socket.once(event, () => {
        socket.destroy();
        resolve(undefined);
      });
    }
  });
}

/** The user's own Maven settings, if there are any. */
function mavenSettings(): string | undefined {
  const file = join(process.env.HOME ?? "/root", ".m2", "settings.xml");
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}
