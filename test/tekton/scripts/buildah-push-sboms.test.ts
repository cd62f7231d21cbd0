import { describe, expect, it } from "vitest";
import { program, read, write } from "./harness";
import { digests, manifest, push, registry, repository, tags, writtenTags } from "./pushing";
import { refusal, sha256 } from "./registry";

const document = (architecture: string, created = "2024-05-06T07:08:09Z") =>
  JSON.stringify({ spdxVersion: "SPDX-2.3", creationInfo: { created, creators: ["Tool: syft-1.57.1"] }, name: architecture });
const withDocuments = (...architectures: string[]) => {
  for (const architecture of architectures) write(`shared/layouts/${architecture}.sbom.json`, document(architecture));
};

interface Descriptor {
  readonly digest: string;
  readonly mediaType: string;
  readonly artifactType?: string;
}
const json = (content?: Buffer) => JSON.parse((content ?? Buffer.from("null")).toString());
/** What a client without the referrers API finds: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#unavailable-referrers-api */
const referrers = (digest: string): Descriptor[] => json(manifest(digest.replace(":", "-")))?.manifests ?? [];
/** The one document that is attached to a digest. */
function sbom(digest: string) {
  const found = referrers(digest).filter(({ artifactType }) => artifactType === "application/spdx+json");
  expect(found).toHaveLength(1);
  const artifact = json(manifest(found[0].digest));
  const subject = manifest(digest) as Buffer;
  expect(artifact).toMatchObject({
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    artifactType: "application/spdx+json",
    config: { mediaType: "application/vnd.oci.empty.v1+json" },
    subject: { digest, size: subject.length, mediaType: json(subject).mediaType },
  });
  expect(artifact.layers).toHaveLength(1);
  expect(artifact.layers[0].mediaType).toBe("application/spdx+json");
  return registry.blobs.get(artifact.layers[0].digest)?.toString() ?? "";
}

