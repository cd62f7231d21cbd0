import { createHash } from "node:crypto";

/** Short digest of a plain object. */
export const fingerprint = (value: unknown): string => createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
