import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Bench } from "./stage";

const bench = Bench.use();
const installed = JSON.stringify({
  kubeconfig: 'clusters:\n- cluster: {server: "https://api.lab.example.com:6443"}\n',
  kubeadminPassword: "AbCdE-fGhIj-KlMnO-pQrSt",
});
const access = (environment: Record<string, string> = {}, stdin = installed) => bench.runFast("access", 60, environment, { stdin });

describe("access", () => {
  it("prints all that is needed to reach the cluster, once its API server is steady", async () => {
    const { code, stdout, stderr } = await access({ STUB_READY: "refused ok ok timeout ok", STUB_CONSOLE: "console.apps.lab.example.com" });
    expect(code).toBe(0);
    expect(stderr.split("\n").filter((line) => line.startsWith("Waiting for the API server: "))).toEqual([
      "Waiting for the API server: The connection to the server api.lab.example.com:6443 was refused - did you specify the right host or port?",
      "Waiting for the API server: Unable to connect to the server: dial tcp 203.0.113.7:6443: i/o timeout",
    ]);
    expect(JSON.parse(stdout)).toEqual({
      ...JSON.parse(installed),
      apiUrl: "https://api.lab.example.com:6443",
      consoleUrl: "https://console.apps.lab.example.com",
    });
    // Two good answers were not enough, three in a row are.
    expect(bench.read("asked-ready")).toBe("7\n");
    expect(readdirSync(bench.work)).toEqual([]);
  });

  it("shows neither kubeconfig nor password, and hands them to no program as arguments", async () => {
    const { stderr } = await access();
    expect(stderr + bench.read("oc-calls")).not.toMatch(/AbCdE-fGhIj-KlMnO-pQrSt|clusters:/);
  });

  it("says long things shortly: Pulumi's command plugin stops reading at a line of 64 KiB", async () => {
    const { code, stderr } = await access({ STUB_READY: "long ok" });
    expect({ code, longest: Math.max(...stderr.split("\n").map((line) => line.length)) }).toEqual({ code: 0, longest: 1000 });
  });

  it("falls back to the usual address of the console", async () => {
    const { stdout } = await access();
    expect(JSON.parse(stdout).consoleUrl).toBe("https://console-openshift-console.apps.lab.example.com");
  });

  it.each(["refused", "nothing"])("gives up after a quarter of an hour of %s, and leaves nothing", async (answer) => {
    const { code, stdout, stderr } = await access({ STUB_READY: answer });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("The cluster's API server does not answer: ");
    expect(stderr).toContain("Port 6443 of api.lab.example.com must be reachable from here. Run pulumi up again.");
    expect(bench.slept).toBeGreaterThanOrEqual(60);
    expect(readdirSync(bench.work)).toEqual([]);
  });

  it.each([
    ["nothing", "", "what the stage before printed is not JSON, or not all of it"],
    ["half", installed.slice(0, 60), "what the stage before printed is not JSON, or not all of it"],
    ["a kubeconfig that leads nowhere", JSON.stringify({ kubeconfig: "{}", kubeadminPassword: "x" }), "names no server"],
  ])("says that it was given %s", async (_, stdin, message) => {
    const { code, stdout, stderr } = await access({}, stdin);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain("AbCdE-fGhIj-KlMnO-pQrSt");
  });

  it("does not take half an answer for the address of the console", async () => {
    const { code, stdout, stderr } = await access({ STUB_CONSOLE: "half" });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("the installer's route.json is not JSON, or not all of it");
  });

  it("removes the administrator's kubeconfig of a try that was killed", async () => {
    const child = bench.start("access", { STUB_READY: "refused" });
    child.stdout?.resume();
    child.stderr?.resume();
    child.stdin?.end(installed);
    while (!existsSync(join(bench.stub, "asked-ready"))) await sleep(50);
    child.kill("SIGKILL");
    await new Promise((done) => child.on("close", done));
    expect(readdirSync(bench.work)).toHaveLength(1);
    mkdirSync(join(bench.work, "lab-x1y2z"));
    writeFileSync(join(bench.work, "lab-x1y2z", "assets.tar.br"), "");
    expect((await access()).code).toBe(0);
    expect(readdirSync(bench.work)).toEqual(["lab-x1y2z"]);
  });
});
