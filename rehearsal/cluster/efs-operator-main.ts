import { setTimeout as sleep } from "node:timers/promises";
import { ensureEfsDriver, stopEfsDriver } from "./efs-driver";
import { reconcile } from "./efs-operator";
import { objects } from "./objects";

/** Milliseconds between two looks, while the driver comes up and otherwise. */
const soon = 250;
const later = 1000;

/** The process of the EFS operator's stand-in: looks, acts, says once what goes wrong, and looks again until SIGTERM ends it. */
async function main(): Promise<never> {
  let complaint = "";
  while (true) {
    const state = await reconcile(objects, { ensure: ensureEfsDriver, stop: stopEfsDriver }).catch((error: unknown) => {
      const text = error instanceof Error ? error.message : String(error);
      if (text !== complaint) process.stderr.write(`${new Date().toISOString()} ${text}\n`);
      complaint = text;
      return undefined;
    });
    await sleep(state === "Deploying" ? soon : later);
  }
}

void main();
