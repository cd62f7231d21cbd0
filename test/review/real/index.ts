import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A recorded output of pulumi: README.md. */
export const real = (name: string): string => readFileSync(join(__dirname, name), "utf8");
