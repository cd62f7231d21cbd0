import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findTrustedBundle } from "../machine/certificates";
import { run } from "../machine/exec";
import { pythonVenv } from "../machine/packages";
import { awsEndpoint, awsTlsEndpoint, baseDomain, places, ports } from "../machine/places";
import { runningPid, start, until } from "../machine/process";
import { nginxConfig, startNginx } from "../services/nginx";
import { awsEnvironment as clientEnvironment, region, trustBundle } from "../stack/environment";

const pki = join(places.pki, "aws");
const folder = join(places.run, "aws");

/** The Python that has moto and boto3. */
export const python = join(pythonVenv, "bin", "python");

/** Environment in which an AWS client (SDK of any language) works on the emulator, as changes to the caller's. */
export const awsEnvironment = {
  ...clientEnvironment,
  // Whatever proxy the machine needs, it does not know the way to its own loopback.
  NO_PROXY: withLoopback(process.env.NO_PROXY),
  no_proxy: withLoopback(process.env.no_proxy),
} as const;

function withLoopback(list: string | undefined): string {
  return [list, "127.0.0.1", "localhost"].filter((entry) => entry).join(",");
}

/** Starts the emulator (HTTP) and nginx in front of it (HTTPS, which the installer demands), and returns when both answer. */
export async function startAws(): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await ensureCertificates();
  if (runningPid("aws") === undefined) await freshEmulator();
  await startNginx("aws-front", folder, frontConfig(folder, pki));
  await until("the AWS emulator answers over TLS", 30, async () => {
    const status = await run([
      "curl",
      "--silent",
      "--noproxy",
      "*",
      "--cacert",
      join(pki, "ca.crt"),
      "-o",
      "/dev/null",
      "-w",
      "%{http_code}",
      `${awsTlsEndpoint}/moto-api/`,
    ]);
    return status === "200";
  });
}

async function freshEmulator(): Promise<void> {
  start({
    name: "aws",
    command: [python, join(__dirname, "emulator.py"), "-H", "127.0.0.1", "-p", String(ports.aws)],
    // Its own calls to AWS, were there any, must not go anywhere; bytecode files would lie in the checkout.
    environment: { ...awsEnvironment, MOTO_AMIS_PATH: writeImages(), PYTHONDONTWRITEBYTECODE: "1", PYTHONUNBUFFERED: "1" },
    directory: folder,
  });
  await until("the AWS emulator answers", 60, async () => {
    if (runningPid("aws") === undefined) throw new Error("it ended at once");
    return (await fetch(`${awsEndpoint}/moto-api/`)).status === 200;
  });
}

/** The region's machine images: those of Red Hat CoreOS that the installer names. Returns the file, in the form that moto reads. */
function writeImages(): string {
  const stream = join(places.share, "openshift-install", "data", "coreos", "rhcos.json");
  const file = join(folder, "images.json");
  writeFileSync(file, JSON.stringify(existsSync(stream) ? machineImages(JSON.parse(readFileSync(stream, "utf8")), region) : []));
  return file;
}

interface Stream {
  readonly stream?: string;
  readonly architectures: Readonly<
    Record<
      string,
      {
        readonly images?: {
          readonly aws?: { readonly regions?: Readonly<Record<string, { readonly image: string; readonly release: string }>> };
        };
      }
    >
  >;
}

/** moto's description of a stream's images in one region; EC2 calls aarch64 arm64. Pure. */
export function machineImages({ architectures }: Stream, of: string): object[] {
  return Object.entries(architectures).flatMap(([architecture, { images }]) => {
    const image = images?.aws?.regions?.[of];
    if (!image) return [];
    return [
      {
        ami_id: image.image,
        name: `rhcos-${image.release}-${architecture}`,
        description: `OpenShift 4 ${image.release}`,
        // Red Hat's account: openshift/machine-config-operator, pkg/controller/bootimage
        owner_id: "531415883065",
        public: true,
        architecture: architecture === "aarch64" ? "arm64" : architecture,
        virtualization_type: "hvm",
        hypervisor: "xen",
        root_device_type: "ebs",
        root_device_name: "/dev/xvda",
      },
    ];
  });
}

/** Makes what the account of a real user has before the first cluster: the public hosted zone of the base domain. */
export async function seedAccount(): Promise<void> {
  await account<string>({ action: "seed", zone: baseDomain });
}

/** All objects in the account, each as "kind id name"; empty for an account that was only seeded. */
export function everything(): Promise<string[]> {
  return account({ action: "everything" });
}

async function account<Answer>(request: object): Promise<Answer> {
  const answer = await run([python, join(__dirname, "account.py")], {
    input: JSON.stringify(request),
    env: { ...awsEnvironment, PYTHONDONTWRITEBYTECODE: "1" },
  });
  return JSON.parse(answer);
}

/** An authority and a certificate for the front, kept once made; and the bundle, which follows the machine's own. */
async function ensureCertificates(): Promise<void> {
  mkdirSync(pki, { recursive: true, mode: 0o700 });
  const at = (name: string) => join(pki, name);
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-days", "3650"];
  if (!existsSync(at("server.crt"))) {
    const authority = ["-subj", "/CN=openshift-multiarch rehearsal AWS", "-addext", "keyUsage=critical,keyCertSign,cRLSign"];
    await run(["openssl", "req", "-x509", ...newKey, ...authority, "-keyout", at("ca.key"), "-out", at("ca.crt")]);
    const server = [
      "-subj",
      "/CN=127.0.0.1",
      "-addext",
      "subjectAltName=IP:127.0.0.1,DNS:localhost",
      "-addext",
      "basicConstraints=critical,CA:FALSE",
    ];
    const signer = ["-CA", at("ca.crt"), "-CAkey", at("ca.key")];
    // The certificate comes last: one that is there has its key and its authority.
    await run(["openssl", "req", "-x509", ...newKey, ...server, ...signer, "-keyout", at("server.key"), "-out", at("server.crt")]);
  }
  writeFileSync(trustBundle, `${systemBundle().trimEnd()}\n${readFileSync(at("ca.crt"), "utf8")}`);
}

/** The certificates that programs of this machine trust by default, or the ones that the caller's environment names. */
function systemBundle(): string {
  const file = findTrustedBundle(trustBundle);
  return file ? readFileSync(file, "utf8") : "";
}

/** nginx's configuration of the TLS front. Pure. */
export function frontConfig(prefix: string, certificates: string): string {
  return nginxConfig(
    prefix,
    { workers: 1, connections: 256 },
    `  client_max_body_size 0;
  proxy_read_timeout 120s;
  server {
    listen 127.0.0.1:${ports.awsTls} ssl;
    ssl_certificate ${join(certificates, "server.crt")};
    ssl_certificate_key ${join(certificates, "server.key")};
    location / {
      proxy_pass ${awsEndpoint};
      # The signature names the host; the emulator finds the service in the signature's scope.
      proxy_set_header Host $http_host;
    }
  }`,
  );
}
