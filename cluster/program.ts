/** The command by which Pulumi starts a program of this project. `file` is relative to the project's folder, where Pulumi runs commands. */
export const programCommand = (file: string) => `exec node --require tsx/cjs ${file}`;

/**
 * Runs a program that Pulumi starts as a command: an error becomes one message on stderr and exit code 1. Connections that are open
 * are left; what was written is not, although a pipe takes no more than 64 KiB at once.
 */
export function runProgram(main: () => Promise<void>): void {
  main()
    .then(
      () => 0,
      (error: Error) => {
        process.stderr.write(`${error.message}\n`);
        return 1;
      },
    )
    .then(async (code) => {
      await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((written) => stream.write("", written))));
      process.exit(code);
    });
}

/** A variable that a program cannot do without. */
export function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}
