import { afterEach, describe, expect, it } from "vitest";
import { type Machine, type MachinesState, machinesVerdict } from "../../cluster/machine-state";
import { type Answers, type ApiServer, apiServer, authority, kubeconfig, runCommand } from "./api-server";

const machine = (name: string, status?: Machine["status"], deletionTimestamp?: string): Machine => ({
  metadata: { name, deletionTimestamp },
  status,
});
const running = (name: string) => machine(name, { phase: "Running", nodeRef: { name: `node-of-${name}` } });
const quota = "error launching instance: You have requested more vCPU capacity than your current vCPU limit of 32 allows";
const failed = (name: string) => machine(name, { phase: "Failed", errorMessage: quota });

const state = (machines: readonly Machine[], available?: number, observedGeneration: number | undefined = 3): MachinesState => ({
  metadata: { generation: 3 },
  status: { observedGeneration, availableReplicas: available },
  machines,
});
const waiting = (why: string) => ({ kind: "waiting", why });

describe("a MachineSet", () => {
  it("is ready with as many nodes as it should have", () => {
    expect(machinesVerdict(2, state([running("a"), running("b")], 2))).toEqual({ kind: "ready", value: 2 });
    expect(machinesVerdict(0, state([]))).toEqual({ kind: "ready", value: 0 });
  });

  it("is not ready before its controller has seen the present number", () => {
    const unseen = waiting("the machine-api controller has not seen it yet");
    expect(machinesVerdict(0, state([], undefined, 2))).toEqual(unseen);
    expect(machinesVerdict(0, { metadata: {}, machines: [] })).toEqual(unseen);
    expect(machinesVerdict(1, state([running("a")], 1, 2))).toEqual(unseen);
  });

  it("waits until machines that are too many have gone, down to none", () => {
    expect(machinesVerdict(0, state([running("a")], 1))).toEqual(waiting("1 machines, 0 are wanted"));
    expect(machinesVerdict(0, state([machine("a", { phase: "Deleting" }, "now")]))).toEqual(waiting("1 machine is being deleted"));
    const two = [machine("a", { phase: "Deleting" }, "now"), machine("b", { phase: "Deleting" }, "now"), running("c")];
    expect(machinesVerdict(1, state(two, 1))).toEqual(waiting("2 machines are being deleted"));
  });

  it("waits for each machine and says how far it is", () => {
    expect(machinesVerdict(2, state([]))).toEqual(waiting("0 machines, 2 are wanted"));
    const machines = [running("a"), machine("b", { phase: "Provisioned" }), machine("c")];
    expect(machinesVerdict(3, state(machines, 0))).toEqual(
      waiting(
        "0 of 3 nodes are available: a is Running, its node is node-of-a; b is Provisioned, without a node; c is new, without a node",
      ),
    );
  });

  it("shows what AWS answers while it is asked again", () => {
    const message = "error creating EC2 instance: InsufficientInstanceCapacity: We currently do not have sufficient m7g.2xlarge capacity";
    const conditions = [
      { type: "Other", status: "False", message: "other" },
      { type: "MachineCreation", status: "False", message },
    ];
    expect(machinesVerdict(1, state([machine("a", { phase: "Provisioning", providerStatus: { conditions } })]))).toEqual(
      waiting(`0 of 1 nodes are available: a is Provisioning: ${message}`),
    );
    const since = conditions.map((condition) => ({ ...condition, status: "True" }));
    expect(machinesVerdict(1, state([machine("a", { phase: "Provisioning", providerStatus: { conditions: since } })]))).toEqual(
      waiting("0 of 1 nodes are available: a is Provisioning, without a node"),
    );
  });

  it("fails with the message of each machine that the controller has given up", () => {
    const machines = [running("a"), failed("b"), machine("c", { phase: "Failed" })];
    expect(machinesVerdict(3, state(machines, 1))).toEqual({
      kind: "failed",
      why: `the machine b has failed: ${quota}; the machine c has failed: no reason given`,
    });
  });

  it("does not fail because of a machine that is being deleted", () => {
    const leaving = machine("b", { phase: "Failed", errorMessage: quota }, "now");
    expect(machinesVerdict(1, state([leaving, running("a")], 1))).toEqual(waiting("1 machine is being deleted"));
  });
});

