import { spawn } from "node:child_process";
import { checkout } from "../../rehearsal/machine/places";

/**
 * Runs a program in the checkout, shows what it prints as it comes, and returns it with the exit code.
 * @param heard is given all that was printed so far, whenever there is more.
 */
export function show(
  command: readonly string[],
  env: Record<string, string | undefined> = {},
  heard: (output: string) => void = () => undefined,
): Promise<{ code: number | null; output: string }> {
  const [file, ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: checkout, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        output += chunk;
        process.stdout.write(chunk);
        heard(output);
      });
    }
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
  });
}
