import { type SpawnOptions, spawn } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { run } from "../../machine/exec";
import { baseDomain, network, places } from "../../machine/places";
import { trustBundle } from "../../stack/environment";

const program = join(places.bin, "openshift-install");

/** What the product's own installer needs beside the caller's environment. */
export function installerEnvironment(): Record<string, string | undefined> {
  return {
    OPENSHIFT_INSTALL_DATA: join(places.share, "openshift-install", "data"),
    // Go's own name for the file, and the AWS SDK's.
    SSL_CERT_FILE: trustBundle,
    AWS_CA_BUNDLE: trustBundle,
    // Half of its AWS clients heed this, the other half would still ask Amazon: its endpoints are in install-config.yaml.
    AWS_ENDPOINT_URL: undefined,
    NO_PROXY: withoutProxy(process.env.NO_PROXY),
    no_proxy: withoutProxy(process.env.no_proxy),
  };
}

function withoutProxy(list: string | undefined): string {
  return [list, "127.0.0.1", "localhost", network.host, `.${baseDomain}`].filter((entry) => entry).join(",");
}

/** Signals that a user or a program sends to end a command. */
export const endingSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export interface InstallerOptions {
  /** Gets each line of stderr and gives what is printed in its place. @default the line */
  readonly rewrite?: (line: string) => string;
  /** Kills it; this process then has to end by itself. */
  readonly killed?: AbortSignal;
}

/**
 * Runs the product's own installer as if it were this process: same standard streams, signals passed on.
 *
 * @returns its exit code; 128 + the signal's number when a signal ended it, as a shell says it.
 */
export function runInstaller(args: readonly string[], { rewrite, killed }: InstallerOptions = {}): Promise<number> {
  const options: SpawnOptions = {
    argv0: "openshift-install",
    stdio: ["inherit", "inherit", rewrite ? "pipe" : "inherit"],
    env: { ...process.env, ...installerEnvironment() },
    signal: killed,
    killSignal: "SIGKILL",
  };
  // Before the start: the installer may be signalled sooner than this process goes on behind it.
  const forward = (signal: NodeJS.Signals) => child.kill(signal);
  for (const signal of endingSignals) process.on(signal, forward);
  const child = spawn(program, args, options);
  if (rewrite && child.stderr) createInterface({ input: child.stderr }).on("line", (line) => process.stderr.write(`${rewrite(line)}\n`));
  return new Promise((resolve, reject) => {
    child.on("error", (error) => killed?.aborted || reject(new Error(`${program}: ${error.message}`)));
    child.on("close", (code, signal) => {
      if (killed?.aborted) return;
      for (const name of endingSignals) process.off(name, forward);
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
    });
  });
}

/** What one of its commands prints on stdout. */
export function askInstaller(args: readonly string[]): Promise<string> {
  return run([program, ...args], { env: installerEnvironment() });
}

/** Version and release image out of what `openshift-install version` prints. Pure. */
export function parseVersion(text: string): { version: string; releaseImage: string } {
  const version = /^\S+ v?(\S+)$/m.exec(text)?.[1];
  const releaseImage = /^release image (\S+)$/m.exec(text)?.[1];
  if (!version || !releaseImage) throw new Error(`openshift-install version printed something else than expected: ${text}`);
  return { version, releaseImage };
}
