import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createWriteStream, existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Architecture } from "../../config/architecture";

/** Media types of the OCI image specification 1.0. */
export const mediaTypes = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
} as const;

/** How layers are compressed; zstd came with 1.0.2 of the specification and is read by containerd 1.5 and buildah 1.28. */
const compressors = {
  gzip: { command: ["gzip", "--fast", "--no-name"], mediaType: "application/vnd.oci.image.layer.v1.tar+gzip" },
  zstd: { command: ["zstd", "-3", "-T0", "-q", "-c"], mediaType: "application/vnd.oci.image.layer.v1.tar+zstd" },
} as const;

/** Points to a blob, as in the OCI image specification. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  readonly platform?: { readonly os: "linux"; readonly architecture: Architecture };
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Layer extends Descriptor {
  /** Digest of the layer's tar before compression, for the image's configuration. */
  readonly diffId: string;
}

/** How a container of the image is started; the names are those of the OCI image configuration. */
export interface ContainerConfig {
  readonly User?: string;
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly WorkingDir?: string;
  /** Paths that are a folder of the container's own, unless something is mounted there. */
  readonly Volumes?: Readonly<Record<string, object>>;
}

/** Blobs in a folder laid out as the OCI image layout says, so that skopeo and buildah read it as well. */
export class BlobStore {
  constructor(readonly folder: string) {
    mkdirSync(join(folder, "blobs", "sha256"), { recursive: true });
    writeFileSync(join(folder, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  }

  /** Blobs on their way; they get their names when they are complete. */
  private get unfinished(): string {
    return join(this.folder, "unfinished");
  }

  /** Removes what a killed process left. One process at a time uses a store. */
  dropUnfinished(): void {
    rmSync(this.unfinished, { recursive: true, force: true });
  }

  path(digest: string): string {
    return join(this.folder, "blobs", ...digest.split(":"));
  }

  /** Whether the blob is there in its full length; its content was checked when it was written. */
  has({ digest, size }: Descriptor): boolean {
    return existsSync(this.path(digest)) && statSync(this.path(digest)).size === size;
  }

  /** Stores a JSON document (manifest, index or configuration). */
  putJson(mediaType: string, value: unknown): Descriptor {
    const bytes = Buffer.from(JSON.stringify(value));
    const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
    const descriptor = { mediaType, digest, size: bytes.length };
    if (!this.has(descriptor)) {
      const temporary = join(this.unfinished, "document");
      mkdirSync(this.unfinished, { recursive: true });
      writeFileSync(temporary, bytes);
      renameSync(temporary, this.path(digest));
    }
    return descriptor;
  }

  /**
   * Packs a folder as one layer, with owners and modes as they are; a blob appears under its name only when it is complete.
   * @param compression gzip for what images are built from, as public images have it: buildah finds no layers in its cache for a base with
   * layers in zstd. zstd for all else: on all cores half the time of gzip for a smaller layer, and unpacked several times faster.
   */
  async putLayer(folder: string, compression: keyof typeof compressors): Promise<Layer> {
    const temporary = join(this.unfinished, "layer");
    mkdirSync(this.unfinished, { recursive: true });
    const raw = createHash("sha256");
    const packed = createHash("sha256");
    // Sorted names and no access times: the same folder gives the same layer.
    const tar = spawn("tar", ["--create", "--sort=name", "--numeric-owner", "--format=gnu", "-C", folder, "."], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [program, ...options] = compressors[compression].command;
    const compressor = spawn(program, options, { stdio: ["pipe", "pipe", "inherit"] });
    try {
      await Promise.all([
        ended("tar", tar),
        ended(program, compressor),
        pipeline(tar.stdout, passingTo(raw), compressor.stdin),
        pipeline(compressor.stdout, passingTo(packed), createWriteStream(temporary)),
      ]);
      const layer: Layer = {
        mediaType: compressors[compression].mediaType,
        digest: `sha256:${packed.digest("hex")}`,
        size: statSync(temporary).size,
        diffId: `sha256:${raw.digest("hex")}`,
      };
      renameSync(temporary, this.path(layer.digest));
      return layer;
    } finally {
      rmSync(temporary, { force: true });
    }
  }

  /** An image for one architecture; returns its manifest, with the platform that an index shows for it. */
  putImage(architecture: Architecture, layers: readonly Layer[], config: ContainerConfig): Descriptor {
    const configuration = this.putJson(mediaTypes.config, {
      architecture,
      os: "linux",
      config,
      rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
      // One entry a layer, as every builder writes them; buildah asks for them before it takes a layer from its cache.
      history: layers.map(() => ({ created: "1980-01-01T00:00:00Z", created_by: "openshift-multiarch rehearsal" })),
    });
    const manifest = this.putJson(mediaTypes.manifest, {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: configuration,
      layers: layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
    });
    return { ...manifest, platform: { os: "linux", architecture } };
  }

  /** An index of the manifests of one image, one an architecture. */
  putIndex(manifests: readonly Descriptor[]): Descriptor {
    return this.putJson(mediaTypes.index, { schemaVersion: 2, mediaType: mediaTypes.index, manifests });
  }
}

function passingTo(hash: ReturnType<typeof createHash>): Transform {
  return new Transform({
    transform(chunk, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
}

function ended(name: string, child: ReturnType<typeof spawn>): Promise<void> {
  return new Promise((resolve, reject) => {
    child.on("error", (error) => reject(new Error(`${name}: ${error.message}`)));
    child.on("close", (code) => (code === 0 ? resolve() : reject(new Error(`${name} ended with code ${code}`))));
  });
}
