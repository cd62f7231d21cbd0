import type { KubeObject, Metadata, Objects, Resource } from "../../../rehearsal/cluster/objects";

/** Objects in memory: what is written is what is seen, and nobody checks it. */
export class MemoryObjects {
  private readonly held = new Map<string, KubeObject>();
  private version = 0;

  /** This, as the functions that the stand-in expects. */
  get objects(): Objects {
    return this as unknown as Objects;
  }

  private key = (plural: string, name: string, namespace = "") => `${plural} ${namespace}/${name}`;

  get = async ({ plural }: Resource, name: string, namespace?: string): Promise<KubeObject | undefined> =>
    structuredClone(this.held.get(this.key(plural, name, namespace)));

  /** @param labels nothing, or a label that must not be there: `!name`. */
  list = async ({ plural }: Resource, labels = ""): Promise<KubeObject[]> =>
    [...this.held]
      .filter(([key, { metadata }]) => key.startsWith(`${plural} `) && !(labels.slice(1) in (metadata.labels ?? {})))
      .map(([, object]) => structuredClone(object));

  listMetadata = async (resource: Resource): Promise<Pick<KubeObject, "metadata">[]> =>
    (await this.list(resource)).map(({ metadata }) => ({ metadata }));

  create = async ({ plural }: Resource, object: KubeObject): Promise<void> => {
    this.hold(plural, structuredClone(object));
  };

  private hold(plural: string, object: KubeObject): void {
    const metadata = { ...object.metadata, resourceVersion: String(++this.version) };
    this.held.set(this.key(plural, metadata.name, metadata.namespace), { ...object, metadata });
  }

  apply = (object: KubeObject): Promise<void> =>
    this.create({ apiVersion: object.apiVersion, plural: `${object.kind.toLowerCase()}s` }, object);

  /** Of `data` and `status`, one level deep. */
  patch = async (
    { plural }: Resource,
    { name, namespace }: Metadata,
    patch: Readonly<Partial<Record<"data" | "status", object>>>,
  ): Promise<void> => {
    const before = this.held.get(this.key(plural, name, namespace));
    if (!before) throw new Error(`${plural} ${name} is not there`);
    const changed = Object.entries(patch).map(([field, value]) => [field, { ...(before[field] as object), ...value }]);
    this.hold(plural, { ...before, ...Object.fromEntries(changed) });
  };

  replaceStatus = async ({ plural }: Resource, object: KubeObject): Promise<void> => this.hold(plural, structuredClone(object));

  remove = async ({ plural }: Resource, name: string, namespace?: string): Promise<void> => {
    this.held.delete(this.key(plural, name, namespace));
  };
}
