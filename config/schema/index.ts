import * as z from "zod";
import { builds } from "./builds";
import { cluster } from "./cluster";
import { fileSystem } from "./file-system";
import { namespace, pipelines } from "./pipelines";
import { pools } from "./pools";

export { awsKeys } from "./aws";
export { completeBuild, noBranch } from "./builds";
export { minorOf } from "./cluster";
export { controlPlaneType, wrongArchitecture, zoneName } from "./machines";

/** A stack's whole configuration, but for its secrets. */
export const schema = z.strictObject({ cluster, pools, fileSystem, pipelines, namespace, builds });
export type Parsed = z.output<typeof schema>;

/** Names that the object at a path of the configuration may have. */
export function knownKeys(path: readonly PropertyKey[]): string[] {
  let part: z.core.$ZodType | undefined = schema;
  for (const key of [...path, undefined]) {
    // A secret has no part of its own.
    if (!part) break;
    while ("innerType" in part._zod.def) part = part._zod.def.innerType as z.core.$ZodType;
    if (key === undefined) break;
    if (part instanceof z.ZodArray) part = part.element as z.core.$ZodType;
    else if (part instanceof z.ZodObject) part = part.shape[String(key)] as z.core.$ZodType | undefined;
  }
  return part instanceof z.ZodObject ? Object.keys(part.shape) : [];
}
