import { spawn } from "node:child_process";

export interface Ended {
  /** Exit code; undefined when it was ended, as it took too long. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end.
 * @param seconds after which it is ended, with all that it started
 * @param environment changes to this process's own
 * @throws Error with code ENOENT if there is no such program
 */
export function run(
  program: string,
  args: readonly string[],
  seconds: number,
  environment: Readonly<Record<string, string | undefined>> = {},
  input = "",
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: { ...process.env, ...environment }, stdio: "pipe", detached: true });
    const texts = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream].setEncoding("utf8").on("data", (text: string) => {
        texts[stream] += text;
      });
    }
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    }, seconds * 1000);
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ code: late ? undefined : (code ?? undefined), ...texts });
    });
    // One that ends without reading is no error of this one.
    child.stdin.on("error", () => {}).end(input);
  });
}
