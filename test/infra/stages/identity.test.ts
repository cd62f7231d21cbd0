import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Bench } from "./stage";

const bench = Bench.use();

describe("identity", () => {
  it("names the cluster, with a worker template of the first zone and an image for each architecture", async () => {
    const { code, stdout, stderr } = await bench.run("identity");
    expect(stderr).toContain("will be called lab-x1y2z-");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      infraId: "lab-x1y2z",
      accountId: "123456789012",
      images: { amd64: "ami-1", arm64: "ami-2" },
      metadata: { infraID: "lab-x1y2z" },
      workerTemplate: { metadata: { name: "lab-x1y2z-worker-eu-west-3a" } },
      // A changed one is refused while the cluster lives.
      fixed: { "cluster.name": "lab", "cluster.baseDomain": "example.com", "aws:region": "eu-west-3" },
    });
    expect(Date.now() - Date.parse(JSON.parse(stdout).createdAt)).toBeLessThan(60_000);
    expect(bench.calls).toEqual([
      "create manifests --dir DIR --log-level=info",
      "coreos print-stream-json",
      "create ignition-configs --dir DIR --log-level=info",
    ]);
  });

  it("hands the pull secret over in the file only, and to no program that the installer starts", async () => {
    const { stdout, stderr } = await bench.run("identity");
    expect(JSON.parse(bench.read("install-config.yaml"))).toMatchObject({
      metadata: { name: "lab" },
      pullSecret: expect.stringContaining("dXNlcjpodW50ZXIy"),
    });
    expect(stderr).toContain("error: (not shown, because it may hold a password or the pull secret");
    for (const text of [stdout, stderr, bench.read("arguments"), bench.read("environment")]) expect(text).not.toContain("dXNlcjpodW50ZXIy");
    expect(bench.read("environment")).toContain("OPENSHIFT_INSTALL_INVOKER=openshift-multiarch\n");
  });

  it("leaves the installer's directory for the install alone, for nobody else on the machine", async () => {
    await bench.run("identity");
    expect(readdirSync(bench.work)).toEqual(["lab-x1y2z"]);
    expect(readdirSync(bench.home).sort()).toEqual([
      "assets",
      "assets.tar.br",
      "identity.json",
      "stream.json",
      "template.json",
      "untouched",
    ]);
    expect(existsSync(join(bench.home, "assets/.openshift_install.log"))).toBe(false);
    expect(bench.read("umask")).toBe("0077\n");
    const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);
    expect([bench.work, bench.home, join(bench.home, "assets"), join(bench.home, "assets.tar.br")].map(mode)).toEqual([
      "700",
      "700",
      "700",
      "600",
    ]);
  });

  it("stays small enough for an environment variable, with the assets apart", async () => {
    const { identity, stdin } = await bench.ready();
    expect(identity.length).toBeLessThan(64 * 1024);
    expect(identity).not.toContain("AbCdE-fGhIj-KlMnO-pQrSt");
    expect(stdin).toMatch(/^[A-Za-z0-9+/]+=*$/);
  });

  it.each([
    [
      "another account than Pulumi",
      { id: "999999999999" },
      "Pulumi works in the AWS account 123456789012, but openshift-install would make the cluster in 999999999999",
    ],
    ["nobody", { id: "" }, "Cannot tell which AWS account the credentials belong to"],
    [
      "a role",
      { arn: "arn:aws:sts::123456789012:assumed-role/builder/me" },
      "The credentials of arn:aws:sts::123456789012:assumed-role/builder/me are temporary",
    ],
  ])("makes nothing with credentials of %s", async (_, change, message) => {
    Object.assign(bench.aws, change);
    const { code, stdout, stderr } = await bench.run("identity");
    expect({ code, stdout, calls: bench.calls }).toEqual({ code: 1, stdout: "", calls: [] });
    expect(stderr).toContain(message);
    expect(stderr).toContain("othing was created");
    expect(readdirSync(bench.work)).toEqual([]);
  });

  it.each(["half", "empty"] as const)("makes nothing when the answer of STS is %s", async (sts) => {
    bench.aws.sts = sts;
    const { code, stderr } = await bench.run("identity");
    expect({ code, calls: bench.calls }).toEqual({ code: 1, calls: [] });
    expect(stderr).toContain("nothing was created or removed");
  });

  it("makes nothing with a session token, whatever the name of its owner", async () => {
    const { code, stderr } = await bench.run("identity", { AWS_SESSION_TOKEN: "session" });
    expect({ code, calls: bench.calls }).toEqual({ code: 1, calls: [] });
    expect(stderr).toContain("are temporary (they have a session token)");
  });

  it.each([
    ["create manifests=3", "The installer does not accept the settings of the cluster"],
    ["create manifests=124", "openshift-install create manifests did not end in time. An aws:region that does not exist"],
    ["create manifests=1", "openshift-install create manifests ended with exit code 1"],
    ["create manifests=empty", "the installer wrote no worker MachineSet"],
    ["create manifests=half", "the installer wrote no worker MachineSet"],
    ["create manifests=hang", "openshift-install create manifests did not end in time"],
    ["create manifests=stubborn", "openshift-install create manifests did not end in time"],
    ["coreos print-stream-json=1", "openshift-install coreos print-stream-json ended with exit code 1"],
    ["coreos print-stream-json=124", "openshift-install coreos print-stream-json did not end in time"],
    ["coreos print-stream-json=empty", "the installer's stream.json is not JSON, or not all of it"],
    ["coreos print-stream-json=half", "the installer's stream.json is not JSON, or not all of it"],
    ["create ignition-configs=2", "openshift-install create ignition-configs ended with exit code 2"],
    ["create ignition-configs=hang", "openshift-install create ignition-configs did not end in time"],
    ["create ignition-configs=empty", "the installer's metadata.json cannot be read: ENOENT"],
    ["create ignition-configs=half", "the installer's metadata.json is not JSON, or not all of it"],
  ])("says what is wrong at %s, and leaves nothing but the log", async (fault, message) => {
    const { code, stdout, stderr } = await bench.runFast("identity", 60, { STUB_FAULT: fault });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(message);
    expect(readdirSync(bench.work).filter((name) => name !== "identity.log")).toEqual([]);
    // The watchdog's end of a stage is no reason to leave an installer behind.
    if (fault.endsWith("stubborn")) expect(bench.read("slept").match(/^0\.1$/gm)?.length).toBeGreaterThanOrEqual(600);
  });

  it("ends an installer that hangs when it is asked for its images", async () => {
    // As timeout(1), but patient for a second only.
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Bash.
    const path = bench.program("timeout", 'exec /usr/bin/timeout -k 1 1 "${@:4}"');
    const { code, stderr } = await bench.run("identity", { STUB_FAULT: "coreos print-stream-json=hang" }, { path });
    expect(code).toBe(1);
    expect(stderr).toContain("openshift-install coreos print-stream-json did not end in time");
  });

  it("does not hand over half of the installer's directory", async () => {
    const { code, stdout } = await bench.run("identity", {}, { path: bench.program("tar", '/usr/bin/tar "$@"; exit 2') });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(existsSync(bench.home)).toBe(false);
  });

  it("shows what the installer refused, and where its log is", async () => {
    const { stderr } = await bench.run("identity", { STUB_FAULT: "create manifests=3" });
    expect(stderr).toContain("error: failed to fetch Master Machines: the instance type is not there");
    const [, log = ""] = /Log: (\S+)/.exec(stderr) ?? [];
    expect(readFileSync(log, "utf8")).toContain("the instance type is not there");
  });

  it.each(["", "../..", "lab/x", "-rf", "lab x"])("removes no folder when the installer names the cluster %j", async (name) => {
    mkdirSync(bench.work, { recursive: true });
    writeFileSync(join(bench.work, "of-another-cluster"), "");
    const { code, stderr } = await bench.run("identity", { STUB_INFRA_ID: name });
    expect(code).toBe(1);
    expect(stderr).toContain(`the cluster's identity has no infra ID; it has "${name}"`);
    expect(existsSync(join(bench.work, "of-another-cluster"))).toBe(true);
  });

  it("cleans what a killed try left: half of a directory, and an identity that Pulumi never recorded", async () => {
    const child = bench.start("identity", { STUB_FAULT: "create manifests=hang" });
    child.stdout?.resume();
    child.stderr?.resume();
    while (!bench.calls.includes("create manifests --dir DIR --log-level=info")) await sleep(50);
    child.kill("SIGKILL");
    await new Promise((done) => child.on("close", done));
    expect(readdirSync(bench.work).filter((name) => name.startsWith("new."))).toHaveLength(1);
    for (const name of ["lab-never", "lab-tried"]) mkdirSync(join(bench.work, name));
    writeFileSync(join(bench.work, "lab-never", "untouched"), "");
    const { code } = await bench.run("identity");
    expect(code).toBe(0);
    // With that one an install was tried: it may be the only way to the objects in AWS.
    expect(readdirSync(bench.work).sort()).toEqual(["lab-tried", "lab-x1y2z"]);
  });
});

