import { readFileSync } from "node:fs";
import { Agent, type RequestOptions, request } from "node:https";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { connection } from "../../../cluster/kubeconfig";

export interface Metadata {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: { apiVersion: string; kind: string; name: string; uid: string; blockOwnerDeletion?: boolean; controller?: boolean }[];
}

/** Any object of the API; `spec` and `status` are as loose as the CRDs allow and get their types where they are read. */
export interface KubeObject<Spec = unknown, Status = unknown> {
  apiVersion: string;
  kind: string;
  metadata: Metadata;
  spec?: Spec;
  status?: Status;
  [field: string]: unknown;
}

/** What names a collection: group and version as in `apiVersion`, and the plural. */
export interface Resource {
  readonly apiVersion: string;
  readonly plural: string;
}

/** The API server refused a request; `code` is the HTTP status, `message` the server's own. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  constructor(
    readonly code: number,
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }
}

export const isNotFound = (error: unknown): boolean => error instanceof ApiError && error.code === 404;
export const isConflict = (error: unknown): boolean => error instanceof ApiError && error.code === 409;

/**
 * The few verbs of the Kubernetes API that the stand-ins use, over one agent.
 *
 * Written by hand because `@kubernetes/client-node` 1.4.0 takes 306 MB and 3.4 s of processor time to load under tsx
 * (measured), and this process lives as long as the cluster.
 */
export class Api {
  private readonly agent: Agent;
  private readonly server: URL;
  private readonly headers: RequestOptions["headers"];
  private readonly plurals = new Map<string, Promise<Map<string, { plural: string; namespaced: boolean }>>>();

  /** @param file path of a kubeconfig that holds its certificates or its token. */
  constructor(file: string) {
    const { server, options } = connection(readFileSync(file, "utf8"));
    const { headers, ...tls } = options;
    this.server = new URL(server);
    this.headers = headers;
    this.agent = new Agent({ keepAlive: true, ...tls });
  }

  /** Path of a collection or of one object. */
  path({ apiVersion, plural }: Resource, name?: string, namespace?: string, subresource?: string): string {
    const group = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    return [group, namespace ? `namespaces/${namespace}` : "", plural, name ?? "", subresource ?? ""]
      .filter((part) => part !== "")
      .join("/");
  }

  /** The object, or undefined when it (or its kind) does not exist. */
  async get<T extends KubeObject>(resource: Resource, name: string, namespace?: string): Promise<T | undefined> {
    return this.orUndefined(this.call<T>("GET", this.path(resource, name, namespace)));
  }

  /** All objects of a kind, in one namespace or all; empty when the kind does not exist. */
  async list<T extends KubeObject>(resource: Resource, namespace?: string): Promise<T[]> {
    const answer = await this.orUndefined(this.call<{ items: T[] }>("GET", this.path(resource, undefined, namespace)));
    return answer?.items ?? [];
  }

  async create<T extends KubeObject>(resource: Resource, object: T, options: { dryRun?: boolean } = {}): Promise<T> {
    const query = options.dryRun ? "?dryRun=All" : "";
    return this.call<T>("POST", this.path(resource, undefined, object.metadata.namespace) + query, object);
  }

  /** Server-side apply under `manager`, taking fields over from other managers. */
  async apply(object: KubeObject, manager: string): Promise<KubeObject> {
    const { plural, namespaced } = await this.kind(object.apiVersion, object.kind);
    const path = this.path(
      { apiVersion: object.apiVersion, plural },
      object.metadata.name,
      namespaced ? object.metadata.namespace : undefined,
    );
    return this.call("PATCH", `${path}?fieldManager=${manager}&force=true`, object, "application/apply-patch+yaml");
  }

  /** Merge patch of an object or, with `subresource: "status"`, of its status. */
  async patch<T extends KubeObject>(
    resource: Resource,
    { name, namespace }: Pick<Metadata, "name" | "namespace">,
    patch: object,
    subresource?: "status",
  ): Promise<T> {
    return this.call("PATCH", this.path(resource, name, namespace, subresource), patch, "application/merge-patch+json");
  }

