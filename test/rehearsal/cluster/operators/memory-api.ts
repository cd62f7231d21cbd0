import { isDeepStrictEqual } from "node:util";
import { type Api, ApiError, type KubeObject, type Metadata, type Resource } from "../../../../rehearsal/cluster/operators/api";

const plurals: Record<string, string> = {
  Namespace: "namespaces",
  CatalogSource: "catalogsources",
  OperatorGroup: "operatorgroups",
  PackageManifest: "packagemanifests",
  CustomResourceDefinition: "customresourcedefinitions",
  ClusterRole: "clusterroles",
  ConfigMap: "configmaps",
  CSIDriver: "csidrivers",
  MutatingWebhookConfiguration: "mutatingwebhookconfigurations",
  RoleBinding: "rolebindings",
  ServiceAccount: "serviceaccounts",
  ValidatingWebhookConfiguration: "validatingwebhookconfigurations",
};

/** The part of an API server that the stand-ins use, in memory: what they write is what they see, and nobody checks it. */
export class MemoryApi {
  private readonly objects = new Map<string, KubeObject>();
  private readonly watchers = new Set<(plural: string, type: string, object: KubeObject) => void>();
  private version = 0;

  /** This, as the class that the stand-ins expect. */
  get api(): Api {
    return this as unknown as Api;
  }

  private key = (plural: string, name: string, namespace = "") => `${plural} ${namespace}/${name}`;

  private write<T extends KubeObject>(plural: string, object: T, type: string): T {
    this.version += 1;
    const before = this.objects.get(this.key(plural, object.metadata.name, object.metadata.namespace));
    const changed = !isDeepStrictEqual(before?.spec, object.spec);
    const metadata = {
      uid: `uid-${this.version}`,
      ...object.metadata,
      resourceVersion: String(this.version),
      generation: (before?.metadata.generation ?? 0) + (changed ? 1 : 0),
    };
    const stored: KubeObject = structuredClone({ ...object, metadata });
    if (object.kind === "CustomResourceDefinition") stored.status = { conditions: [{ type: "Established", status: "True" }] };
    const key = this.key(plural, metadata.name, metadata.namespace);
    if (type === "DELETED") this.objects.delete(key);
    else this.objects.set(key, stored);
    for (const watcher of this.watchers) watcher(plural, type, structuredClone(stored));
    return structuredClone(stored) as T;
  }

  path = ({ plural }: Resource) => plural;

  async get<T extends KubeObject>({ plural }: Resource, name: string, namespace?: string): Promise<T | undefined> {
    return structuredClone(this.objects.get(this.key(plural, name, namespace))) as T | undefined;
  }

  async list<T extends KubeObject>({ plural }: Resource, namespace?: string): Promise<T[]> {
    const prefix = `${plural} ${namespace ? `${namespace}/` : ""}`;
    return [...this.objects].filter(([key]) => key.startsWith(prefix)).map(([, object]) => structuredClone(object) as T);
  }

  async create<T extends KubeObject>({ plural }: Resource, object: T, options: { dryRun?: boolean } = {}): Promise<T> {
    if (options.dryRun) return object;
    if (await this.get({ apiVersion: "", plural }, object.metadata.name, object.metadata.namespace)) {
      throw new ApiError(409, "AlreadyExists", `${plural} "${object.metadata.name}" already exists`);
    }
    return this.write(plural, object, "ADDED");
  }

  async apply(object: KubeObject): Promise<KubeObject> {
    const plural = plurals[object.kind];
    if (!plural) throw new Error(`the plural of ${object.kind} is not known`);
    return this.write(plural, object, "MODIFIED");
  }

  async patch<T extends KubeObject>(
    resource: Resource,
    { name, namespace }: Pick<Metadata, "name" | "namespace">,
    change: object,
  ): Promise<T> {
    const before = await this.get<T>(resource, name, namespace);
    if (!before) throw new ApiError(404, "NotFound", `${resource.plural} "${name}" not found`);
    return this.write(resource.plural, merged(before, change) as T, "MODIFIED");
  }

  async delete({ plural, ...resource }: Resource, name: string, namespace?: string): Promise<void> {
    const before = await this.get({ ...resource, plural }, name, namespace);
    if (before) this.write(plural, before, "DELETED");
  }

  async call(_method: string, plural: string) {
    return {
      kind: "List",
      apiVersion: "",
      metadata: { resourceVersion: String(this.version) },
      items: await this.list({ apiVersion: "", plural }),
    };
  }

  async watch(plural: string, _version: string, onEvent: (type: string, object: KubeObject) => void, signal: AbortSignal): Promise<void> {
    const watcher = (of: string, type: string, object: KubeObject) => {
      if (of === plural) onEvent(type, object);
    };
    this.watchers.add(watcher);
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    this.watchers.delete(watcher);
  }
}

/** JSON merge patch, RFC 7386. */
function merged(target: unknown, change: unknown): unknown {
  if (typeof change !== "object" || change === null || Array.isArray(change)) return change;
  const result: Record<string, unknown> = { ...(target as Record<string, unknown> | undefined) };
  for (const [key, value] of Object.entries(change)) {
    if (value === undefined) continue;
    if (value === null) delete result[key];
    else result[key] = merged(result[key], value);
  }
  return result;
}
