import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { run } from "../machine/exec";
import { UserError } from "../machine/progress";
import { projectFile, pulumi, stack, stateFolder } from "./environment";

interface Deployment {
  readonly resources?: readonly { readonly type: string; readonly outputs?: Record<string, unknown> }[];
  pending_operations?: readonly { readonly type: string; readonly resource: { readonly urn: string } }[];
}

/** The stack's state, from its file, so that it needs no toolchain; an empty one when there is no stack. */
function recorded(): Deployment {
  try {
    const { name }: { name: string } = parse(readFileSync(projectFile, "utf8"));
    return JSON.parse(readFileSync(join(stateFolder, ".pulumi", "stacks", name, `${stack}.json`), "utf8")).checkpoint?.latest ?? {};
  } catch {
    return {};
  }
}

/** Number of resources in the stack's state; 0 when there is no stack. */
export const recordedResources = (): number => recorded().resources?.length ?? 0;

/** URNs of the resources that an update was making when it was killed. */
export const pendingCreations = (): string[] => creations(recorded());

const creations = ({ pending_operations = [] }: Deployment) =>
  pending_operations.filter(({ type }) => type === "creating").map(({ resource }) => resource.urn);

/**
 * Clears what an update that was killed left in the state: its lock, and creations of which nobody knows how they ended. The
 * caller holds the machine's lock, so no other `npm run rehearse` is behind them; a `pulumi` typed by hand that still runs is.
 *
 * @returns names of the resources whose creation was cut off.
 */
export async function clearInterrupted(): Promise<string[]> {
  if (recordedResources() === 0 && !existsSync(join(stateFolder, ".pulumi", "locks"))) return [];
  const locks = join(stateFolder, ".pulumi", "locks");
  for (const file of existsSync(locks) ? (await run(["find", locks, "-type", "f"])).split("\n").filter(Boolean) : []) {
    const { pid } = readLock(file);
    // A process of that id that is no pulumi got the id later.
    if (pid !== undefined && isPulumi(pid))
      throw new UserError(`the stack is being changed by another pulumi (process ${pid}): wait for it or end it`);
    rmSync(file, { force: true });
  }
  const exported: { deployment: Deployment } = JSON.parse(await pulumi(["stack", "export"]));
  const { pending_operations: pending = [] } = exported.deployment;
  if (pending.length === 0) return [];
  const names = creations(exported.deployment).map((urn) => urn.split("::").at(-1) ?? urn);
  exported.deployment.pending_operations = [];
  await pulumi(["stack", "import"], JSON.stringify(exported));
  return names;
}

function readLock(file: string): { pid?: number } {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return {};
  }
}

function isPulumi(pid: number): boolean {
  try {
    return /^pulumi\b/.test(readFileSync(`/proc/${pid}/comm`, "utf8"));
  } catch {
    return false;
  }
}

/** The stack's outputs, secrets masked by pulumi. */
export async function stackOutputs(): Promise<Record<string, unknown>> {
  return JSON.parse(await pulumi(["stack", "output", "--json"]));
}