describe("forget", () => {
  it("removes all that the machine has of the cluster, and nothing in AWS", async () => {
    const { identity } = await bench.prepared();
    for (const name of ["access.ABCDEF", "new.ABCDEF", "destroy.ABCDEF"]) mkdirSync(join(bench.work, name));
    for (const name of ["destroy.ABCDEF.log", "identity.log"]) writeFileSync(join(bench.work, name), "");
    const { code, stdout, stderr } = await bench.run("forget", { PULUMI_COMMAND_STDOUT: identity });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(existsSync(bench.work)).toBe(false);
    expect(bench.calls).toEqual([]);
    expect(bench.aws.requests).toEqual([]);
  });

  it("leaves what another cluster of the name has", async () => {
    const { identity } = await bench.prepared();
    mkdirSync(join(bench.work, "lab-other"));
    await bench.run("forget", { PULUMI_COMMAND_STDOUT: identity });
    expect(readdirSync(bench.work)).toEqual(["lab-other"]);
  });

  it("does nothing on a machine that has nothing", async () => {
    const { identity } = await bench.ready();
    const { code, stderr } = await bench.run("forget", { PULUMI_COMMAND_STDOUT: identity });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  it.each(["{}", '{"infraId":""}', '{"infraId":".."}', "half of it", '{"infraId":["x"]}'])(
    "removes nothing for the identity %j",
    async (text) => {
      await bench.prepared();
      const { code } = await bench.run("forget", { PULUMI_COMMAND_STDOUT: text });
      expect(code).toBe(1);
      expect(existsSync(join(bench.home, "assets.tar.br"))).toBe(true);
    },
  );
});

describe("tidy", () => {
  it("removes what a try to name a cluster has left that was killed, and nothing of a cluster that has a name", async () => {
    await bench.prepared();
    for (const name of ["new.ABCDEF", "access.ABCDEF"]) mkdirSync(join(bench.work, name));
    for (const name of ["new.ABCDEF/install-config.yaml", "identity.log"]) writeFileSync(join(bench.work, name), "");
    expect(await bench.run("tidy")).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(readdirSync(bench.work)).toEqual(["lab-x1y2z"]);
    expect(bench.aws.requests).toEqual([]);
  });

  it("does nothing on a machine that has nothing", async () => {
    expect(await bench.run("tidy")).toEqual({ code: 0, stdout: "", stderr: "" });
  });
});

describe("assets", () => {
  it("prints the installer's directory, compressed", async () => {
    const { stdin } = await bench.ready();
    expect(Buffer.from(stdin, "base64").length).toBeGreaterThan(100);
  });

  it("prints nothing once the install is done", async () => {
    const ready = await bench.prepared();
    const { code } = await bench.run("install", ready.environment, { stdin: ready.stdin });
    expect(code).toBe(0);
    expect(await bench.run("assets", ready.environment)).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  it("prints nothing, and is no failure, on another machine", async () => {
    const { environment } = await bench.ready();
    rmSync(join(bench.folder, "cache"), { recursive: true, force: true });
    expect(await bench.run("assets", environment)).toEqual({ code: 0, stdout: "", stderr: "" });
  });
});

describe("the cache", () => {
  it.each([
    ["neither HOME nor XDG_CACHE_HOME", { HOME: undefined, XDG_CACHE_HOME: undefined }, "Neither HOME nor XDG_CACHE_HOME is set"],
    ["empty ones", { HOME: "", XDG_CACHE_HOME: "" }, "Neither HOME nor XDG_CACHE_HOME is set"],
    [
      "a HOME that cannot be written",
      { HOME: "/dev/null", XDG_CACHE_HOME: undefined },
      "Cannot write to /dev/null/.cache/openshift-multiarch/lab.example.com. Set XDG_CACHE_HOME",
    ],
  ])("needs a folder: with %s it is said which", async (_, environment, message) => {
    const { code, stderr } = await bench.run("identity", environment);
    expect({ code, stderr: stderr.trim() }).toEqual({ code: 1, stderr: expect.stringContaining(message) });
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });

  it("is in HOME when nothing else is said", async () => {
    await bench.run("identity", { XDG_CACHE_HOME: undefined });
    expect(readdirSync(join(bench.folder, ".cache/openshift-multiarch/lab.example.com"))).toEqual(["lab-x1y2z"]);
  });
});

it("an update of a finished stage keeps its output", async () => {
  const { stdout } = await bench.run("keep", { PULUMI_COMMAND_STDOUT: '{"a":1}' });
  expect(stdout).toBe('{"a":1}\n');
});
