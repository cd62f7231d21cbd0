import { createHash } from "node:crypto";
import type { Pipeline, Task } from "./resources";

/** Short digest of a plain object. */
export const fingerprint = (value: unknown): string => createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);

/**
 * What an image depends on of its pipeline and of the tasks that this uses. Their metadata is for those who read it: with another version of
 * the program, no image becomes another one; nor does it by the time that a task may take.
 */
export function versionOf(pipeline: Pipeline, tasks: readonly Task[]): string {
  const used = new Set(pipeline.spec.tasks.map(({ taskRef }) => taskRef.name));
  return fingerprint({
    pipeline: pipeline.spec.tasks.map(({ displayName: _, timeout: __, retries: ___, ...task }) => task),
    tasks: tasks.flatMap(({ metadata: { name }, spec }) => (used.has(name) ? [{ name, spec }] : [])),
  });
}
