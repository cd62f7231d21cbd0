import { shell } from "./shell";

/** `npm run build` on the rehearsal's stack. Returns its exit code. */
export function build(words: readonly string[]): Promise<number> {
  const command = ["env", "BUILD_COMMAND=npm run rehearse -- build", "node", "--import", "tsx", "builds/cli.ts", "build"];
  return shell([...command, ...words]);
}
