import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Bench, create, waitFor } from "./stage";

const bench = Bench.use();
const master = { id: "i-1", name: "lab-x1y2z-master-0", state: "running" };
const bootstrap = { id: "i-2", name: "lab-x1y2z-bootstrap", state: "running" };
/** As on another machine, or after a try that failed. */
const elsewhere = () => rmSync(bench.home, { recursive: true });
const destroy = "destroy cluster --dir DIR --log-level=info";
const destroyBootstrap = "destroy bootstrap --dir DIR --log-level=info";

describe("on the machine that named the cluster, when another one has tried the install since", () => {
  it("goes on with the cluster that came up", async () => {
    bench.aws.machines = [master];
    const { code, stderr } = await bench.install({ STUB_BOOTSTRAP: "complete", CREATED_AT: "2020-01-01T00:00:00Z" });
    expect(stderr).toContain("looking for the cluster");
    expect({ code, calls: bench.calls }).toEqual({ code: 0, calls: [waitFor] });
  });

  it.each([
    ["a network", { networks: ["vpc-1"] }],
    ["a machine", { machines: [bootstrap] }],
  ])("does not make a second cluster of the name beside %s", async (_, left) => {
    Object.assign(bench.aws, left);
    const { code } = await bench.install();
    expect({ code, calls: bench.calls }).toEqual({ code: 0, calls: [destroy, "create cluster --help", create] });
  });

  it("makes nothing when AWS cannot be asked", async () => {
    bench.aws.ec2 = "denied";
    const { code, stderr } = await bench.install();
    expect({ code, calls: bench.calls }).toEqual({ code: 1, calls: [] });
    expect(stderr).toContain("Cannot ask AWS which machines the cluster has (see above), so nothing was created or removed");
  });
});

