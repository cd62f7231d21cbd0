import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { run } from "../../rehearsal/machine/exec";
import { registry } from "../../rehearsal/machine/places";

/** A file as its layer has it. */
export interface ImageFile {
  readonly kind: "file" | "hard link" | "symlink" | "folder" | "pipe" | "other";
  /** Octal, with the bits for setuid, setgid and sticky in front. */
  readonly mode: string;
  /** uid:gid. */
  readonly owner: string;
  /** Bytes. */
  readonly size: number;
  /** Of a link; of a hard link without a slash in front. */
  readonly target: string;
  /** Extended attributes, in hexadecimal digits. */
  readonly xattrs: Readonly<Record<string, string>>;
  /** Of a file of at most 4 KiB. */
  readonly content?: string;
}

/** What a registry holds of an image for one architecture. */
export interface ImageContent {
  readonly architecture: string;
  readonly os: string;
  /** As OCI's image specification has it. */
  readonly config: {
    readonly User?: string;
    readonly Env?: readonly string[];
    readonly Entrypoint?: readonly string[];
    readonly Cmd?: readonly string[];
    readonly WorkingDir?: string;
    readonly ExposedPorts?: object;
    readonly Volumes?: object;
    readonly StopSignal?: string;
    readonly Labels?: Readonly<Record<string, string>>;
  };
  readonly history: readonly { readonly created_by?: string }[];
  /** By path, without a slash at the ends. What a later layer takes away is not there. */
  readonly files: ReadonlyMap<string, ImageFile>;
  /** Every layer's archive, unpacked, the lowest first. */
  readonly archives: () => Promise<Buffer[]>;
}

type Entry = ImageFile & { readonly name: string };
/** Bases are shared: what their layers hold is read once. */
const known = new Map<string, Promise<Entry[]>>();

const get = async (repository: string, what: string): Promise<Buffer> => {
  const answer = await fetch(`http://${registry}/v2/${repository}/${what}`, {
    headers: { accept: "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json" },
  });
  if (answer.status !== 200) throw new Error(`the registry answers ${answer.status} for ${repository} ${what}`);
  return Buffer.from(await answer.arrayBuffer());
};

export const manifest = async (repository: string, reference: string) =>
  JSON.parse((await get(repository, `manifests/${reference}`)).toString());

/** Tags of a repository; none of one that nobody pushed to. */
export async function tagsOf(repository: string): Promise<string[]> {
  const answer = await fetch(`http://${registry}/v2/${repository}/tags/list`);
  return answer.status === 404 ? [] : ((await answer.json()) as { tags: string[] }).tags;
}

async function inFile<T>(content: Buffer, use: (file: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "rehearsal-layer-"));
  try {
    writeFileSync(join(folder, "layer"), content);
    return await use(join(folder, "layer"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const text = ({ content, ...entry }: Entry): Entry => ({
  ...entry,
  ...(typeof content === "string" && { content: Buffer.from(content, "base64").toString() }),
});

/** What a layer's archive holds. */
export const entriesOf = (layer: Buffer): Promise<Entry[]> =>
  inFile(layer, async (file) => {
    const entries: Entry[] = JSON.parse(await run(["python3", join(__dirname, "layer.py"), file]));
    return entries.map(text);
  });

function layerEntries(repository: string, digest: string): Promise<Entry[]> {
  const entries = known.get(digest) ?? get(repository, `blobs/${digest}`).then(entriesOf);
  known.set(digest, entries);
  return entries;
}

/** Lays one layer on top of those below it: https://github.com/opencontainers/image-spec/blob/main/layer.md, "Whiteouts". */
export function apply(files: Map<string, ImageFile>, entries: readonly Entry[]): void {
  const below = [...files.keys()];
  const removeFrom = (folder: string) => {
    for (const path of below) if (path.startsWith(folder)) files.delete(path);
  };
  for (const { name } of entries) {
    const [, folder = "", hidden] = /^(?:\.\/)?(.*\/)?\.wh\.([^/]+)$/.exec(name) ?? [];
    if (hidden === ".wh..opq") removeFrom(folder);
    else if (hidden !== undefined) {
      removeFrom(`${folder}${hidden}/`);
      files.delete(`${folder}${hidden}`);
    }
  }
  for (const { name, ...file } of entries)
    if (!/(?:^|\/)\.wh\.[^/]+$/.test(name)) files.set(name.replace(/^\.\//, "").replace(/\/$/, ""), file);
}

/** @param digest of the image of one architecture. */
export async function contentOf(repository: string, digest: string): Promise<ImageContent> {
  const { config, layers }: { config: { digest: string }; layers: { digest: string }[] } = await manifest(repository, digest);
  const image = JSON.parse((await get(repository, `blobs/${config.digest}`)).toString());
  const files = new Map<string, ImageFile>();
  for (const layer of layers) apply(files, await layerEntries(repository, layer.digest));
  return {
    architecture: image.architecture,
    os: image.os,
    config: image.config,
    history: image.history,
    files,
    archives: () => Promise.all(layers.map(async (layer) => unpacked(await get(repository, `blobs/${layer.digest}`)))),
  };
}

const unpacked = (layer: Buffer): Buffer => (layer[0] === 0x1f ? gunzipSync(layer) : layer);
