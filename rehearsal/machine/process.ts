import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { places } from "./places";

/** A program that goes on after the command that started it. */
export interface Program {
  /** Names its log (`<name>.log`) and its record (`<name>.json`). */
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** Added to the environment of the caller. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly directory?: string;
}

interface ProgramRecord {
  readonly pid: number;
  /** Clock ticks since boot (field 22 of /proc/<pid>/stat): a pid that was given to another process has another one. */
  readonly started: string;
  readonly boot: string;
  readonly command: readonly string[];
}

/** Set, to the folder of the environment, for every program of it and so for what these start. */
export const programMarker = "OPENSHIFT_MULTIARCH_PROGRAM_OF";

const recordFile = (name: string) => join(places.pids, `${name}.json`);
/** Which boot of the machine this is: process ids and start times of another one mean nothing. */
export const bootId = () => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();

/**
 * Start of a process in clock ticks since boot (field 22 of /proc/<pid>/stat), which tells a process from a later one of the
 * same id; undefined when there is none, or only a zombie.
 */
export function startTime(pid: number | "self"): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function readRecord(name: string): ProgramRecord | undefined {
  try {
    return JSON.parse(readFileSync(recordFile(name), "utf8"));
  } catch {
    return undefined;
  }
}

/** The program's process id while that very process lives. */
export function runningPid(name: string): number | undefined {
  const record = readRecord(name);
  return record && record.boot === bootId() && startTime(record.pid) === record.started ? record.pid : undefined;
}

/** Names of all programs that were started and not stopped, living or dead. */
export function recordedPrograms(): string[] {
  if (!existsSync(places.pids)) return [];
  return readdirSync(places.pids)
    .filter((file) => file.endsWith(".json"))
    .map((file) => file.slice(0, -".json".length))
    .sort();
}

/** Starts a program in a session of its own, its output in a log; does nothing while it runs. Returns its process id. */
export function start({ name, command, environment, directory }: Program): number {
  const existing = runningPid(name);
  if (existing !== undefined) return existing;
  mkdirSync(places.logs, { recursive: true });
  mkdirSync(places.pids, { recursive: true });
  const log = openSync(join(places.logs, `${name}.log`), "a", 0o600);
  const [file, ...args] = command;
  // The caller may keep its own files from everybody; a node's containers run as other users and must get into theirs.
  const mask = process.umask(0o022);
  const child = spawn(file, args, {
    detached: true,
    stdio: ["ignore", log, log],
    cwd: directory ?? "/",
    env: { ...process.env, ...environment, [programMarker]: places.run },
  });
  process.umask(mask);
  if (child.pid === undefined) throw new Error(`${name}: ${file} could not be started`);
  child.unref();
  const record: ProgramRecord = { pid: child.pid, started: startTime(child.pid) ?? "", boot: bootId(), command };
  writeFileSync(recordFile(name), JSON.stringify(record), { mode: 0o600 });
  return child.pid;
}

/** Ends a program: SIGTERM to its process group, SIGKILL after `seconds`. Does nothing when it does not run. */
export async function stop(name: string, seconds = 20): Promise<void> {
  const pid = runningPid(name);
  if (pid !== undefined) {
    signal(pid, "SIGTERM");
    const deadline = Date.now() + seconds * 1000;
    while (runningPid(name) !== undefined && Date.now() < deadline) await sleep(100);
    if (runningPid(name) !== undefined) signal(pid, "SIGKILL");
    while (runningPid(name) !== undefined) await sleep(50);
  }
  rmSync(recordFile(name), { force: true });
}

function signal(pid: number, name: NodeJS.Signals): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, name);
      return;
    } catch {
      // The group is gone: the process alone is tried, and may be gone as well.
    }
  }
}

/** Waits until `check` holds; an error in `check` counts as "not yet" and is named when the time is over. */
export async function until(what: string, seconds: number, check: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  let last: unknown;
  while (true) {
    try {
      if (await check()) return;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) {
      throw new Error(
        `${what}: not after ${seconds} s${last instanceof Error ? ` (${last.message})` : ""}; see the logs in ${places.logs}`,
      );
    }
    await sleep(250);
  }
}
