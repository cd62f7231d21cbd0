import { join } from "node:path";
import { typescriptCommand } from "../machine/exec";
import { awsEndpoint, checkout, places, ports } from "../machine/places";
import { stop } from "../machine/process";
import { answers, startAndWait } from "../machine/programs";

/**
 * Starts the product's machine-api webhooks and controllers, whose machines are made by machine-hook.ts, and
 * returns when the webhooks answer and are registered.
 *
 * The program waits for what it needs, so these must be there, or come within five minutes: the CRDs of Machine and
 * MachineSet, and the objects Infrastructure and DNS called `cluster`.
 */
export async function startMachineApi(): Promise<void> {
  const hook = typescriptCommand(join(__dirname, "machine-hook.ts"));
  await startAndWait(
    {
      name: "machine-api",
      command: [
        join(places.bin, "machine-api"),
        `--kubeconfig=${places.adminKubeconfig}`,
        `--webhook-port=${ports.machineApiWebhook}`,
        `--hook=${JSON.stringify(hook)}`,
      ],
      environment: {
        AWS_ENDPOINT_URL: awsEndpoint,
        AWS_ACCESS_KEY_ID: process.env.AWS_ACCESS_KEY_ID ?? "test",
        AWS_SECRET_ACCESS_KEY: process.env.AWS_SECRET_ACCESS_KEY ?? "test",
      },
      directory: checkout,
    },
    300,
    () => answers(`https://127.0.0.1:${ports.machineApiWebhook}/readyz`),
  );
}

/** Ends the machine-api program; machines and nodes stay as they are. */
export function stopMachineApi(): Promise<void> {
  return stop("machine-api");
}
