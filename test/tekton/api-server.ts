import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KubernetesApi } from "../../cluster/kubernetes-api";

// biome-ignore lint/suspicious/noExplicitAny: objects of any kind.
export type KubeObject = any;
interface Answer {
  status?: number;
  body: unknown;
}

export const token = "t0ken-of-an-administrator";

/**
 * An API server over TLS that holds objects by path, and answers as the real one does: lists by label, merge patches only with their own
 * media type (415 else), 401 without the token, 404 for what it has not. What is planned for a call comes before that.
 */
export class ApiServer {
  readonly calls: string[] = [];
  readonly objects = new Map<string, KubeObject>();
  readonly logs = new Map<string, string>();
  private readonly plans = new Map<string, (call: number) => Answer | undefined>();
  private readonly counts = new Map<string, number>();
  private server?: Server;
  private keys = "";
  private made = 0;
  kubeconfig = "";

  async start(): Promise<this> {
    this.keys = mkdtempSync(join(tmpdir(), "api-server-"));
    const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
    const options = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", ...subject];
    execFileSync("openssl", [...options, "-keyout", join(this.keys, "key"), "-out", join(this.keys, "certificate")], { stdio: "pipe" });
    const certificate = readFileSync(join(this.keys, "certificate"));
    this.server = createServer({ key: readFileSync(join(this.keys, "key")), cert: certificate }, (request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => {
        const { status = 200, body: content } = this.answer(request, body);
        response.writeHead(status).end(typeof content === "string" ? content : JSON.stringify(content));
      });
    });
    await new Promise<void>((resolve) => this.server?.listen(0, "127.0.0.1", resolve));
    const server = `https://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    this.kubeconfig = JSON.stringify({
      "current-context": "admin",
      clusters: [{ name: "c", cluster: { server, "certificate-authority-data": certificate.toString("base64") } }],
      contexts: [{ name: "admin", context: { cluster: "c", user: "u" } }],
      users: [{ name: "u", user: { token } }],
    });
    return this;
  }

  api = () => new KubernetesApi(this.kubeconfig);

  async stop(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((resolve) => this.server?.close(resolve));
    rmSync(this.keys, { recursive: true, force: true });
  }

  /** Holds an object at `<path of its kind>/<name>`. */
  put(kind: string, object: KubeObject): void {
    this.objects.set(`${kind}/${object.metadata.name}`, object);
  }

  /** Has `happens` run before each answer to `<method> <path>`; what it returns is the answer. */
  plan(call: string, happens: (call: number) => Answer | undefined): void {
    this.plans.set(call, happens);
  }

  private answer(request: IncomingMessage, body: string): Answer {
    const { method = "", url = "", headers } = request;
    this.calls.push(`${method} ${url}`);
    if (headers.authorization !== `Bearer ${token}`) return { status: 401, body: { message: "Unauthorized" } };
    const { pathname: path, searchParams: query } = new URL(url, "https://api");
    const count = (this.counts.get(`${method} ${path}`) ?? 0) + 1;
    this.counts.set(`${method} ${path}`, count);
    const planned = this.plans.get(`${method} ${path}`)?.(count);
    if (planned) return planned;
    const object = this.objects.get(path);
    const missing = { status: 404, body: { message: `${path} not found` } };
    switch (method) {
      case "GET": {
        if (path.endsWith("/log")) {
          const log = this.logs.get(path);
          return log === undefined
            ? missing
            : {
                body: log
                  .split("\n")
                  .slice(-Number(query.get("tailLines")) - 1)
                  .join("\n"),
              };
        }
        if (object) return { body: object };
        if (!/s$/.test(path)) return missing;
        const [key, wanted] = (query.get("labelSelector") ?? "").split("=");
        const items = [...this.objects].filter(
          ([at, { metadata }]) =>
            at.slice(0, at.lastIndexOf("/")) === path &&
            // A key alone selects whatever has it, and no selector all.
            (!key || (wanted === undefined ? metadata.labels?.[key] !== undefined : metadata.labels?.[key] === wanted)),
        );
        return { body: { items: items.map(([, item]) => item) } };
      }
      case "POST": {
        const { generateName, ...metadata } = JSON.parse(body).metadata;
        const name = metadata.name ?? `${generateName}new${++this.made}`;
        const created = {
          ...JSON.parse(body),
          metadata: { ...metadata, name, uid: `uid-${name}`, creationTimestamp: `2024-01-02T00:00:0${this.made}Z` },
        };
        this.objects.set(`${path}/${name}`, created);
        return { status: 201, body: created };
      }
      case "PATCH": {
        if (!object) return missing;
        if (headers["content-type"] !== "application/merge-patch+json") return { status: 415, body: { message: "UnsupportedMediaType" } };
        this.objects.set(path, merged(object, JSON.parse(body)));
        return { body: this.objects.get(path) };
      }
      case "DELETE":
        // A finalizer keeps an object; the patch that takes the last one away deletes it.
        if (!object) return missing;
        if (object.metadata.finalizers?.length) object.metadata.deletionTimestamp = "2024-01-03T00:00:00Z";
        else this.objects.delete(path);
        return { body: {} };
    }
    return { status: 405, body: { message: `no ${method}` } };
  }
}

/** RFC 7386. */
function merged(target: KubeObject, patch: KubeObject): KubeObject {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const result = { ...target };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merged(result[key], value);
  }
  return result;
}
