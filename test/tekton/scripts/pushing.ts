import { afterEach, beforeEach, expect } from "vitest";
import { at, run } from "./harness";
import { insecure, writeLayout } from "./images";
import { Registry } from "./registry";

/** The real push-member and buildah-push with the real buildah against a registry that answers, or refuses, as registries do; made anew for each test. */
export let registry: Registry;
/** What the pod that builds an architecture has on its own disk. */
export const pod = (architecture: string) => `pods/${architecture}`;
/** Digest of the image in each pod. */
export const digests: Record<string, string> = {};
export const tags = { run: "hello-abcde", wanted: "latest" };
export const repository = () => `${registry.host}/team/hello`;

export interface Lists {
  readonly architectures?: string[];
  readonly tags?: string[];
  readonly insecureRegistries?: string[];
}

const image = () => `${repository()}:${tags.wanted}`;
/** What the task that builds does when the image is there. */
export const pushMember = (architecture: string, lists: Lists = {}, more: Record<string, string> = {}, as?: readonly string[]) =>
  run(
    "push-member",
    {
      SOURCES: at(pod(architecture)),
      ARCHITECTURE: architecture,
      MEMBER: `members/${architecture}`,
      IMAGE: image(),
      PAUSE: "0",
      ...more,
    },
    lists.insecureRegistries,
    60,
    as,
  );

/** What the task that pushes the index does. */
export const pushIndex = (lists: Lists, more: Record<string, string> = {}, as?: readonly string[]) =>
  run(
    "buildah-push",
    {
      MEMBERS: "members",
      IMAGE: image(),
      RUN: tags.run,
      TIMESTAMP: "1714979289",
      PAUSE: "0",
      RESULT_IMAGE: at("results/image"),
      RESULT_MEMBERS: at("results/members"),
      RESULT_IMAGE_URL: at("results/url"),
      RESULT_IMAGE_DIGEST: at("results/digest"),
      RESULT_IMAGES: at("results/images"),
      ...more,
    },
    [
      ...["--architectures", ...(lists.architectures ?? ["amd64", "arm64"])],
      ...["--tags", ...(lists.tags ?? [])],
      ...["--insecure-registries", ...(lists.insecureRegistries ?? [])],
    ],
    60,
    as,
  );
/** Both, as a run does: the index follows when each architecture is there. The answer is that of the last one. */
export async function pushWith(lists: Lists, more: Record<string, string> = {}, as?: readonly string[]) {
  for (const architecture of Object.keys(digests)) {
    const member = await pushMember(architecture, lists, more, as);
    if (member.status !== 0) return member;
  }
  return pushIndex(lists, more, as);
}
export const push = (architectures?: string[], more: Record<string, string> = {}, as?: readonly string[]) =>
  pushWith({ architectures }, more, as);

export const manifest = (name: string) => registry.manifests.get(`team/hello:${name}`)?.content;
export const writtenTags = () => registry.written.filter((name) => !name.startsWith("sha256:"));

interface Descriptor {
  readonly digest: string;
  readonly mediaType: string;
  readonly artifactType?: string;
}
const json = (content?: Buffer) => JSON.parse((content ?? Buffer.from("null")).toString());
/** What a client without the referrers API finds: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#unavailable-referrers-api */
export const referrers = (digest: string): Descriptor[] => json(manifest(digest.replace(":", "-")))?.manifests ?? [];
/** The one SPDX document that is attached to a digest. */
export function attachedTo(digest: string): string {
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
  // oras pulls what has a name to call it by (https://oras.land/docs/commands/oras_pull).
  const title = expect.stringMatching(/^(?:amd64|arm64|index)\.spdx\.json$/);
  expect(artifact.layers[0]).toMatchObject({
    mediaType: "application/spdx+json",
    annotations: { "org.opencontainers.image.title": title },
  });
  return registry.blobs.get(artifact.layers[0].digest)?.toString() ?? "";
}

beforeEach(async () => {
  registry = new Registry();
  await registry.start();
  insecure(registry.host);
  for (const architecture of ["amd64", "arm64"]) digests[architecture] = writeLayout(`${pod(architecture)}/image`, architecture);
});
afterEach(() => registry.stop());
