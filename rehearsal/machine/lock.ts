import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { places } from "./places";
import { bootId, startTime } from "./process";
import { say, UserError } from "./progress";

interface Holder {
  readonly pid: number;
  /** Clock ticks since boot, see `startTime`. */
  readonly started: string;
  readonly boot: string;
  readonly command: string;
  /** ISO 8601. */
  readonly since: string;
}

const file = join(places.home, "lock");

function holder(): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

/**
 * Takes the machine-wide lock, so that two rehearsals never change the same things; it is given back when the process ends.
 * A lock whose process is gone (a kill, a reboot) is taken over.
 *
 * @param command what the holder does, for the message to the one who comes second.
 * @throws UserError when somebody else holds it.
 */
export function lock(command: string): void {
  mkdirSync(places.home, { recursive: true });
  const mine: Holder = { pid: process.pid, started: startTime("self") ?? "", boot: bootId(), command, since: new Date().toISOString() };
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(mine));
  try {
    // A link appears at once and with its content, or fails because there is one: no moment in which a lock is half written.
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        linkSync(draft, file);
        process.on("exit", () => {
          if (holder()?.pid === process.pid) rmSync(file, { force: true });
        });
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
      const other = holder();
      // The bench does one command after another.
      if (other?.pid === process.pid && other.started === mine.started) return;
      if (other && other.boot === mine.boot && startTime(other.pid) === other.started) {
        throw new UserError(
          `another rehearsal is at work: \`${other.command}\`, process ${other.pid}, since ${other.since}; wait for it or end it`,
        );
      }
      say(`The last command${other ? ` (\`${other.command}\`, ${other.since})` : ""} did not end by itself; going on from what it left.`);
      rmSync(file, { force: true });
    }
    throw new UserError(`${file} cannot be taken: somebody else takes it again and again`);
  } finally {
    rmSync(draft, { force: true });
  }
}
