import { Agent, type RequestOptions, request } from "node:https";
import { parse } from "yaml";

/** An answer of the API server that is not a success. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

interface Kubeconfig {
  "current-context"?: string;
  clusters?: { name: string; cluster: Record<string, string | boolean> }[];
  contexts?: { name: string; context: { cluster: string; user: string } }[];
  users?: { name: string; user: Record<string, string> }[];
}

/** How to reach an API server and as whom. */
export interface Connection {
  server: string;
  options: Pick<RequestOptions, "ca" | "cert" | "key" | "headers" | "rejectUnauthorized" | "servername">;
}

/**
 * Reads a kubeconfig that holds everything itself: certificates or a token, as `openshift-install` writes it.
 * @throws Error if it names files or a program to run, or has no current context.
 */
export function connection(kubeconfig: string): Connection {
  const config = parse(kubeconfig) as Kubeconfig | null;
  const context = config?.contexts?.find(({ name }) => name === config["current-context"])?.context ?? config?.contexts?.[0]?.context;
  const cluster = config?.clusters?.find(({ name }) => name === context?.cluster)?.cluster;
  const user = config?.users?.find(({ name }) => name === context?.user)?.user;
  if (typeof cluster?.server !== "string" || !user) throw new Error("the kubeconfig has no current context with a cluster and a user");
  if (!user.token && !user["client-certificate-data"]) throw new Error("the kubeconfig holds neither a token nor a client certificate");
  const decode = (value: unknown) => (typeof value === "string" ? Buffer.from(value, "base64") : undefined);
  return {
    server: cluster.server,
    options: {
      ca: decode(cluster["certificate-authority-data"]),
      cert: decode(user["client-certificate-data"]),
      key: decode(user["client-key-data"]),
      rejectUnauthorized: cluster["insecure-skip-tls-verify"] !== true,
      ...(typeof cluster["tls-server-name"] === "string" && { servername: cluster["tls-server-name"] }),
      headers: user.token ? { authorization: `Bearer ${user.token}` } : {},
    },
  };
}

/**
 * The few calls that waiting for operators and following runs need. Not the full client library: loading that takes 2 s of a
 * processor, once for each of the programs that run at the same time.
 */
export class KubernetesApi {
  private readonly connection: Connection;
  private readonly agent = new Agent({ keepAlive: true });

  constructor(kubeconfig: string) {
    this.connection = connection(kubeconfig);
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
      const call = request(url, { ...options, method, headers, agent: this.agent, timeout: 30_000 }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          const status = response.statusCode ?? 0;
          if (status >= 200 && status < 300) resolve(text);
          else reject(new ApiError(status, messageOf(text) ?? `${method} ${path} was answered with ${status}`));
        });
      });
      call.on("timeout", () => call.destroy(new Error("the API server does not answer")));
      call.on("error", reject);
      call.end(body);
    });
  }
}

function messageOf(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { message?: string }).message;
  } catch {
    return undefined;
  }
}
