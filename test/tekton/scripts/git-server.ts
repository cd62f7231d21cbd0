import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer as createPlainServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer } from "node:https";
import { afterEach } from "vitest";
import { isolated } from "./clone";
import { at, write } from "./harness";

/** A request that a server got; `user` is what its Authorization says. */
export interface Request {
  readonly url: string;
  readonly user?: string;
}
export interface Server {
  /** Host and port. */
  readonly host: string;
  readonly url: string;
  readonly requests: Request[];
}
interface Behaviour {
  /** `user:password` that may read a path; undefined: everybody may. */
  readonly allowed?: (path: string) => string | undefined;
  readonly redirect?: (path: string) => string | undefined;
  /** Content of Git LFS objects by their id. */
  readonly objects?: Readonly<Record<string, string>>;
  readonly name?: "localhost" | "127.0.0.1";
  readonly plain?: boolean;
  /** Speaks git's first protocol alone, which gives single commits only by the name of a branch or tag. */
  readonly old?: boolean;
}

const open: { close(): void; closeAllConnections(): void }[] = [];
afterEach(() => {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** An authority of the test's own in `trust/ca-bundle.crt`, and a certificate for this machine. */
function certificates() {
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: at("ca"), stdio: "pipe" });
  write("ca/ext", "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
  const fresh = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl("req", "-x509", ...fresh, "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=authority", "-days", "2");
  openssl("req", ...fresh, "-keyout", "key", "-out", "csr", "-subj", "/CN=localhost");
  openssl(..."x509 -req -in csr -CA ca.crt -CAkey ca.key -CAcreateserial -extfile ext -out crt -days 2".split(" "));
  write("trust/ca-bundle.crt", readFileSync(at("ca/ca.crt")));
  return { key: readFileSync(at("ca/key")), cert: readFileSync(at("ca/crt")) };
}

/** Serves the folder `repositories` by git's own http-backend, over https unless it is told otherwise. */
export async function serve(behaviour: Behaviour = {}): Promise<Server> {
  const requests: Request[] = [];
  const handle = (request: IncomingMessage, response: ServerResponse) => answer(behaviour, requests, url, request, response);
  const server = behaviour.plain ? createPlainServer(handle) : createServer(certificatesOfTest(), handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  open.push(server);
  const { port } = server.address() as { port: number };
  const host = `${behaviour.name ?? "127.0.0.1"}:${port}`;
  const url = `${behaviour.plain ? "http" : "https"}://${host}`;
  return { host, url, requests };
}

let made: { folder: string; pair: ReturnType<typeof certificates> } | undefined;
const certificatesOfTest = () => {
  if (made?.folder !== at()) made = { folder: at(), pair: certificates() };
  return made.pair;
};

function answer(behaviour: Behaviour, requests: Request[], base: string, request: IncomingMessage, response: ServerResponse): void {
  const url = request.url ?? "/";
  const path = url.replace(/\?.*/, "");
  const basic = /^Basic (.*)$/.exec(request.headers.authorization ?? "")?.[1];
  const user = basic && Buffer.from(basic, "base64").toString();
  requests.push({ url, ...(user !== undefined && { user }) });
  const location = behaviour.redirect?.(url);
  const wanted = behaviour.allowed?.(path);
  const object = /^\/objects\/(.*)/.exec(path)?.[1];
  if (location) response.writeHead(302, { location }).end();
  else if (object) response.end(behaviour.objects?.[object]);
  else if (wanted !== undefined && user === undefined)
    response.writeHead(401, { "www-authenticate": 'Basic realm="git"', "lfs-authenticate": 'Basic realm="git"' }).end();
  else if (wanted !== undefined && user !== wanted) response.writeHead(403).end("no right to read");
  else if (path.endsWith("/info/lfs/objects/batch")) batch(behaviour, base, request, response);
  else backend(path, url, behaviour.old === true, request, response);
}

/** The batch API of Git LFS (git-lfs, docs/api/batch.md). */
function batch({ objects = {} }: Behaviour, base: string, request: IncomingMessage, response: ServerResponse): void {
  let body = "";
  request.on("data", (data) => {
    body += data;
  });
  request.on("end", () => {
    const asked = (JSON.parse(body) as { objects: { oid: string; size: number }[] }).objects;
    const answers = asked.map(({ oid, size }) =>
      oid in objects
        ? { oid, size, authenticated: true, actions: { download: { href: `${base}/objects/${oid}` } } }
        : { oid, size, error: { code: 404, message: "no such object" } },
    );
    response
      .writeHead(200, { "content-type": "application/vnd.git-lfs+json" })
      .end(JSON.stringify({ transfer: "basic", objects: answers }));
  });
}

/** git-http-backend(1), a CGI program. */
function backend(path: string, url: string, old: boolean, request: IncomingMessage, response: ServerResponse): void {
  const child = spawn("git", ["http-backend"], {
    env: {
      ...process.env,
      ...isolated,
      GIT_PROJECT_ROOT: at("repositories"),
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: path,
      QUERY_STRING: url.split("?")[1] ?? "",
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      HTTP_GIT_PROTOCOL: old ? "" : String(request.headers["git-protocol"] ?? ""),
    },
  });
  request.pipe(child.stdin);
  const chunks: Buffer[] = [];
  child.stdout.on("data", (data) => chunks.push(data));
  child.on("close", () => {
    const text = Buffer.concat(chunks);
    const end = text.indexOf("\r\n\r\n");
    const headers = Object.fromEntries(
      text
        .subarray(0, end)
        .toString()
        .split("\r\n")
        .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]),
    );
    const { Status: status = "200", ...rest } = headers;
    response.writeHead(Number.parseInt(status, 10), rest).end(text.subarray(end + 4));
  });
}
