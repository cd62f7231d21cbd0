/**
 * What became of each build, as the stack's output `builds` keeps it from one update to the next: a run that is known to have
 * ended is not asked for again, so a preview needs no cluster for it, and a run that was pruned is not built again.
 */

import type { Architecture } from "../config/settings";
import type { FollowedBuild } from "./following";

/** An image that was pushed. */
export interface Built extends FollowedBuild {
  /** uid of the PipelineRun in the stack. If that one failed, `run` names the one that repeated it. */
  uid: string;
  architectures: Architecture[];
}

/** A run that pushed nothing. */
export interface NotBuilt {
  uid: string;
  failure: string;
  /** What the last run before it that succeeded has built: the tag still names it. */
  last?: Built;
}

export type BuildResult = Built | NotBuilt;

/** The newest image of a build that the last update knew of. */
export function lastBuilt(results: Record<string, unknown>, name: string): Built | undefined {
  const result = Object.hasOwn(results, name) ? (results[name] as Partial<Built & NotBuilt> | null) : undefined;
  const built = result?.image ? result : result?.last;
  return built?.image && built.uid && built.architectures ? (built as Built) : undefined;
}

/** What is known of a run without asking. */
export const resultOf = (last: Built | undefined, uid: string): Built | undefined => (last?.uid === uid ? last : undefined);

/** Architectures of the last image that the next one will not have. */
export const lostArchitectures = (last: Built | undefined, next: Architecture[]): Architecture[] =>
  last?.architectures.filter((architecture) => !next.includes(architecture)) ?? [];
