import { join } from "node:path";
import { typescriptCommand } from "../machine/exec";
import { checkout } from "../machine/places";
import { start, stop } from "../machine/process";

const name = "efs-operator";

/** Starts the EFS operator's stand-in. @param environment the emulated account's, for the driver. */
export function startEfsOperator(environment: Readonly<Record<string, string | undefined>>): void {
  start({ name, command: typescriptCommand(join(__dirname, "efs-operator-main.ts")), environment, directory: checkout });
}

/** Ends it; the driver stays as it is. */
export const stopEfsOperator = (): Promise<void> => stop(name);
