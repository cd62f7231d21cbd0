import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { ownProcesses } from "../machine/leftovers";
import { places } from "../machine/places";
import { recordedPrograms, runningPid } from "../machine/process";
import { recordedResources, stackOutputs } from "../stack/state";
import { processSeconds } from "../toolchain";

interface Row {
  readonly part: string;
  readonly pid: string;
  /** MiB. */
  readonly rss: number;
  /** MiB; shared pages counted by share. */
  readonly pss: number;
  readonly since: string;
}

/** What runs, with memory, and the stack's outputs. */
export async function status(): Promise<void> {
  const rows = parts();
  console.log(rows.length === 0 ? "Nothing runs. `npm run rehearse` starts everything." : table(rows));
  const built = await processSeconds();
  if (built.size > 0) console.log(`\n${toolchainTable(built)}`);
  if (recordedResources() === 0) return;
  const outputs = await stackOutputs().catch((error: Error) => ({ error: error.message.split("\n")[0] }));
  console.log(`\nStack outputs:\n${JSON.stringify(outputs, undefined, 2)}`);
}

/** What each component of the toolchain took of processors when it was built, and all together. Pure. */
export function toolchainTable(took: ReadonlyMap<string, number | undefined>): string {
  const shown = [...took].map(([name, value]): [string, string] => [name, value === undefined ? "-" : value.toFixed(0)]);
  const sum = [...took.values()].reduce((total: number, value) => total + (value ?? 0), 0);
  const cells: [string, string][] = [["toolchain, as it was built", "process seconds"], ...shown, ["all that say it", sum.toFixed(0)]];
  const width = Math.max(...cells.map(([name]) => name.length));
  return cells.map(([name, value]) => `${name.padEnd(width)}  ${value.padStart("process seconds".length)}`).join("\n");
}

/** A row for each program, and one for all containers with their shims. */
export function parts(): Row[] {
  const processes = ownProcesses();
  const rows = recordedPrograms().map((name): Row => {
    const pid = runningPid(name);
    const memory = sum(processes.filter(({ program }) => program === name).map((entry) => memoryOf(entry.pid)));
    return { part: name, pid: pid === undefined ? "ended" : String(pid), ...memory, since: pid === undefined ? "" : since(name) };
  });
  const containers = processes.filter(({ program }) => program === undefined);
  if (containers.length > 0) {
    rows.push({ part: "containers", pid: `${containers.length} processes`, ...sum(containers.map(({ pid }) => memoryOf(pid))), since: "" });
  }
  return rows;
}

/** The time at which the program's record was written, which is when it was started. */
const since = (name: string) =>
  statSync(join(places.pids, `${name}.json`))
    .mtime.toISOString()
    .slice(0, 19)
    .replace("T", " ");

function memoryOf(pid: number): { rss: number; pss: number } {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
    const value = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0) / 1024;
    return { rss: value("Rss"), pss: value("Pss") };
  } catch {
    return { rss: 0, pss: 0 };
  }
}

const sum = (values: readonly { rss: number; pss: number }[]) =>
  values.reduce((total, { rss, pss }) => ({ rss: total.rss + rss, pss: total.pss + pss }), { rss: 0, pss: 0 });

function table(rows: readonly Row[]): string {
  const total = sum(rows);
  const cells = [
    ["part", "process", "RSS MiB", "PSS MiB", "since (UTC)"],
    ...rows.map(({ part, pid, rss, pss, since: started }) => [part, pid, rss.toFixed(0), pss.toFixed(0), started]),
    ["all", "", total.rss.toFixed(0), total.pss.toFixed(0), ""],
  ];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells
    .map((row) =>
      row
        .map((cell, column) => (column === 2 || column === 3 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
        .join("  "),
    )
    .map((line) => line.trimEnd())
    .join("\n");
}
