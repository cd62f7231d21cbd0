import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { cronJobSpec, type Interval, type ScheduledBuild, scheduleOf, scheduleRules } from "../../tekton/rebuilds";
import { runTemplate } from "../../tekton/runs";
import { architectures, environment, source } from "./started";

const htop: ScheduledBuild = { ...source, rebuild: "weekly" };
const job = cronJobSpec(htop, environment, "registry.example.com/node:22", "efs");
const pod = job.jobTemplate.spec.template.spec;
const [container] = pod.containers;

describe("the schedule of a build", () => {
  const names = Array.from({ length: 200 }, (_, n) => `build-${n}`);
  const fields = (name: string, rebuild: Interval) => scheduleOf({ name, rebuild }).split(" ");

  it.each([
    ["daily", ["*", "*", "*"]],
    ["weekly", ["*", "*", "0"]],
    ["monthly", ["1", "*", "*"]],
  ] as const)("is %s, always at the same minute before six", (rebuild, days) => {
    for (const name of names) {
      const [minute, hour, ...rest] = fields(name, rebuild);
      expect(rest).toEqual(days);
      expect(minute).toMatch(/^(\d|[1-5]\d)$/);
      expect(hour).toMatch(/^[0-5]$/);
      expect(fields(name, rebuild)).toEqual([minute, hour, ...rest]);
    }
  });

  it("is another minute for most builds", () => {
    expect(new Set(names.map((name) => scheduleOf({ name, rebuild: "daily" }))).size).toBeGreaterThan(100);
  });
});

describe("the CronJob of a build", () => {
  it("runs under an account that may make runs and nothing else, with what the level restricted demands", () => {
    expect(scheduleRules).toEqual([{ apiGroups: ["tekton.dev"], resources: ["pipelineruns"], verbs: ["create"] }]);
    expect(pod.serviceAccountName).toBe("build-schedule");
    expect(container.securityContext).toEqual({
      runAsNonRoot: true,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
      seccompProfile: { type: "RuntimeDefault" },
    });
  });
});

describe("the program that starts a run", () => {
  const folder = mkdtempSync(join(tmpdir(), "openshift-multiarch-test-"));
  const asked: { method?: string; url?: string; authorization?: string; body: string }[] = [];
  let status = 201;
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    asked.push({ method: request.method, url: request.url, authorization: request.headers.authorization, body });
    response.writeHead(status).end("the server's reason");
  });

  beforeAll(async () => {
    writeFileSync(join(folder, "token"), "account-token\n");
    await once(server.listen(0, "127.0.0.1"), "listening");
  });
  beforeEach(() => {
    asked.length = 0;
  });
  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  /** The container's own command and environment, but for where the cluster is. */
  async function start(answer: number) {
    status = answer;
    const own = Object.fromEntries(container.env.map(({ name, value }) => [name, value]));
    const there = { API: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, TOKEN_FILE: join(folder, "token") };
    const { NODE_EXTRA_CA_CERTS: _, ...env }: Record<string, string> = { ...own, ...there };
    const child = spawn(process.execPath, container.command.slice(1), { env });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
    const [code] = await once(child, "close");
    return { code, output: output.trim() };
  }

  it("makes the stack's run with the day as `rebuild`, by the account's token", async () => {
    const before = new Date().toISOString().slice(0, 10);
    const { code, output } = await start(201);
    const day = JSON.parse(asked[0].body).spec.params[0].value;
    expect([before, new Date().toISOString().slice(0, 10)]).toContain(day);
    const name = `htop-rebuild-${day.replaceAll("-", "")}`;
    expect({ code, output }).toEqual({ code: 0, output: `${name} is started` });
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({
      method: "POST",
      url: "/apis/tekton.dev/v1/namespaces/build-multiarch/pipelineruns",
      authorization: "Bearer account-token",
    });
    const stack = runTemplate(htop, architectures, environment, "efs");
    expect(JSON.parse(asked[0].body)).toEqual({
      ...stack,
      metadata: {
        name,
        namespace: "build-multiarch",
        labels: { "openshift-multiarch/build": "htop", "openshift-multiarch/started-by": "schedule" },
      },
      spec: { ...stack.spec, params: [{ name: "rebuild", value: day }] },
    });
  });

  it("is content when the run of the day is there already: a second attempt makes no second run", async () => {
    expect(await start(409)).toEqual({ code: 0, output: expect.stringMatching(/^htop-rebuild-\d{8} has been started already$/) });
  });

  it("fails with the server's reason when the run is refused", async () => {
    expect(await start(403)).toEqual({
      code: 1,
      output: expect.stringMatching(/^htop-rebuild-\d{8} is not started: 403 the server's reason$/),
    });
  });
});
