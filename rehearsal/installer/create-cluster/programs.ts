import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startNode } from "../../cluster";
import { run } from "../../machine/exec";
import { places } from "../../machine/places";
import type { Infrastructure, Plan } from "./infrastructure";
import type { CertificateKey } from "./install-directory";

/**
 * The API server's certificate for clients from outside, signed by the installer's authority for it: so the kubeconfig of
 * `create ignition-configs` works as it is.
 */
export async function servingCertificate(apiHost: string, signer: CertificateKey): Promise<CertificateKey> {
  const folder = join(places.pki, "installer");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const at = (name: string) => join(folder, name);
  writeFileSync(at("ca.crt"), signer.certificate);
  writeFileSync(at("ca.key"), signer.key, { mode: 0o600 });
  await run([
    ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-days", "30"],
    ...["-subj", "/O=kube-master/CN=system:kube-apiserver", "-addext", `subjectAltName=DNS:${apiHost}`],
    ...["-addext", "basicConstraints=critical,CA:FALSE", "-addext", "extendedKeyUsage=serverAuth"],
    ...["-CA", at("ca.crt"), "-CAkey", at("ca.key"), "-keyout", at("server.key"), "-out", at("server.crt")],
  ]);
  return { certificate: readFileSync(at("server.crt"), "utf8"), key: readFileSync(at("server.key"), "utf8") };
}

/** A single-node control plane: its machine is a worker too (mastersSchedulable). */
export async function startControlPlaneNode({ controlPlane, region }: Plan, { instance }: Infrastructure): Promise<void> {
  const roles = ["control-plane", "master", "worker"].map((role) => [`node-role.kubernetes.io/${role}`, ""]);
  await startNode({
    name: instance.dnsName,
    architecture: "amd64",
    labels: {
      ...Object.fromEntries(roles),
      "node.kubernetes.io/instance-type": controlPlane.instanceType,
      "topology.kubernetes.io/region": region,
      "topology.kubernetes.io/zone": controlPlane.zone,
    },
    providerId: `aws:///${controlPlane.zone}/${instance.id}`,
  });
}
