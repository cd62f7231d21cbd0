import { cpSync, mkdirSync, rmSync } from "node:fs";
import { at } from "./harness";

/** Environment of a step that works on what the one before it has unpacked: the test's folder `repository`, as it is now. */
export function unpacked(context: string): Record<string, string> {
  // The pod's own disk is new in every pod.
  rmSync(at("sources"), { recursive: true, force: true });
  mkdirSync(at("sources"), { mode: 0o777 });
  cpSync(at("repository"), at("sources/tree"), { recursive: true, verbatimSymlinks: true });
  return { SOURCES: at("sources"), CONTEXT: context, TIMESTAMP: "1700000000" };
}
