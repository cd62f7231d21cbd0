/** The command by which Pulumi starts a program of this project. `file` is relative to the project's folder, where Pulumi runs commands. */
export const programCommand = (file: string) => `exec node --require tsx/cjs ${file}`;

/** Runs a program that Pulumi starts as a command: an error becomes one message on stderr and exit code 1, open connections are left. */
export function runProgram(main: () => Promise<void>): void {
  main().then(
    () => process.exit(0),
    (error: Error) => {
      process.stderr.write(`${error.message}\n`);
      process.exit(1);
    },
  );
}
