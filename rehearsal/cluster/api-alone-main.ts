/** The program behind `startApiAlone`: a Kubernetes API to read from. */

import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import { network, ports } from "../machine/places";
import { type ApiAlone, files } from "./api-alone";
import type { KubeObject } from "./objects";

interface Kind {
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

/** Every API server makes its own namespaces, and clients ask for one in which something is not found. */
const namespaces = ["default", "kube-system"].map((name): KubeObject => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } }));
const objects: KubeObject[] = [...namespaces, ...JSON.parse(readFileSync(files.objects, "utf8"))];
const { clientCa, certificate, key }: ApiAlone = JSON.parse(readFileSync(files.tls, "utf8"));

/** By the rule that the names of these kinds follow. Pure. */
const pluralOf = (kind: string) => `${kind.toLowerCase()}${/(s|x|ch|sh)$/i.test(kind) ? "es" : "s"}`.replace(/([^aeiou])ys$/, "$1ies");

/** Kinds of the objects, by `apiVersion`; and those that clients ask for when there is nothing of them. */
const kinds = new Map<string, Kind[]>([["v1", [{ kind: "ConfigMap", plural: "configmaps", namespaced: true }]]]);
for (const { apiVersion, kind, metadata } of objects) {
  const known = kinds.get(apiVersion) ?? [];
  if (!known.some((one) => one.kind === kind))
    kinds.set(apiVersion, [...known, { kind, plural: pluralOf(kind), namespaced: metadata.namespace !== undefined }]);
}

const status = (code: number, reason: string, message: string) => ({
  kind: "Status",
  apiVersion: "v1",
  status: "Failure",
  code,
  reason,
  message,
});

interface Found {
  readonly kind: Kind;
  readonly apiVersion: string;
  readonly items: readonly KubeObject[];
  readonly name?: string;
}

/** The collection or object of a path, `/api/v1/namespaces/NAMESPACE/configmaps/NAME` and the like. */
function find(parts: readonly string[], selector: string | null): Found | undefined {
  const [root, ...rest] = parts;
  const apiVersion = root === "api" ? rest.shift() : root === "apis" ? `${rest.shift()}/${rest.shift()}` : undefined;
  const namespace = rest[0] === "namespaces" && rest.length > 2 ? rest.splice(0, 2)[1] : undefined;
  const [plural, name] = rest;
  const kind = kinds.get(apiVersion ?? "")?.find((one) => one.plural === plural);
  if (apiVersion === undefined || kind === undefined) return undefined;
  const wanted = name ?? /^metadata\.name=([^,]+)$/.exec(selector ?? "")?.[1];
  const items = objects.filter(
    (one) =>
      one.apiVersion === apiVersion &&
      one.kind === kind.kind &&
      (namespace === undefined || one.metadata.namespace === namespace) &&
      (wanted === undefined || one.metadata.name === wanted),
  );
  return { kind, apiVersion, items, name };
}

/** Groups and kinds, for clients that look before they ask. */
function discovery([root, group, version]: readonly string[]): object | undefined {
  const groups = [...new Set([...kinds.keys()].filter((one) => one.includes("/")).map((one) => one.split("/")[0] ?? ""))];
  const versions = (name: string) =>
    [...kinds.keys()].filter((one) => one.startsWith(`${name}/`)).map((one) => ({ groupVersion: one, version: one.split("/")[1] }));
  if (root === "version") return { major: "1", minor: "32", gitVersion: "v1.32.0" };
  if (root === "api" && group === undefined) return { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: [] };
  if (root === "apis" && group === undefined)
    return {
      kind: "APIGroupList",
      apiVersion: "v1",
      groups: groups.map((name) => ({ name, versions: versions(name), preferredVersion: versions(name)[0] })),
    };
  const groupVersion = root === "api" ? group : `${group}/${version}`;
  const found = kinds.get(groupVersion ?? "");
  if (found === undefined) return undefined;
  const resources = found.map(({ kind, plural, namespaced }) => ({
    name: plural,
    singularName: "",
    namespaced,
    kind,
    verbs: ["get", "list", "watch"],
  }));
  return { kind: "APIResourceList", apiVersion: "v1", groupVersion, resources };
}

function serve(request: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url ?? "/", "https://localhost");
  const parts = pathname.split("/").filter(Boolean);
  const send = (code: number, body: object) => response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(body));
  if (request.method !== "GET") return void send(405, status(405, "MethodNotAllowed", "this API server takes no changes"));
  if (pathname === "/readyz" || pathname === "/healthz" || pathname === "/livez") return void response.writeHead(200).end("ok");
  const isDiscovery = parts[0] === "version" || parts.length <= (parts[0] === "api" ? 2 : 3);
  if (isDiscovery) {
    const answer = discovery(parts);
    return void (answer ? send(200, answer) : send(404, status(404, "NotFound", "the server could not find the requested resource")));
  }
  const found = find(parts, searchParams.get("fieldSelector"));
  if (found === undefined) return void send(404, status(404, "NotFound", "the server could not find the requested resource"));
  const { kind, apiVersion, items, name } = found;
  if (name !== undefined) {
    const [item] = items;
    const group = apiVersion.includes("/") ? `.${apiVersion.split("/")[0]}` : "";
    return void (item ? send(200, item) : send(404, status(404, "NotFound", `${kind.plural}${group} ${JSON.stringify(name)} not found`)));
  }
  if (searchParams.get("watch") !== "true" && searchParams.get("watch") !== "1")
    return void send(200, { apiVersion, kind: `${kind.kind}List`, metadata: { resourceVersion: "1" }, items });
  // Nothing ever changes.
  response.writeHead(200, { "content-type": "application/json" });
  if (searchParams.get("sendInitialEvents") !== "true") return void response.flushHeaders();
  for (const object of items) response.write(`${JSON.stringify({ type: "ADDED", object })}\n`);
  const metadata = { resourceVersion: "1", annotations: { "k8s.io/initial-events-end": "true" } };
  response.write(`${JSON.stringify({ type: "BOOKMARK", object: { apiVersion, kind: kind.kind, metadata } })}\n`);
}

createServer({ ca: clientCa, cert: certificate, key, requestCert: true, rejectUnauthorized: true }, serve).listen(ports.api, network.host);
