import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, connect, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { selfSigned } from "../../../rehearsal/machine/self-signed";
import { project } from "./stage";

/**
 * A mirror of OpenShift's programs and the host of Red Hat's key, for the real curl and the real gpg: TLS servers behind a proxy that
 * leads there whatever name it is asked for. The scripts need no setting of ours to go there: curl takes HTTPS_PROXY and CURL_CA_BUNDLE.
 * Only the fingerprint of Red Hat's key, whose secret part nobody has, is another one in a copy of the scripts.
 */
const path = "/openshift-v4/multi/clients/ocp/4.19.42";
export const machine = process.arch === "x64" ? "amd64" : "arm64";
const gpg = (home: string, ...args: string[]) =>
  execFileSync("gpg", ["--homedir", home, "--batch", "--yes", "--pinentry-mode", "loopback", "--passphrase", "", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
  });

/** A key with a signing subkey, and a folder of its own. */
export class Key {
  readonly fingerprint: string;
  readonly subkey: string;
  constructor(
    readonly home: string,
    name: string,
  ) {
    mkdirSync(home, { mode: 0o700 });
    gpg(home, "--quick-generate-key", name, "ed25519", "sign", "never");
    this.fingerprint = this.fingerprints()[0] ?? "";
    gpg(home, "--quick-add-key", this.fingerprint, "ed25519", "sign", "never");
    this.subkey = this.fingerprints()[1] ?? "";
  }
  private fingerprints(): string[] {
    return [...gpg(this.home, "--with-colons", "--with-subkey-fingerprint", "--list-keys").matchAll(/^fpr:+([0-9A-F]{40}):/gm)].map(
      ([, id = ""]) => id,
    );
  }
  get public(): string {
    return gpg(this.home, "--armor", "--export");
  }
  /** `signer` may be the primary key, by its fingerprint and `!`. */
  sign(file: string, how: "--sign" | "--detach-sign", signer = `${this.fingerprint}!`): void {
    gpg(this.home, "--local-user", signer, how, "--output", `${file}.gpg`, file);
  }
  revoke(): void {
    // gpg writes one with each key, and a colon in front that keeps it from being imported by accident.
    const certificate = join(this.home, "openpgp-revocs.d", `${this.fingerprint}.rev`);
    writeFileSync(certificate, readFileSync(certificate, "utf8").replace(":-----BEGIN", "-----BEGIN"));
    gpg(this.home, "--import", certificate);
  }
  /** Ends its agent. */
  close(): void {
    execFileSync("gpgconf", ["--homedir", this.home, "--kill", "all"]);
    rmSync(this.home, { recursive: true, force: true });
  }
}

type Answer = (request: IncomingMessage, response: ServerResponse) => boolean;

export class Mirror {
  readonly root: string;
  /** What curl asked for, as host and path. */
  readonly asked: string[] = [];
  /** How many connections the proxy was asked for. */
  connections = 0;
  /** Answers a request in another way, and says so. */
  instead: Answer = () => false;
  key: Key;
  private readonly servers: Server[] = [];
  private readonly sockets = new Set<Socket>();
  private proxy = 0;
  private http = 0;

  constructor(
    private readonly folder: string,
    key: Key,
  ) {
    this.root = join(folder, "mirror");
    this.key = key;
  }

  /** Writes and signs the mirror, with these programs in its archives. */
  write({
    program = "",
    how = "--sign" as "--sign" | "--detach-sign",
    signer = undefined as string | undefined,
    listed = true,
  } = {}): this {
    const source = join(this.folder, "source");
    mkdirSync(source, { recursive: true });
    const text =
      program ||
      '#!/bin/sh\necho "$0 v4.19.42"\necho release architecture multi\necho \'{"clientVersion": {}, "releaseClientVersion": "4.19.42"}\'\n';
    for (const name of ["openshift-install", "oc", "ccoctl"]) writeFileSync(join(source, name), text, { mode: 0o755 });
    for (const folder of ["amd64", "arm64"]) {
      mkdirSync(join(this.root, folder), { recursive: true });
      for (const [archive, name] of [
        ["openshift-install", "openshift-install"],
        ["openshift-client", "oc"],
        ["ccoctl", "ccoctl"],
      ]) {
        execFileSync("tar", ["-czf", join(this.root, folder, `${archive}-linux-4.19.42.tar.gz`), "-C", source, name ?? ""]);
      }
      execFileSync("bash", ["-c", `sha256sum ${listed ? "*.tar.gz" : "/dev/null"} >sha256sum.txt`], { cwd: join(this.root, folder) });
    }
    execFileSync("bash", ["-c", "sha256sum */sha256sum.txt >sha256sum.txt"], { cwd: this.root });
    this.key.sign(join(this.root, "sha256sum.txt"), how, signer);
    return this;
  }

  /** Adds a line to a file. */
  spoil(file: string): void {
    writeFileSync(join(this.root, file), "x\n", { flag: "a" });
  }

  /** A checkout whose scripts trust this key instead of Red Hat's. */
  checkout(fingerprint = this.key.fingerprint): string {
    const checkout = join(this.folder, "checkout");
    cpSync(join(project, "infra/stages"), join(checkout, "infra/stages"), { recursive: true });
    const file = join(checkout, "infra/stages/lib/tools.sh");
    writeFileSync(file, readFileSync(file, "utf8").replace(/^signing_key=[0-9A-F]{40}$/m, `signing_key=${fingerprint}`));
    return checkout;
  }

  async start(): Promise<this> {
    const certificate = this.certificate();
    const tls = await this.listen(createHttpsServer(certificate, (request, response) => this.serve(request, response)));
    this.http = await this.listen(createHttpServer((request, response) => this.serve(request, response)));
    const proxy = createHttpServer();
    proxy.on("connect", (_, client: Socket) => {
      this.connections++;
      const upstream = connect(tls, "127.0.0.1", () => client.write("HTTP/1.1 200 Connection established\r\n\r\n"));
      this.sockets.add(upstream);
      for (const [from, to] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        from.pipe(to);
        from.on("error", () => to.destroy());
      }
    });
    this.proxy = await this.listen(proxy);
    return this;
  }

  get environment(): Record<string, string> {
    return { HTTPS_PROXY: `http://127.0.0.1:${this.proxy}`, CURL_CA_BUNDLE: join(this.folder, "ca.crt") };
  }
  /** Where the same files are without TLS. */
  get plain(): string {
    return `http://127.0.0.1:${this.http}`;
  }

  stop(): void {
    for (const socket of this.sockets) socket.destroy();
    for (const server of this.servers) server.close();
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    const name = `${request.headers.host}${request.url}`;
    this.asked.push(name);
    if (this.instead(request, response)) return;
    const file = join(this.root, (request.url ?? "").replace(path, ""));
    if (name === "access.redhat.com/security/data/fd431d51.txt") response.end(this.key.public);
    else if (request.url?.startsWith(`${path}/`) && existsSync(file)) response.end(readFileSync(file));
    else response.writeHead(404).end("<html>not found</html>");
  }

  private async listen(server: Server): Promise<number> {
    server.on("connection", (socket) => this.sockets.add(socket));
    this.servers.push(server);
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return (server.address() as AddressInfo).port;
  }

  private certificate(): { cert: string; key: string } {
    const hosts = ["mirror.example.com", "access.redhat.com", "elsewhere.example.com"];
    const names = [...hosts, "sts.eu-west-3.amazonaws.com", "ec2.eu-west-3.amazonaws.com"];
    const { certificate: cert, key } = selfSigned(join(this.folder, "ca"), "test", names);
    return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
  }
}