describe("after an install that failed", () => {
  it("removes what it left when the API server says that bootstrap has not ended, and starts anew", async () => {
    const { code, stderr } = await bench.install({ STUB_BOOTSTRAP: "missing" }, elsewhere);
    expect(stderr).toContain("Removing what the earlier install left");
    expect(code).toBe(0);
    expect(bench.calls).toEqual([destroy, "create cluster --help", create]);
    expect(JSON.parse(bench.read("destroyed"))).toMatchObject({ infraID: "lab-x1y2z" });
    // A bootstrap goes on without an installer: it had minutes to end.
    expect(bench.slept).toBeGreaterThanOrEqual(300);
  });

  it("removes what it left when AWS has no control plane, and starts anew", async () => {
    bench.aws.machines = [
      { ...master, state: "terminated" },
      { id: "i-9", name: "lab-x1y2z-master-0", state: "running", owner: "shared" },
      { id: "i-8", name: "lab-x1y2z-worker-0", state: "running" },
    ];
    const { code } = await bench.install({ STUB_BOOTSTRAP: "refused" }, elsewhere);
    expect(code).toBe(0);
    expect(bench.calls[0]).toBe(destroy);
    expect(bench.slept).toBeGreaterThanOrEqual(300);
  });

  it.each(["refused", "timeout", "unavailable", "unauthorized", "nothing", "empty", "missing refused"])(
    "removes nothing when the API server answers %s but AWS has its machine",
    async (answer) => {
      // Two instances, so that the one that counts is on the second page of EC2's answer.
      bench.aws.machines = [{ id: "i-0", name: "lab-x1y2z-worker-0", state: "running" }, master];
      const { code, stdout, stderr } = await bench.install({ STUB_BOOTSTRAP: answer }, elsewhere);
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toContain("Cannot tell whether there is a cluster to go on with, so nothing was removed");
      expect(stderr).toContain("OPENSHIFT_MULTIARCH_REMOVE_CLUSTER=lab-x1y2z");
      expect(bench.slept).toBeGreaterThanOrEqual(300);
      expect(bench.calls).toEqual([]);
    },
  );

  it.each(["pending", "stopping", "stopped"])("takes a control plane that is %s for one that may come back", async (state) => {
    bench.aws.machines = [{ ...master, state }];
    const { code } = await bench.install({}, elsewhere);
    expect({ code, calls: bench.calls }).toEqual({ code: 1, calls: [] });
  });

  it("ends a client that hangs, and removes nothing", async () => {
    bench.aws.machines = [master];
    // As timeout(1), but patient for a tenth of a second only.
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Bash.
    const path = bench.program("timeout", 'exec /usr/bin/timeout -k 1 "$([[ $3 == 30 ]] && echo 0.1 || echo 60)" "${@:4}"');
    const { code, stderr } = await bench.install({ STUB_BOOTSTRAP: "hang" }, elsewhere, { path });
    expect({ code, calls: bench.calls }).toEqual({ code: 1, calls: [] });
    expect(stderr).toContain("Waiting for the cluster's API server: no answer");
  });

  it.each([
    ["denied", "UnauthorizedOperation"],
    ["half", "so nothing was created or removed"],
  ] as const)("removes nothing when EC2's answer is %s", async (ec2, message) => {
    bench.aws.ec2 = ec2;
    const { code, stderr } = await bench.install({}, elsewhere);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr).toContain("Cannot ask AWS which machines the cluster has");
    expect(bench.calls).toEqual([]);
  });

  it.each([
    ["of another account", "999999999999", "Nothing was deleted: use credentials of 123456789012"],
    ["that are not valid", "", "nothing was created or removed"],
  ])("does not believe that there is no machine with credentials %s", async (_, id, message) => {
    bench.aws.id = id;
    const { code, stderr } = await bench.install({}, elsewhere);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(bench.calls).toEqual([]);
  });

  it("does not remove a cluster with credentials that it could not make another with", async () => {
    bench.aws.arn = "arn:aws:sts::123456789012:assumed-role/builder/me";
    const { code, stderr } = await bench.install({ STUB_BOOTSTRAP: "missing" }, elsewhere);
    expect({ code, calls: bench.calls }).toEqual({ code: 1, calls: [] });
    expect(stderr).toContain("are temporary");
  });

  it("removes and starts anew at once when it is told to by the cluster's own infra ID, and not by another", async () => {
    bench.aws.machines = [master];
    const other = await bench.install({ OPENSHIFT_MULTIARCH_REMOVE_CLUSTER: "lab-other" }, elsewhere);
    expect({ code: other.code, calls: bench.calls }).toEqual({ code: 1, calls: [] });
    rmSync(join(bench.stub, "slept"));
    const { code, stderr } = await bench.install({ OPENSHIFT_MULTIARCH_REMOVE_CLUSTER: "lab-x1y2z" }, elsewhere);
    expect(stderr).toContain("what is there will be removed");
    expect(code).toBe(0);
    expect(bench.calls).toEqual([destroy, "create cluster --help", create]);
    expect(bench.slept).toBe(0);
  });

  it("goes on with a removal that failed without being told again, whatever the API server says by then", async () => {
    await bench.install({ STUB_FAULT: "create cluster=1" });
    bench.aws.machines = [master];
    const first = await bench.installAgain({ OPENSHIFT_MULTIARCH_REMOVE_CLUSTER: "lab-x1y2z", STUB_FAULT: "destroy cluster=1" });
    expect(first.code).toBe(1);
    const { code } = await bench.installAgain({ STUB_BOOTSTRAP: "complete" });
    expect(code).toBe(0);
    expect(bench.calls.slice(-4)).toEqual([destroy, destroy, "create cluster --help", create]);
    expect(bench.calls).not.toContain(waitFor);
  });

  it("starts from the installer's files as they were, on the machine where the try failed", async () => {
    await bench.install({ STUB_FAULT: "create cluster=4" });
    const before = readFileSync(join(bench.home, "install.log"), "utf8");
    // The stub refuses a directory with which it made something, as the installer does.
    await bench.installAgain({ STUB_FAULT: "create cluster=5" });
    expect(readFileSync(join(bench.home, "previous.log"), "utf8")).toBe(before);
    expect((await bench.installAgain()).code).toBe(0);
    expect(bench.calls.filter((call) => call === destroy)).toHaveLength(2);
  });

  it("makes no cluster anew with certificates that are too old, and removes nothing", async () => {
    const { code, stderr } = await bench.install({ CREATED_AT: "2020-01-01T00:00:00Z", STUB_BOOTSTRAP: "missing" }, elsewhere);
    expect({ code, calls: bench.calls }).toEqual({ code: 1, calls: [] });
    expect(stderr).toContain("run pulumi state unprotect --all, pulumi destroy, then pulumi up");
  });
});

