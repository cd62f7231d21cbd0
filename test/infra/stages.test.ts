import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { PlainClusterSettings } from "../../config/settings";
import { parseSettings } from "../../config/settings";
import { installConfig } from "../../infra/install-config";

// Each stage starts Node several times; a busy machine takes its time for that.
vi.setConfig({ testTimeout: 60_000 });

const project = resolve(__dirname, "../..");
const pullSecret = '{"auths":{"quay.io":{"auth":"dXNlcjpodW50ZXIy"}}}';

function settings(change: (cluster: Record<string, unknown>) => void = () => {}): PlainClusterSettings {
  const cluster = { name: "lab", baseDomain: "example.com", version: "4.19.42" };
  change(cluster);
  const pools = [{ architecture: "amd64", instanceType: "m6a.2xlarge", zones: [{ name: "eu-west-3a" }] }];
  const registryCredentials = '{"auths":{"quay.io":{"username":"u","password":"p"}}}';
  return parseSettings({ region: "eu-west-3", values: { cluster, pools, pullSecret, registryCredentials } }).settings.cluster;
}

let sts: Server;
let account = "123456789012";
beforeAll(async () => {
  sts = createServer((_, response) => {
    response.setHeader("content-type", "text/xml");
    if (account === "") response.statusCode = 403;
    response.end(
      account === ""
        ? "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidClientTokenId</Code><Message>no such token</Message></Error></ErrorResponse>"
        : `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>a</Arn><UserId>u</UserId><Account>${account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`,
    );
  });
  await new Promise<void>((done) => sts.listen(0, "127.0.0.1", done));
});
afterAll(() => sts.close());

let folder: string;
let stub: string;
let work: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "stages-"));
  stub = join(folder, "stub");
  mkdirSync(stub);
  work = join(folder, "cache", "openshift-multiarch", "lab.example.com");
  account = "123456789012";
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(
  stage: string,
  environment: Record<string, string> = {},
  { args = [] as string[], path = join(__dirname, "stubs") } = {},
): ChildProcess {
  return spawn("/bin/sh", ["-c", `exec bash infra/stages/${stage}.sh ${args.join(" ")}`], {
    cwd: project,
    env: {
      PATH: `${path}:${process.env.PATH}`,
      NODE_PATH: process.env.NODE_PATH,
      HOME: folder,
      XDG_CACHE_HOME: join(folder, "cache"),
      STUB: stub,
      CLUSTER: "lab.example.com",
      OPENSHIFT_VERSION: "4.19.42",
      OPENSHIFT_MIRROR: "https://mirror.example.com/openshift-v4/multi/clients/ocp/4.19.42",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_ENDPOINT_URL_STS: `http://127.0.0.1:${(sts.address() as AddressInfo).port}`,
      AWS_ACCOUNT_ID: "123456789012",
      DESTROY_MINUTES: "60",
      INSTALL_CONFIG: JSON.stringify(installConfig(settings())),
      PULL_SECRET: pullSecret,
      ...environment,
    },
  });
}

async function run(
  stage: string,
  environment: Record<string, string> = {},
  options: { args?: string[]; path?: string; stdin?: string } = {},
): Promise<Result> {
  const child = start(stage, environment, options);
  let [stdout, stderr] = ["", ""];
  child.stdout?.on("data", (data) => (stdout += data));
  child.stderr?.on("data", (data) => (stderr += data));
  child.stdin?.on("error", () => {});
  child.stdin?.end(options.stdin ?? "");
  const code = await new Promise<number | null>((done) => child.on("close", done));
  return { code, stdout, stderr };
}

const calls = () => (existsSync(join(stub, "calls")) ? readFileSync(join(stub, "calls"), "utf8").trim().split("\n") : []);
const read = (name: string) => readFileSync(join(stub, name), "utf8");

/** Identity and assets, as the stages before the install leave them. They run once, and each test gets a copy. */
async function prepare() {
  const identity = await run("identity");
  const { infraId, createdAt } = JSON.parse(identity.stdout);
  const assets = await run("assets", { INFRA_ID: infraId });
  const cache = mkdtempSync(join(tmpdir(), "stages-cache-"));
  cpSync(join(folder, "cache"), cache, { recursive: true });
  rmSync(join(stub, "calls"));
  return { identity: identity.stdout, environment: { INFRA_ID: infraId, CREATED_AT: createdAt }, stdin: assets.stdout, cache };
}
let first: ReturnType<typeof prepare> | undefined;
async function prepared() {
  first ??= prepare();
  const ready = await first;
  cpSync(ready.cache, join(folder, "cache"), { recursive: true });
  return ready;
}
afterAll(async () => rmSync((await first)?.cache ?? folder, { recursive: true, force: true }));

