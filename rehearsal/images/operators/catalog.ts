import { csvName, type Manifest, ownedKinds } from "./bundle";

/** One operator of the catalog. */
export interface Offer {
  readonly name: string;
  readonly displayName: string;
  readonly defaultChannel: string;
  /** Head of each channel: the version that a Subscription installs. */
  readonly channels: Readonly<Record<string, string>>;
  readonly manifests: (version: string) => readonly Manifest[];
}

/** The catalog's image, as OpenShift's OperatorHub has it. */
export const catalogImage = "registry.redhat.io/redhat/redhat-operator-index:v4.19";

/** The image of one version's bundle. */
export const bundleImage = (name: string, version: string): string => `registry.redhat.io/rehearsal/${name}-bundle:v${version}`;

/** Versions of an operator that its channels offer, each once. */
export const versions = ({ channels }: Pick<Offer, "channels">): string[] => [...new Set(Object.values(channels))];

/**
 * A file-based catalog (operator-registry, alpha/declcfg). Each version takes the place of all older ones (`skipRange`), as Red Hat's
 * own do. Pure.
 */
export function fileBasedCatalog(offers: readonly Offer[]): string {
  const documents = offers.flatMap((offer) => {
    const { name, displayName, defaultChannel, channels } = offer;
    const mode = { type: "AllNamespaces", supported: true };
    return [
      { schema: "olm.package", name, defaultChannel },
      ...Object.entries(channels).map(([channel, version]) => ({
        schema: "olm.channel",
        package: name,
        name: channel,
        entries: [{ name: csvName({ name, version }), skipRange: `<${version}` }],
      })),
      ...versions(offer).map((version) => ({
        schema: "olm.bundle",
        package: name,
        name: csvName({ name, version }),
        image: bundleImage(name, version),
        properties: [
          { type: "olm.package", value: { packageName: name, version } },
          ...ownedKinds(offer.manifests(version)).map(({ group, version, kind }) => ({ type: "olm.gvk", value: { group, version, kind } })),
          { type: "olm.csv.metadata", value: { displayName, installModes: [mode], provider: { name: "Red Hat" } } },
        ],
      })),
    ];
  });
  return documents.map((document) => `${JSON.stringify(document)}\n`).join("");
}
