import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingHttpHeaders } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { afterAll } from "vitest";

/** A certificate authority of openssl's and what it has signed. */
export interface Authority {
  readonly certificate: string;
  /** A key and a certificate for a subject; `names` are its alternative names, such as `IP:127.0.0.1`. */
  sign(subject: string, names?: string): { readonly key: string; readonly certificate: string };
}

const openssl = (arguments_: readonly string[]) => execFileSync("openssl", arguments_, { stdio: "pipe" });
const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** For the tests of the file or the block that calls it; its files go with them. */
export function authority(): Authority {
  const folder = mkdtempSync(join(tmpdir(), "authority-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string) => join(folder, name);
  const read = (name: string) => readFileSync(file(name), "utf8");
  openssl(["req", "-x509", ...newKey, "-days", "2", "-subj", "/CN=test", "-keyout", file("ca.key"), "-out", file("ca")]);
  let signed = 0;
  return {
    certificate: read("ca"),
    sign(subject, names) {
      signed += 1;
      const [key, request, certificate, extensions] = ["key", "request", "certificate", "extensions"].map((name) => `${signed}.${name}`);
      openssl(["req", ...newKey, "-subj", `/CN=${subject}`, "-keyout", file(key), "-out", file(request)]);
      writeFileSync(file(extensions), names ? `subjectAltName=${names}\n` : "");
      openssl(
        ["x509", "-req", "-days", "2", "-CA", file("ca"), "-CAkey", file("ca.key"), "-CAcreateserial", "-extfile", file(extensions)].concat(
          ["-in", file(request), "-out", file(certificate)],
        ),
      );
      return { key: read(key), certificate: read(certificate) };
    },
  };
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Common name of the client's certificate. */
  readonly client?: string;
  /** Name that the client asked for in its hello. */
  readonly servername?: string | false;
  /** The client's port, which tells connections apart. */
  readonly from?: number;
}

export interface Reply {
  /** @default 200 */
  readonly status?: number;
  /** Objects are sent as JSON. */
  readonly body?: unknown;
}

/** `hang` answers nothing, `hang up` ends the connection, `half` does so in the middle of the answer. */
export type Answer = Reply | "hang" | "hang up" | "half";
/** Answers by method and path without query; a function is given the number of the call, from 1 on. */
export type Answers = Readonly<Record<string, Answer | ((count: number, asked: Asked) => Answer)>>;

export interface ApiServer {
  readonly port: number;
  readonly asked: Asked[];
  /** Method and path with query of each request, in order. */
  readonly calls: string[];
  /** Ends the server and all of its connections. */
  close(): Promise<void>;
}

/** An API server with fixed answers, over TLS; what it does not know it answers with 404, as Kubernetes does. */
export async function apiServer(answers: Answers, identity: { key: string; certificate: string }, clients?: Authority): Promise<ApiServer> {
  const asked: Asked[] = [];
  const counts = new Map<string, number>();
  const sockets = new Set<Duplex>();
  const tls = { key: identity.key, cert: identity.certificate, ...(clients && { ca: clients.certificate, requestCert: true }) };
  const server = createServer({ ...tls, rejectUnauthorized: false }, (request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      const socket = request.socket as TLSSocket & { servername?: string | false };
      const { method = "", url = "", headers } = request;
      const one = {
        method,
        path: url,
        headers,
        body,
        client: socket.getPeerCertificate().subject?.CN,
        servername: socket.servername,
        from: socket.remotePort,
      };
      asked.push(one);
      const call = `${method} ${url.split("?")[0]}`;
      const count = (counts.get(call) ?? 0) + 1;
      counts.set(call, count);
      const known = answers[call] ?? { status: 404, body: { message: `not found: ${call}` } };
      const answer = typeof known === "function" ? known(count, one) : known;
      if (answer === "hang") return;
      if (answer === "hang up") return socket.destroy();
      if (answer === "half") return response.writeHead(200, { "content-length": 100 }).write("half", () => socket.destroy());
      const { status = 200, body: content = {} } = answer;
      response.writeHead(status).end(typeof content === "string" ? content : JSON.stringify(content));
    });
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
  });
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    get calls() {
      return asked.map(({ method, path }) => `${method} ${path}`);
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

const base64 = (text: string) => Buffer.from(text).toString("base64");

/** A kubeconfig with a token, as JSON, which is YAML. */
export const kubeconfig = (
  server: string,
  ca: Authority | undefined,
  more: { cluster?: Record<string, unknown>; user?: Record<string, unknown> } = {},
): string =>
  JSON.stringify({
    "current-context": "admin",
    clusters: [
      { name: "other", cluster: { server: "https://192.0.2.1:6443" } },
      { name: "c", cluster: { server, ...(ca && { "certificate-authority-data": base64(ca.certificate) }), ...more.cluster } },
    ],
    contexts: [
      { name: "nobody", context: { cluster: "other", user: "nobody" } },
      { name: "admin", context: { cluster: "c", user: "u" } },
    ],
    users: [
      { name: "nobody", user: { token: "another" } },
      { name: "u", user: more.user ?? { token: "t0ken" } },
    ],
  });

/** Data of a kubeconfig's user with a client certificate. */
export const clientCertificate = ({ key, certificate }: { key: string; certificate: string }) => ({
  "client-certificate-data": base64(certificate),
  "client-key-data": base64(key),
});

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one of the programs as Pulumi does, with nothing in its environment but what is given. */
export function runCommand(file: string, env: Record<string, string>): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn("node", ["--require", "tsx/cjs", file], {
      cwd: join(__dirname, "../.."),
      env: { PATH: process.env.PATH, ...env },
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk) => {
      stdout += chunk;
    });
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    child.on("close", (status) => resolve({ status, stdout, stderr }));
  });
}
