import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { connection } from "../../cluster/kubernetes-api";

const root = join(__dirname, "../..");
const digest = `sha256:${"d".repeat(64)}`;
let keys: string;
let server: Server;

beforeAll(() => {
  keys = mkdtempSync(join(tmpdir(), "follow-"));
  const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
  const arguments_ = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", ...subject];
  execFileSync("openssl", [...arguments_, "-keyout", join(keys, "key"), "-out", join(keys, "certificate")], { stdio: "pipe" });
});
afterAll(() => rmSync(keys, { recursive: true, force: true }));
afterEach(() => new Promise((resolve) => server?.close(resolve)));

type Answer = { status?: number; body: unknown };
type Answers = Record<string, Answer | ((call: number, body: string) => Answer)>;

/** An API server with fixed answers by method and path (query left out). */
async function api(answers: Answers): Promise<{ kubeconfig: string; calls: string[] }> {
  const calls: string[] = [];
  const counts = new Map<string, number>();
  server = createServer({ key: readFileSync(join(keys, "key")), cert: readFileSync(join(keys, "certificate")) }, (request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      const call = `${request.method} ${request.url?.split("?")[0]}`;
      calls.push(`${request.method} ${request.url}`);
      const count = (counts.get(call) ?? 0) + 1;
      counts.set(call, count);
      const answer = answers[call] ?? { status: 404, body: { message: `no ${call}` } };
      const { status = 200, body: content } =
        request.headers.authorization !== "Bearer t0ken"
          ? { status: 401, body: { message: "Unauthorized" } }
          : typeof answer === "function"
            ? answer(count, body)
            : answer;
      response.writeHead(status).end(typeof content === "string" ? content : JSON.stringify(content));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const certificate = readFileSync(join(keys, "certificate")).toString("base64");
  const kubeconfig = JSON.stringify({
    "current-context": "admin",
    clusters: [
      {
        name: "c",
        cluster: { server: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, "certificate-authority-data": certificate },
      },
    ],
    contexts: [{ name: "admin", context: { cluster: "c", user: "u" } }],
    users: [{ name: "u", user: { token: "t0ken" } }],
  });
  return { kubeconfig, calls };
}

function follow(kubeconfig: string, signal?: { when: string; send: NodeJS.Signals }) {
  return new Promise<{ status: number | null; stdout: string; stderr: string }>((resolve) => {
    const child = spawn("node", ["--require", "tsx/cjs", "tekton/follow.ts"], {
      cwd: root,
      env: { PATH: process.env.PATH, FOLLOW_RUN: "hello-1", FOLLOW_NAMESPACE: "builds", FOLLOW_KUBECONFIG: kubeconfig },
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk) => {
      stdout += chunk;
    });
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
      if (signal && stderr.includes(signal.when)) {
        child.kill(signal.send);
        signal = undefined;
      }
    });
    child.on("close", (status) => resolve({ status, stdout, stderr }));
  });
}

const runs = "/apis/tekton.dev/v1/namespaces/builds/pipelineruns";
const taskRuns = "/apis/tekton.dev/v1/namespaces/builds/taskruns";
const run = (name: string, status: string, message = "") => ({
  metadata: { name, namespace: "builds", uid: "u1", labels: { "openshift-multiarch/build": "hello" } },
  spec: { pipelineRef: { name: "hello" } },
  status: {
    conditions: [{ type: "Succeeded", status, message, reason: "R" }],
    results: [
      { name: "IMAGE_URL", value: "r.example.com/hello:latest" },
      { name: "IMAGE_DIGEST", value: digest },
      { name: "IMAGES", value: "r.example.com/hello@sha256:a" },
      { name: "CHAINS-GIT_COMMIT", value: "c0ffee" },
    ],
  },
});
const task = (status: string) => ({
  metadata: { name: "hello-1-build", namespace: "builds", labels: { "tekton.dev/pipelineTask": "build-arm64" } },
  status: {
    podName: "pod-1",
    conditions: [{ type: "Succeeded", status, message: "exited with code 1" }],
    steps: [
      status === "Unknown"
        ? { name: "build", container: "step-build", running: {} }
        : { name: "build", container: "step-build", terminated: { exitCode: status === "True" ? 0 : 1 } },
    ],
  },
});

