import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { at, read, write } from "./harness";

export type Architecture = "amd64" | "arm64";

/** e_type: what a linker works on (a program of eBPF is no other file), and what a kernel starts. */
export const types = { relocatable: 1, executable: 2 } as const;
/** The first bytes of a program (ELF header, 64 bits, little-endian); nothing behind them, as no test runs it. */
export function elf(machine: number, bigEndian = false, type: number = types.executable): Buffer {
  const header = Buffer.alloc(64);
  header.write("\x7fELF", "latin1");
  header[4] = 2;
  header[5] = bigEndian ? 2 : 1;
  for (const [value, offset] of [
    [type, 16],
    [machine, 18],
  ] as const) {
    if (bigEndian) header.writeUInt16BE(value, offset);
    else header.writeUInt16LE(value, offset);
  }
  return header;
}
/** e_machine, as the registry of the ELF specification numbers them. */
export const machines = { 386: 0x03, arm: 0x28, amd64: 0x3e, arm64: 0xb7, s390x: 0x16, ebpf: 0xf7 } as const;

/** bash and a few programs of this machine with their libraries, as files of a context: a RUN needs something to run. */
export function shellFiles(folder: string): void {
  const programs = ["bash", "cat", "mkdir", "truncate"];
  const files = programs.map((name) => `/bin/${name}`);
  for (const file of [...files]) {
    const libraries = execFileSync("ldd", [file], { encoding: "utf8" }).match(/\/\S+(?= \(0x)/g) ?? [];
    files.push(...libraries.filter((library) => !files.includes(library)));
  }
  for (const file of files) {
    mkdirSync(at(folder, file, ".."), { recursive: true });
    execFileSync("cp", ["-L", file, at(folder, file)]);
  }
}

/** What an OCI layout holds. */
export function layoutOf(folder: string) {
  const blob = (digest: string) => readFileSync(at(folder, "blobs/sha256", digest.replace("sha256:", "")));
  const [entry] = JSON.parse(read(`${folder}/index.json`)).manifests;
  const manifest = JSON.parse(blob(entry.digest).toString());
  const config = JSON.parse(blob(manifest.config.digest).toString());
  const list = (digest: string) =>
    execFileSync("tar", ["--list", "--verbose", "--gzip", "--numeric-owner"], { input: blob(digest), encoding: "utf8" })
      .trim()
      .split("\n");
  const files: string[] = manifest.layers.flatMap((layer: { digest: string }) => list(layer.digest));
  return { digest: entry.digest as string, manifest, config, files };
}

/** Writes the blobs of an image with these layers, the lowest first; the manifest's comes first in the answer, in hexadecimal. */
export function writeBlobs(folder: string, layers: Buffer[], config: object = {}): string[] {
  const put = (data: Buffer) => {
    const hex = createHash("sha256").update(data).digest("hex");
    write(`${folder}/blobs/sha256/${hex}`, data);
    return { digest: `sha256:${hex}`, size: data.length };
  };
  const blobs = layers.map((layer) => ({ mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", ...put(layer) }));
  const manifest = {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: { mediaType: "application/vnd.oci.image.config.v1+json", ...put(Buffer.from(JSON.stringify(config))) },
    layers: blobs,
  };
  const { digest, size } = put(Buffer.from(JSON.stringify(manifest)));
  return [digest.slice("sha256:".length), String(size)];
}

/** Writes the smallest OCI layout of one image. */
export function writeLayout(folder: string, architecture: string, content = architecture): string {
  // An empty archive is two blocks of zeros; what stands behind them is no part of it.
  return writeImage(folder, architecture, Buffer.concat([Buffer.alloc(1024), Buffer.from(content)]));
}

/** Writes an OCI layout of one image of one layer, an archive. */
export function writeImage(folder: string, architecture: string, layer: Buffer): string {
  const diff = `sha256:${createHash("sha256").update(layer).digest("hex")}`;
  const config = { architecture, os: "linux", config: {}, rootfs: { type: "layers", diff_ids: [diff] } };
  const [hex, size] = writeBlobs(folder, [gzipSync(layer)], config);
  const entry = {
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    digest: `sha256:${hex}`,
    size: Number(size),
    annotations: { "org.opencontainers.image.ref.name": "result" },
  };
  write(`${folder}/oci-layout`, JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  write(`${folder}/index.json`, JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
  return entry.digest;
}

/** Registries without TLS, in the file that containers/image reads for the owner of $HOME (containers-registries.conf(5)). */
export const insecure = (...hosts: string[]) =>
  write("home/.config/containers/registries.conf", hosts.map((host) => `[[registry]]\nlocation = "${host}"\ninsecure = true\n`).join("\n"));
