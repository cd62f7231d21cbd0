import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseCommandLine } from "../../../rehearsal/installer/command-line";

describe("the command line of openshift-install", () => {
  it("has flags before, between and after the words, with = or a space", () => {
    expect(parseCommandLine(["--dir", "a", "create", "--log-level=debug", "cluster"])).toEqual({
      words: ["create", "cluster"],
      directory: "a",
      logLevel: "debug",
      skipPasswordPrint: false,
      help: false,
    });
  });

  it("takes the working directory and info when nothing is said", () => {
    expect(parseCommandLine(["destroy", "cluster"])).toMatchObject({ directory: ".", logLevel: "info" });
  });

  it("tells a question for help from the command", () => {
    expect(parseCommandLine(["create", "cluster", "--help"]).help).toBe(true);
    expect(parseCommandLine(["create", "cluster", "-h"]).help).toBe(true);
  });

  it("knows --skip-password-print and its opposite", () => {
    expect(parseCommandLine(["create", "cluster", "--skip-password-print"]).skipPasswordPrint).toBe(true);
    expect(parseCommandLine(["create", "cluster", "--skip-password-print=false"]).skipPasswordPrint).toBe(false);
  });

  // The texts are those of github.com/spf13/pflag: errors.go, and strconv.
  it.each([
    [["create", "cluster", "--fast=yes", "--cheap"], "unknown flag: --fast"],
    [["create", "cluster", "-x"], "unknown shorthand flag: 'x' in -x"],
    [["create", "cluster", "--dir"], "flag needs an argument: --dir"],
    [
      ["create", "cluster", "--skip-password-print=maybe"],
      'invalid argument "maybe" for "--skip-password-print" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
    ],
    [["destroy", "bootstrap", "--skip-password-print"], "unknown flag: --skip-password-print"],
    [["destroy", "bootstrap", "--force"], "unknown flag: --force"],
  ])("refuses %j in cobra's words", (args, refusal) => {
    expect(parseCommandLine(args).refusal).toBe(refusal);
  });

  it("takes everything after -- for words", () => {
    expect(parseCommandLine(["create", "--", "cluster", "--fast"])).toMatchObject({ words: ["create", "cluster", "--fast"] });
    expect(parseCommandLine(["create", "--", "cluster", "--fast"])).not.toHaveProperty("refusal");
  });

  it("keeps an equals sign in a value", () => {
    expect(parseCommandLine(["--dir=/tmp/a=b", "version"]).directory).toBe("/tmp/a=b");
  });
});