describe("follow", () => {
  it("tells which tasks run and prints what was pushed", async () => {
    const { kubeconfig } = await api({
      [`GET ${runs}/hello-1`]: (call) => ({ body: run("hello-1", call > 2 ? "True" : "Unknown") }),
      [`GET ${runs}`]: { body: { items: [] } },
      [`GET ${taskRuns}`]: (call) => ({ body: { items: [task(call > 1 ? "True" : "Unknown")] } }),
    });
    const { status, stdout, stderr } = await follow(kubeconfig);
    expect(stderr).toContain("hello-1: build-arm64: running\nhello-1: build-arm64: done in 0 s\n");
    expect(JSON.parse(stdout)).toMatchObject({ run: "hello-1", image: `r.example.com/hello@${digest}`, commit: "c0ffee" });
    expect(status).toBe(0);
  });

  it("fails with the last lines of the step that failed", async () => {
    const { kubeconfig, calls } = await api({
      [`GET ${runs}/hello-1`]: (call) => ({ body: run("hello-1", call > 1 ? "False" : "Unknown") }),
      [`GET ${runs}`]: { body: { items: [] } },
      [`GET ${taskRuns}`]: { body: { items: [task("False")] } },
      "GET /api/v1/namespaces/builds/pods/pod-1/log": { body: "STEP 2: RUN false\nerror: exit status 1\n" },
    });
    const { status, stdout, stderr } = await follow(kubeconfig);
    expect(status).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toContain("STEP 2: RUN false\nerror: exit status 1\nhello-1: task build-arm64 failed: exited with code 1");
    expect(calls).toContain("GET /api/v1/namespaces/builds/pods/pod-1/log?container=step-build&tailLines=40");
    expect(stderr).not.toContain("t0ken");
  });

  it("repeats a run that had failed before, once", async () => {
    let created = "";
    const { kubeconfig, calls } = await api({
      [`GET ${runs}/hello-1`]: { body: run("hello-1", "False") },
      [`GET ${runs}`]: { body: { items: [run("hello-1-old", "False")] } },
      [`POST ${runs}`]: (_, body) => {
        created = body;
        return { status: 201, body: run("hello-1-new", "Unknown") };
      },
      [`GET ${runs}/hello-1-new`]: { body: run("hello-1-new", "True") },
      [`GET ${taskRuns}`]: { body: { items: [] } },
    });
    const { status, stdout, stderr } = await follow(kubeconfig);
    expect(status).toBe(0);
    expect(JSON.parse(stdout).run).toBe("hello-1-new");
    expect(stderr).toContain("trying again as hello-1-new");
    expect(JSON.parse(created).metadata.generateName).toBe("hello-1-");
    expect(calls.filter((call) => call.startsWith("POST"))).toHaveLength(1);
  });

  it("survives an API server that is away for a moment, but not one that refuses", async () => {
    const { kubeconfig } = await api({
      [`GET ${runs}/hello-1`]: (call) => (call === 1 ? { status: 503, body: {} } : { body: run("hello-1", "True") }),
      [`GET ${runs}`]: { body: { items: [] } },
      [`GET ${taskRuns}`]: { body: { items: [] } },
    });
    expect((await follow(kubeconfig)).status).toBe(0);
    const refused = await follow(kubeconfig.replace("t0ken", "other"));
    expect(refused).toMatchObject({ status: 1, stderr: "Unauthorized\n" });
  });

  it("says how to go on if the run is gone", async () => {
    const { kubeconfig } = await api({});
    expect((await follow(kubeconfig)).stderr).toContain("the run hello-1 is no longer in builds: `pulumi up --refresh` makes it again");
  });

  it("leaves the run alone when it is interrupted", async () => {
    const { kubeconfig, calls } = await api({
      [`GET ${runs}/hello-1`]: { body: run("hello-1", "Unknown") },
      [`GET ${runs}`]: { body: { items: [] } },
      [`GET ${taskRuns}`]: { body: { items: [task("Unknown")] } },
    });
    const { status, stderr } = await follow(kubeconfig, { when: "running", send: "SIGINT" });
    expect(status).toBe(130);
    expect(stderr).toContain("the run goes on");
    expect(calls.every((call) => call.startsWith("GET"))).toBe(true);
  });
});

describe("a kubeconfig", () => {
  const config = (user: string) =>
    `current-context: a\nclusters: [{name: c, cluster: {server: "https://api:6443", certificate-authority-data: Y2E=}}]
contexts: [{name: b, context: {cluster: x, user: y}}, {name: a, context: {cluster: c, user: u}}]\nusers: [{name: u, user: ${user}}]`;

  it("gives server and client certificate of its current context", () => {
    const { server, options } = connection(config("{client-certificate-data: Y2VydA==, client-key-data: a2V5}"));
    expect(server).toBe("https://api:6443");
    expect([options.ca, options.cert, options.key].map(String)).toEqual(["ca", "cert", "key"]);
    expect(options.rejectUnauthorized).toBe(true);
  });
  it("is refused if it leads nowhere or to other files and programs", () => {
    expect(() => connection("")).toThrow("no current context");
    expect(() => connection(config("{exec: {command: aws}}"))).toThrow("neither a token nor a client certificate");
  });
});
