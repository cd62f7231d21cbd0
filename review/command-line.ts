import { type ParseArgsConfig, parseArgs } from "node:util";
import { Mistake } from "./mistake";

/** Reads a command's words. @param command as `npm run` knows it. @throws Mistake that names its help. */
export function parsed<T extends ParseArgsConfig>(command: string, config: T) {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new Mistake(`${(error as Error).message}; see npm run ${command} -- --help`);
  }
}

/** The exit code of a command: its own, or 2 with an error, which is printed: a mistake of the caller's as it is, all else with its stack. */
export const exitCodeOf = (command: Promise<number>): Promise<number> =>
  command.catch((error: unknown) => {
    console.error(error instanceof Mistake ? error.message : error);
    return 2;
  });
