import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { at, read, write } from "./harness";

export type Architecture = "amd64" | "arm64";

/** The first bytes of a program (ELF header, 64 bits, little-endian); nothing behind them, as no test runs it. */
export function elf(machine: number, bigEndian = false): Buffer {
  const header = Buffer.alloc(64);
  header.write("\x7fELF", "latin1");
  header[4] = 2;
  header[5] = bigEndian ? 2 : 1;
  if (bigEndian) header.writeUInt16BE(machine, 18);
  else header.writeUInt16LE(machine, 18);
  return header;
}
/** e_machine, as the registry of the ELF specification numbers them. */
export const machines = { 386: 0x03, arm: 0x28, amd64: 0x3e, arm64: 0xb7, s390x: 0x16 } as const;

/** bash and a few programs of this machine with their libraries, as files of a context: a RUN needs something to run. */
export function shellFiles(folder: string): void {
  const programs = ["bash", "cat", "mkdir"];
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

/** Writes the smallest OCI layout of one image. */
export function writeLayout(folder: string, architecture: string, content = architecture): string {
  const put = (data: Buffer | string) => {
    const bytes = Buffer.from(data);
    const hex = createHash("sha256").update(bytes).digest("hex");
    write(`${folder}/blobs/sha256/${hex}`, bytes);
    return { digest: `sha256:${hex}`, size: bytes.length };
  };
  // An empty archive is two blocks of zeros; what stands behind them is no part of it.
  const layer = Buffer.concat([Buffer.alloc(1024), Buffer.from(content)]);
  const diff = `sha256:${createHash("sha256").update(layer).digest("hex")}`;
  const config = put(JSON.stringify({ architecture, os: "linux", config: {}, rootfs: { type: "layers", diff_ids: [diff] } }));
  const manifest = put(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: { mediaType: "application/vnd.oci.image.config.v1+json", ...config },
      layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", ...put(gzipSync(layer)) }],
    }),
  );
  const entry = {
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    ...manifest,
    annotations: { "org.opencontainers.image.ref.name": "result" },
  };
  write(`${folder}/oci-layout`, JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  write(`${folder}/index.json`, JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
  return manifest.digest;
}

/** Registries without TLS, in the file that containers/image reads for the owner of $HOME (containers-registries.conf(5)). */
export const insecure = (...hosts: string[]) =>
  write("home/.config/containers/registries.conf", hosts.map((host) => `[[registry]]\nlocation = "${host}"\ninsecure = true\n`).join("\n"));
