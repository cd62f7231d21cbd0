import { isDeepStrictEqual } from "node:util";
import type { KubeObject, Objects, Resource } from "./objects";

/*
 * Stands in for the two operators of OpenShift that write certificates into ConfigMaps which ask for them: service-ca
 * (openshift/service-ca-operator, pkg/controller/cabundleinjector) and the network operator
 * (openshift/cluster-network-operator, pkg/controller/configmap_ca_injector). Tekton's pods do not start before they have both.
 */

const configMaps: Resource = { apiVersion: "v1", plural: "configmaps" };
const serviceCa = "service.beta.openshift.io/inject-cabundle";
const trusted = "config.openshift.io/inject-trusted-cabundle";

export interface Bundles {
  /** Who signs the certificates of services (PEM). */
  readonly service: string;
  /** Whom the machines of the cluster trust (PEM). */
  readonly trusted: string;
}

type ConfigMap = KubeObject & { data?: Record<string, string> };

/** What a ConfigMap that asks for certificates has to hold; undefined when it asks for none. Pure. */
export function wantedData({ metadata }: Pick<KubeObject, "metadata">, bundles: Bundles): Record<string, string> | undefined {
  if (metadata.annotations?.[serviceCa] === "true") return { "service-ca.crt": bundles.service };
  if (metadata.labels?.[trusted] === "true") return { "ca-bundle.crt": bundles.trusted };
  return undefined;
}

/** Writes certificates where they are missing. @throws the first refusal, after all others were served. */
export type Inject = (bundles: Bundles) => Promise<void>;

/** An injector that reads no ConfigMap again which it has found right and nobody has changed: there are two in each namespace. */
export function injector(objects: Objects): Inject {
  let served = new Map<string, string>();
  let last: Bundles | undefined;
  return async (bundles) => {
    const [right, errors] = [new Map<string, string>(), [] as unknown[]];
    const known = isDeepStrictEqual(bundles, last) ? served : new Map<string, string>();
    // Without contents: bundles of operators are ConfigMaps too, and large.
    for (const { metadata } of await objects.listMetadata(configMaps)) {
      const wanted = wantedData({ metadata }, bundles);
      if (!wanted) continue;
      const [place, version = ""] = [`${metadata.namespace}/${metadata.name}`, metadata.resourceVersion];
      const isRight = known.get(place) === version || (await write(objects, metadata, wanted).catch((error) => void errors.push(error)));
      if (isRight) right.set(place, version);
    }
    [served, last] = [right, bundles];
    if (errors.length > 0) throw errors[0];
  };
}

/** Says whether the ConfigMap had them already. */
async function write(objects: Objects, metadata: KubeObject["metadata"], wanted: Record<string, string>): Promise<boolean> {
  const found = await objects.get<ConfigMap>(configMaps, metadata.name, metadata.namespace);
  if (found === undefined) return false;
  if (Object.entries(wanted).every(([key, value]) => found.data?.[key] === value))
    return found.metadata.resourceVersion === metadata.resourceVersion;
  await objects.patch(configMaps, metadata, { data: wanted });
  return false;
}
