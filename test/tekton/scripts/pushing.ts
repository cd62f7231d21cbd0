import { afterEach, beforeEach } from "vitest";
import { at, run } from "./harness";
import { insecure, writeLayout } from "./images";
import { Registry } from "./registry";

/** The real buildah-push with the real buildah against a registry that answers, or refuses, as registries do; made anew for each test. */
export let registry: Registry;
/** Digest of the image in each architecture's layout. */
export const digests: Record<string, string> = {};
export const tags = { run: "hello-abcde", wanted: "latest" };
export const repository = () => `${registry.host}/team/hello`;

export interface Lists {
  readonly architectures?: string[];
  readonly tags?: string[];
  readonly insecureRegistries?: string[];
}

export const pushWith = (lists: Lists, more: Record<string, string> = {}, as?: readonly string[]) =>
  run(
    "buildah-push",
    {
      LAYOUTS: "layouts",
      IMAGE: `${repository()}:${tags.wanted}`,
      RUN: tags.run,
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
export const push = (architectures?: string[], more: Record<string, string> = {}, as?: readonly string[]) =>
  pushWith({ architectures }, more, as);

export const manifest = (name: string) => registry.manifests.get(`team/hello:${name}`)?.content;
export const writtenTags = () => registry.written.filter((name) => !name.startsWith("sha256:"));

beforeEach(async () => {
  registry = new Registry();
  await registry.start();
  insecure(registry.host);
  for (const architecture of ["amd64", "arm64"]) digests[architecture] = writeLayout(`shared/layouts/${architecture}`, architecture);
});
afterEach(() => registry.stop());
