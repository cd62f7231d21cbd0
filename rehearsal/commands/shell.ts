import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { checkout, places } from "../machine/places";
import { UserError } from "../machine/progress";
import { shellEnvironment } from "../stack/environment";

/**
 * A shell of the user's in the checkout, in which pulumi, kubectl, oc, openshift-install, skopeo and AWS clients speak to the
 * rehearsal. With words, it runs that command instead: one word is a line for bash, several are a program and its arguments as they
 * are. Returns the exit code.
 */
export async function shell(command: readonly string[]): Promise<number> {
  if (!existsSync(places.stack)) throw new UserError("nothing runs: `npm run rehearse` first");
  const interactive = command.length === 0;
  const program = process.env.SHELL ?? "/bin/bash";
  if (interactive) {
    console.error("pulumi, kubectl, oc, skopeo and AWS clients speak to the rehearsal here; `exit` leaves.");
  }
  const [file = program, ...args] = command.length === 1 ? ["bash", "-c", ...command] : command;
  const child = spawn(file, args, {
    cwd: checkout,
    stdio: "inherit",
    env: { ...process.env, ...shellEnvironment() },
  });
  // Ctrl-C is for what runs in the shell.
  process.removeAllListeners("SIGINT").on("SIGINT", () => {});
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}
