import { ownProcesses } from "../machine/leftovers";
import { recordedPrograms, runningPid } from "../machine/process";
import { say } from "../machine/progress";
import { registryPrograms } from "../services/registry";
import { recordedResources } from "../stack/state";

/** Programs without whose memory the rest makes no sense are all but these, which are started again by every run. */
const restartable: readonly string[] = [...registryPrograms, "git", "aws-front"];

/**
 * Looks at what earlier runs left, and clears all of it when it cannot be gone on from: when a program that held the state of
 * the emulated account or the cluster is gone, or when Pulumi's state speaks of things of which nothing runs. Caches stay.
 *
 * @param clear stops and removes everything that runs, and Pulumi's state with it.
 */
export async function recover(clear: () => Promise<void>): Promise<void> {
  const reason = unusable();
  if (reason === undefined) return;
  say(`${reason}: what is left of that environment is cleared, and a new one made (the caches stay).`);
  await clear();
}

function unusable(): string | undefined {
  const recorded = recordedPrograms().filter((name) => !restartable.includes(name));
  const dead = recorded.filter((name) => runningPid(name) === undefined);
  if (dead.length > 0) return `An earlier environment's ${dead.slice(0, 3).join(", ")}${dead.length > 3 ? " ..." : ""} ended`;
  if (recorded.length === 0 && recordedResources() > 0) return "An earlier environment is gone (a reboot?)";
  const strays = ownProcesses().filter(({ program }) => program === undefined);
  if (recorded.length === 0 && strays.length > 0) return `An earlier environment left ${strays.length} processes`;
  return undefined;
}