describe("the wait for machines", () => {
  const ca = authority();
  const identity = ca.sign("api", "IP:127.0.0.1");
  let server: ApiServer | undefined;
  afterEach(() => server?.close());
  const machineApi = "/apis/machine.openshift.io/v1beta1/namespaces/openshift-machine-api";
  const set = `GET ${machineApi}/machinesets/infra-arm64-a`;
  const machines = `GET ${machineApi}/machines`;
  const status = (availableReplicas: number) => ({
    body: { metadata: { generation: 1 }, status: { observedGeneration: 1, availableReplicas } },
  });
  const items = (...found: Machine[]) => ({ body: { items: found } });

  async function run(answers: Answers, replicas: number, seconds = "60") {
    server = await apiServer(answers, identity);
    return runCommand("cluster/machines-ready.ts", {
      KUBECONFIG_CONTENT: kubeconfig(`https://127.0.0.1:${server.port}`, ca),
      NAMESPACE: "openshift-machine-api",
      MACHINE_SET: "infra-arm64-a",
      REPLICAS: String(replicas),
      SECONDS: seconds,
    });
  }

  it("asks for the machines of its set alone and ends once their nodes are available", async () => {
    const {
      status: code,
      stdout,
      stderr,
    } = await run(
      {
        [set]: (count) => status(count < 3 ? 0 : 1),
        [machines]: (count) => (count === 2 ? { status: 503, body: { message: "starting" } } : items(running("a"))),
      },
      1,
    );
    expect({ code, stdout }).toEqual({ code: 0, stdout: "1\n" });
    expect(stderr).toBe(
      "MachineSet infra-arm64-a: starting\nMachineSet infra-arm64-a: 0 of 1 nodes are available: a is Running, its node is node-of-a\n",
    );
    expect(server?.calls.filter((call) => call.includes("/machines?"))).toEqual(
      Array(server?.calls.filter((call) => call.includes("/machines?")).length).fill(
        `${machines}?labelSelector=machine.openshift.io%2Fcluster-api-machineset%3Dinfra-arm64-a`,
      ),
    );
    expect(server?.calls.some((call) => call.startsWith("DELETE"))).toBe(false);
  });

  it("ends with the reason as soon as a machine has failed, and says what the next update does", async () => {
    const {
      status: code,
      stdout,
      stderr,
    } = await run({ [set]: status(0), [machines]: (count) => items(count < 3 ? machine("a") : failed("a")) }, 1);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(
      `MachineSet infra-arm64-a: the machine a has failed: ${quota}\nThe next \`pulumi up\` deletes machines that have failed and tries again`,
    );
  });

  it("begins anew with machines that had failed before, and deletes no others", async () => {
    const { status: code, stderr } = await run(
      {
        [set]: status(2),
        [machines]: (count) => (count === 1 ? items(failed("a"), running("b")) : items(running("b"), running("c"))),
        [`DELETE ${machineApi}/machines/a`]: {},
      },
      2,
    );
    expect(server?.calls.filter((call) => call.startsWith("DELETE"))).toEqual([`DELETE ${machineApi}/machines/a`]);
    expect(stderr).toBe(`deleting the machine a, which had failed before: ${quota}\n`);
    expect(code).toBe(0);
  });

  it("waits until the last machine is gone", async () => {
    const leaving = machine("a", { phase: "Deleting" }, "now");
    const {
      status: code,
      stdout,
      stderr,
    } = await run({ [set]: status(0), [machines]: (count) => (count < 4 ? items(leaving) : items()) }, 0);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "0\n" });
    expect(stderr).toBe("MachineSet infra-arm64-a: 1 machine is being deleted\n");
  });

  it("gives up with the last state of each machine", async () => {
    const { status: code, stderr } = await run({ [set]: status(0), [machines]: items(machine("a", { phase: "Provisioned" })) }, 1, "1");
    expect(code).toBe(1);
    expect(stderr).toContain(
      "MachineSet infra-arm64-a: not ready after 1 s: 0 of 1 nodes are available: a is Provisioned, without a node\n",
    );
  });
});
