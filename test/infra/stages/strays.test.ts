import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { Bench, create } from "./stage";

const bench = Bench.use();
const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});

/** A process that works until it is ended, under the name and with the arguments of another. Resolves when it runs. */
async function works(name: string, args: readonly string[], how = ""): Promise<ChildProcess> {
  const script = join(bench.folder, "works.js");
  const ready = join(bench.folder, `ready-${started.length}`);
  writeFileSync(script, `${how}; require("node:fs").writeFileSync(process.argv.at(-1), ""); setInterval(() => {}, 1000);`);
  const isPath = name.includes("/");
  if (isPath) {
    mkdirSync(dirname(name), { recursive: true });
    symlinkSync(process.execPath, name);
  }
  const child = spawn(isPath ? name : process.execPath, [script, ...args, ready], { argv0: name, stdio: "ignore" });
  started.push(child);
  while (!existsSync(ready)) await sleep(20);
  return child;
}
const installer = (folder: string, how?: string) =>
  works("openshift-install", ["create", "cluster", "--dir", folder, "--log-level=info"], how);
/** What the installer runs beside it: pkg/clusterapi/localcontrolplane.go. */
const etcd = (how?: string) =>
  works(join(bench.home, "assets/cluster-api/etcd"), [`--data-dir=${bench.home}/assets/.clusterapi_output/etcd`], how);
const isOver = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null;
/** Until the ends of children are known here. */
const settled = () => sleep(100);

describe("what a killed run has left working on the cluster", () => {
  it("is ended before an install goes on, with a line that names it", async () => {
    const ours = [await installer(`${bench.home}/assets`), await etcd()];
    rmSync(bench.home, { recursive: true });
    const { code, stderr } = await bench.install();
    await settled();
    expect(ours.map(isOver)).toEqual([true, true]);
    expect(stderr).toMatch(
      /^Ended what an installer has left working on this machine: openshift-install create cluster \(process \d+\), etcd \(process \d+\)$/m,
    );
    expect(stderr.indexOf("Ended what")).toBeLessThan(stderr.indexOf("Creating the cluster"));
    expect({ code, calls: bench.calls }).toEqual({ code: 0, calls: ["create cluster --help", create] });
  });

  it("is ended before the cluster is removed", async () => {
    const { identity } = await bench.ready();
    const ours = [
      await installer(`${bench.home}/assets`),
      await works("openshift-install", ["destroy", "cluster", `--dir=${bench.work}/destroy.lab-x1y2z.aBcDeF`]),
    ];
    const { code, stderr } = await bench.runFast("destroy", 0, { IDENTITY: identity });
    await settled();
    expect({ code, over: ours.map(isOver) }).toEqual({ code: 0, over: [true, true] });
    expect(stderr).toContain("openshift-install create cluster (process ");
  });

  it("is ended also where it does not heed a signal", async () => {
    const child = await etcd('process.on("SIGTERM", () => {})');
    const strays = spawn(process.execPath, ["--require", "tsx/cjs", "infra/stages/strays.ts", `${bench.home}/`]);
    const code = await new Promise((done) => strays.on("close", done));
    await settled();
    expect({ code, signal: child.signalCode }).toEqual({ code: 0, signal: "SIGKILL" });
  });

  it("is all that is ended: other clusters' installers, and programs that only look into the folder, go on", async () => {
    const others = [
      await installer(`${bench.home}y/assets`),
      await installer(join(bench.folder, "elsewhere")),
      await works("tail", ["-f", `${bench.home}/install.log`]),
      await works("oc", ["--kubeconfig", `${bench.home}/assets/auth/kubeconfig`, "--dir", `${bench.home}/assets`]),
    ];
    const { code, stderr } = await bench.install();
    await settled();
    expect({ code, over: others.map(isOver) }).toEqual({ code: 0, over: [false, false, false, false] });
    expect(stderr).not.toContain("Ended what");
  });

  it.each([
    ["ended by its own watchdog", false],
    ["left to the run that has begun since, whose installer goes on", true],
  ])("is %s", async (_, another) => {
    const ready = await bench.prepared();
    const pid = join(bench.folder, "pid");
    const child = bench.start("install", { ...ready.environment, STUB_PID: pid });
    child.stdin?.end(ready.stdin);
    child.stdout?.resume();
    child.stderr?.resume();
    while (!existsSync(pid)) await sleep(20);
    const next = await installer(`${bench.home}/assets`);
    // As the stage begins.
    if (another) writeFileSync(join(bench.home, "stage"), "1\n");
    child.kill("SIGKILL");
    const isEnded = () => sleep(100).then(() => isOver(next));
    // The watchdog looks twice a second and takes leave of the stub, which heeds a signal at once; a process of Node.js then looks for strays.
    for (const until = Date.now() + (another ? 6_000 : 30_000); Date.now() < until && !(await isEnded()); );
    expect([isOver(next), bench.read("terminated")]).toEqual([!another, "terminated\n"]);
  });

  it("is ended at once when the installer is killed, and before the next step", async () => {
    const { code, stderr } = await bench.install({ STUB_FAULT: "create cluster=137", STUB_STRAY: "1" });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Ended what an installer has left working on this machine: etcd \(process \d+\)$/m);
    expect(stderr).toContain("The installer was killed");
  });
});

it("programs without a folder of a cluster are never looked for", async () => {
  for (const argument of ["", "/", "/root", "relative/folder/"]) {
    const child = spawn(process.execPath, ["--require", "tsx/cjs", "infra/stages/strays.ts", argument]);
    expect(await new Promise((done) => child.on("close", done))).toBe(1);
  }
});
