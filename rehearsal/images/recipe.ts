import type { Architecture } from "../../config/architecture";
import { UserError } from "../machine/progress";
import type { LayerRecipe } from "./layers";
import type { ContainerConfig } from "./oci";

/** PATH of images that name no folder of their own. */
export const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** An image of the rehearsal's registry, before it is made. */
export interface ImageRecipe {
  readonly repository: string;
  readonly tag: string;
  /** One member: a plain image, which a node of another architecture runs as well. Several: an index. */
  readonly members: readonly MemberRecipe[];
}

export interface MemberRecipe {
  readonly architecture: Architecture;
  /** From the lowest to the topmost. */
  readonly layers: readonly LayerRecipe[];
  readonly config: ContainerConfig;
}

/** Splits `host/path:tag`; without a tag it is `latest`. */
export function parseReference(reference: string): { name: string; tag: string } {
  const match = /^([^/:@]+\.[^/:@]+\/[^:@]+)(?::([\w.-]+))?$/.exec(reference);
  if (!match?.[1]) throw new UserError(`${reference}: the rehearsal serves images by host, path and tag only`);
  return { name: match[1], tag: match[2] ?? "latest" };
}

/** The repository and the tag under which the registry keeps a public image. */
export function mirrored(reference: string): Pick<ImageRecipe, "repository" | "tag"> {
  const { name, tag } = parseReference(reference);
  return { repository: `mirror/${name}`, tag };
}
