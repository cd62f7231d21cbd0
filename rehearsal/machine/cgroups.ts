import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const root = "/sys/fs/cgroup";
const needed = ["cpu", "memory", "pids"];

/**
 * Lets containers have cgroups of their own on cgroup v2. Inside a container the root group holds processes, and then the
 * kernel refuses to hand controllers down ("no internal processes"): they move into a group of their own first, as
 * Docker-in-Docker does. Nothing to do on cgroup v1 and on an ordinary machine.
 */
export function ensureCgroups(): void {
  const control = join(root, "cgroup.subtree_control");
  if (!existsSync(control)) return;
  const missing = () => {
    const enabled = readFileSync(control, "utf8").split(/\s+/);
    return needed.filter((name) => !enabled.includes(name));
  };
  if (missing().length === 0) return;
  const enable = () =>
    writeFileSync(
      control,
      missing()
        .map((name) => `+${name}`)
        .join(" "),
    );
  try {
    enable();
  } catch {
    const init = join(root, "init");
    mkdirSync(init, { recursive: true });
    for (const pid of readFileSync(join(root, "cgroup.procs"), "utf8").split("\n").filter(Boolean)) {
      try {
        writeFileSync(join(init, "cgroup.procs"), pid);
      } catch {
        // It ended meanwhile, or is the kernel's own.
      }
    }
    enable();
  }
}

/** Removes the groups of containers that were killed, and their common parent if it is empty then. */
export async function removeContainerCgroups(ids: readonly string[]): Promise<void> {
  const hierarchies = existsSync(join(root, "cgroup.procs")) ? [root] : readdirSync(root).map((name) => join(root, name));
  const parents = hierarchies.map((hierarchy) => join(hierarchy, "k8s.io")).filter((parent) => existsSync(parent));
  let groups = parents.flatMap((parent) => ids.map((id) => join(parent, id)));
  // A killed process leaves its group only when the kernel has taken it apart.
  for (let attempt = 0; attempt < 50; attempt++) {
    groups = groups.filter((group) => existsSync(group));
    if (groups.length === 0) break;
    if (attempt > 0) await sleep(100);
    for (const group of groups) removeGroup(group);
  }
  for (const parent of parents) removeFolder(parent);
}

function removeGroup(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) if (entry.isDirectory()) removeGroup(join(folder, entry.name));
  removeFolder(folder);
}

function removeFolder(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Not there, or in use: by processes that end just now, or by containers of another node.
  }
}
