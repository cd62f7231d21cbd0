/** A mistake or a lack on the user's side: printed without a stack trace, and the program ends with code 1. */
export class UserError extends Error {
  override readonly name = "UserError";
}

/** How often a long step says that it still runs, in seconds. */
const heartbeat = 10;

/**
 * Does one named step, and says on stderr what runs, how long it has taken and how long to expect.
 *
 * On a terminal one line is kept up to date; elsewhere a line is printed at the start (for steps of 10 s and more), every
 * 10 s and at the end. A step inside a step is fine.
 *
 * @param what the step in a few words, without a full stop.
 * @param expectSeconds how long it takes on the reference machine (2 cores); 0 when it is as good as nothing.
 * @param work the step; its error is passed on after "failed" was printed.
 */
export async function step<T>(what: string, expectSeconds: number, work: () => Promise<T>): Promise<T> {
  const started = Date.now();
  const expected = expectSeconds >= 1 ? ` (about ${seconds(expectSeconds)})` : "";
  const elapsed = () => seconds((Date.now() - started) / 1000);
  if (expectSeconds >= heartbeat) report(`${what} ...${expected}`, false);
  const timer = setInterval(() => report(`${what} ... ${elapsed()}${expected}`, false), heartbeat * 1000);
  timer.unref();
  try {
    const result = await work();
    clearInterval(timer);
    report(`${what} ... done, ${elapsed()}${expected}`, true);
    return result;
  } catch (error) {
    clearInterval(timer);
    report(`${what} ... failed after ${elapsed()}`, true);
    throw error;
  }
}

/** One line on stderr that is not a step: a decision, a warning, a hint. */
export function say(line: string): void {
  report(line, true);
}

/** 9 s, 4 min 05 s, 1 h 02 min. */
export function seconds(value: number): string {
  const whole = Math.round(value);
  if (whole < 60) return `${whole} s`;
  const pad = (part: number) => String(part).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))} min`;
}

let unfinished = false;

function report(line: string, final: boolean): void {
  const terminal = process.stderr.isTTY === true;
  // A terminal shows the newest state of a step in place of the last one; a log keeps every line.
  process.stderr.write(`${terminal && unfinished ? "\r\x1b[K" : ""}${line}${terminal && !final ? "" : "\n"}`);
  unfinished = terminal && !final;
}
