/** Runs a program of the stages: what it prints is its result, an error is one line. */
export function main(program: () => Promise<string>): void {
  program().then(
    (text) => process.stdout.write(text),
    (error: Error) => {
      process.stderr.write(`${error.name}: ${error.message}\n`);
      process.exitCode = 1;
    },
  );
}
