import type { ChildProcess } from "node:child_process";

/** Running programs, each the head of a process group. */
const running = new Set<ChildProcess>();

export function started(child: ChildProcess): ChildProcess {
  running.add(child);
  return child;
}

/** Ends what it left behind, too: tests that are cut short leave programs. */
export function ended(child: ChildProcess): void {
  running.delete(child);
  try {
    if (child.pid) process.kill(-child.pid, "SIGKILL");
  } catch {}
}

export function endPrograms(): void {
  for (const child of running) ended(child);
}