describe("tools", () => {
  it("takes the programs of PATH when they are right", async () => {
    const { code, stdout, stderr } = await run("tools");
    expect(stderr).toContain(join(__dirname, "stubs", "openshift-install"));
    expect({ code, stdout: JSON.parse(stdout) }).toEqual({ code: 0, stdout: { version: "4.19.42" } });
  });

  it("warns, but goes on, when the installer does not know the architectures of its release", async () => {
    const { code, stderr } = await run("tools", { STUB_ARCHITECTURE: "unknown" });
    expect(code).toBe(0);
    expect(stderr).toContain("Warning:");
    // Said once, not by every stage.
    expect((await run("identity", { STUB_ARCHITECTURE: "unknown" })).stderr).not.toContain("does not say for which architectures");
  });

  // A mirror in a folder, a curl that reads it, and a gpg that knows one key.
  function mirror({ signer = "567E347AD0044ADE55BA8A5F199E2F91FD431D51", spoil = "" } = {}) {
    const bin = join(folder, "bin");
    mkdirSync(bin);
    const root = join(folder, "mirror");
    const script = `
      set -eu
      mkdir -p "${root}/amd64" "${root}/arm64" "${folder}/src" && cd "${folder}/src"
      for program in openshift-install oc; do printf '#!/bin/sh\\necho downloaded v4.19.42\\necho release architecture multi\\n' >$program; chmod +x $program; done
      for machine in amd64 arm64; do
        tar -czf "${root}/$machine/openshift-install-linux-4.19.42.tar.gz" openshift-install
        tar -czf "${root}/$machine/openshift-client-linux-4.19.42.tar.gz" oc
        (cd "${root}/$machine" && sha256sum *.tar.gz >sha256sum.txt)
      done
      cd "${root}" && sha256sum */sha256sum.txt >sha256sum.txt && echo signature >sha256sum.txt.gpg
      [ "${spoil}" = "" ] || echo x >>"${spoil}"
      cat >"${bin}/curl" <<'END'
#!/bin/sh
for a in "$@"; do case "$a" in https://*) url=$a ;; esac; out=$a; case "$prev" in --output) file=$a ;; esac; prev=$a; done
case "$url" in
  https://mirror.example.com/openshift-v4/multi/clients/ocp/4.19.42/*) cp "${root}/\${url#https://mirror.example.com/openshift-v4/multi/clients/ocp/4.19.42/}" "$file" ;;
  https://access.redhat.com/*) echo key >"$file" ;;
esac
END
      cat >"${bin}/gpg" <<'END'
#!/bin/sh
case "$*" in *--decrypt*) exit 2 ;; *--verify*) echo "[GNUPG:] VALIDSIG ${signer} 2025-01-01 0 0 4 0 1 8 00 ${signer}" >&3 ;; esac
END
      chmod +x "${bin}/curl" "${bin}/gpg"`;
    return new Promise<string>((done) => {
      const child = spawn("bash", ["-c", script], { stdio: ["ignore", "inherit", "inherit"] });
      child.on("close", () => done(`${bin}:${join(__dirname, "stubs")}`));
    });
  }

  it("downloads the installer and checks the signed sums when PATH has another version", async () => {
    const path = await mirror();
    const { code, stderr } = await run("tools", { STUB_VERSION: "4.18.1" }, { path });
    expect(stderr).toContain("Downloading openshift-install-linux-4.19.42.tar.gz");
    expect(code).toBe(0);
    expect(existsSync(join(folder, "cache/openshift-multiarch/tools/4.19.42/openshift-install"))).toBe(true);
    expect(readdirSync(join(folder, "cache/openshift-multiarch/tools/4.19.42"))).toEqual(["openshift-install"]);
    const again = await run("tools", { STUB_VERSION: "4.18.1" }, { path });
    expect(again.stderr).not.toContain("Downloading");
  });

  it.each([
    ["an installer for one architecture", { STUB_ARCHITECTURE: "amd64" }, "openshift-install-linux"],
    ["a client of an old version", { STUB_CLIENT: "4.15.3" }, "openshift-client-linux"],
  ])("downloads instead of %s", async (_, environment, archive) => {
    const { code, stderr } = await run("tools", environment, { path: await mirror() });
    expect(stderr).toContain(`Downloading ${archive}`);
    expect(code).toBe(0);
  });

  it.each([
    ["a list that another key signed", { signer: "0".repeat(40) }, "is not signed by Red Hat's release key 2"],
    [
      "a folder's list that is not the signed one",
      { spoil: `${process.arch === "x64" ? "amd64" : "arm64"}/sha256sum.txt` },
      "is not what Red Hat signed",
    ],
    [
      "an archive that is not the listed one",
      { spoil: `${process.arch === "x64" ? "amd64" : "arm64"}/openshift-install-linux-4.19.42.tar.gz` },
      "is not what Red Hat signed",
    ],
  ])("refuses %s, and leaves nothing", async (_, options, message) => {
    const { code, stderr } = await run("tools", { STUB_VERSION: "4.18.1" }, { path: await mirror(options) });
    expect(stderr).toContain(message);
    expect(code).toBe(1);
    expect(readdirSync(join(folder, "cache/openshift-multiarch/tools/4.19.42"))).toEqual([]);
  });
});

