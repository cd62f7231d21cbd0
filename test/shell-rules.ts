import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** The first command that a script runs, be it in a file that it sources before it does anything else. */
export function firstCommand(script: string): string {
  const [line = ""] = commands(script);
  const sourced = /^source "(?:\$\(dirname "\$0"\)|\$stages)\/(.+)"$/.exec(line)?.[1];
  return sourced ? firstCommand(join(dirname(script), sourced)) : line;
}

const commands = (script: string): string[] =>
  readFileSync(script, "utf8")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));

/** Whether the file is a program: one that is only sourced says so to shellcheck, having no first line for the kernel. */
export const isProgram = (script: string): boolean => readFileSync(script, "utf8").startsWith("#!") && basename(script).endsWith(".sh");