describe("buildah-push with SBOMs", () => {
  it("attaches each image's own document to its digest, before the wanted tag moves", async () => {
    withDocuments("amd64", "arm64");
    expect(await push()).toMatchObject({ status: 0 });
    for (const architecture of ["amd64", "arm64"]) expect(sbom(digests[architecture])).toBe(document(architecture));
    expect(writtenTags().at(0)).toBe(tags.run);
    expect(writtenTags().at(-1)).toBe(tags.wanted);
    expect(writtenTags()).toHaveLength(5);
  });

  it("attaches a document to the index that names its members, with the commit's time and nothing of chance", async () => {
    withDocuments("amd64", "arm64");
    expect(await push()).toMatchObject({ status: 0 });
    const digest = read("results/digest");
    const text = sbom(digest);
    const index = JSON.parse(text);
    expect(index).toMatchObject({
      spdxVersion: "SPDX-2.3",
      dataLicense: "CC0-1.0",
      SPDXID: "SPDXRef-DOCUMENT",
      name: "hello",
      documentNamespace: `https://spdx.org/spdxdocs/hello-${digest.slice(7)}`,
      creationInfo: { created: "2024-05-06T07:08:09Z" },
    });
    const packages = index.packages.map((one: { SPDXID: string; versionInfo: string; externalRefs: { referenceLocator: string }[] }) => [
      one.SPDXID,
      one.versionInfo,
      one.externalRefs[0].referenceLocator,
    ]);
    const purl = (of: string, more = "") => `pkg:oci/hello@${of.replace(":", "%3A")}?repository_url=${repository()}${more}`;
    expect(packages).toEqual([
      ["SPDXRef-index", digest, purl(digest)],
      ["SPDXRef-image-amd64", digests.amd64, purl(digests.amd64, "&arch=amd64")],
      ["SPDXRef-image-arm64", digests.arm64, purl(digests.arm64, "&arch=arm64")],
    ]);
    const relationships = index.relationships.map(
      (one: { spdxElementId: string; relationshipType: string; relatedSpdxElement: string }) =>
        `${one.spdxElementId} ${one.relationshipType} ${one.relatedSpdxElement}`,
    );
    expect(relationships).toEqual([
      "SPDXRef-DOCUMENT DESCRIBES SPDXRef-index",
      "SPDXRef-image-amd64 VARIANT_OF SPDXRef-index",
      "SPDXRef-image-arm64 VARIANT_OF SPDXRef-index",
    ]);
    registry.written.length = 0;
    expect(await push(undefined, { RUN: "hello-fghij" })).toMatchObject({ status: 0 });
    expect(writtenTags()).toEqual(["hello-fghij"]);
    expect(sbom(digest)).toBe(text);
  });

  it("keeps what others have attached to a digest", async () => {
    withDocuments("amd64", "arm64");
    const config = Buffer.from("{}");
    const signature = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: "application/vnd.oci.image.manifest.v1+json",
        artifactType: "application/vnd.example.signature",
        config: { mediaType: "application/vnd.oci.empty.v1+json", digest: sha256(config), size: 2 },
        layers: [{ mediaType: "application/vnd.oci.empty.v1+json", digest: sha256(config), size: 2 }],
        subject: { mediaType: "application/vnd.oci.image.manifest.v1+json", digest: digests.amd64, size: 100 },
      }),
    );
    const descriptor = {
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      digest: sha256(signature),
      size: signature.length,
      artifactType: "application/vnd.example.signature",
    };
    const list = Buffer.from(
      JSON.stringify({ schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: [descriptor] }),
    );
    registry.blobs.set(sha256(config), config);
    registry.manifests.set(`team/hello:${sha256(signature)}`, { type: descriptor.mediaType, content: signature });
    for (const name of [digests.amd64.replace(":", "-"), sha256(list)])
      registry.manifests.set(`team/hello:${name}`, { type: "application/vnd.oci.image.index.v1+json", content: list });
    expect(await push()).toMatchObject({ status: 0 });
    expect(referrers(digests.amd64)).toContainEqual(descriptor);
    expect(sbom(digests.amd64)).toBe(document("amd64"));
  });

  it("attaches nothing where it cannot read what is attached already, and publishes all the same", async () => {
    withDocuments("amd64", "arm64");
    const tag = () => digests.arm64.replace(":", "-");
    registry.options = {
      refuse: (method, path) => (method === "GET" && path.endsWith(tag()) ? { status: 500, body: "disk on fire" } : undefined),
    };
    const { status, log } = await push();
    expect(log).toContain("buildah-push: warning: the SBOM of the image for arm64 cannot be attached");
    expect(status).toBe(0);
    expect(writtenTags()).not.toContain(tag());
    expect(sbom(digests.amd64)).toBe(document("amd64"));
  });

  it("publishes with a warning where the registry takes no artifacts", async () => {
    withDocuments("amd64", "arm64");
    registry.options = {
      refuse: (method, path) =>
        method === "PUT" && path.includes("/manifests/sha256-") ? refusal(400, "MANIFEST_INVALID", "unknown artifact") : undefined,
    };
    const { status, log } = await push();
    for (const what of ["index", "image for amd64", "image for arm64"])
      expect(log).toContain(`warning: the SBOM of the ${what} cannot be attached`);
    expect(log).toContain("unknown artifact");
    expect(status).toBe(0);
    expect(writtenTags()).toEqual([tags.run, tags.wanted]);
  });

  it("says that there is no SBOM, or for which architecture there is none", async () => {
    expect((await push()).log).toContain("there is no SBOM to attach\n");
    expect(writtenTags()).toEqual([tags.run, tags.wanted]);
    withDocuments("amd64");
    const { status, log } = await push();
    expect(log).toContain("warning: the image for arm64 has no SBOM");
    expect(status).toBe(0);
    expect(sbom(digests.amd64)).toBe(document("amd64"));
    expect(referrers(digests.arm64)).toEqual([]);
  });

  it("publishes with a warning where buildah knows no artifacts", async () => {
    withDocuments("amd64", "arm64");
    program("buildah", `if [[ "$*" == "manifest add --help" ]]; then echo "--annotation"; exit; fi\nexec "$real" "$@"`);
    const { status, log } = await push();
    expect(log).toContain("warning: this buildah cannot attach an SBOM: versions from 1.35 on can");
    expect(status).toBe(0);
    expect(writtenTags()).toEqual([tags.run, tags.wanted]);
  });
});
