import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { at, has, misbehaves, read, write } from "./harness";
import { writeBlobs } from "./images";
import { digests, manifest, pod, push, pushMember, registry, repository, writtenTags } from "./pushing";
import { refusal, sha256 } from "./registry";

const put = (method: string, path: string) => method === "PUT" && path.includes("/manifests/");
const blobs = (architecture: string) => readdirSync(at(pod(architecture), "image/blobs/sha256"));
/** What the index gets to know of an architecture. */
const noted = (architecture: string) =>
  (has("shared/members") ? readdirSync(at("shared/members")) : []).filter((name) => name.startsWith(architecture));

describe("push-member", () => {
  it("pushes the image by its digest alone, and leaves its manifest, its configuration and the names of its bases for the index", async () => {
    const base = `docker.io/library/alpine:3@sha256:${"a".repeat(64)}\n`;
    write(`${pod("amd64")}/image.bases`, base);
    const { status, log } = await pushMember("amd64");
    expect(log).toContain(`${repository()}@${digests.amd64} is the image for amd64\n`);
    expect(status).toBe(0);
    expect(manifest(digests.amd64)).toBeDefined();
    expect(writtenTags()).toEqual([]);
    expect(noted("amd64")).toEqual(["amd64", "amd64.bases"]);
    expect(read("shared/members/amd64.bases")).toBe(base);
    const { config } = JSON.parse((manifest(digests.amd64) as Buffer).toString());
    expect(readdirSync(at("shared/members/amd64/blobs/sha256")).toSorted()).toEqual(
      [digests.amd64, config.digest].map((digest) => digest.slice(7)).toSorted(),
    );
  });

  it("leaves nothing of an earlier try, nor of its SBOM, and nothing at all when it fails", async () => {
    for (const what of ["/index.json", "/stale", ".tmp/half", ".bases", ".sbom.json"])
      write(`shared/members/amd64${what}`, "of an earlier try");
    expect(await pushMember("amd64")).toMatchObject({ status: 0 });
    expect(noted("amd64")).toEqual(["amd64"]);
    expect(has("shared/members/amd64/stale")).toBe(false);
    registry.options = { refuse: (method) => (method === "PUT" ? refusal(403, "DENIED", "not for you") : undefined) };
    registry.manifests.clear();
    expect(await pushMember("amd64")).toMatchObject({ status: 1 });
    expect(noted("amd64")).toEqual([]);
  });

  it.each([
    ["is not there", "", "there is no image for arm64\n"],
    ["holds none", "{}", "the layout of the image for arm64 holds not exactly one image"],
    [
      "holds two",
      JSON.stringify({ manifests: [{ digest: `sha256:${"a".repeat(64)}` }, { digest: `sha256:${"b".repeat(64)}` }] }),
      "the layout of the image for arm64 holds not exactly one image",
    ],
    ["is cut off", undefined, "cannot push the image for arm64 to "],
  ])("pushes nothing if the layout %s", async (_, index, message) => {
    if (index === undefined) write(`${pod("arm64")}/image/blobs/sha256/${digests.arm64.slice(7)}`, '{"schema');
    else if (index) write(`${pod("arm64")}/image/index.json`, index);
    const { status, log } = await pushMember("arm64", {}, index === "" ? { SOURCES: at("nowhere") } : {});
    expect(status).toBe(1);
    expect(log).toContain(`push-member: ${message}`);
    expect(registry.written).toEqual([]);
  });

  it("shows the registry's own words about an image that it refuses, and publishes nothing of the other one", async () => {
    const layers = blobs("arm64");
    registry.options = {
      refuse: (method, path) =>
        put(method, path) && layers.some((blob) => path.endsWith(blob)) ? refusal(403, "DENIED", "not for you") : undefined,
    };
    const { status, log } = await push();
    expect(status).toBe(1);
    expect(log).toContain(`push-member: cannot push the image for arm64 to ${repository()}, so nothing is published`);
    expect(log).toContain("not for you");
    expect(writtenTags()).toEqual([]);
    expect(manifest(digests.amd64)).toBeDefined();
    expect(has("results/digest")).toBe(false);
  });

  it.each([
    ["pushes nothing and says nothing", "exit 0"],
    ["writes half a digest", `while [[ $1 != --digestfile ]]; do shift; done; printf sha256:ab >"$2"`],
  ])("leaves nothing for the index if buildah %s", async (_, body) => {
    misbehaves("buildah", "*' --digestfile '*docker://*", body);
    expect(await pushMember("amd64")).toMatchObject({ status: 1 });
    expect(noted("amd64")).toEqual([]);
  });

  it("pushes an image whose layers are compressed with zstd, which the index then has", async () => {
    const layer = Buffer.alloc(1024);
    // A frame of one block that repeats a byte 1024 times (RFC 8878, 3.1.1).
    const compressed = Buffer.from("28b52ffd60000303200000", "hex");
    const config = { architecture: "arm64", os: "linux", config: {}, rootfs: { type: "layers", diff_ids: [sha256(layer)] } };
    const folder = `${pod("arm64")}/image`;
    const [hex] = writeBlobs(folder, [compressed], config);
    const content = Buffer.from(read(`${folder}/blobs/sha256/${hex}`).replaceAll("tar+gzip", "tar+zstd"));
    write(`${folder}/blobs/sha256/${sha256(content).slice(7)}`, content);
    const entry = { mediaType: "application/vnd.oci.image.manifest.v1+json", digest: sha256(content), size: content.length };
    const manifests = [{ ...entry, annotations: { "org.opencontainers.image.ref.name": "result" } }];
    write(`${folder}/index.json`, JSON.stringify({ schemaVersion: 2, manifests }));
    expect(await push()).toMatchObject({ status: 0 });
    expect(read("results/images")).toContain(`@${sha256(content)}`);
    expect(manifest(sha256(content))).toEqual(content);
  });

  it("puts no layer on the shared volume, nor a copy on the pod's disk", async () => {
    expect(await push()).toMatchObject({ status: 0 });
    const layers = ["amd64", "arm64"].flatMap((architecture) =>
      JSON.parse((manifest(digests[architecture]) as Buffer).toString()).layers.map(({ digest }: { digest: string }) => digest.slice(7)),
    );
    expect(layers).toHaveLength(2);
    const files = ["home", "shared"].flatMap((folder) => readdirSync(at(folder), { recursive: true, encoding: "utf8" }));
    expect(files.filter((file) => layers.some((layer) => file.includes(layer)))).toEqual([]);
  });

  it("goes on when the registry is away for longer than buildah waits, and not when it refuses", async () => {
    // buildah tries once, and once more to say why not.
    let left = 2;
    const answers = (status: number, code: string) => (method: string, path: string) =>
      put(method, path) && left-- > 0 ? refusal(status, code, "disk on fire") : undefined;
    registry.options = { refuse: answers(500, "UNKNOWN") };
    const { status, log } = await pushMember("amd64");
    expect(log).toContain("pushing the image for amd64 again\n");
    expect(status).toBe(0);
    left = 2;
    registry.options = { refuse: answers(403, "DENIED") };
    const refused = await pushMember("arm64");
    expect(refused.status).toBe(1);
    expect(refused.log).not.toContain("pushing the image for arm64 again");
  });

  it.each(["registry.example.com:5000/hello", "hello@sha256:abc"])("refuses %s, which has no tag", async (image) => {
    expect((await pushMember("amd64", {}, { IMAGE: image })).log).toBe(`push-member: '${image}' is not of the form repository:tag\n`);
  });
});
