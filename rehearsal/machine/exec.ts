import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface RunOptions {
  /** Written to the program's standard input, which is closed otherwise. */
  readonly input?: string | Buffer;
  /** Added to the environment of the caller; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Folder to run in; the caller's own by default. */
  readonly cwd?: string;
  /** File that gets everything the program prints, appended; stdout is returned all the same. */
  readonly log?: string;
  /** Half of what it does would be worse than all of it (dpkg): when another part of the run fails, it is let come to its end. */
  readonly indivisible?: boolean;
}

/** A program that could not be started, or ended with another code than 0. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  constructor(
    message: string,
    /** Exit code; undefined when a signal ended the program or it could not be started. */
    readonly code: number | undefined,
    /** What it printed before it ended. */
    readonly stdout: string,
    readonly stderr: string,
  ) {
    super(message);
  }
}

/** Lines of a failed program's output that its error shows. */
const shownLines = 15;

/** The command of a program in TypeScript, from any folder. It may load other modules of ours by `require`, not by `import()`. */
export const typescriptCommand = (file: string): [string, ...string[]] => [process.execPath, "--require", require.resolve("tsx/cjs"), file];

const children = new Map<ChildProcess, { readonly indivisible: boolean }>();

/**
 * Ends the programs that `run` is waiting for, and those that they started: a shell that is ended leaves its compilers at work. For a
 * caller that is about to end itself.
 */
export function endChildren(): void {
  end([...children.keys()]);
}

let over = false;

/** Ends them but for the indivisible ones, and starts no more: a part of the run has failed, and others would go on with what comes next. */
export function endRun(): void {
  over = true;
  end([...children].flatMap(([child, { indivisible }]) => (indivisible ? [] : [child])));
}

function end(chosen: readonly ChildProcess[]): void {
  const pids = chosen.flatMap(({ pid }) => pid ?? []);
  for (const pid of descendants(pids, parents())) {
    try {
      process.kill(pid, "SIGTERM");
    } catch {
      // It ended meanwhile.
    }
  }
}

/** These processes and all that descend from them, parents first. Pure. */
export function descendants(pids: readonly number[], parentOf: ReadonlyMap<number, number>): number[] {
  const found = new Set(pids);
  for (const pid of found) for (const [child, parent] of parentOf) if (parent === pid) found.add(child);
  return [...found];
}

/** Every process of the machine -> its parent. */
function parents(): Map<number, number> {
  const found = new Map<number, number>();
  for (const pid of readdirSync("/proc").map(Number).filter(Number.isInteger)) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      found.set(pid, Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
    } catch {
      // It ended meanwhile.
    }
  }
  return found;
}

/**
 * Runs a program to its end and returns what it printed on stdout.
 *
 * Arguments are not part of an error's message beyond the first two, so keep secrets out of those (better: hand them over
 * by `input` or `env`).
 *
 * @throws CommandError with the last lines of stderr (of stdout, if stderr is empty).
 */
export function run(command: readonly string[], { input, env, cwd, log, indivisible = false }: RunOptions = {}): Promise<string> {
  const [file = "", ...args] = command;
  const shown = [file, ...args.slice(0, 2)].join(" ");
  if (over) return Promise.reject(new CommandError(`${shown}: not started, as the run is over`, undefined, "", ""));
  return new Promise((resolve, reject) => {
    if (log) mkdirSync(dirname(log), { recursive: true });
    const transcript = log ? createWriteStream(log, { flags: "a", mode: 0o600 }) : undefined;
    const child = spawn(file, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    children.set(child, { indivisible });
    const chunks: { stdout: Buffer[]; stderr: Buffer[] } = { stdout: [], stderr: [] };
    child.stdout?.on("data", (chunk: Buffer) => {
      chunks.stdout.push(chunk);
      transcript?.write(chunk);
    });
    child.stderr?.on("data", (chunk: Buffer) => {
      chunks.stderr.push(chunk);
      transcript?.write(chunk);
    });
    // A program that ends before it has read its input is judged by its exit code, not by EPIPE.
    child.stdin?.on("error", () => {});
    child.stdin?.end(input);
    child.on("error", (error) => {
      children.delete(child);
      transcript?.end();
      reject(new CommandError(`${shown}: ${error.message}`, undefined, "", ""));
    });
    const settle = (code: number | null, signal: NodeJS.Signals | null) => {
      const stdout = Buffer.concat(chunks.stdout).toString();
      const stderr = Buffer.concat(chunks.stderr).toString();
      if (code === 0) return resolve(stdout);
      const reason = code === null ? `was ended by ${signal}` : `ended with code ${code}`;
      const last = lastLines(stderr.trim() === "" ? stdout : stderr, shownLines);
      reject(new CommandError(`${shown} ${reason}${last === "" ? "" : `:\n${last}`}`, code ?? undefined, stdout, stderr));
    };
    child.on("close", (code, signal) => {
      children.delete(child);
      // Who gets the error reads the end of the log.
      if (transcript) transcript.end(() => settle(code, signal));
      else settle(code, signal);
    });
  });
}

/**
 * Runs a program like `run`, and tells what it took of processors.
 *
 * @returns seconds, user and system, of the program and of all that it started and waited for.
 */
export async function runMeasured(command: readonly string[], options: RunOptions = {}): Promise<{ processor: number }> {
  const folder = mkdtempSync(join(tmpdir(), "process-seconds-"));
  const file = join(folder, "times");
  try {
    // What Node.js tells of resources is its own. The shell's word for it goes to the file, the program's stderr where it went before.
    const script = 'TIMEFORMAT="%U %S"; file=$1; shift; { time "$@" 2>&3; } 3>&2 2>"$file"';
    await run(["bash", "-c", script, "bash", file, ...command], options);
    const [user = 0, system = 0] = readFileSync(file, "utf8").trim().split(" ").map(Number);
    return { processor: user + system };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Whether a program of this name stands on PATH. */
export async function onPath(program: string): Promise<boolean> {
  return run(["sh", "-c", 'command -v "$1"', "sh", program]).then(
    () => true,
    () => false,
  );
}

/** The last `count` lines of a text, without empty lines at its end. */
export function lastLines(text: string, count: number): string {
  return text.trimEnd().split("\n").slice(-count).join("\n");
}
