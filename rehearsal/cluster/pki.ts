import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import { run } from "../machine/exec";
import { network, places, ports } from "../machine/places";

const file = (name: string) => join(places.pki, name);

/** What the API server trusts for client certificates: our CA and the others that it was given. */
export const clientCaBundle = file("client-ca-bundle.crt");

interface Certificate {
  /** Distinguished name in openssl's form, e.g. `/O=system:masters/CN=admin`. */
  readonly subject: string;
  /** DNS names and addresses of a server. */
  readonly names?: readonly string[];
  /** Folder and base name of the `.crt` and `.key` files. */
  readonly path: string;
  /** Base name of the CA that signs, in places.pki; none for a CA. */
  readonly signer?: string;
}

/** openssl's configuration for one certificate. Pure. */
export function certificateConfig(names: readonly string[] | undefined, ca: boolean): string {
  const usage = ca
    ? ["basicConstraints = critical, CA:TRUE", "keyUsage = critical, keyCertSign, cRLSign, digitalSignature"]
    : [
        "basicConstraints = critical, CA:FALSE",
        "keyUsage = critical, digitalSignature",
        `extendedKeyUsage = clientAuth${names ? ", serverAuth" : ""}`,
        "authorityKeyIdentifier = keyid",
      ];
  const alternatives = names?.map((name) => `${isIP(name) ? "IP" : "DNS"}:${name}`).join(", ");
  return [
    "[req]",
    "distinguished_name = name",
    "x509_extensions = extensions",
    "[name]",
    "[extensions]",
    "subjectKeyIdentifier = hash",
    ...usage,
    ...(alternatives ? [`subjectAltName = ${alternatives}`] : []),
    "",
  ].join("\n");
}

/** Makes a certificate and its key; keeps those that are there. */
async function issue({ subject, names, path, signer }: Certificate): Promise<void> {
  if (existsSync(`${path}.crt`)) return;
  writeFileSync(`${path}.cnf`, certificateConfig(names, signer === undefined));
  const sign = signer ? ["-CA", file(`${signer}.crt`), "-CAkey", file(`${signer}.key`)] : [];
  await run([
    ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3650"],
    ...["-subj", subject, "-config", `${path}.cnf`, "-keyout", `${path}.key`, "-out", `${path}.crt.new`, ...sign],
  ]);
  rmSync(`${path}.cnf`);
  chmodSync(`${path}.key`, 0o600);
  // The certificate comes last and at once: one that is there has its key.
  renameSync(`${path}.crt.new`, `${path}.crt`);
}

/** A kubeconfig for the certificate `<path>.crt`. */
export function kubeconfig(path: string): string {
  const data = (name: string) => readFileSync(name).toString("base64");
  return `${JSON.stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      clusters: [
        {
          name: "rehearsal",
          cluster: { server: `https://${network.host}:${ports.api}`, "certificate-authority-data": data(file("ca.crt")) },
        },
      ],
      users: [{ name: "user", user: { "client-certificate-data": data(`${path}.crt`), "client-key-data": data(`${path}.key`) } }],
      contexts: [{ name: "rehearsal", context: { cluster: "rehearsal", user: "user" } }],
      "current-context": "rehearsal",
    },
    null,
    1,
  )}\n`;
}

async function client(name: string, subject: string): Promise<void> {
  await issue({ subject, path: file(name), signer: "ca" });
  writeFileSync(file(`${name}.kubeconfig`), kubeconfig(file(name)), { mode: 0o600 });
}

export interface PkiOptions {
  /** Further DNS names of the API server, e.g. `api.multiarch.rehearsal.test`. */
  readonly apiNames: readonly string[];
  /** CA certificates (PEM) whose client certificates the API server accepts as well. @default none */
  readonly extraClientCa?: string;
}

/**
 * Makes the cluster's CA, the certificates of its programs and their kubeconfigs in places.pki; keeps those that are there.
 * The API server's certificate is made anew when its names change; a changed bundle of client CAs is taken up by a running
 * API server.
 */
export async function ensurePki({ apiNames, extraClientCa }: PkiOptions): Promise<void> {
  mkdirSync(places.pki, { recursive: true, mode: 0o700 });
  await Promise.all([
    issue({ subject: "/CN=rehearsal-kubernetes-ca", path: file("ca") }),
    issue({ subject: "/CN=rehearsal-front-proxy-ca", path: file("front-proxy-ca") }),
  ]);
  const names = [
    ...["kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local", "localhost", ...apiNames],
    ...[network.apiService, network.host, "127.0.0.1"],
  ];
  const record = file("apiserver.names");
  if (!existsSync(record) || readFileSync(record, "utf8") !== names.join("\n")) rmSync(file("apiserver.crt"), { force: true });
  await Promise.all([
    issue({ subject: "/CN=kube-apiserver", names, path: file("apiserver"), signer: "ca" }),
    issue({ subject: "/CN=front-proxy-client", path: file("front-proxy-client"), signer: "front-proxy-ca" }),
    issue({ subject: "/O=system:masters/CN=kube-apiserver-kubelet-client", path: file("kubelet-client"), signer: "ca" }),
    client("admin", "/O=system:masters/CN=rehearsal-admin"),
    client("kube-controller-manager", "/CN=system:kube-controller-manager"),
    client("kube-scheduler", "/CN=system:kube-scheduler"),
    client("kube-proxy", "/CN=system:kube-proxy"),
    client("dns", "/CN=system:serviceaccount:openshift-dns:dns"),
    serviceAccountKey(),
  ]);
  writeFileSync(record, names.join("\n"));
  writeFileSync(
    clientCaBundle,
    [readFileSync(file("ca.crt"), "utf8"), extraClientCa ?? ""].map((pem) => (pem === "" ? "" : `${pem.trimEnd()}\n`)).join(""),
  );
}

async function serviceAccountKey(): Promise<void> {
  if (existsSync(file("service-account.pub"))) return;
  await run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", file("service-account.key")]);
  chmodSync(file("service-account.key"), 0o600);
  await run(["openssl", "ec", "-in", file("service-account.key"), "-pubout", "-out", file("service-account.pub")]);
}

/** Makes a kubelet's certificate (client and server) and its kubeconfig: `<folder>/kubelet.{crt,key,kubeconfig}`. */
export async function ensureNodeCertificate(name: string, address: string, folder: string): Promise<void> {
  const path = join(folder, "kubelet");
  await issue({ subject: `/O=system:nodes/CN=system:node:${name}`, names: [name, address], path, signer: "ca" });
  writeFileSync(`${path}.kubeconfig`, kubeconfig(path), { mode: 0o600 });
}
