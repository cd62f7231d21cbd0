import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A certification authority of one's own, as companies have it, and a certificate for localhost of it. */
export function privateAuthority(folder: string): { bundle: string; key: Buffer; cert: Buffer } {
  mkdirSync(folder, { recursive: true });
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  openssl("req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=Authority of a company");
  const name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  openssl("req", "-x509", "-CA", "ca.crt", "-CAkey", "ca.key", ...key, "-keyout", "server.key", "-out", "server.crt", ...name);
  return {
    bundle: readFileSync(join(folder, "ca.crt"), "utf8"),
    key: readFileSync(join(folder, "server.key")),
    cert: readFileSync(join(folder, "server.crt")),
  };
}
