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
  /** @param args minutes since it began, and whether it is an install from its beginning */
  const milestones = async (log: string, args = "7") => {
    const { code, stdout, stderr } = await finished(bash(`milestones ${args}`), log);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    return stderr;
  };

  it.each([
    ['time="2026-01-01T00:00:00Z" level=info msg="Creating infrastructure resources..."', "[7 min] Creating network and load balancers\n"],
    ["level=warning msg=Found override for release image", "warning: Found override for release image\n"],
    ['level=error msg="Error: no such type"', "error: Error: no such type\n"],
    ["level=error msg=", ""],
    ["level=fatal msg=failed to fetch Cluster", "fatal: failed to fetch Cluster\n"],
    ["level=info msg=Consuming Install Config from target directory", ""],
    ["level=debug msg=Waiting for something", ""],
    ["any other text of a program that it starts", ""],
    ["", ""],
    // openshift/installer pull request 1039.
    [
      'level=info msg=Deleted arn="arn:aws:ec2:us-east-1:460538899914:subnet/subnet-0c553c581c0c05939" id=subnet-0c553c581c0c05939',
      'Deleted arn="arn:aws:ec2:us-east-1:460538899914:subnet/subnet-0c553c581c0c05939" id=subnet-0c553c581c0c05939\n',
    ],
  ])("of %j are %j", async (line, shown) => {
    expect(await milestones(`${line}\n`)).toBe(shown);
  });

  // What an installer of a candidate of 5.0 wrote, for one control-plane machine; 4.16 differs in what is not shown.
  const lines = `level=info msg=Creating infrastructure resources...
level=info msg=Creating IAM role for master
level=info msg=Started local control plane with envtest
level=info msg=Created manifest *v1beta1.Cluster, namespace=openshift-cluster-api-guests name=lab-wf7n2
level=info msg=Waiting up to 15m0s (until 2:52PM CEST) for network infrastructure to become ready...
level=info msg=Network infrastructure is ready
level=info msg=Created private Hosted Zone
level=info msg=Waiting up to 15m0s (until 2:57PM CEST) for machines [lab-wf7n2-bootstrap lab-wf7n2-master-0] to provision...
level=info msg=Control-plane machines are ready
level=info msg=Cluster API resources have been created. Waiting for cluster to become ready...
level=info msg=Waiting up to 20m0s (until 3:03PM CEST) for the Kubernetes API at https://api.lab.example.com:6443...
level=info msg=API v1.36.2 up
level=info msg=Waiting up to 45m0s (until 3:42PM CEST) for bootstrapping to complete...
level=info msg=Waiting for the bootstrap etcd member to be removed...
level=info msg=Bootstrap etcd member has been removed
level=info msg=Destroying the bootstrap resources...
level=info msg=Waiting up to 5m0s for bootstrap machine deletion openshift-cluster-api-guests/lab-wf7n2-bootstrap...
level=info msg=Shutting down local Cluster API controllers...
level=info msg=Finished destroying bootstrap resources
level=info msg=Waiting up to 40m0s (until 3:46PM CEST) for the cluster at https://api.lab.example.com:6443 to initialize...
level=info msg=Waiting up to 30m0s (until 3:41PM CEST) to ensure each cluster operator has finished progressing...
level=info msg=All cluster operators have completed progressing
level=info msg=Checking to see if there is a route at openshift-console/console...
level=info msg=Install complete!
level=info msg=To access the cluster as the system:admin user when using 'oc', run
level=info msg=Time elapsed: 41m1s
`;
  const shown = [
    "Creating network and load balancers",
    "The network is there; creating the bootstrap machine and the control plane",
    "The machines run; waiting for the bootstrap machine's API server",
    "The API server answers; the bootstrap machine sets up the control plane",
    "The control plane bears itself; removing the bootstrap machine",
    "The bootstrap machine is gone; waiting for the operators",
    "The operators are there; waiting until they are steady",
    "The operators are steady; looking for the console",
    "The cluster is installed",
  ];

  it("are one line for each step of a whole install, with the minutes so far and those after which it usually comes", async () => {
    const usual = ["0", "5", "7", "10 to 20", "22 to 28", "23 to 29", "33 to 35", "33 to 41", "33 to 41"];
    expect(await milestones(lines, "12 yes")).toBe(shown.map((text, i) => `[12 min, usually ${usual[i]}] ${text}\n`).join(""));
  });

  it("have no usual minutes when the installer goes on with an install", async () => {
    expect(await milestones(lines, "12")).toBe(shown.map((text) => `[12 min] ${text}\n`).join(""));
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

  it("has the minutes since it began in its milestones", async () => {
    const script = `sleep() { command sleep 0.1; SECONDS=$((SECONDS + 60)); }; openshift-install() { command sleep 0.5; echo level=info msg=Install complete!; }; watched "$LOG" 99 openshift-install create cluster`;
    const { stderr } = await finished(bash(script, { LOG: join(bench.folder, "log") }));
    const minutes = Number(/^\[(\d+) min, usually 33 to 41\] The cluster is installed$/m.exec(stderr)?.[1]);
    expect(minutes).toBeGreaterThan(2);
    expect(minutes).toBeLessThan(30);
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