describe("the program openshift-install", () => {
  const home = mkdtempSync(join(tmpdir(), "openshift-install-"));
  const directory = join(home, "assets");
  const program = join(__dirname, "../../../rehearsal/installer/openshift-install.ts");

  beforeAll(() => {
    const bin = join(home, "cache", "bin");
    mkdirSync(bin, { recursive: true });
    mkdirSync(directory);
    // Stands for the product's own: says what it got, or waits for a signal.
    const stub = `#!/bin/bash
if [ "$1" = version ]; then printf 'openshift-install 4.19.0\\nrelease image quay.io/a/b:c\\n'; exit 0; fi
if [ "$1" = wait ]; then trap 'echo stopped; exit 7' TERM; echo ready; while :; do sleep 0.1; done; fi
echo "$OPENSHIFT_INSTALL_DATA|\${AWS_ENDPOINT_URL-none}|$SSL_CERT_FILE|$*"
exit 4
`;
    writeFileSync(join(bin, "openshift-install"), stub);
    chmodSync(join(bin, "openshift-install"), 0o755);
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  const begin = (args: string[], env: Record<string, string> = {}): ChildProcess =>
    spawn(process.execPath, ["--require", "tsx/cjs", program, ...args], {
      cwd: join(__dirname, "../../.."),
      env: { ...process.env, OPENSHIFT_MULTIARCH_HOME: home, AWS_ENDPOINT_URL: "http://127.0.0.1:1", ...env },
    });
  const run = (args: string[], env?: Record<string, string>) =>
    new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
      const child = begin(args, env);
      const output = { stdout: "", stderr: "" };
      child.stdout?.on("data", (chunk) => (output.stdout += chunk));
      child.stderr?.on("data", (chunk) => (output.stderr += chunk));
      child.on("close", (code) => resolve({ code, ...output }));
    });

  it("hands everything but create cluster to the real one, with its data, its certificates and no endpoint, and ends as that ends", async () => {
    const { code, stdout } = await run(["create", "manifests", "--dir", directory]);
    expect(code).toBe(4);
    const bundle = join(home, "run", "pki", "aws", "bundle.crt");
    expect(stdout).toBe(
      `${join(home, "cache", "share", "openshift-install", "data")}|none|${bundle}|create manifests --dir ${directory}\n`,
    );
  });

  it("hands over a question about create cluster, and a destruction", async () => {
    expect((await run(["create", "cluster", "--help"])).stdout).toMatch(/create cluster --help$/m);
    const destroyed = await run(["destroy", "cluster", "--dir", directory]);
    expect(destroyed).toMatchObject({ code: 4 });
    expect(destroyed.stdout).toMatch(/destroy cluster --dir/);
  });

  it("passes a signal on and waits for what the real one makes of it", async () => {
    const child = begin(["wait"]);
    let stdout = "";
    child.stdout?.on("data", (chunk) => {
      if (stdout === "") child.kill("SIGTERM");
      stdout += chunk;
    });
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect([code, stdout]).toEqual([7, "ready\nstopped\n"]);
  });

  it("refuses to create a cluster from a directory in which one was begun, with the installer's words in both logs", async () => {
    const artifacts = join(directory, ".clusterapi_output");
    mkdirSync(artifacts);
    writeFileSync(join(artifacts, "envtest.kubeconfig"), "");
    const { code, stderr } = await run(["create", "cluster", "--dir", directory]);
    rmSync(artifacts, { recursive: true });
    const words = "local infrastructure provisioning artifacts already exist. There may already be a running cluster";
    expect(code).toBe(1);
    expect(stderr).toBe(`level=fatal msg=failed to fetch Cluster: failed to load asset "Cluster": ${words}\n`);
    expect(readFileSync(join(directory, ".openshift_install.log"), "utf8")).toContain(words);
  });

  it("makes missing ignition files with the real one, and ends with its code when that fails", async () => {
    const { code, stdout } = await run(["create", "cluster", "--dir", directory]);
    expect(code).toBe(4);
    expect(stdout).toMatch(/create ignition-configs --dir/);
  });

  it("fails at install-config with code 3 when it is told to, and makes nothing", async () => {
    const { code } = await run(["create", "cluster", "--dir", directory], {
      REHEARSAL_INSTALLER_FAULTS: "create cluster: install-config=fails",
    });
    expect(code).toBe(3);
    expect(existsSync(join(directory, ".clusterapi_output"))).toBe(false);
  });

  it("destroys no bootstrap of which the directory says nothing", async () => {
    const destroy = () => run(["destroy", "bootstrap", "--dir", directory]);
    expect(await destroy()).toMatchObject({
      code: 1,
      stderr: `level=fatal msg=open ${join(directory, "metadata.json")}: no such file or directory\n`,
    });
    const metadata = { clusterName: "c", infraID: "c-x7k2p", aws: { region: "eu-west-3", clusterDomain: "c.test" } };
    writeFileSync(join(directory, "metadata.json"), JSON.stringify(metadata));
    const { code, stderr } = await destroy();
    rmSync(join(directory, "metadata.json"));
    expect([code, stderr]).toEqual([
      1,
      'level=fatal msg=error destroying bootstrap resources failed during the destroy bootstrap hook: failed to get AWSCluster: awsclusters.infrastructure.cluster.x-k8s.io "c-x7k2p" not found\n',
    ]);
  });

  it("refuses flags and levels that the stand-in's commands do not have", async () => {
    expect(await run(["destroy", "bootstrap", "--force"])).toMatchObject({
      code: 1,
      stderr: "level=fatal msg=Error executing openshift-install: unknown flag: --force\n",
    });
    expect(await run(["create", "cluster", "--fast"])).toMatchObject({
      code: 1,
      stderr: "level=fatal msg=Error executing openshift-install: unknown flag: --fast\n",
    });
    expect((await run(["create", "cluster", "--log-level", "loud"])).stderr).toContain('not a valid logrus Level: "loud"');
  });
});
