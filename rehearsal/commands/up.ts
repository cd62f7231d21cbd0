import { stringify } from "yaml";
import { seedAccount, startAws } from "../aws";
import { setDelays } from "../cluster/efs-driver";
import { ensureImages } from "../images";
import { endOrphanedUpdate } from "../machine/leftovers";
import { lock } from "../machine/lock";
import { ensureNetwork } from "../machine/network";
import { checkout } from "../machine/places";
import { say, seconds, step } from "../machine/progress";
import { installPlugins } from "../plugins";
import { startGit } from "../services/git";
import { startRegistry } from "../services/registry";
import { prepareStack } from "../stack/configuration";
import { configFile, stack } from "../stack/environment";
import { clearInterrupted, recordedResources, stackOutputs } from "../stack/state";
import { streamPulumi } from "../stack/stream";
import { stopEverything } from "./destroy";
import { planPreparation, prepare } from "./first-run";
import { preflight } from "./preflight";
import { prove } from "./proof";
import { recover } from "./recover";

/**
 * Starts everything, runs `pulumi up` of the real program, and shows what came of it. Run again, it changes nothing.
 *
 * @param delays of mounts of EFS from now on. @default none, also where an interrupted `bench` left some
 */
export async function up(delays?: Parameters<typeof setDelays>[0]): Promise<void> {
  const started = Date.now();
  lock("up");
  const preparation = await planPreparation();
  await step("preflight", 3, preflight);
  await endOrphanedUpdate(120);
  await recover(stopEverything);
  setDelays(delays);
  await prepare(preparation);
  await step("network and services", 5, async () => {
    await ensureNetwork();
    await Promise.all([startRegistry(), startGit(), startAws()]);
    await seedAccount();
  });
  await step("images", 5, () => ensureImages());
  await step("plugins and stack", 5, async () => {
    await installPlugins();
    await prepareStack();
  });
  const cutOff = await clearInterrupted();
  if (cutOff.length > 0) say(`The last update was cut off while it created ${cutOff.join(", ")}: created anew now.`);
  const fresh = recordedResources() === 0;
  say(`pulumi up ...${fresh ? " (about 5 min)" : ""}`);
  const took = await pulumiUp();
  say(`pulumi up ... done, ${seconds(took)}`);
  const outputs = await stackOutputs();
  console.log(`\nStack outputs:\n${stringify(outputs, { lineWidth: 0 })}`);
  await prove(outputs.images as Record<string, string>);
  say(`\nEverything is up, after ${seconds((Date.now() - started) / 1000)}. Next: npm run rehearse -- shell | status | logs | destroy`);
}

/** `pulumi up` of the checkout's program. Returns its time in seconds. */
export async function pulumiUp(): Promise<number> {
  const started = Date.now();
  await streamPulumi(["up", "--yes", "--suppress-progress", "--stack", stack, "--config-file", configFile], checkout, "npm run rehearse");
  return (Date.now() - started) / 1000;
}
