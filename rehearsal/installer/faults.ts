import { setTimeout as sleep } from "node:timers/promises";

/**
 * Steps at which the stand-in can be made to fail. Those of `create cluster` come in this order; `infrastructure` is when the AWS objects
 * are there and nothing runs, `bootstrap` when the API answers and nothing is in it, `operators` when the cluster is complete.
 */
export const creationSteps = ["install-config", "network", "infrastructure", "bootstrap", "bootstrap-removal", "operators"] as const;
export type CreationStep = (typeof creationSteps)[number];

/**
 * What is to go wrong, by step, from REHEARSAL_INSTALLER_FAULTS: `STEP=FAULT;STEP=FAULT`. A step is a command (`create manifests`), one within
 * `create cluster` (`create cluster: infrastructure`), or `destroy cluster: half`, when the first object is deleted. A fault is an exit code, a
 * signal that the program gives itself (`SIGKILL`), `hang` (until a signal ends it), or, within `create cluster`, `fails`: as the real one would.
 *
 * @throws Error for what is none of these. Pure.
 */
export function parseFaults(text: string): Map<string, string> {
  const faults = new Map<string, string>();
  for (const entry of text.split(";").filter((one) => one.trim() !== "")) {
    const [step = "", fault = ""] = entry.split("=").map((part) => part.trim());
    const within = step.startsWith("create cluster: ");
    if (within && !(creationSteps as readonly string[]).includes(step.slice("create cluster: ".length)))
      throw new Error(`REHEARSAL_INSTALLER_FAULTS: create cluster has no step ${JSON.stringify(step)}; it has ${creationSteps.join(", ")}`);
    if (!/^(\d+|SIG[A-Z0-9]+|hang)$/.test(fault) && !(within && fault === "fails"))
      throw new Error(`REHEARSAL_INSTALLER_FAULTS: ${JSON.stringify(entry)} is no STEP=<exit code>, STEP=<signal> or STEP=hang`);
    faults.set(step, fault);
  }
  return faults;
}

const faultOf = (step: string) => parseFaults(process.env.REHEARSAL_INSTALLER_FAULTS ?? "").get(step);

/** Whether a step of `create cluster` is to end as the real one does when it fails. */
export const fails = (step: CreationStep): boolean => faultOf(`create cluster: ${step}`) === "fails";

/**
 * Does what is to go wrong at a step: nothing, or this process ends, or it stays here. Says so first, as a line of the installer's log.
 *
 * @param before is called when something goes wrong
 */
export async function faultAt(step: string, before: () => void = () => {}): Promise<void> {
  const fault = faultOf(step);
  if (fault === undefined || fault === "fails") return;
  before();
  process.stderr.write(`level=warning msg="fault: ${fault} at ${step}"\n`);
  if (fault === "hang") for (;;) await sleep(60_000);
  if (fault.startsWith("SIG")) {
    process.kill(process.pid, fault);
    for (;;) await sleep(60_000);
  }
  process.exit(Number(fault));
}
