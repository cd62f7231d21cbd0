import { execFileSync } from "node:child_process";
import { beforeEach, describe, expect, it } from "vitest";
import { misbehaves, read, write } from "./harness";
import { attachedTo, digests, push, pushIndex, pushMember, referrers, registry, repository, tags, writtenTags } from "./pushing";
import { refusal, sha256 } from "./registry";

/** What syft 1.57.1 prints, shortened: one line, a number by chance in the namespace, the time of now. Packages have a time and a name of their own. */
const written = (name: string, namespace: string, created: string) =>
  `{"spdxVersion":"SPDX-2.3","name":"${name}","documentNamespace":"${namespace}","creationInfo":{"creators":["Tool: syft-1.57.1"],"created":"${created}"},"packages":[{"name":"${name}"},{"name":"members","comment":"\\"created\\":\\"2001-01-01T00:00:00Z\\"","documentNamespace":"x"}]}\n`;
const syftWrote = (architecture: string) =>
  written(
    `members/${architecture}`,
    "https://anchore.com/syft/image/members/x-a0b51099-7aa3-452d-889b-1bde822a31d5",
    "2026-11-29T15:06:45Z",
  );
/** What is attached of it. */
const document = () => {
  const named = (namespace: string) => written(repository(), namespace, "2024-05-06T07:08:09Z");
  return named(`https://spdx.org/spdxdocs/hello-${sha256(Buffer.from(named("NAMESPACE"))).slice(7)}`);
};
const documents = new Map<string, string>();
const withDocuments = (...architectures: string[]) => {
  for (const architecture of architectures) documents.set(architecture, syftWrote(architecture));
};
beforeEach(() => documents.clear());
/** As a run does: what is in an image is listed when the image is pushed. */
async function pushed(more: Record<string, string> = {}) {
  for (const architecture of ["amd64", "arm64"]) {
    expect(await pushMember(architecture)).toMatchObject({ status: 0 });
    const text = documents.get(architecture);
    if (text !== undefined) write(`shared/members/${architecture}.sbom.json`, text);
  }
  return pushIndex({}, { SBOM: "true", ...more });
}
const signed = () => read("results/images").split(",");

/** 1.35 was the first. */
const knowsArtifacts = execFileSync("buildah", ["manifest", "add", "--help"], { encoding: "utf8" }).includes("--artifact ");

