import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Architecture } from "../../config/architecture";
import { run } from "../machine/exec";
import { expectation } from "../machine/first-run";
import { debianPackages } from "../machine/packages";
import type { Part } from "../machine/parts";
import { places, ports } from "../machine/places";
import { say, step } from "../machine/progress";
import { Apt, type AptSetup, readAptSetup } from "./apt";
import { catalogue, systemLayers } from "./catalogue";
import type { LayerRecipe } from "./layers";
import { BlobStore, type Layer } from "./oci";
import { type NamedImage, Registry } from "./push";
import type { ImageRecipe } from "./recipe";

export interface EnsureImagesOptions {
  /** host:port of the registry, without TLS and authentication. The rehearsal's own one behind its front by default. */
  readonly registry?: string;
  /** Folder that keeps what was made; `cache/images` by default. */
  readonly cache?: string;
}

/** The files that decide what is in a layer, from this folder. */
export const layerCode: readonly string[] = [
  ...["apt.ts", "buildah.ts", "java-trust-store.ts", "layers.ts", "node-layer.ts", "root-folder.ts", "runtime-layers.ts"],
  "operators/recipes.ts",
];

/** Name of the part that makes layers. */
const systemLayersPart = "layers of images";

/**
 * What makes the layers of images that need nothing of the toolchain while that is built. Nothing where images were made before: most
 * layers are there then, and `ensureImages` makes what is not.
 */
export function imageParts(cache = join(places.cache, "images")): Part[] {
  if (existsSync(join(cache, "index.json"))) return [];
  const expected = expectation("images", systemLayersPart);
  const work = async () => {
    const aptSetup = await readAptSetup();
    const workshop = new Workshop(cache, aptSetup);
    try {
      for (const layer of systemLayers(aptSetup)) await workshop.layer(layer);
    } finally {
      workshop.clear();
    }
  };
  return [{ name: systemLayersPart, lane: "images", after: [debianPackages], expected, work }];
}

/**
 * Makes what is missing of the images that the rehearsal needs and uploads what the registry lacks.
 *
 * A layer is made again when its recipe, the code beside this file or what it reads of the machine has changed. A process that
 * was killed leaves nothing that counts: blobs and records get their names when they are complete.
 */
export async function ensureImages({
  registry = `127.0.0.1:${ports.registryBackend}`,
  cache = join(places.cache, "images"),
}: EnsureImagesOptions = {}): Promise<void> {
  const aptSetup = await readAptSetup();
  const images = catalogue(aptSetup);
  const workshop = new Workshop(cache, aptSetup);
  const named: NamedImage[] = [];
  try {
    for (const image of images) named.push(await workshop.image(image));
    workshop.finish(named);
  } finally {
    workshop.clear();
  }
  await upload(new Registry(registry, workshop.store), named);
}

async function upload(registry: Registry, images: readonly NamedImage[]): Promise<void> {
  try {
    const present = await Promise.all(images.map((image) => registry.has(image)));
    const absent = images.filter((_, index) => !present[index]);
    if (absent.length === 0) return;
    await step(`uploading ${absent.length} images to the registry`, 5, async () => {
      for (const image of absent) await registry.push(image);
    });
  } finally {
    registry.close();
  }
}

/** Makes layers and images in the cache folder. */
class Workshop {
  readonly store: BlobStore;
  private readonly records: string;
  private readonly work: string;
  private readonly code: string;
  private readonly apts = new Map<Architecture, Apt>();
  private readonly used = new Set<string>();

  constructor(
    folder: string,
    private readonly aptSetup: AptSetup,
  ) {
    this.store = new BlobStore(folder);
    this.records = join(folder, "layers");
    this.work = join(folder, "work");
    mkdirSync(this.records, { recursive: true });
    this.clear();
    this.code = sha256(layerCode.map((file) => readFileSync(join(__dirname, file), "utf8")).join());
  }

