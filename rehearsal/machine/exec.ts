import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import { dirname } from "node:path";

export interface RunOptions {
  /** Written to the program's standard input, which is closed otherwise. */
  readonly input?: string | Buffer;
  /** Added to the environment of the caller; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Folder to run in; the caller's own by default. */
  readonly cwd?: string;
  /** File that gets everything the program prints, appended; stdout is returned all the same. */
  readonly log?: string;
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

const children = new Set<ChildProcess>();

/** Ends the programs that `run` is waiting for; for a caller that is about to end itself. */
export function endChildren(): void {
  for (const child of children) child.kill("SIGTERM");
}

/**
 * Runs a program to its end and returns what it printed on stdout.
 *
 * Arguments are not part of an error's message beyond the first two, so keep secrets out of those (better: hand them over
 * by `input` or `env`).
 *
 * @throws CommandError with the last lines of stderr (of stdout, if stderr is empty).
 */
export function run(command: readonly string[], { input, env, cwd, log }: RunOptions = {}): Promise<string> {
  const [file = "", ...args] = command;
  const shown = [file, ...args.slice(0, 2)].join(" ");
  return new Promise((resolve, reject) => {
    if (log) mkdirSync(dirname(log), { recursive: true });
    const transcript = log ? createWriteStream(log, { flags: "a", mode: 0o600 }) : undefined;
    const child = spawn(file, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    children.add(child);
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
    child.on("close", (code, signal) => {
      children.delete(child);
      transcript?.end();
      const stdout = Buffer.concat(chunks.stdout).toString();
      const stderr = Buffer.concat(chunks.stderr).toString();
      if (code === 0) return resolve(stdout);
      const reason = code === null ? `was ended by ${signal}` : `ended with code ${code}`;
      const last = lastLines(stderr.trim() === "" ? stdout : stderr, shownLines);
      reject(new CommandError(`${shown} ${reason}${last === "" ? "" : `:\n${last}`}`, code ?? undefined, stdout, stderr));
    });
  });
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
