/** The program `ccoctl` of the rehearsal: the product's own, on a way to the emulated account. */

import { spawn } from "node:child_process";
import { join } from "node:path";
import { awsByName } from "../aws/by-name";
import { awsEndpoint, places } from "../machine/places";

async function main(): Promise<number> {
  const aws = await awsByName(process.env.AWS_ENDPOINT_URL ?? awsEndpoint);
  const child = spawn(join(places.bin, "ccoctl"), process.argv.slice(2), {
    argv0: "ccoctl",
    stdio: "inherit",
    env: { ...process.env, ...aws.environment },
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
  try {
    return await new Promise((ended, failed) => {
      child.on("error", failed);
      child.on("close", (code) => ended(code ?? 1));
    });
  } finally {
    aws.stop();
  }
}

main().then(
  (code) => process.exit(code),
  (error) => {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exit(1);
  },
);
