import { createHash } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";

export interface Refusal {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

export interface RegistryOptions {
  /** Answers a request in the registry's place. */
  readonly refuse?: (method: string, path: string, headers: IncomingMessage["headers"]) => Refusal | undefined;
  /** A tag that exists is never written again, not even with the same content. */
  readonly immutable?: boolean;
  readonly tls?: { key: string; cert: string };
  /** How long every answer takes, in milliseconds. */
  readonly delay?: number;
}

/** An error as registries tell it: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes */
export const refusal = (status: number, code: string, message: string, headers: Record<string, string> = {}): Refusal => ({
  status,
  headers,
  body: JSON.stringify({ errors: [{ code, message }] }),
});

/** A registry in memory: of the distribution specification what buildah asks for, with the checks of digests. */
export class Registry {
  readonly blobs = new Map<string, Buffer>();
  readonly manifests = new Map<string, { type: string; content: Buffer }>();
  /** `PUT <tag or digest>` of every manifest that was accepted. */
  readonly written: string[] = [];
  /** `<method> <path>` of every request. */
  readonly requests: string[] = [];
  private busy = 0;
  /** How many requests were answered at the same time, at most. */
  mostBusy = 0;
  private readonly uploads = new Map<string, Buffer>();
  private readonly server;
  options: RegistryOptions;

  constructor(options: RegistryOptions = {}) {
    this.options = options;
    const listener = async (request: IncomingMessage, response: import("node:http").ServerResponse) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      this.requests.push(`${request.method} ${request.url}`);
      this.busy += 1;
      this.mostBusy = Math.max(this.mostBusy, this.busy);
      if (this.options.delay) await new Promise((resolve) => setTimeout(resolve, this.options.delay));
      this.busy -= 1;
      const { status, headers, body } = this.answer(request, Buffer.concat(chunks));
      response.writeHead(status, { "Docker-Distribution-Api-Version": "registry/2.0", "Content-Length": body?.length ?? 0, ...headers });
      response.end(request.method === "HEAD" ? undefined : body);
    };
    this.server = options.tls ? createTlsServer(options.tls, listener) : createServer(listener);
  }

  start(): Promise<void> {
    return new Promise((resolve) => this.server.listen(0, "127.0.0.1", resolve));
  }
  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
  get host(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  private answer(request: IncomingMessage, body: Buffer): { status: number; headers?: Record<string, string>; body?: Buffer | string } {
    const method = request.method ?? "";
    const url = new URL(request.url ?? "", "http://registry");
    const refused = this.options.refuse?.(method, url.pathname, request.headers);
    if (refused) return { headers: { "Content-Type": "application/json" }, ...refused };
    if (url.pathname === "/v2/") return { status: 200 };
    const [, repository, kind, name] = /^\/v2\/(.+)\/(blobs\/uploads|blobs|manifests)\/(.*)$/.exec(url.pathname) ?? [];
    if (kind === "blobs/uploads") return this.upload(method, repository, name, url.searchParams.get("digest"), body);
    if (kind === "blobs") {
      const blob = this.blobs.get(name);
      return blob
        ? { status: 200, headers: { "Docker-Content-Digest": name, "Content-Length": String(blob.length) }, body: blob }
        : refusal(404, "BLOB_UNKNOWN", "blob unknown to registry");
    }
    if (kind === "manifests" && method === "PUT") {
      const digest = sha256(body);
      const key = `${repository}:${name}`;
      if (name.startsWith("sha256:") && name !== digest) return refusal(400, "DIGEST_INVALID", "digest does not match");
      // As Amazon ECR says it.
      if (this.options.immutable && this.manifests.has(key) && !name.startsWith("sha256:")) {
        return refusal(
          400,
          "TAG_INVALID",
          `The image tag '${name}' already exists and cannot be overwritten because the tag is immutable.`,
        );
      }
      const entry = { type: request.headers["content-type"] ?? "", content: body };
      this.manifests.set(key, entry);
      this.manifests.set(`${repository}:${digest}`, entry);
      this.written.push(name);
      return { status: 201, headers: { "Docker-Content-Digest": digest, Location: `/v2/${repository}/manifests/${digest}` } };
    }
    const manifest = this.manifests.get(`${repository}:${name}`);
    if (kind !== "manifests" || !manifest) return refusal(404, "MANIFEST_UNKNOWN", "manifest unknown");
    const headers = {
      "Content-Type": manifest.type,
      "Docker-Content-Digest": sha256(manifest.content),
      "Content-Length": String(manifest.content.length),
    };
    return { status: 200, headers, body: manifest.content };
  }

  private upload(method: string, repository: string, id: string, digest: string | null, body: Buffer) {
    const upload = id || `${this.uploads.size + 1}`;
    const content = Buffer.concat([this.uploads.get(upload) ?? Buffer.alloc(0), body]);
    this.uploads.set(upload, content);
    const headers = {
      Location: `/v2/${repository}/blobs/uploads/${upload}`,
      Range: `0-${Math.max(content.length - 1, 0)}`,
      "Docker-Upload-UUID": upload,
    };
    if (method !== "PUT") return { status: 202, headers };
    if (sha256(content) !== digest) return refusal(400, "DIGEST_INVALID", "digest does not match");
    this.blobs.set(digest, content);
    return { status: 201, headers: { ...headers, "Docker-Content-Digest": digest } };
  }
}

export const sha256 = (content: Buffer) => `sha256:${createHash("sha256").update(content).digest("hex")}`;
