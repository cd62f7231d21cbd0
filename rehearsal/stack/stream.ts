import { spawn } from "node:child_process";
import { createWriteStream, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { updateMarker } from "../machine/leftovers";
import { places } from "../machine/places";
import { say, UserError } from "../machine/progress";
import { pulumiEnvironment } from "./environment";

/**
 * Runs `pulumi` with its output on stdout and in the log `pulumi`.
 *
 * It runs in a session of its own: of a Ctrl-C, which a terminal sends to every program in the foreground (and npm once more),
 * it gets exactly one. Then it lets what is under way end, keeps that in its state, and a later call goes on from there; a
 * second one would make it give up what is under way, so it is not passed on.
 *
 * @param again what the user types to go on.
 * @throws UserError when it fails (it has said why), or was interrupted.
 */
export async function streamPulumi(args: readonly string[], folder: string, again: string): Promise<void> {
  mkdirSync(places.logs, { recursive: true });
  const log = createWriteStream(join(places.logs, "pulumi.log"), { flags: "a", mode: 0o600 });
  log.write(`--- ${new Date().toISOString()} pulumi ${args.join(" ")}\n`);
  const color = process.stdout.isTTY ? "always" : "never";
  const child = spawn(join(places.path, "pulumi"), ["--non-interactive", "--color", color, ...args], {
    cwd: folder,
    env: { ...process.env, ...pulumiEnvironment(), [updateMarker]: String(process.pid) },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  for (const [source, target] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ] as const) {
    source.on("data", (chunk: Buffer) => {
      target.write(chunk);
      log.write(chunk);
    });
  }
  let interrupted = false;
  const interrupt = () => {
    if (interrupted) return;
    interrupted = true;
    say(`\nInterrupted: pulumi ends what is under way and keeps it in its state; please wait. (\`${again}\` goes on later.)`);
    child.kill("SIGINT");
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const others = signals.map((signal) => [signal, process.listeners(signal)] as const);
  for (const signal of signals) process.removeAllListeners(signal).on(signal, interrupt);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", resolve);
    });
    if (interrupted) throw new UserError(`interrupted; \`${again}\` goes on from here, \`npm run rehearse -- destroy\` removes it all`);
    if (code !== 0) {
      const hint = existsSync(places.logs) ? `; \`npm run rehearse -- logs\` has the logs of all parts` : "";
      throw new UserError(
        `pulumi ${args[0]} failed (code ${code}), see above. When the cause is gone, \`${again}\` goes on from here${hint}`,
      );
    }
  } finally {
    log.end();
    for (const [signal, listeners] of others) {
      process.removeAllListeners(signal);
      for (const listener of listeners) process.on(signal, listener as NodeJS.SignalsListener);
    }
  }
}
