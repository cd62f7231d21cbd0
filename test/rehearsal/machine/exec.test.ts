import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { CommandError, descendants, endChildren, run, runMeasured } from "../../../rehearsal/machine/exec";

describe("run", () => {
  it("returns what the program prints and hands it the input", async () => {
    expect(await run(["tr", "a-z", "A-Z"], { input: "hello" })).toBe("HELLO");
  });

  it("throws the exit code and the last lines of stderr, without the later arguments", async () => {
    const failure = await run(["sh", "-c", "seq 30 >&2; exit 3", "sh", "secret"]).catch((error) => error);
    expect(failure).toBeInstanceOf(CommandError);
    expect(failure.code).toBe(3);
    expect(failure.message).toContain("30");
    expect(failure.message).not.toMatch(/^10$/m);
    expect(failure.message).not.toContain("secret");
  });

  it("takes a variable away that is set to undefined", async () => {
    process.env.REHEARSAL_TEST = "there";
    expect(await run(["sh", "-c", "printenv REHEARSAL_TEST || echo gone"], { env: { REHEARSAL_TEST: undefined } })).toBe("gone\n");
    delete process.env.REHEARSAL_TEST;
  });

  it("has written the whole log when it returns or throws", async () => {
    const folder = mkdtempSync(join(tmpdir(), "log-"));
    const log = join(folder, "log");
    try {
      // More than can be written while it is printed.
      await run(["sh", "-c", "head -c 50000000 /dev/zero; echo well"], { log });
      expect(statSync(log).size).toBe(50_000_005);
      await run(["sh", "-c", "head -c 50000000 /dev/zero; echo why >&2; exit 1"], { log }).catch(() => "");
      expect(statSync(log).size).toBe(100_000_009);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("says which program is not there", async () => {
    await expect(run(["no-such-program"])).rejects.toThrow(/no-such-program/);
  });
});

/** Ids of two sleeping processes: the shell that is run and what it has started, which is another shell's. */
async function family(): Promise<{ ended: Promise<unknown>; pids: number[] }> {
  const folder = mkdtempSync(join(tmpdir(), "family-"));
  const file = join(folder, "pids");
  const script = `sh -c 'sleep 300 & echo $$ $! > "$1".new; mv "$1".new "$1"; wait' sh "$1"; exit 1`;
  const ended = run(["sh", "-c", script, "sh", file]).catch((error) => error);
  while (!existsSync(file)) await sleep(20);
  const pids = readFileSync(file, "utf8").trim().split(" ").map(Number);
  rmSync(folder, { recursive: true });
  return { ended, pids };
}
const alive = (pid: number) => existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));

describe("the programs that are run", () => {
  it("are ended with all that they started", async () => {
    const { ended, pids } = await family();
    expect(pids.map(alive)).toEqual([true, true]);
    endChildren();
    expect(await ended).toBeInstanceOf(CommandError);
    while (pids.some(alive)) await sleep(20);
  });

  it("descend from each other over several generations", () => {
    const parents = new Map([
      [2, 1],
      [5, 3],
      [3, 2],
      [4, 1],
      [6, 5],
    ] as const);
    expect(descendants([2], parents)).toEqual([2, 3, 5, 6]);
  });
});

describe("the process seconds of a program", () => {
  it("are those of all that it started, and a failure is the program's own", async () => {
    // dash's loop: some tenths of a second in a child of a child, and next to nothing in the shells around it.
    const busy = ["sh", "-c", "sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done'; echo done >&2"];
    const { processor } = await runMeasured(busy);
    const idle = await runMeasured(["true"]);
    expect(processor).toBeGreaterThan(idle.processor + 0.03);
    const failure = await runMeasured(["sh", "-c", "echo no such thing >&2; exit 7"]).catch((error) => error);
    expect([failure.code, failure.stderr]).toEqual([7, "no such thing\n"]);
  });
});
