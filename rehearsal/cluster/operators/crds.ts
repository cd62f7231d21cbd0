import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Api, KubeObject } from "./api";
import { inParallel } from "./loop";
import { readObjects } from "./tekton-manifests";

/** The CRDs of a folder (`*.yaml`); a folder that is not there counts as empty. */
export function readCrds(folder: string): KubeObject[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((file) => file.endsWith(".yaml"));
  return files.flatMap((file) => readObjects(readFileSync(join(folder, file), "utf8")));
}

/** Applies CRDs, a few at once: each costs the API server a new OpenAPI document. */
export async function applyCrds(api: Api, crds: readonly KubeObject[], manager: string): Promise<void> {
  await inParallel(crds, 4, (object) => api.apply(object, manager));
}