describe("identity", () => {
  it("names the cluster, with a worker template of the first zone and an image for each architecture", async () => {
    const { code, stdout, stderr } = await run("identity");
    expect(stderr).toContain("will be called lab-x1y2z-");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      infraId: "lab-x1y2z",
      accountId: "123456789012",
      images: { amd64: "ami-1", arm64: "ami-2" },
      metadata: { infraID: "lab-x1y2z" },
      workerTemplate: { metadata: { name: "lab-x1y2z-worker-eu-west-3a" } },
    });
    expect(calls()).toEqual([
      "create manifests --dir DIR --log-level=info",
      "coreos print-stream-json",
      "create ignition-configs --dir DIR --log-level=info",
    ]);
  });

  it("hands the pull secret over in the file only", async () => {
    const { stdout, stderr } = await run("identity");
    expect(JSON.parse(read("install-config.yaml"))).toMatchObject({ metadata: { name: "lab" }, pullSecret });
    for (const text of [stdout, stderr, read("arguments")]) expect(text).not.toContain("dXNlcjpodW50ZXIy");
  });

  it("says what the installer refused, and leaves no directory", async () => {
    const { code, stdout, stderr } = await run("identity", { STUB_MANIFESTS: "3" });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("error: failed to fetch Master Machines: the instance type is not there");
    expect(stderr).toContain("The installer does not accept the settings");
    expect(readdirSync(work)).toEqual(["identity.log"]);
  });

  it("stays small enough for an environment variable, with the assets apart", async () => {
    const { identity, stdin } = await prepared();
    expect(identity.length).toBeLessThan(64 * 1024);
    expect(identity).not.toContain("pass-word-1");
    expect(stdin).toMatch(/^[A-Za-z0-9+/]+=*$/);
  });

  describe("update", () => {
    const update = (identity: string, environment: Record<string, string> = {}) =>
      run("identity", { PULUMI_COMMAND_STDOUT: identity, ...environment }, { args: ["update"] });

    it("says the same again when nothing that a cluster keeps has changed", async () => {
      const { stdout } = await run("identity");
      rmSync(join(stub, "calls"));
      const same = settings((cluster) =>
        Object.assign(cluster, {
          tags: { team: "build" },
          sshKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA me",
        }),
      );
      const updated = await update(stdout.trim(), {
        INSTALL_CONFIG: JSON.stringify(installConfig({ ...same, workerInstanceType: "m7i.2xlarge" })),
      });
      expect(updated.stdout).toBe(stdout);
      expect(calls()).toEqual([]);
    });

    it("refuses a setting that a cluster keeps for its life, by its name", async () => {
      const { stdout } = await run("identity");
      const other = settings((cluster) => Object.assign(cluster, { networks: { machine: "10.1.0.0/16" } }));
      const { code, stderr } = await update(stdout, {
        INSTALL_CONFIG: JSON.stringify(installConfig({ ...other, zones: ["eu-west-3a", "eu-west-3b"] })),
      });
      expect(code).toBe(1);
      expect(stderr).toContain("keeps these settings for its life: the zones of all pools, cluster.networks.");
    });

    it("refuses credentials of another account", async () => {
      const { stdout } = await run("identity");
      const { code, stderr } = await update(stdout, { AWS_ACCOUNT_ID: "999999999999" });
      expect({ code, stderr }).toMatchObject({
        code: 1,
        stderr: expect.stringContaining("the cluster is in the AWS account 123456789012"),
      });
    });
  });
});

