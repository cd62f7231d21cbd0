import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { lastLines } from "./exec";
import { places } from "./places";
import { type Program, runningPid, start, until } from "./process";

/**
 * Environment of the Go programs that run as long as the cluster and mostly wait: they collect their garbage at half the usual growth,
 * as there are many of them on one machine.
 */
export const frugal = { GOGC: "50" } as const;

/** Starts a program and waits until `check` holds; fails with the end of its log as soon as it is dead. */
export async function startAndWait(program: Program, seconds: number, check: () => Promise<boolean> | boolean): Promise<void> {
  start(program);
  let dead = false;
  await until(`${program.name} is ready`, seconds, async () => {
    dead = runningPid(program.name) === undefined;
    return dead || (await check());
  });
  if (!dead) return;
  const log = join(places.logs, `${program.name}.log`);
  throw new Error(`${program.name} ended at once${existsSync(log) ? `:\n${lastLines(readFileSync(log, "utf8"), 8)}` : ""}`);
}

/** Whether a plain or a TLS address of this machine answers 200. */
export async function answers(url: string): Promise<boolean> {
  const { get } = url.startsWith("https:") ? await import("node:https") : await import("node:http");
  return new Promise((resolve) => {
    // Certificates of health endpoints are made by each program itself; the address is the machine's own.
    const request = get(url, { rejectUnauthorized: false, timeout: 2000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(false));
  });
}
