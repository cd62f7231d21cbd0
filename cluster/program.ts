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
