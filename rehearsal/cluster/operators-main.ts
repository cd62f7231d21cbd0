import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { trustedBundle } from "../machine/certificates";
import { places } from "../machine/places";
import { injector } from "./ca-bundles";
import { ensureEfsDriver, stopEfsDriver } from "./efs-driver";
import { reconcile } from "./efs-operator";
import { objects } from "./objects";
import { reconcileVersion } from "./version-operator";

/** Milliseconds between two looks, while somebody waits for what is made and otherwise. */
const soon = 250;
const later = 1000;

/** Looks, acts, says once what goes wrong, and looks again until SIGTERM ends the process. */
async function repeat(name: string, work: () => Promise<number>): Promise<never> {
  let complaint = "";
  while (true) {
    const pause = await work().catch((error: unknown) => {
      const text = error instanceof Error ? error.message : String(error);
      if (text !== complaint) process.stderr.write(`${new Date().toISOString()} ${name}: ${text}\n`);
      complaint = text;
      return later;
    });
    await sleep(pause);
  }
}

void repeat("efs", async () => {
  const state = await reconcile(objects, { ensure: ensureEfsDriver, stop: stopEfsDriver });
  return state === "Deploying" ? soon : later;
});
const inject = injector(objects);
void repeat("ca-bundles", async () => {
  await inject({
    service: readFileSync(join(places.pki, "ca.crt"), "utf8"),
    trusted: readFileSync(trustedBundle(), "utf8"),
  });
  return later;
});
void repeat("version", async () => ((await reconcileVersion(objects)) ? soon : later));
