import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { at } from "./harness";

/** Environment of a task that works on the archive of the test's folder `repository`, which is packed as it is now. */
export function packed(context: string): Record<string, string> {
  execFileSync("tar", ["-czf", at("shared/sources.tar.gz"), "-C", at("repository"), "."]);
  // The pod's own disk is new in every pod.
  execFileSync("rm", ["-rf", at("sources")]);
  mkdirSync(at("sources"), { mode: 0o777 });
  return { ARCHIVE: "sources.tar.gz", SOURCES: at("sources"), CONTEXT: context, TIMESTAMP: "1700000000" };
}
