import { readFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { network, places, ports } from "../machine/places";

/** A refusal of the API server. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  constructor(
    message: string,
    /** HTTP status. */
    readonly status: number,
  ) {
    super(message);
  }
}

const patchTypes = { merge: "application/merge-patch+json", apply: "application/apply-patch+yaml" } as const;

/**
 * One request to the API server as the cluster's administrator. The few requests of this folder need no client library,
 * which alone would take a second to load.
 *
 * @param options `patch`: kind of patch, for PATCH. `accept`: form of the answer.
 * @throws ApiError when the server refuses.
 */
export function api<T = unknown>(
  method: string,
  path: string,
  body?: unknown,
  { patch = "merge", accept = "application/json" }: { patch?: keyof typeof patchTypes; accept?: string } = {},
): Promise<T> {
  const pem = (name: string) => readFileSync(join(places.pki, name));
  return new Promise((resolve, reject) => {
    const call = request(
      {
        host: network.host,
        port: ports.api,
        method,
        path,
        ca: pem("ca.crt"),
        cert: pem("admin.crt"),
        key: pem("admin.key"),
        agent: false,
        timeout: 15_000,
        headers: { accept, ...(body !== undefined && { "content-type": method === "PATCH" ? patchTypes[patch] : "application/json" }) },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          const json = response.headers["content-type"]?.includes("json") ? JSON.parse(text) : text;
          const status = response.statusCode ?? 0;
          if (status < 300) resolve(json as T);
          else reject(new ApiError(`${method} ${path}: ${json?.message ?? (text || `status ${status}`)}`, status));
        });
      },
    );
    call.on("timeout", () => call.destroy(new Error(`${method} ${path}: no answer in 15 s`)));
    call.on("error", reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Creates or updates an object by server-side apply. */
export async function apply(path: string, object: object): Promise<void> {
  await api("PATCH", `${path}?fieldManager=openshift-multiarch-rehearsal&force=true`, object, { patch: "apply" });
}

/** Creates an object below `path`; says whether it did, or it was there already. */
export async function create(path: string, object: object): Promise<boolean> {
  try {
    await api("POST", path, object);
    return true;
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 409)) throw error;
    return false;
  }
}
