import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { everything } from "../aws";
import { stopCluster } from "../cluster";
import { run } from "../machine/exec";
import { endOrphanedUpdate, leftovers, ownLinks, ownMounts, ownNamespaces, ownProcesses, ownRules } from "../machine/leftovers";
import { lock } from "../machine/lock";
import { deleteTables, removeNetwork } from "../machine/network";
import { checkout, places } from "../machine/places";
import { recordedPrograms, runningPid, stop } from "../machine/process";
import { say, seconds, step, UserError } from "../machine/progress";
import { configFile, stack } from "../stack/environment";
import { clearInterrupted, recordedResources } from "../stack/state";
import { streamPulumi } from "../stack/stream";
import { components, linkToolchain } from "../toolchain";

export interface DestroyOptions {
  /** Leave `pulumi destroy` out: the emulated account goes with the emulator anyway. */
  readonly force: boolean;
  /** Remove the caches as well. */
  readonly cache: boolean;
}

/** `pulumi destroy`, then everything that the rehearsal started is stopped and removed, and it is checked that nothing is left. */
export async function destroy({ force, cache }: DestroyOptions): Promise<void> {
  const started = Date.now();
  lock("destroy");
  await endOrphanedUpdate(force ? 5 : 120);
  const account = force ? [] : await pulumiDestroy();
  await step("stopping and removing", 15, stopEverything);
  if (cache) for (const folder of [places.cache, places.path, places.pulumiHome]) rmSync(folder, { recursive: true, force: true });
  const left = [...(await leftovers()), ...account];
  if (left.length > 0) throw new UserError(`not everything is gone:\n${left.map((thing) => `  - ${thing}`).join("\n")}`);
  say(`Nothing is left: no process, mount, network device, firewall table or AWS object (${seconds((Date.now() - started) / 1000)}).`);
  if (!cache && existsSync(places.cache))
    say(`The caches stay in ${places.cache}; \`npm run rehearse -- destroy --cache\` removes them too.`);
}

/** Returns what is left in the emulated account after `pulumi destroy`. */
async function pulumiDestroy(): Promise<string[]> {
  if (recordedResources() === 0) return [];
  const dead = recordedPrograms().filter((name) => runningPid(name) === undefined);
  if (runningPid("aws") === undefined) {
    say(
      `The emulated account is gone (${dead.length > 0 ? `${dead.slice(0, 3).join(", ")} ended` : "nothing runs"}), so \`pulumi destroy\` has nothing to delete there.`,
    );
    return [];
  }
  // The installer's stand-in is that of the checkout which is asked now, whichever one made the environment.
  linkToolchain((await components()).filter(({ ready }) => ready));
  await clearInterrupted();
  say("pulumi destroy ... (about 1 min)");
  // In the checkout: the commands of the stages are relative to the program's folder.
  const args = ["destroy", "--yes", "--skip-preview", "--suppress-progress", "--stack", stack, "--config-file", configFile];
  await streamPulumi(args, checkout, "npm run rehearse -- destroy").catch((error) => {
    throw error instanceof UserError
      ? new UserError(`${error.message}\n(\`npm run rehearse -- destroy --force\` removes everything without Pulumi.)`)
      : error;
  });
  return (await everything()).map((thing) => `AWS object ${thing}`);
}

/** What pulumi keeps of the stack beside its plugins: logs of each command (2 MB of an update), the stack chosen in each folder. */
const pulumiTraces = ["logs", "workspaces"].map((name) => join(places.pulumiHome, name));

/**
 * Stops and removes all that runs, from whatever state: first in order, by those who know the parts, then whatever is still
 * there. Pulumi's state goes too. Caches stay.
 */
export async function stopEverything(): Promise<void> {
  const troubles: unknown[] = [];
  const attempt = async (work: () => unknown) => {
    try {
      await work();
    } catch (error) {
      troubles.push(error);
    }
  };
  await attempt(stopCluster);
  for (const name of recordedPrograms()) await attempt(() => stop(name));
  await attempt(endStrays);
  await attempt(unmountAll);
  await attempt(removeFirewallRules);
  await attempt(removeNetwork);
  for (const link of ownLinks()) await attempt(() => run(["ip", "link", "delete", link]).catch(() => ""));
  await attempt(() => deleteTables(["ip", "kube-proxy"], ["ip6", "kube-proxy"]));
  await attempt(unmountAll);
  for (const folder of [places.run, places.stack, ...pulumiTraces])
    await attempt(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const left = await leftovers();
  if (left.length > 0 && troubles.length > 0) throw troubles[0];
}

/** Ends processes that no record names any more, such as containers whose shim was killed. */
async function endStrays(): Promise<void> {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    const deadline = Date.now() + 5000;
    for (const { pid } of ownProcesses()) {
      try {
        process.kill(pid, signal);
      } catch {
        // It ended meanwhile.
      }
    }
    while (ownProcesses().length > 0 && Date.now() < deadline) await sleep(100);
  }
}

async function unmountAll(): Promise<void> {
  for (const path of await ownNamespaces()) {
    await run(["umount", "--lazy", path]).catch(() => "");
    rmSync(path, { force: true });
  }
  for (const point of ownMounts()) await run(["umount", point]).catch(() => run(["umount", "--lazy", point]));
  if (existsSync("/run/netns") && readdirSync("/run/netns").length === 0) await run(["umount", "/run/netns"]).catch(() => "");
}

async function removeFirewallRules(): Promise<void> {
  const { rules, chains } = await ownRules();
  for (const [, chain = "", ...rule] of rules) await run(["iptables", "-t", "nat", "-D", chain, ...rule]);
  for (const chain of chains) {
    await run(["iptables", "-t", "nat", "-F", chain]);
    await run(["iptables", "-t", "nat", "-X", chain]);
  }
}