describe("install", () => {
  const install = async (environment: Record<string, string> = {}, before: () => void = () => {}) => {
    const ready = await prepared();
    before();
    return run("install", { ...ready.environment, ...environment }, { stdin: ready.stdin });
  };
  /** As on another machine, or after a try that failed. */
  const elsewhere = () => rmSync(join(work, "lab-x1y2z"), { recursive: true });

  it("creates the cluster, prints kubeconfig and password, and removes its directory", async () => {
    const { code, stdout, stderr } = await install({ STUB_OPTION: "--skip-password-print" });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ kubeconfig: expect.stringContaining("# router"), kubeadminPassword: "pass-word-1" });
    expect(calls()).toContain("create cluster --dir DIR --log-level=info --skip-password-print");
    expect(stderr).toContain("Waiting up to 20m0s for the Kubernetes API");
    expect(stderr).not.toContain("pass-word-1");
    expect(existsSync(join(work, "lab-x1y2z"))).toBe(false);
  });

  it("leaves out an option that the installer of the version does not know", async () => {
    await install();
    expect(calls().at(-1)).toBe("create cluster --dir DIR --log-level=info");
  });

  it.each(["6", "7"])("waits once more after exit code %s", async (code) => {
    const result = await install({ STUB_CREATE: code });
    expect(result.code).toBe(0);
    expect(calls().slice(-2)).toEqual([
      "create cluster --dir DIR --log-level=info",
      "wait-for install-complete --dir DIR --log-level=info",
    ]);
  });

  it("does not destroy a cluster whose operators are not ready", async () => {
    const { code, stdout, stderr } = await install({ STUB_CREATE: "6", STUB_WAIT: "6" });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("pulumi up waits for them again");
    expect(calls().join()).not.toContain("destroy");
  });

  it.each([
    ["4", "AWS did not give what the cluster needs"],
    ["5", "The control plane did not start"],
    ["8", "was interrupted"],
    ["1", "ended with exit code 1"],
  ])("says what exit code %s means and what to do", async (code, message) => {
    const { code: exit, stderr } = await install({ STUB_CREATE: code });
    expect(exit).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr).toContain("error: stub create failed");
    expect(stderr).toContain("Run pulumi up again");
  });

  it("removes what an earlier try left before it creates the cluster again", async () => {
    const { code } = await install({}, elsewhere);
    expect(code).toBe(0);
    expect(calls()).toEqual([
      "destroy cluster --dir DIR --log-level=info",
      "create cluster --help",
      "create cluster --dir DIR --log-level=info",
    ]);
    expect(JSON.parse(read("destroyed"))).toMatchObject({ infraID: "lab-x1y2z" });
  });

  it("starts anew after a try that failed on this machine", async () => {
    const ready = await prepared();
    await run("install", { ...ready.environment, STUB_CREATE: "4" }, { stdin: ready.stdin });
    rmSync(join(stub, "calls"));
    const { code } = await run("install", ready.environment, { stdin: ready.stdin });
    expect(code).toBe(0);
    expect(calls()[0]).toContain("destroy cluster");
  });

  it("goes on with a cluster that an earlier try brought up", async () => {
    const { code, stdout } = await install({ STUB_BOOTSTRAP: "complete", CREATED_AT: "2020-01-01T00:00:00Z" }, elsewhere);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).kubeconfig).toContain("# router");
    expect(calls()).toEqual(["wait-for install-complete --dir DIR --log-level=info"]);
  });

  it("refuses certificates that are too old", async () => {
    const old = new Date(Date.now() - 13 * 3_600_000).toISOString();
    const { code, stderr } = await install({ CREATED_AT: old });
    expect(code).toBe(1);
    expect(stderr).toContain("made 13 hours ago");
    expect(calls()).toEqual([]);
  });

  it("removes nothing with credentials of another account", async () => {
    account = "999999999999";
    const { code, stderr } = await install({}, elsewhere);
    expect(code).toBe(1);
    expect(stderr).toContain("the credentials are for 999999999999");
    expect(calls()).toEqual([]);
  });

  it("ends at once when Pulumi kills it, and ends the installer too", async () => {
    const ready = await prepared();
    const pidFile = join(folder, "pid");
    const child = start("install", { ...ready.environment, STUB_PID: pidFile });
    child.stdin?.end(ready.stdin);
    child.stdout?.resume();
    child.stderr?.resume();
    while (!existsSync(pidFile) || readFileSync(pidFile, "utf8") === "") await sleep(50);
    const killed = Date.now();
    const closed = new Promise((done) => child.on("close", done));
    child.kill("SIGKILL");
    await closed;
    expect(Date.now() - killed).toBeLessThan(3000);
    for (let i = 0; i < 100 && !existsSync(join(stub, "terminated")); i++) await sleep(50);
    expect(read("terminated")).toBe("terminated\n");
  });
});

