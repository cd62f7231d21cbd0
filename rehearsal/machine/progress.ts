import { AsyncLocalStorage } from "node:async_hooks";

/** A mistake or a lack on the user's side: printed without a stack trace, and the program ends with code 1. */
export class UserError extends Error {
  override readonly name = "UserError";
}

/** How often long steps say that they still run, in seconds. */
const heartbeat = 10;

/** A step that is under way. */
export interface Step {
  readonly what: string;
  /** Seconds on the reference machine; 0 when it is as good as nothing. */
  readonly expected: number;
  /** Milliseconds since 1970. */
  readonly started: number;
  /** The step that it is part of. */
  readonly within?: Step;
}

const running = new Set<Step>();
const current = new AsyncLocalStorage<Step>();
let timer: NodeJS.Timeout | undefined;
let over = false;

/**
 * Does one named step, and says on stderr what runs, how long it has taken and how long to expect.
 *
 * On a terminal one line is kept up to date; elsewhere a line is printed at the start (for steps of 10 s and more), every
 * 10 s and at the end. A step inside a step is fine, and so are several at once: one line speaks of all.
 *
 * @param what the step in a few words, without a full stop.
 * @param expectSeconds how long it takes on the reference machine (2 cores); 0 when it is as good as nothing.
 * @param work the step; its error is passed on after "failed" was printed.
 */
export async function step<T>(what: string, expectSeconds: number, work: () => Promise<T>): Promise<T> {
  const self: Step = { what, expected: expectSeconds, started: Date.now(), within: current.getStore() };
  if (over) return work();
  running.add(self);
  const all = () => statusLine([...running], Date.now());
  if (expectSeconds >= heartbeat) report(process.stderr.isTTY ? all() : `${what} ...${about(self)}`, false);
  timer ??= setInterval(() => report(all(), false), heartbeat * 1000).unref();
  try {
    const result = await current.run(self, work);
    end(self, `done, ${elapsed(self, Date.now())}${about(self)}`);
    return result;
  } catch (error) {
    end(self, `failed after ${elapsed(self, Date.now())}`);
    throw error;
  }
}

function end(self: Step, how: string): void {
  running.delete(self);
  if (!over) report(`${self.what} ... ${how}`, true);
  if (running.size > 0) return;
  clearInterval(timer);
  timer = undefined;
}

const elapsed = ({ started }: Step, now: number) => seconds((now - started) / 1000);
const about = ({ expected }: Step) => (expected >= 1 ? ` (about ${seconds(expected)})` : "");

/** What runs, in one line: the innermost steps, each with its time, the oldest first. Pure. */
export function statusLine(steps: readonly Step[], now: number): string {
  const outer = new Set(steps.map(({ within }) => within));
  const innermost = steps.filter((one) => !outer.has(one));
  return innermost.map((one) => `${one.what} ... ${elapsed(one, now)}${about(one)}`).join(" | ");
}

/** From now on steps say nothing any more: the run is over by an error, which is all that there is to read. */
export function silenceSteps(): void {
  over = true;
  clearInterval(timer);
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
  // A terminal shows the newest state of the steps in place of the last one, which must not be longer than its line; a log keeps every line.
  const shown = terminal && !final ? line.slice(0, process.stderr.columns || 80) : line;
  process.stderr.write(`${terminal && unfinished ? "\r\x1b[K" : ""}${shown}${terminal && !final ? "" : "\n"}`);
  unfinished = terminal && !final;
}
