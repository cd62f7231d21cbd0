import { spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { checkout as ours, places } from "../../rehearsal/machine/places";
import { configFile, pulumiEnvironment, stack } from "../../rehearsal/stack/environment";
import { otherAccountKeys } from "./other-account";

/** What goes wrong while a command runs. */
export interface Faults {
  /** REHEARSAL_INSTALLER_FAULTS: see rehearsal/installer/faults.ts. */
  readonly installer?: string;
  /** Rules of rehearsal/aws/faults.py. */
  readonly aws?: readonly string[];
  /** The whole process group is killed as soon as this is printed. */
  readonly killAt?: RegExp;
  /** Milliseconds until then; by itself, from the start. @default 0 */
  readonly killAfter?: number;
  /** Asked again and again from then on: it is killed as soon as this is so. */
  readonly killWhen?: () => Promise<boolean>;
  /** One Ctrl-C, then. */
  readonly interruptAt?: RegExp;
  /** Called as soon as the text is printed. */
  readonly at?: readonly [RegExp, () => void | Promise<void>];
  /** Seconds by which the clock of a stage goes on for each that it sleeps: see fast-clock.sh. @default its own time */
  readonly clock?: number;
  /** The program of another checkout. @default this one */
  readonly checkout?: string;
  /** Added to the environment. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** With credentials of another account. */
  readonly otherAccount?: true;
}

export interface Outcome {
  /** Exit code; undefined when it was killed. */
  readonly code: number | undefined;
  readonly output: string;
  /** What was waited for in its output and did not come. */
  readonly unmet: readonly RegExp[];
}

/** What did not go as it has to. */
export class Problem extends Error {}

/** What a problem shows of a command's output: what Pulumi says went wrong, else the last lines. */
export function endOf(output: string): string {
  const [, diagnostics] = /^Diagnostics:$(.*?)^(?:Outputs|Resources):$/ms.exec(output) ?? [];
  const lines = (diagnostics ?? output).trim().split("\n");
  return lines.slice(-60).join("\n");
}

/** The parts of the program whose failures are tried: what is in AWS. What is in the cluster would need one. */
const components = ["OpenShiftCluster**", "SharedFileSystem**"];

const running = new Set<number>();

/** Ends what `pulumi` has started and not ended. */
export function endPulumi(): void {
  for (const pid of running) kill(pid, "SIGKILL");
}

function kill(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // It ended meanwhile.
  }
}

/** Runs `pulumi` on the stack, in a process group of its own; where its program runs, it is the one of this checkout. */
export function pulumi(words: readonly string[], faults: Faults = {}): Promise<Outcome> {
  const { installer, killAt, killAfter, killWhen, interruptAt, at, clock, otherAccount, environment, checkout = ours } = faults;
  const child = spawn(join(places.path, "pulumi"), [...words, "--non-interactive", "--color=never", "--stack", stack], {
    cwd: checkout,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      ...pulumiEnvironment(),
      HOME: places.run,
      // Not the stack's, which each point has anew: programs that are compiled stay there.
      TMPDIR: join(places.run, "tmp"),
      REHEARSAL_CLUSTER: "api",
      REHEARSAL_INSTALLER_FAULTS: installer,
      ...(clock !== undefined && { BASH_ENV: join(__dirname, "fast-clock.sh"), FAST_CLOCK: String(clock) }),
      ...(otherAccount && otherAccountKeys()),
      ...environment,
    },
  });
  const pid = child.pid as number;
  running.add(pid);
  let output = "";
  const due = new Set<readonly [RegExp, () => void | Promise<void>]>();
  let timer: NodeJS.Timeout | undefined;
  const killSoon = async () => {
    while (killWhen !== undefined && running.has(pid) && !(await killWhen())) await sleep(50);
    timer = setTimeout(() => kill(pid, "SIGKILL"), killAfter ?? 0);
  };
  if (killAt !== undefined) due.add([killAt, killSoon]);
  else if (killAfter !== undefined) void killSoon();
  if (interruptAt) due.add([interruptAt, () => kill(pid, "SIGINT")]);
  if (at) due.add(at);
  return new Promise((resolve, reject) => {
    const begun: Promise<void>[] = [];
    const failed = (error: unknown) => {
      kill(pid, "SIGKILL");
      reject(error);
    };
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        output += chunk;
        for (const one of due) {
          if (!one[0].test(output)) continue;
          due.delete(one);
          begun.push((async () => one[1]())());
          begun.at(-1)?.catch(failed);
        }
      });
    child.on("error", reject);
    const end = (code: number | null) => {
      running.delete(pid);
      Promise.all(begun).then(() => {
        clearTimeout(timer);
        resolve({ code: code ?? undefined, output, unmet: [...due].map(([pattern]) => pattern) });
      }, failed);
    };
    child.on("close", end);
    // What outlives a kill may hold its pipes.
    child.on("exit", (code, signal) => signal && setTimeout(() => end(code), 500));
  });
}

const common = ["--yes", "--skip-preview", "--suppress-progress", "--config-file", configFile];
/** @param targets ends of the URNs of what is brought up. @default all that is tried here */
export const up = (faults?: Faults, targets = components): Promise<Outcome> =>
  pulumi(["up", ...common, ...targets.flatMap((target) => ["--target", `**${target}`])], faults);
export const destroy = (faults?: Faults): Promise<Outcome> => pulumi(["destroy", ...common], faults);

/** What docs/day-by-day.md says after an update that was killed. The refresh has to go well: it says what the state is worth. */
export async function afterKill(): Promise<void> {
  await pulumi(["cancel", "--yes"]);
  const refresh = ["refresh", "--clear-pending-creates", "--yes", "--skip-preview", "--suppress-progress", "--config-file", configFile];
  const { code, output } = await pulumi(refresh);
  if (code !== 0) throw new Problem(`the refresh after the kill ended with code ${code}:\n${endOf(output)}`);
}
