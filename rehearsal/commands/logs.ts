import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { places } from "../machine/places";
import { UserError } from "../machine/progress";

/** Folders that hold logs: of the running environment, and of what made the caches. */
const folders = [places.logs, join(places.cache, "log")];

/** Names of all logs. */
export function logNames(): string[] {
  const files = folders.filter((folder) => existsSync(folder)).flatMap((folder) => readdirSync(folder));
  return files
    .filter((file) => file.endsWith(".log"))
    .map((file) => file.slice(0, -".log".length))
    .sort();
}

/** Prints a part's log, and goes on as it grows if asked to; without a part, the names of the logs. */
export async function logs(part: string | undefined, follow: boolean): Promise<void> {
  const names = logNames();
  if (part === undefined) {
    console.log(names.length === 0 ? "There are no logs." : names.join("\n"));
    return;
  }
  if (!names.includes(part)) throw new UserError(`there is no log of \`${part}\`; there are: ${names.join(", ") || "none"}`);
  const file = folders.map((folder) => join(folder, `${part}.log`)).find((path) => existsSync(path)) as string;
  const [program, ...args] = follow ? ["tail", "-n", "100", "-F", file] : ["cat", file];
  await new Promise<void>((resolve, reject) => {
    const child = spawn(program as string, args, { stdio: "inherit" });
    child.on("error", reject);
    child.on("close", () => resolve());
  });
}