describe("destroy", () => {
  const destroy = async (environment: Record<string, string> = {}) => {
    const { identity } = await prepared();
    rmSync(join(folder, "cache"), { recursive: true });
    return run("destroy", { PULUMI_COMMAND_STDOUT: identity, ...environment });
  };

  it("needs nothing but the state: an empty directory with the metadata", async () => {
    const { code, stderr } = await destroy();
    expect(stderr).toContain("Deleted  arn=arn:aws:ec2:eu-west-3:1:vpc/vpc-1");
    expect(code).toBe(0);
    expect(JSON.parse(read("destroyed"))).toEqual({
      clusterName: "lab",
      clusterID: "u",
      infraID: "lab-x1y2z",
      aws: { region: "eu-west-3", identifier: [] },
    });
    expect(read("destroy-files")).toBe("metadata.json\n");
    expect(existsSync(work)).toBe(false);
  });

  it.each([
    ["of another account", "999999999999", "Nothing was deleted: use credentials of 123456789012"],
    ["that are not valid", "", "Cannot tell which AWS account"],
  ])("deletes nothing with credentials %s", async (_, id, message) => {
    account = id;
    const { code, stderr } = await destroy();
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(calls()).toEqual([]);
  });

  it("fails when the installer fails, with its exit code", async () => {
    const { code, stderr } = await destroy({ STUB_DESTROY: "1" });
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining("ended with exit code 1") });
  });

  it("gives up at its deadline and says what was deleted last", async () => {
    const { code, stderr } = await destroy({ STUB_HANG: "1", DESTROY_MINUTES: "0" });
    expect(code).toBe(1);
    expect(stderr).toContain("was not gone after 0 minutes (cluster.destroyMinutes)");
    expect(stderr).toContain("vpc-1");
  });
});

describe("access", () => {
  const installed = JSON.stringify({
    kubeconfig: 'clusters:\n- cluster: {server: "https://api.lab.example.com:6443"}\n',
    kubeadminPassword: "pass-word-1",
  });

  it("prints all that is needed to reach the cluster, once its API server is steady", async () => {
    writeFileSync(join(stub, "restarting"), "");
    const { code, stdout, stderr } = await run("access", { STUB_CONSOLE: "console.apps.lab.example.com" }, { stdin: installed });
    expect(code).toBe(0);
    expect(stderr).toContain("Waiting for the API server: connection refused");
    expect(JSON.parse(stdout)).toEqual({
      ...JSON.parse(installed),
      apiUrl: "https://api.lab.example.com:6443",
      consoleUrl: "https://console.apps.lab.example.com",
    });
    expect(readdirSync(work)).toEqual([]);
  });

  it("falls back to the usual address of the console", async () => {
    const { stdout } = await run("access", {}, { stdin: installed });
    expect(JSON.parse(stdout).consoleUrl).toBe("https://console-openshift-console.apps.lab.example.com");
  });
});

it("an update of a finished stage keeps its output", async () => {
  const { stdout } = await run("keep", { PULUMI_COMMAND_STDOUT: '{"a":1}' });
  expect(stdout).toBe('{"a":1}\n');
});