describe("going on with a cluster that came up", () => {
  it.each(["complete", "refused complete", "timeout unavailable unauthorized missing complete"])(
    "waits for its operators when the API server answers %s",
    async (answers) => {
      bench.aws.machines = [master];
      const { code, stdout } = await bench.install({ STUB_BOOTSTRAP: answers, CREATED_AT: "2020-01-01T00:00:00Z" }, elsewhere);
      expect(code).toBe(0);
      expect(JSON.parse(stdout).kubeconfig).toContain("# router");
      expect(bench.calls).toEqual([waitFor]);
      expect(existsSync(bench.home)).toBe(false);
    },
  );

  it("remembers that bootstrap was over when the operators were not ready, whatever the API server says then", async () => {
    const { code, stdout, stderr } = await bench.install({ STUB_FAULT: "create cluster=6;wait-for install-complete=6" });
    bench.aws.machines = [master];
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("pulumi up waits for them again");
    rmSync(join(bench.home, "install.log"));
    expect((await bench.installAgain({ STUB_BOOTSTRAP: "missing" })).code).toBe(0);
    expect(bench.calls.slice(-1)).toEqual([waitFor]);
    expect(bench.calls.join()).not.toContain("destroy");
    expect(bench.slept).toBe(0);
  });

  it("remembers what the API server said once", async () => {
    bench.aws.machines = [master];
    const first = await bench.install({ STUB_BOOTSTRAP: "complete", STUB_FAULT: "wait-for install-complete=6" }, elsewhere);
    expect(first.code).toBe(1);
    const { code } = await bench.installAgain({ STUB_BOOTSTRAP: "complete missing" });
    expect({ code, calls: bench.calls }).toEqual({ code: 0, calls: [waitFor, waitFor] });
    expect(bench.slept).toBe(0);
  });

  it("forgets it when the cluster is removed", async () => {
    await bench.install({ STUB_FAULT: "create cluster=6;wait-for install-complete=6" });
    bench.aws.machines = [master];
    await bench.installAgain({ OPENSHIFT_MULTIARCH_REMOVE_CLUSTER: "lab-x1y2z", STUB_FAULT: "create cluster=4" });
    const { code } = await bench.installAgain({ STUB_BOOTSTRAP: "missing" });
    expect({ code, removals: bench.calls.filter((call) => call === destroy).length }).toEqual({ code: 0, removals: 2 });
  });

  it("reads in the installer's log that bootstrap was over when the install was killed", async () => {
    await bench.install({ STUB_FAULT: "create cluster=1" });
    bench.aws.machines = [master];
    const { code } = await bench.installAgain({ STUB_BOOTSTRAP: "missing" });
    expect(code).toBe(0);
    expect(bench.calls.slice(-1)).toEqual([waitFor]);
    expect(bench.slept).toBe(0);
  });

  it("removes the bootstrap machine, from the directory in which it was made", async () => {
    await bench.install({ STUB_FAULT: "create cluster=1" });
    bench.aws.machines = [master, bootstrap];
    const removed = setInterval(() => {
      if (existsSync(join(bench.stub, "bootstrap-removed"))) bench.aws.machines = [master, { ...bootstrap, state: "shutting-down" }];
    }, 20);
    const { code, stderr } = await bench.installAgain();
    clearInterval(removed);
    expect(stderr).toContain("Removing the bootstrap machine");
    expect(code).toBe(0);
    expect(bench.calls.slice(-2)).toEqual([destroyBootstrap, waitFor]);
  });

  it("takes the directory of an installer that works with Terraform for one in which the machine was made", async () => {
    bench.aws.machines = [master, bootstrap];
    const { code, stderr } = await bench.install({ STUB_BOOTSTRAP: "complete" }, () => {
      rmSync(join(bench.home, "untouched"));
      mkdirSync(join(bench.home, "assets/auth"), { recursive: true });
      writeFileSync(join(bench.home, "assets/auth/kubeconfig"), 'server: "https://api.lab.example.com:6443"\n', { mode: 0o600 });
      writeFileSync(join(bench.home, "assets/metadata.json"), '{"infraID":"lab-x1y2z","aws":{"region":"eu-west-3"}}');
      writeFileSync(join(bench.home, "assets/terraform.tfstate"), "{}");
    });
    expect(bench.calls).toEqual([destroyBootstrap]);
    // AWS has it all the same.
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining("the instance i-2 (lab-x1y2z-bootstrap)") });
  });

  it.each([
    ["the machine still runs", [master, bootstrap], [], "the instance i-2 (lab-x1y2z-bootstrap)"],
    [
      "SSH is still open to the world",
      [master],
      [
        { id: "sg-1", rules: [{ protocol: "tcp", from: 6443, to: 6443, cidr: "0.0.0.0/0" }] },
        { id: "sg-2", rules: [{ protocol: "tcp", from: 22, to: 22, cidr: "10.0.0.0/16" }] },
        { id: "sg-3", rules: [{ protocol: "tcp", from: 22, to: 22, cidr: "0.0.0.0/0" }] },
        { id: "sg-4", owner: "shared", rules: [{ protocol: "tcp", from: 22, to: 22, cidr: "0.0.0.0/0" }] },
      ],
      ": the rule of the security group sg-3 that opens port 22 to 0.0.0.0/0, and the bucket openshift-bootstrap-data-lab-x1y2z",
    ],
  ])("stops on another machine when %s, and says what to remove", async (_, machines, groups, message) => {
    Object.assign(bench.aws, { machines, groups });
    const { code, stdout, stderr } = await bench.install({ STUB_BOOTSTRAP: "complete" }, elsewhere);
    expect({ code, stdout, calls: bench.calls }).toEqual({ code: 1, stdout: "", calls: [] });
    expect(stderr).toContain(message);
  });

  it("stops when openshift-install cannot remove the bootstrap machine", async () => {
    await bench.install({ STUB_FAULT: "create cluster=1" });
    bench.aws.machines = [master, bootstrap];
    const { code, stderr } = await bench.installAgain({ STUB_FAULT: "destroy bootstrap=1" });
    expect(code).toBe(1);
    expect(stderr).toContain("openshift-install destroy bootstrap ended with exit code 1");
    expect(stderr).toContain("remove by hand: the instance i-2");
    expect(bench.calls.at(-1)).toBe(destroyBootstrap);
    expect(existsSync(bench.home)).toBe(true);
  });

  it("removes nothing, and goes on with nothing, when AWS cannot be asked for the bootstrap machine", async () => {
    bench.aws.ec2 = "denied";
    const { code, stderr } = await bench.install({ STUB_BOOTSTRAP: "complete" }, elsewhere);
    expect({ code, calls: bench.calls }).toEqual({ code: 1, calls: [] });
    expect(stderr).toContain("Cannot ask AWS which machines the cluster has");
  });
});
