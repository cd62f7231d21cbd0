import { join } from "node:path";
import { typescriptCommand } from "../machine/exec";
import { checkout } from "../machine/places";
import { start, stop } from "../machine/process";

const name = "operators";

/** Starts the stand-ins of OpenShift's operators. @param environment the emulated account's, for the EFS driver. */
export function startOperators(environment: Readonly<Record<string, string | undefined>>): void {
  start({ name, command: typescriptCommand(join(__dirname, "operators-main.ts")), environment, directory: checkout });
}

/** Ends them; what they made stays. */
export const stopOperators = (): Promise<void> => stop(name);
