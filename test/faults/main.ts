import { endPulumi } from "./pulumi";

/** Runs one of this folder's programs; its exit code is what `main` returns, 130 after Ctrl-C. */
export function runMain(main: (words: readonly string[]) => Promise<number>): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.once(signal, () => {
      endPulumi();
      // All other processes end with the namespace, and its folders go.
      process.exit(130);
    });
  main(process.argv.slice(2)).then(
    (code) => process.exit(code),
    (error) => {
      process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
      process.exit(1);
    },
  );
}
