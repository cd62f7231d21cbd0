import { spawn } from "node:child_process";
import { statSync } from "node:fs";

/** Which output is shown while a command runs; `stdoutAndStderr` by default. */
export type Logging = "stdout" | "stderr" | "stdoutAndStderr" | "none";

export interface RunOptions {
  /** Program and arguments in front of the command; default `/bin/sh -c`. */
  readonly interpreter?: readonly string[];
  /** Folder to run in; default: the one of the plugin, which is the project's. */
  readonly directory?: string;
  /** Added to the plugin's own environment, which it has from the engine. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Standard input; none by default. */
  readonly stdin?: string;
  readonly logging?: Logging;
  /** Kills the command, but not what the command has started: os/exec.CommandContext does the same. */
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

export interface Output {
  /** Without the last newline. */
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a command as pulumi-command does (provider/pkg/provider/local/commandOutputs.go).
 *
 * It is over when nobody holds its stdout and stderr any more, which may be later than the end of the command itself: a
 * program that it left in the background, with these open, delays it.
 *
 * @throws Error `<what happened>: running "<command>":` and everything that was printed
 */
export async function run(command: string, options: RunOptions): Promise<Output> {
  const printed: Buffer[] = [];
  try {
    return await execute(command, options, printed);
  } catch (error) {
    throw new Error(`${(error as Error).message}: running ${quoted(command)}:\n${Buffer.concat(printed).toString()}`);
  }
}

function execute(command: string, options: RunOptions, printed: Buffer[]): Promise<Output> {
  const { interpreter, directory, environment, stdin, logging = "stdoutAndStderr", signal, log } = options;
  if (signal.aborted) throw new Error(signal.reason?.name === "TimeoutError" ? "context deadline exceeded" : "context canceled");
  if (directory !== undefined) checkDirectory(directory);
  const [file = "", ...prefix] = interpreter && interpreter.length > 0 ? interpreter : ["/bin/sh", "-c"];
  return new Promise((resolve, reject) => {
    const child = spawn(file, [...prefix, command], {
      cwd: directory,
      env: { ...process.env, ...environment },
      stdio: [stdin === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    const kill = () => child.kill("SIGKILL");
    signal.addEventListener("abort", kill);
    let tooLong = false;
    const stop = () => {
      tooLong = true;
      kill();
    };

    const output: Record<"stdout" | "stderr", Buffer[]> = { stdout: [], stderr: [] };
    for (const name of ["stdout", "stderr"] as const) {
      const shown = logging === "stdoutAndStderr" || logging === name;
      const lines = new Lines(log, stop);
      child[name]?.on("data", (chunk: Buffer) => {
        output[name].push(chunk);
        printed.push(chunk);
        if (shown) lines.add(chunk);
      });
      child[name]?.on("end", () => lines.end());
    }
    // A command that does not read its input is no failure.
    child.stdin?.on("error", () => {});
    child.stdin?.end(stdin);

    child.on("error", (error: NodeJS.ErrnoException) => reject(new Error(startFailure(file, error))));
    child.on("close", (code, killedBy) => {
      signal.removeEventListener("abort", kill);
      if (tooLong) reject(new Error(lineTooLong));
      else if (killedBy !== null) reject(new Error(`signal: ${signalTexts[killedBy] ?? killedBy}`));
      else if (code !== 0) reject(new Error(`exit status ${code}`));
      else resolve({ stdout: trimmed(output.stdout), stderr: trimmed(output.stderr) });
    });
  });
}

/**
 * The longest line that is shown, in bytes: Go's bufio.MaxScanTokenSize less the line's end. At a longer one the real plugin
 * (provider/pkg/provider/util/logging.go, LogOutput) stops reading without a word, the command blocks as soon as the pipe is full,
 * and the operation never ends, whatever its time-out. Here it fails.
 */
const longestLine = 64 * 1024 - 1;
const lineTooLong = `a line of more than ${longestLine} bytes of output that is shown, at which pulumi-command waits for ever: print shorter lines, or set logging to "none"`;

/** Hands over whole lines, however the output was cut into chunks; nothing more after a line that is too long. */
class Lines {
  private rest: Buffer[] = [];
  private stopped = false;

  constructor(
    private readonly log: (line: string) => void,
    private readonly tooLong: () => void,
  ) {}

  add(chunk: Buffer): void {
    let from = 0;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      this.emit(chunk.subarray(from, at));
      from = at + 1;
    }
    if (from < chunk.length) this.rest.push(chunk.subarray(from));
    if (length(this.rest) > longestLine) this.stop();
  }

  end(): void {
    if (this.rest.length > 0) this.emit(Buffer.alloc(0));
  }

  private stop(): void {
    this.stopped = true;
    this.rest = [];
    this.tooLong();
  }

  private emit(last: Buffer): void {
    if (this.stopped) return;
    if (length(this.rest) + last.length > longestLine) {
      this.stop();
      return;
    }
    this.log(
      Buffer.concat([...this.rest, last])
        .toString()
        .replace(/\r$/, ""),
    );
    this.rest = [];
  }
}

const length = (chunks: readonly Buffer[]): number => chunks.reduce((sum, chunk) => sum + chunk.length, 0);
const trimmed = (chunks: Buffer[]): string => Buffer.concat(chunks).toString().replace(/\n$/, "");

// The texts of Go's os package, which the real plugin shows.
const signalTexts: Partial<Record<NodeJS.Signals, string>> = {
  SIGKILL: "killed",
  SIGTERM: "terminated",
  SIGINT: "interrupt",
  SIGHUP: "hangup",
  SIGPIPE: "broken pipe",
  SIGSEGV: "segmentation fault",
  SIGABRT: "aborted",
};
const errorTexts: Record<string, string> = {
  ENOENT: "no such file or directory",
  ENOTDIR: "not a directory",
  EACCES: "permission denied",
  E2BIG: "argument list too long",
};
const errorText = (error: NodeJS.ErrnoException): string => errorTexts[error.code ?? ""] ?? error.message;

// Node.js blames the program when the folder is what is missing.
function checkDirectory(directory: string): void {
  try {
    if (statSync(directory).isDirectory()) return;
  } catch (error) {
    throw new Error(`chdir ${directory}: ${errorText(error as NodeJS.ErrnoException)}`);
  }
  throw new Error(`chdir ${directory}: ${errorTexts.ENOTDIR}`);
}

function startFailure(file: string, error: NodeJS.ErrnoException): string {
  if (error.code === "ENOENT" && !file.includes("/")) return `exec: ${quoted(file)}: executable file not found in $PATH`;
  return `fork/exec ${file}: ${errorText(error)}`;
}

const escapes: Record<string, string> = { "\x07": "\\a", "\x0b": "\\v", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Text in double quotes as Go's %q writes it. */
export function quoted(text: string): string {
  const body = text
    .replace(/["\\]/g, "\\$&")
    .replace(/\p{Cc}/gu, (char) => escapes[char] ?? `\\${char < "\x80" ? "x" : "u00"}${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
  return `"${body}"`;
}