  /** Takes away what layers were made from, also of a run that was ended: mmdebstrap then unmounts what it uses for a moment longer. */
  clear(): void {
    rmSync(this.work, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    this.store.dropUnfinished();
  }

  async image({ repository, tag, members }: ImageRecipe): Promise<NamedImage> {
    const manifests = [];
    for (const { architecture, layers, config } of members) {
      const made: Layer[] = [];
      for (const layer of layers) made.push(await this.layer(layer));
      manifests.push(this.store.putImage(architecture, made, config));
    }
    const [only, ...others] = manifests;
    const descriptor = only && others.length === 0 ? only : this.store.putIndex(manifests);
    return { repository, tag, descriptor };
  }

  /** Writes the layout's index, which names the images for skopeo, and drops what no image needs any more. */
  finish(images: readonly NamedImage[]): void {
    const manifests = images.map(({ repository, tag, descriptor }) => ({
      ...descriptor,
      annotations: { "org.opencontainers.image.ref.name": `${repository}:${tag}` },
    }));
    const index = JSON.stringify({ schemaVersion: 2, manifests });
    const file = join(this.store.folder, "index.json");
    if (existsSync(file) && readFileSync(file, "utf8") === index) return;
    writeFileSync(`${file}.new`, index);
    renameSync(`${file}.new`, file);
    for (const record of readdirSync(this.records)) if (!this.used.has(join(this.records, record))) rmSync(join(this.records, record));
    const kept = new Set(
      readdirSync(this.records).map((record) => blobName(JSON.parse(readFileSync(join(this.records, record), "utf8")).digest)),
    );
    const keep = (digest: string) => {
      kept.add(blobName(digest));
      const document = JSON.parse(readFileSync(this.store.path(digest), "utf8"));
      if (document.config) kept.add(blobName(document.config.digest));
      for (const member of document.manifests ?? []) keep(member.digest);
    };
    for (const { descriptor } of images) keep(descriptor.digest);
    const blobs = join(this.store.folder, "blobs", "sha256");
    for (const blob of readdirSync(blobs)) if (!kept.has(blob)) rmSync(join(blobs, blob));
  }

  private key(layer: LayerRecipe): string {
    const { name, architecture, inputs, from } = layer;
    return sha256(JSON.stringify([this.code, compressionOf(layer), name, architecture, inputs, from.map((lower) => this.key(lower))]));
  }

  async layer(recipe: LayerRecipe): Promise<Layer> {
    const record = join(this.records, `${recipe.name}-${recipe.architecture}-${this.key(recipe).slice(0, 16)}.json`);
    this.used.add(record);
    if (existsSync(record)) {
      const layer: Layer = JSON.parse(readFileSync(record, "utf8"));
      if (this.store.has(layer)) return layer;
    }
    for (const lower of recipe.from) await this.layer(lower);
    const layer = await step(`image layer: ${recipe.what}`, recipe.expectSeconds, () => this.make(recipe));
    writeFileSync(`${record}.new`, JSON.stringify(layer));
    renameSync(`${record}.new`, record);
    return layer;
  }

  private async make(recipe: LayerRecipe): Promise<Layer> {
    mkdirSync(this.work, { recursive: true });
    const bench = mkdtempSync(join(this.work, `${recipe.name}-`));
    const root = join(bench, "root");
    mkdirSync(root, { mode: 0o755 });
    const layerTools = {
      aptSetup: this.aptSetup,
      apt: (architecture: Architecture) => this.apt(architecture),
      folderOf: (layer: LayerRecipe, ...paths: string[]) => this.folderOf(bench, layer, paths),
    };
    // Modes that a recipe asks for are meant as they are.
    const mask = process.umask(0o022);
    try {
      await recipe.make(root, layerTools);
      return await this.store.putLayer(root, compressionOf(recipe));
    } finally {
      process.umask(mask);
      rmSync(bench, { recursive: true, force: true });
    }
  }

  private apt(architecture: Architecture): Apt {
    const existing = this.apts.get(architecture);
    if (existing) return existing;
    const folder = join(this.work, `apt-${architecture}`);
    mkdirSync(folder, { recursive: true });
    const apt = new Apt(architecture, folder, this.aptSetup);
    this.apts.set(architecture, apt);
    return apt;
  }

  private async folderOf(bench: string, recipe: LayerRecipe, paths: readonly string[]): Promise<string> {
    const folder = mkdtempSync(join(bench, `${recipe.name}-`));
    const layer = await this.layer(recipe);
    await run(["tar", "-x", "--numeric-owner", "-f", this.store.path(layer.digest), "-C", folder, ...paths]);
    return folder;
  }
}

const compressionOf = ({ ofToolchain }: LayerRecipe) => (ofToolchain ? "zstd" : "gzip");

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function blobName(digest: string): string {
  return basename(digest.replace(":", "/"));
}

/** `node --import tsx rehearsal/images/index.ts [host:port]`: the images alone, for working on them. */
if (require.main === module) {
  ensureImages({ registry: process.argv[2] }).then(
    () => say("images are ready"),
    (error) => {
      console.error(error);
      process.exitCode = 1;
    },
  );
}
