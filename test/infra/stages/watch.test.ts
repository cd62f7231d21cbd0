import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Bench, finished, project } from "./stage";

const bench = Bench.use();
/** Bash with the functions of lib/watch.sh. */
const bash = (script: string, environment: Record<string, string> = {}) =>
  spawn("bash", ["-c", `set -eu; source infra/stages/lib/watch.sh; ${script}`], {
    cwd: project,
    // With a socket as input, which Node.js makes, Bash takes itself for one of rshd and reads ~/.bashrc.
    env: { PATH: process.env.PATH, HOME: bench.folder, ...environment },
  });

describe("the milestones of the installer's log", () => {
  const milestones = async (log: string) => {
    const { code, stdout, stderr } = await finished(bash("milestones"), log);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    return stderr;
  };

  it.each([
    ["level=info msg=Waiting up to 20m0s for the Kubernetes API...", "Waiting up to 20m0s for the Kubernetes API...\n"],
    ['time="2026-01-01T00:00:00Z" level=info msg="Creating infrastructure resources..."', "Creating infrastructure resources...\n"],
    ["level=warning msg=Found override for release image", "warning: Found override for release image\n"],
    ['level=error msg="Error: no such type"', "error: Error: no such type\n"],
    ["level=fatal msg=failed to fetch Cluster", "fatal: failed to fetch Cluster\n"],
    ["level=info msg=Consuming Install Config from target directory", ""],
    ["level=debug msg=Waiting for something", ""],
    ["any other text of a program that it starts", ""],
    ["", ""],
  ])("of %j are %j", async (line, shown) => {
    expect(await milestones(`${line}\n`)).toBe(shown);
  });

  it.each([
    'level=info msg=Waiting is over, login with user: "kubeadmin", and password: "hunter2"',
    'level=warning msg=Password "hunter2" is weak',
    'level=error msg="invalid pull secret hunter2"',
    'level=error msg=pullSecret: Invalid value: "hunter2"',
    "level=fatal msg=Pull secret hunter2 has no auths",
    'level=error msg="cannot read {\\"auths\\":{\\"quay.io\\":{\\"auth\\":\\"hunter2\\"}}}"',
    'level=error msg=cannot read {"auth":"hunter2"}',
  ])("never are %s", async (line) => {
    const shown = await milestones(`${line}\nlevel=error msg=the next one\n`);
    expect(shown).not.toContain("hunter2");
    const level = /level=(\w+)/.exec(line)?.[1];
    expect(shown).toBe(
      `${level === "info" ? "" : `${level}: (not shown, because it may hold a password or the pull secret: see the log)\n`}error: the next one\n`,
    );
  });

  it("are short, however long a line is: Pulumi's command plugin stops reading at one of 64 KiB", async () => {
    const shown = await milestones(`level=error msg=${"x".repeat(200_000)}\nlevel=error msg=half a line`);
    expect(shown.split("\n").map((line) => line.length)).toEqual([300, "error: half a line".length, 0]);
  });
});

describe("a watched program", () => {
  const watched = (minutes: string, program: string) =>
    finished(
      bash(`status=0; watched "$LOG" ${minutes} bash -c '${program}' || status=$?; echo $status`, { LOG: join(bench.folder, "log") }),
    );

  it.each(["0", "1", "3", "124"])("gives its exit code %s, and its last lines", async (code) => {
    const { stdout, stderr } = await watched(
      "1",
      `echo level=error msg=one; echo level=info msg=quiet; printf "level=error msg=two"; exit ${code}`,
    );
    expect({ stdout, stderr }).toEqual({ stdout: `${code}\n`, stderr: "error: one\nerror: two\n" });
  });

  it("shows each line once, and only its own of a log that goes on", async () => {
    writeFileSync(join(bench.folder, "log"), "level=error msg=of an earlier one\n");
    const { stderr } = await watched("1", "for i in 1 2 3; do echo level=error msg=$i; sleep 0.3; done");
    expect(stderr).toBe("error: 1\nerror: 2\nerror: 3\n");
    expect(readFileSync(join(bench.folder, "log"), "utf8").split("\n")).toHaveLength(5);
  });

  it("is ended after its minutes, with what it started, and gives 124", async () => {
    const { stdout } = await watched("0", `sleep 300 & echo $! >${bench.folder}/pid; wait`);
    expect(stdout).toBe("124\n");
    const pid = Number(readFileSync(join(bench.folder, "pid"), "utf8"));
    const gone = () => {
      try {
        return !process.kill(pid, 0);
      } catch {
        return true;
      }
    };
    for (let i = 0; i < 100 && !gone(); i++) await sleep(50);
    expect(gone()).toBe(true);
  });

  it("does not hold what Pulumi waits for", async () => {
    const started = Date.now();
    // It leaves a program behind, as an installer of 4.16 may leave its controllers, with its own output open.
    const { stdout } = await watched("1", "setsid sleep 20 & exit 0");
    expect(stdout).toBe("0\n");
    expect(Date.now() - started).toBeLessThan(10_000);
  });

  it("is not ended by the watchdog of one that ended before it", async () => {
    const script = `watched "$LOG" 1 true; watched "$LOG" 1 bash -c 'sleep 1.5; echo level=error msg=to the end'`;
    const { code, stderr } = await finished(bash(script, { LOG: join(bench.folder, "log") }));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "error: to the end\n" });
  });

  it("is forgotten when it has ended: a signal then ends the script as any", async () => {
    const child = bash('watched "$LOG" 1 true; kill -TERM $$; sleep 5', { LOG: join(bench.folder, "log") });
    expect((await finished(child)).code).toBeNull();
    expect(child.signalCode).toBe("SIGTERM");
  });

  it("has nothing to read", async () => {
    const child = bash(`watched "$LOG" 1 bash -c 'read -r line; echo level=error msg=read [$line]'`, { LOG: join(bench.folder, "log") });
    const { stderr } = await Promise.race([finished(child, "x\n"), sleep(10_000).then(() => ({ stderr: "hangs" }))]);
    expect(stderr).toBe("error: read []\n");
    expect(existsSync(join(bench.folder, "log"))).toBe(true);
  });
});
