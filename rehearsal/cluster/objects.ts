import { setTimeout as sleep } from "node:timers/promises";
import { ApiError, api } from "./api";

export interface Metadata {
  name: string;
  namespace?: string;
  generation?: number;
  resourceVersion?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
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

const isNotFound = (error: unknown): boolean => error instanceof ApiError && error.status === 404;

const group = (apiVersion: string): string => (apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`);

function path({ apiVersion, plural }: Resource, { name = "", namespace }: Partial<Metadata> = {}, subresource = ""): string {
  const parts = [group(apiVersion), namespace ? `namespaces/${namespace}` : "", plural, encodeURIComponent(name), subresource];
  return parts.filter((part) => part !== "").join("/");
}

async function orUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
  return answer.catch((error) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
}

/** Plural and scope of a kind, by its `apiVersion` and name. */
const kinds = new Map<string, { plural: string; namespaced: boolean }>();

/** Asks the server, for up to 10 s while it does not know the kind: CRDs come a little later than they are created. */
async function known(apiVersion: string, kind: string): Promise<{ plural: string; namespaced: boolean }> {
  const deadline = Date.now() + 10_000;
  while (true) {
    const found = kinds.get(`${apiVersion} ${kind}`);
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`the API server does not serve ${apiVersion} ${kind}`);
    const answer = await orUndefined(api<{ resources: { name: string; kind: string; namespaced: boolean }[] }>("GET", group(apiVersion)));
    for (const { name, kind, namespaced } of answer?.resources ?? []) {
      if (!name.includes("/")) kinds.set(`${apiVersion} ${kind}`, { plural: name, namespaced });
    }
    if (!kinds.has(`${apiVersion} ${kind}`)) await sleep(250);
  }
}

/** Objects of the cluster as its administrator reads and writes them. All throw ApiError when the server refuses. */
export const objects = {
  /** The object, or undefined when it (or its kind) does not exist. */
  get: <T extends KubeObject>(resource: Resource, name: string, namespace?: string) =>
    orUndefined(api<T>("GET", path(resource, { name, namespace }))),

  /** All objects of a kind, in all namespaces; empty when the kind does not exist. @param labels a selector, as in `kubectl get -l`. */
  list: async <T extends KubeObject>(resource: Resource, labels = ""): Promise<T[]> => {
    const query = labels === "" ? "" : `?labelSelector=${encodeURIComponent(labels)}`;
    return (await orUndefined(api<{ items: T[] }>("GET", `${path(resource)}${query}`)))?.items ?? [];
  },

  /** As `list`, with nothing but the metadata. */
  listMetadata: async (resource: Resource): Promise<Pick<KubeObject, "metadata">[]> => {
    const only = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
    return (await api<{ items: KubeObject[] }>("GET", path(resource), undefined, { accept: only })).items;
  },

  create: (resource: Resource, object: KubeObject) => api("POST", path(resource, { namespace: object.metadata.namespace }), object),

  /** Server-side apply under `manager`, taking fields over from other managers. */
  async apply(object: KubeObject, manager: string): Promise<void> {
    const { plural, namespaced } = await known(object.apiVersion, object.kind);
    const { name, namespace } = object.metadata;
    const at = path({ apiVersion: object.apiVersion, plural }, { name, ...(namespaced && { namespace }) });
    await api("PATCH", `${at}?fieldManager=${manager}&force=true`, object, { patch: "apply" });
  },

  /** Merge patch of an object or of its status. */
  patch: (resource: Resource, { name, namespace }: Metadata, patch: object, subresource?: "status") =>
    api("PATCH", path(resource, { name, namespace }, subresource), patch),

  /** Writes the status of an object as a whole; a conflict when somebody has changed the object since it was read. A merge patch drops nulls in lists. */
  replaceStatus: (resource: Resource, object: KubeObject) => api("PUT", path(resource, object.metadata, "status"), object),

  /** Deletes an object; one that is not there is fine. */
  remove: async (resource: Resource, name: string, namespace?: string): Promise<void> => {
    await orUndefined(api("DELETE", path(resource, { name, namespace })));
  },
};

export type Objects = typeof objects;
