import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { BlobStore, type Descriptor } from "../../../rehearsal/images/oci";
import { Registry } from "../../../rehearsal/images/push";

/** As much of a registry as a push needs; it refuses what a real one refuses. */
class FakeRegistry {
  readonly blobs = new Map<string, Set<string>>();
  readonly manifests = new Map<string, string>();
  readonly calls: string[] = [];
  readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk) => chunks.push(chunk));
      request.on("end", () => {
        const url = new URL(request.url ?? "", "http://x");
        this.calls.push(`${request.method} ${url.pathname}`);
        const { status, headers } = this.answer(request.method ?? "", url, Buffer.concat(chunks));
        response.writeHead(status, headers).end();
      });
    });
  }

  private answer(method: string, url: URL, body: Buffer): { status: number; headers?: Record<string, string> } {
    const [, repository = "", kind, name = ""] = /^\/v2\/(.+)\/(manifests|blobs)\/(.*)$/.exec(url.pathname) ?? [];
    const held = this.blobs.get(repository) ?? new Set();
    this.blobs.set(repository, held);
    const digest = `sha256:${createHash("sha256").update(body).digest("hex")}`;
    if (kind === "manifests") {
      const key = `${repository}:${name}`;
      if (method === "HEAD") {
        const found = this.manifests.get(key);
        return found ? { status: 200, headers: { "docker-content-digest": found } } : { status: 404 };
      }
      const document = JSON.parse(body.toString());
      const blobs = document.manifests ? [] : [document.config, ...document.layers];
      if (blobs.some((blob: Descriptor) => !held.has(blob.digest))) return { status: 400 };
      if ((document.manifests ?? []).some((one: Descriptor) => !this.manifests.has(`${repository}:${one.digest}`))) return { status: 400 };
      this.manifests.set(key, digest);
      return { status: 201 };
    }
    if (method === "HEAD") return { status: held.has(name) ? 200 : 404 };
    const from = url.searchParams.get("from");
    const mounted = url.searchParams.get("mount");
    if (method === "POST" && mounted && this.blobs.get(from ?? "")?.has(mounted)) {
      held.add(mounted);
      return { status: 201 };
    }
    if (method === "POST") return { status: 202, headers: { location: `/v2/${repository}/blobs/uploads/id?state=s` } };
    if (url.searchParams.get("digest") !== digest || url.searchParams.get("state") !== "s") return { status: 400 };
    held.add(digest);
    return { status: 201 };
  }
}

let folder: string;
let fake: FakeRegistry;
let store: BlobStore;
let registry: Registry;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "push-"));
  store = new BlobStore(join(folder, "store"));
  fake = new FakeRegistry();
  await new Promise<void>((resolve) => fake.server.listen(0, "127.0.0.1", resolve));
  registry = new Registry(`127.0.0.1:${(fake.server.address() as AddressInfo).port}`, store);
});
afterEach(async () => {
  registry.close();
  await new Promise((resolve) => fake.server.close(resolve));
  rmSync(folder, { recursive: true });
});

async function layer(content: string) {
  const source = join(folder, "source");
  mkdirSync(source, { recursive: true });
  writeFileSync(join(source, "file"), content);
  return store.putLayer(source, "zstd");
}

it("a layer's digests are those of the tar before and after compression", async () => {
  const { digest, diffId, size } = await layer("content");
  const bytes = readFileSync(store.path(digest));
  expect(bytes.length).toBe(size);
  expect(`sha256:${createHash("sha256").update(bytes).digest("hex")}`).toBe(digest);
  const { execFileSync } = await import("node:child_process");
  const tar = execFileSync("zstd", ["-dc", store.path(digest)]);
  expect(`sha256:${createHash("sha256").update(tar).digest("hex")}`).toBe(diffId);
});

it("an index is pushed blobs first, then its members, then its name, and is found afterwards", async () => {
  const shared = await layer("shared");
  const members = [
    store.putImage("amd64", [shared, await layer("a")], { User: "1" }),
    store.putImage("arm64", [shared, await layer("b")], {}),
  ];
  const image = { repository: "mirror/x", tag: "1", descriptor: store.putIndex(members) };
  expect(await registry.has(image)).toBe(false);
  await registry.push(image);
  expect(await registry.has(image)).toBe(true);
  expect(
    JSON.parse(readFileSync(store.path(image.descriptor.digest), "utf8")).manifests.map((one: Descriptor) => one.platform?.architecture),
  ).toEqual(["amd64", "arm64"]);
  expect(fake.calls.filter((call) => call.startsWith("PUT /v2/mirror/x/blobs")).length).toBe(5); // three layers, two configurations
});

it("a blob that another repository got is mounted, not sent again", async () => {
  const one = { repository: "a", tag: "1", descriptor: store.putImage("amd64", [await layer("x")], {}) };
  await registry.push(one);
  fake.calls.length = 0;
  await registry.push({ ...one, repository: "b" });
  expect(fake.calls.filter((call) => call.includes("PUT") && call.includes("/blobs/"))).toEqual([]);
  expect(await registry.has({ ...one, repository: "b" })).toBe(true);
});

it("a damaged blob is refused, with the registry's answer in the error", async () => {
  const damaged = await layer("x");
  const descriptor = store.putImage("amd64", [damaged], {});
  writeFileSync(store.path(damaged.digest), Buffer.alloc(damaged.size));
  await expect(registry.push({ repository: "a", tag: "1", descriptor })).rejects.toThrow(/refuses blob sha256:.* of a: 400/);
});

it("packs a layer as it is told, and says so in its media type", async () => {
  const source = join(folder, "packed");
  mkdirSync(source, { recursive: true });
  for (const [compression, magic] of [
    ["gzip", "1f8b"],
    ["zstd", "28b52ffd"],
  ] as const) {
    const { mediaType, digest } = await store.putLayer(source, compression);
    expect(mediaType).toBe(`application/vnd.oci.image.layer.v1.tar+${compression}`);
    expect(readFileSync(store.path(digest)).toString("hex").startsWith(magic)).toBe(true);
  }
});

it("another image under the same tag does not count as present", async () => {
  const image = (user: string) => ({ repository: "a", tag: "1", descriptor: store.putImage("amd64", [], { User: user }) });
  await registry.push(image("1"));
  expect(await registry.has(image("2"))).toBe(false);
});
