import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Bench, create, waitFor } from "./stage";

const bench = Bench.use();

describe("the first install", () => {
  it("creates the cluster, prints kubeconfig and password, and leaves nothing on the machine", async () => {
    const { code, stdout, stderr } = await bench.install({ STUB_OPTION: "--skip-password-print" });
    expect(stderr).toContain("[0 min, usually 7] The machines run; waiting for the bootstrap machine's API server\n");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ kubeconfig: expect.stringContaining("# router"), kubeadminPassword: "AbCdE-fGhIj-KlMnO-pQrSt" });
    expect(bench.calls).toEqual(["create cluster --help", `${create} --skip-password-print`]);
    expect(existsSync(bench.home)).toBe(false);
  });

  it("shows no line of the installer that may hold a secret, and says that there is one", async () => {
    const { stderr } = await bench.install();
    expect(stderr).not.toContain("AbCdE-fGhIj-KlMnO-pQrSt");
    expect(stderr).toContain("warning: (not shown, because it may hold a password or the pull secret: see the log)");
  });

  it("asks for --skip-password-print however slowly the installer writes its help", async () => {
    for (let i = 0; i < 3; i++) {
      await bench.install({ STUB_OPTION: "--skip-password-print", STUB_FAULT: "create cluster=4" });
      expect(bench.calls.at(-1)).toBe(`${create} --skip-password-print`);
      rmSync(bench.work, { recursive: true });
    }
  });

  it("leaves out an option that the installer of the version does not know", async () => {
    await bench.install();
    expect(bench.calls.at(-1)).toBe(create);
  });

  it("has the bootstrap machine removed, whatever the environment says of it", async () => {
    await bench.install({ OPENSHIFT_INSTALL_PRESERVE_BOOTSTRAP: "1" });
    expect(bench.calls.at(-1)).toBe(create);
    expect(bench.read("preserve")).toBe("");
  });

  it("hands files and log to nobody else on the machine", async () => {
    const { code } = await bench.install({ STUB_FAULT: "create cluster=4" });
    expect(code).toBe(1);
    expect(bench.read("umask")).toBe("0077\n");
    const mode = (file: string) => (statSync(join(bench.home, file)).mode & 0o777).toString(8);
    expect(["", "assets", "assets/auth/kubeconfig", "assets.tar.br", "install.log"].map(mode)).toEqual(["700", "700", "600", "600", "600"]);
  });

  it.each([
    ["another account", { id: "999999999999" }, "would make the cluster in 999999999999"],
    ["a role", { arn: "arn:aws:sts::123456789012:assumed-role/builder/me" }, "are temporary"],
  ])("creates nothing with the credentials of %s", async (_, change, message) => {
    const { code, stderr } = await bench.install({}, () => Object.assign(bench.aws, change));
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining(message) });
    expect(bench.calls).toEqual([]);
    expect(existsSync(join(bench.home, "untouched"))).toBe(true);
  });

  it.each(["6", "7"])("waits once more after exit code %s", async (code) => {
    const result = await bench.install({ STUB_FAULT: `create cluster=${code}` });
    expect(result.code).toBe(0);
    expect(bench.calls.slice(-2)).toEqual([create, waitFor]);
  });

  it.each([
    ["4", "AWS did not give what the cluster needs"],
    ["5", "The control plane did not start"],
    ["8", "was interrupted"],
    ["130", "was interrupted"],
    ["143", "was interrupted"],
    ["124", "did not end within 4 hours"],
    ["137", "was killed, as when this machine runs out of memory"],
  ])("says what exit code %s means and what the next run will do", async (code, message) => {
    const { code: exit, stderr, stdout } = await bench.install({ STUB_FAULT: `create cluster=${code}` });
    expect({ exit, stdout }).toEqual({ exit: 1, stdout: "" });
    expect(stderr).toContain(message);
    expect(stderr).toContain("error: stub create failed");
    expect(stderr).toContain(
      "Run pulumi up again: it goes on with the cluster if that has come up, and removes it and starts anew if it surely has not.",
    );
  });

  it.each([
    ["3", "The installer does not accept the settings of the cluster"],
    ["early", "ended with exit code 1"],
    ["hang", "did not end within 4 hours"],
  ])("has nothing to remove after an installer that stopped before it made anything (%s), and begins anew", async (fault, message) => {
    const { code, stderr } = await bench.install({ STUB_FAULT: `create cluster=${fault}`, CLOCK: fault === "hang" ? "7200" : "1" });
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr).toContain("This try has created nothing: the next pulumi up begins from here.");
    const [, log = ""] = /Log: (\S+)$/.exec(stderr.trim()) ?? [];
    expect(existsSync(log)).toBe(true);
    expect((await bench.installAgain()).code).toBe(0);
    expect(bench.calls).toEqual(["create cluster --help", create, "create cluster --help", create]);
  });

  it("says after exit code 1 that the control plane has come up, when it has", async () => {
    const { code, stderr } = await bench.install({ STUB_FAULT: "create cluster=1" });
    expect(code).toBe(1);
    expect(stderr).toContain(
      "The control plane has come up, but openshift-install ended with exit code 1 before its bootstrap machine was gone.",
    );
  });

  it("does not take it for an install when the installer ends well but leaves half of its files", async () => {
    const { code, stdout, stderr } = await bench.install({ STUB_FAULT: "create cluster=half" });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("the kubeconfig of the install names no server");
    expect(existsSync(bench.home)).toBe(true);
  });

  it("refuses certificates that are too old", async () => {
    const old = new Date(Date.now() - 13 * 3_600_000).toISOString();
    const { code, stderr } = await bench.install({ CREATED_AT: old });
    expect(code).toBe(1);
    expect(stderr).toContain("made 13 hours ago");
    expect(bench.calls).toEqual([]);
  });

  it.each([
    [
      "is lost",
      "",
      "The installer's directory is lost: a pulumi destroy was broken off, or it was on the machine where the cluster got its name",
    ],
    ["is cut off", "half", "cannot be unpacked"],
    ["is no archive", "YWJj", "cannot be unpacked"],
  ])("says what to do when the installer's directory in the state %s", async (_, text, message) => {
    const ready = await bench.prepared();
    const stdin = text === "half" ? ready.stdin.slice(0, ready.stdin.length / 2) : text;
    const { code, stderr } = await bench.run("install", ready.environment, { stdin });
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining(message) });
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toContain("pulumi state unprotect --all, pulumi destroy, then pulumi up");
    expect(bench.calls).toEqual([]);
  });

  it("ends at once when Pulumi kills it, and ends the installer too", async () => {
    const ready = await bench.prepared();
    const pidFile = join(bench.folder, "pid");
    const child = bench.start("install", { ...ready.environment, STUB_PID: pidFile });
    child.stdin?.end(ready.stdin);
    child.stdout?.resume();
    child.stderr?.resume();
    while (!existsSync(pidFile) || readFileSync(pidFile, "utf8") === "") await sleep(50);
    const killed = Date.now();
    const closed = new Promise((done) => child.on("close", done));
    child.kill("SIGKILL");
    await closed;
    expect(Date.now() - killed).toBeLessThan(3000);
    for (let i = 0; i < 100 && !existsSync(join(bench.stub, "terminated")); i++) await sleep(50);
    expect(bench.read("terminated")).toBe("terminated\n");
  });

  it("ends the installer when it is interrupted itself", async () => {
    const ready = await bench.prepared();
    const pidFile = join(bench.folder, "pid");
    const child = bench.start("install", { ...ready.environment, STUB_PID: pidFile });
    child.stdin?.end(ready.stdin);
    child.stdout?.resume();
    child.stderr?.resume();
    while (!existsSync(pidFile) || readFileSync(pidFile, "utf8") === "") await sleep(50);
    const closed = new Promise<number | null>((done) => child.on("close", done));
    child.kill("SIGTERM");
    expect(await closed).toBe(130);
    expect(bench.read("terminated")).toBe("terminated\n");
  });
});
