import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { ApiError } from "../../cluster/api";
import { objects as cluster } from "../../cluster/objects";
import { places } from "../../machine/places";
import type { Manifest } from "./install-directory";
import { namespaces } from "./objects";

export const manager = "cluster-bootstrap";

/** Gives an empty cluster its CRDs and namespaces, then `objects`. */
export async function fill(objects: () => Promise<Manifest[]>): Promise<void> {
  const folder = join(places.share, "openshift-crds", "cluster");
  const crds = readdirSync(folder).map((file): Manifest => parse(readFileSync(join(folder, file), "utf8")));
  const atOnce = 8;
  await Promise.all([
    inParallel(crds, atOnce, (crd) => cluster.apply(crd, manager)),
    inParallel([...namespaces], atOnce, (name) => cluster.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name } }, manager)),
  ]);
  await established(crds.map(({ metadata }) => metadata.name));
  const kinds = customKinds(crds);
  await inParallel(await objects(), atOnce, (object) => put(object, kinds));
}

interface CustomKind {
  readonly plural: string;
  readonly namespaced: boolean;
  /** Whether its status is written apart from the rest. */
  readonly status: boolean;
}

/** The kinds of CRDs, by `<apiVersion>/<kind>`. Pure. */
export function customKinds(crds: readonly Manifest[]): Map<string, CustomKind> {
  const found = new Map<string, CustomKind>();
  for (const crd of crds) {
    const { group, names, scope, versions } = crd.spec as {
      group: string;
      scope: "Namespaced" | "Cluster";
      names: { kind: string; plural: string };
      versions: { name: string; subresources?: { status?: object } }[];
    };
    for (const { name, subresources } of versions) {
      found.set(`${group}/${name}/${names.kind}`, {
        plural: names.plural,
        namespaced: scope === "Namespaced",
        status: subresources?.status !== undefined,
      });
    }
  }
  return found;
}

/**
 * Creates an object as the bootstrap machine does: what its CRD does not have is dropped (the installer writes fields that
 * belong to other feature sets, which server-side apply would refuse).
 */
async function put(object: Manifest, kinds: ReadonlyMap<string, CustomKind>): Promise<void> {
  const { apiVersion, kind, status } = object;
  const custom = kinds.get(`${apiVersion}/${kind}`);
  try {
    if (custom === undefined) {
      await cluster.apply(object, manager);
      return;
    }
    // The installer gives its ClusterVersion a namespace.
    const metadata = custom.namespaced ? object.metadata : { ...object.metadata, namespace: undefined };
    const resource = { apiVersion, plural: custom.plural };
    await cluster.create(resource, { ...object, metadata }).catch((error) => {
      if (!(error instanceof ApiError && error.status === 409)) throw error;
      return cluster.patch(resource, metadata, { ...object, metadata });
    });
    if (custom.status && status !== undefined) await cluster.patch(resource, metadata, { status }, "status");
  } catch (error) {
    throw new Error(`${kind} ${object.metadata.name}: ${error instanceof Error ? error.message.trim() : error}`);
  }
}

/** Until the API server serves all these CRDs, or for 30 s. */
async function established(names: readonly string[]): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (true) {
    const list = await cluster.list<{
      apiVersion: string;
      kind: string;
      metadata: { name: string };
      status?: { conditions?: { type: string; status: string }[] };
    }>({ apiVersion: "apiextensions.k8s.io/v1", plural: "customresourcedefinitions" });
    const ready = new Set(
      list
        .filter(({ status }) => status?.conditions?.some(({ type, status }) => type === "Established" && status === "True"))
        .map(({ metadata }) => metadata.name),
    );
    const missing = names.filter((name) => !ready.has(name));
    if (missing.length === 0) return;
    if (Date.now() > deadline) throw new Error(`CRDs that are not served: ${missing.join(", ")}`);
    await new Promise((done) => setTimeout(done, 200));
  }
}

/** Runs `work` on every item, at most `limit` at once. @throws the first error, after all have ended. */
async function inParallel<T>(items: readonly T[], limit: number, work: (item: T) => Promise<unknown>): Promise<void> {
  const queue = [...items];
  const errors: unknown[] = [];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      await work(item).catch((error) => errors.push(error));
    }
  };
  await Promise.all(Array.from({ length: limit }, worker));
  if (errors.length > 0) throw errors[0];
}
