import { request } from "node:https";
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import { ProxyAgent, type ProxyAgentOptions } from "proxy-agent";
import { type Connection, connection } from "./kubeconfig";

/** An answer of the API server that is not a success. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** No answer at all: there is no such name, no connection, or none in time. */
export class UnreachableError extends Error {}

/** The path of a list, of the objects alone that have a label: `name=value`, or a name for any value. */
export const labelled = (path: string, label: string): string => `${path}?labelSelector=${encodeURIComponent(label)}`;

/** How long the API server may take for one answer, connection and proxy included. */
const answerSeconds = 30;

/**
 * The few calls that waiting and following need, through the proxy that HTTPS_PROXY and NO_PROXY name. Not the full client library:
 * loading that takes 2 s of a processor, once for each of the programs that run at the same time.
 */
export class KubernetesApi {
  private readonly connection: Connection;
  private readonly agent: ProxyAgent;

  /** @param seconds how long one answer may take. */
  constructor(
    kubeconfig: string,
    private readonly seconds = answerSeconds,
  ) {
    this.connection = connection(kubeconfig);
    const name = this.connection.options.servername ?? new URL(this.connection.server).hostname;
    // Behind a proxy, TLS is spoken over a socket that knows no name of the server. Asked by a request, not by the agent, Node.js 22
    // would make a new connection for each.
    const identity = (_: string, certificate: PeerCertificate) => checkServerIdentity(name, certificate);
    this.agent = new ProxyAgent({ keepAlive: true, checkServerIdentity: identity } as ProxyAgentOptions);
  }

  get<T>(path: string): Promise<T> {
    return this.call("GET", path).then((body) => JSON.parse(body) as T);
  }

  /** An answer that is not JSON, such as a log. */
  text(path: string): Promise<string> {
    return this.call("GET", path);
  }

  create<T>(path: string, object: unknown): Promise<T> {
    return this.call("POST", path, JSON.stringify(object)).then((body) => JSON.parse(body) as T);
  }

  /** A JSON merge patch (RFC 7386). */
  patch<T>(path: string, change: unknown): Promise<T> {
    return this.call("PATCH", path, JSON.stringify(change)).then((body) => JSON.parse(body) as T);
  }

  /** Does nothing when the object is gone already. */
  async delete(path: string): Promise<void> {
    await this.call("DELETE", path).catch((error) => {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    });
  }

  /** Undefined when there is no such object, or no such kind. */
  find<T>(path: string): Promise<T | undefined> {
    return this.get<T>(path).catch((error) => {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    });
  }

  private call(method: string, path: string, body?: string): Promise<string> {
    const { server, options } = this.connection;
    const url = new URL(server.replace(/\/$/, "") + path);
    return new Promise((resolve, reject) => {
      const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
      const headers = { ...options.headers, accept: "*/*", ...(body && { "content-type": type }) };
      // The time is that of the whole call. Neither a time-out of the socket nor the signal ends a request whose proxy is still being asked.
      const signal = AbortSignal.timeout(this.seconds * 1000);
      signal.addEventListener("abort", () => reject(silent(url, this.seconds)));
      const failed = (error: NodeJS.ErrnoException) => reject(explained(error, url));
      const call = request(
        url,
        {
          ...options,
          method,
          headers,
          agent: this.agent,
          signal,
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", failed);
          response.on("end", () => {
            const text = Buffer.concat(chunks).toString("utf8");
            const status = response.statusCode ?? 0;
            if (status >= 200 && status < 300) resolve(text);
            else reject(new ApiError(status, messageOf(text) ?? `${method} ${path} was answered with ${status}`));
          });
        },
      );
      call.on("error", failed);
      call.end(body);
    });
  }
}

const silent = ({ host }: URL, seconds: number) => new UnreachableError(`the API server ${host} does not answer within ${seconds} s`);

/**
 * Errors of the network have the names of errno(3) and getaddrinfo(3). All others, such as a certificate that is not trusted
 * (https://nodejs.org/api/tls.html, "X509 certificate error codes"), mean that something answers.
 */
function explained(error: NodeJS.ErrnoException, { host }: URL): Error {
  const { code = "", message } = error;
  if (/^E(?!RR_)[A-Z0-9_]+$/.test(code)) return new UnreachableError(`the API server ${host} cannot be reached: ${message || code}`);
  return new Error(`the API server ${host} cannot be talked to: ${message || code}`);
}

function messageOf(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { message?: string }).message;
  } catch {
    return undefined;
  }
}