  /** Deletes an object; one that is not there is fine. */
  async delete(resource: Resource, name: string, namespace?: string): Promise<void> {
    await this.orUndefined(this.call("DELETE", this.path(resource, name, namespace)));
  }

  /** Plural and scope of a kind, from discovery; asked again while the kind is unknown, as CRDs come later. */
  private async kind(apiVersion: string, kind: string): Promise<{ plural: string; namespaced: boolean }> {
    const deadline = Date.now() + 10_000;
    while (true) {
      let known = this.plurals.get(apiVersion);
      if (!known) {
        known = this.discover(apiVersion);
        this.plurals.set(apiVersion, known);
      }
      const kinds = await known.catch((error) => {
        this.plurals.delete(apiVersion);
        if (!isNotFound(error)) throw error;
      });
      const found = kinds?.get(kind);
      if (found) return found;
      this.plurals.delete(apiVersion);
      if (Date.now() > deadline) throw new ApiError(404, "NotFound", `the server does not serve ${apiVersion} ${kind}`);
      await sleep(250);
    }
  }

  private async discover(apiVersion: string) {
    const { resources } = await this.call<{ resources: { name: string; kind: string; namespaced: boolean }[] }>(
      "GET",
      apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`,
    );
    return new Map(
      resources.filter(({ name }) => !name.includes("/")).map(({ name, kind, namespaced }) => [kind, { plural: name, namespaced }]),
    );
  }

  private async orUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
    try {
      return await answer;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** One request; the parsed answer. @throws ApiError, or what the connection says. */
  async call<T>(method: string, path: string, body?: object, contentType = "application/json"): Promise<T> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return new Promise<T>((resolve, reject) => {
      const call = request(this.options(method, path, contentType), (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const answer = Buffer.concat(chunks).toString();
          const code = response.statusCode ?? 0;
          if (code >= 200 && code < 300) return resolve(answer === "" ? ({} as T) : JSON.parse(answer));
          const status: { reason?: string; message?: string } = answer.startsWith("{") ? JSON.parse(answer) : { message: answer };
          reject(new ApiError(code, status.reason ?? "", status.message ?? `${method} ${path}: HTTP ${code}`));
        });
      });
      call.setTimeout(60_000, () => call.destroy(new Error(`${method} ${path}: no answer within 60 s`)));
      call.on("error", reject);
      call.end(text);
    });
  }

  /** Follows a collection from `resourceVersion` on; resolves when the server ends the stream (it does every few minutes). */
  async watch(
    path: string,
    resourceVersion: string,
    onEvent: (type: string, object: KubeObject) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const query = `watch=1&allowWatchBookmarks=true&resourceVersion=${resourceVersion}`;
    await new Promise<void>((resolve, reject) => {
      const call = request({ ...this.options("GET", `${path}${path.includes("?") ? "&" : "?"}${query}`), signal }, (response) => {
        if (response.statusCode !== 200) {
          response.resume();
          return reject(new ApiError(response.statusCode ?? 0, "", `watch ${path}: HTTP ${response.statusCode}`));
        }
        const lines = createInterface({ input: response });
        lines.on("line", (line) => {
          const { type, object } = JSON.parse(line);
          if (type === "ERROR") return call.destroy(new ApiError(object.code, object.reason, object.message));
          onEvent(type, object);
        });
        // readline passes the errors of its input on (Node 20 and later); one without a listener ends the process.
        lines.on("error", reject);
        response.on("error", reject);
        response.on("close", resolve);
      });
      call.on("socket", (socket) => socket.setKeepAlive(true, 30_000));
      call.on("error", reject);
      call.end();
    });
  }

  private options(method: string, path: string, contentType = "application/json"): RequestOptions {
    return {
      agent: this.agent,
      hostname: this.server.hostname,
      port: this.server.port || 443,
      method,
      path: this.server.pathname.replace(/\/$/, "") + path,
      headers: {
        accept: "application/json",
        "content-type": contentType,
        "user-agent": "openshift-multiarch-operators",
        ...this.headers,
      },
    };
  }
}
