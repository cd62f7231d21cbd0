import { execFileSync } from "node:child_process";

/**
 * Makes a key and a certificate that signs itself, for two days.
 *
 * @param path of both files, without their endings `.key` and `.crt`. @param subject its common name. @param names DNS names of a server.
 * @returns the paths of the files.
 */
export function selfSigned(
  path: string,
  subject: string,
  names: readonly string[] = [],
): { readonly key: string; readonly certificate: string } {
  const [key, certificate] = [`${path}.key`, `${path}.crt`] as const;
  const alternatives = names.length > 0 ? ["-addext", `subjectAltName=${names.map((name) => `DNS:${name}`).join(",")}`] : [];
  const fresh = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-days", "2"];
  const files = ["-keyout", key, "-out", certificate];
  execFileSync("openssl", ["req", "-x509", ...fresh, "-subj", `/CN=${subject}`, ...alternatives, ...files], { stdio: "pipe" });
  return { key, certificate };
}