describe.skipIf(!knowsArtifacts)("buildah-push with SBOMs", () => {
  it("attaches each image's own document to its digest, before the wanted tag moves", async () => {
    withDocuments("amd64", "arm64");
    expect(await pushed()).toMatchObject({ status: 0 });
    for (const architecture of ["amd64", "arm64"]) expect(attachedTo(digests[architecture])).toBe(document());
    expect(writtenTags().at(0)).toBe(tags.run);
    expect(writtenTags().at(-1)).toBe(tags.wanted);
    expect(writtenTags()).toHaveLength(5);
  });

  it("attaches a document to the index that names its members, with the commit's time and nothing of chance", async () => {
    withDocuments("amd64", "arm64");
    expect(await pushed()).toMatchObject({ status: 0 });
    const digest = read("results/digest");
    const text = attachedTo(digest);
    const index = JSON.parse(text);
    expect(index).toMatchObject({
      spdxVersion: "SPDX-2.3",
      dataLicense: "CC0-1.0",
      SPDXID: "SPDXRef-DOCUMENT",
      name: repository(),
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
    expect(await pushed({ RUN: "hello-fghij" })).toMatchObject({ status: 0 });
    expect(writtenTags()).toEqual(["hello-fghij"]);
    expect(attachedTo(digest)).toBe(text);
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
    expect(await pushed()).toMatchObject({ status: 0 });
    expect(referrers(digests.amd64)).toContainEqual(descriptor);
    expect(attachedTo(digests.amd64)).toBe(document());
  });

  it("attaches nothing where it cannot read what is attached already, and publishes all the same", async () => {
    withDocuments("amd64", "arm64");
    const tag = () => digests.arm64.replace(":", "-");
    registry.options = {
      refuse: (method, path) => (method === "GET" && path.endsWith(tag()) ? { status: 500, body: "disk on fire" } : undefined),
    };
    const { status, log } = await pushed();
    expect(log).toContain("buildah-push: warning: the SBOM of the image for arm64 cannot be attached");
    expect(status).toBe(0);
    expect(writtenTags()).not.toContain(tag());
    expect(attachedTo(digests.amd64)).toBe(document());
  });

  it.each(["GET", "PUT"])("tries once more where the registry hiccups at a %s", async (at) => {
    withDocuments("amd64", "arm64");
    let left = 1;
    registry.options = {
      refuse: (method, path) =>
        method === at && path.endsWith(digests.arm64.replace(":", "-")) && left-- > 0 ? { status: 500, body: "disk on fire" } : undefined,
    };
    const { status, log } = await pushed();
    expect(status).toBe(0);
    expect(log).not.toContain("warning");
    expect(attachedTo(digests.arm64)).toBe(document());
  });

  it("lets a later run build the commit again where an SBOM is missing, and find it where all are there", async () => {
    const built = `built-${"f".repeat(40)}`;
    withDocuments("amd64");
    expect((await pushed({ KEY: "f".repeat(40) })).log).toContain("a later run builds this commit again, for the SBOM that is missing");
    expect(writtenTags()).not.toContain(built);
    withDocuments("arm64");
    expect(await pushed({ KEY: "f".repeat(40) })).toMatchObject({ status: 0 });
    expect(writtenTags().at(-1)).toBe(built);
  });

  it("publishes with a warning where the registry takes no artifacts", async () => {
    withDocuments("amd64", "arm64");
    registry.options = {
      refuse: (method, path) =>
        method === "PUT" && path.includes("/manifests/sha256-") ? refusal(400, "MANIFEST_INVALID", "unknown artifact") : undefined,
    };
    const { status, log } = await pushed();
    for (const what of ["index", "image for amd64", "image for arm64"])
      expect(log).toContain(`warning: the SBOM of the ${what} cannot be attached`);
    expect(log).toContain("unknown artifact");
    expect(status).toBe(0);
    expect(writtenTags()).toEqual([tags.run, tags.wanted]);
  });

  it.each([
    ["there is none", ""],
    ["half of it is written", "{"],
    ["another format is written", '{"bomFormat":"CycloneDX"}\n'],
  ])("publishes with a warning for which image there is no SBOM: %s", async (_, text) => {
    withDocuments("amd64");
    if (text) documents.set("arm64", text === "{" ? syftWrote("arm64").slice(0, 200) : text);
    const { status, log } = await pushed();
    expect(log).toContain("warning: the image for arm64 has no SBOM: the log of the step sbom that built it says why");
    expect(status).toBe(0);
    expect(attachedTo(digests.amd64)).toBe(document());
    expect(referrers(digests.arm64)).toEqual([]);
    expect(signed()).toHaveLength(4);
  });

  it("attaches nothing, and misses nothing, where no SBOM is wanted", async () => {
    withDocuments("amd64", "arm64");
    const { status, log } = await pushed({ SBOM: "false" });
    expect(status).toBe(0);
    expect(log).not.toContain("SBOM");
    expect(writtenTags()).toEqual([tags.run, tags.wanted]);
    expect(signed()).toEqual([`${repository()}@${digests.amd64}`, `${repository()}@${digests.arm64}`]);
  });

  it("gives the index the same digest with SBOMs as without", async () => {
    expect(await push()).toMatchObject({ status: 0 });
    const digest = read("results/digest");
    withDocuments("amd64", "arm64");
    expect(await pushed()).toMatchObject({ status: 0 });
    expect(read("results/digest")).toBe(digest);
  });

  it("names members and SBOMs for their signatures, also in a try that finds them attached", async () => {
    withDocuments("amd64", "arm64");
    for (const _ of ["first", "second"]) {
      expect(await pushed()).toMatchObject({ status: 0 });
      const digest = read("results/digest");
      const attached = [digests.amd64, digests.arm64, digest].map((subject) => referrers(subject)[0].digest);
      expect(signed()).toEqual([digests.amd64, digests.arm64, ...attached].map((one) => `${repository()}@${one}`));
      expect(read("results/members").split(",")).toEqual([digests.amd64, digests.arm64].map((one) => `${repository()}@${one}`));
    }
  });

  it("publishes with a warning where buildah knows no artifacts", async () => {
    withDocuments("amd64", "arm64");
    // buildah 1.34's own words (github.com/spf13/pflag, failf).
    misbehaves("buildah", '*" --artifact "*', 'echo "Error: unknown flag: --artifact" >&2; exit 125');
    const { status, log } = await pushed();
    expect(log).toContain("warning: the SBOM of the index cannot be attached: buildah can from 1.35 on");
    expect(status).toBe(0);
    expect(writtenTags()).toEqual([tags.run, tags.wanted]);
  });
});
