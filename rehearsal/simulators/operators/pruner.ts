import type { KubeObject } from "./api";
import type { Pruner } from "./tekton-config";

export type Run = KubeObject<unknown, { completionTime?: string; startTime?: string }>;

/**
 * Which finished runs of one namespace go, newest kept: `tkn <kind> delete --keep=N` or `--keep-since=<minutes>`, which is
 * what the operator's CronJob runs. Runs that still go on are left alone.
 */
export function runsToPrune(runs: readonly Run[], { keep, "keep-since": keepSince }: Pruner, now: Date): Run[] {
  const finished = runs
    .filter(({ status, metadata }) => status?.completionTime !== undefined && !metadata.deletionTimestamp)
    .sort((a, b) => Date.parse(b.status?.completionTime ?? "") - Date.parse(a.status?.completionTime ?? ""));
  if (keepSince !== undefined) {
    const oldest = now.getTime() - keepSince * 60_000;
    return finished.filter(({ status }) => Date.parse(status?.completionTime ?? "") < oldest);
  }
  return keep === undefined ? [] : finished.slice(keep);
}

const ranges: readonly (readonly [number, number])[] = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
];

/**
 * Whether a cron schedule (five fields with `*`, lists, ranges and steps; or `@hourly`, `@daily`, `@weekly`, `@monthly`)
 * names this minute, in UTC. @throws on anything else, names of days and months included.
 */
export function isDue(schedule: string, time: Date): boolean {
  const macros: Record<string, string> = { "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@weekly": "0 0 * * 0", "@monthly": "0 0 1 * *" };
  const fields = (macros[schedule.trim()] ?? schedule).trim().split(/\s+/);
  if (fields.length !== ranges.length) throw new Error(`schedule "${schedule}": five fields are needed`);
  const values = [time.getUTCMinutes(), time.getUTCHours(), time.getUTCDate(), time.getUTCMonth() + 1, time.getUTCDay()];
  const hits = fields.map((field, index) => {
    const [low, high] = ranges[index] ?? [0, 0];
    const value = values[index] ?? 0;
    return field.split(",").some((part) => {
      const match = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/([1-9]\d*))?$/.exec(part);
      if (!match) throw new Error(`schedule "${schedule}": "${part}" is not understood`);
      const from = match[1] === undefined ? low : Number(match[1]);
      const to = match[2] !== undefined ? Number(match[2]) : match[1] === undefined || match[3] !== undefined ? high : from;
      if (from < low || to > high || from > to) throw new Error(`schedule "${schedule}": "${part}" is not within ${low}-${high}`);
      const inRange = (candidate: number) => candidate >= from && candidate <= to && (candidate - from) % Number(match[3] ?? 1) === 0;
      // Sunday is 0 and 7.
      return inRange(value) || (index === 4 && value === 0 && inRange(7));
    });
  });
  const [minute, hour, day, month, weekday] = hits;
  // Day of month and day of week: either will do when both are restricted (crontab(5)).
  const days = fields[2]?.startsWith("*") || fields[4]?.startsWith("*") ? day && weekday : day || weekday;
  return Boolean(minute && hour && month && days);
}
