import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { leaks } from "../leaks";
import { ApiServer, type KubeObject, token } from "../tekton/api-server";

const checkout = join(__dirname, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "openshift-multiarch-builds-"));
const tekton = "/apis/tekton.dev/v1/namespaces/builds";
const runs = `${tekton}/pipelineruns`;
const taskRuns = `${tekton}/taskruns`;
const claims = "/api/v1/namespaces/builds/persistentvolumeclaims";
const pods = "/api/v1/namespaces/builds/pods";
const digest = `sha256:${"d".repeat(64)}`;
const label = { "openshift-multiarch/build": "hello" };

const pipeline = (name: string): KubeObject => ({
  metadata: { name, namespace: "builds", uid: `uid-${name}`, labels: { "openshift-multiarch/build": name } },
  spec: { params: [{ name: "revision", default: "main" }], tasks: [{ name: "clone" }] },
});
const run = (name: string, status: string, more: KubeObject = {}): KubeObject => ({
  metadata: { name, namespace: "builds", uid: `uid-${name}`, creationTimestamp: "2024-01-01T00:00:00Z", labels: label },
  spec: { pipelineRef: { name: "hello" }, params: [{ name: "revision", value: "main" }], taskRunSpecs: [{ pipelineTaskName: "clone" }] },
  status: {
    completionTime: "2024-01-01T01:00:00Z",
    conditions: [{ type: "Succeeded", status, reason: "R", message: "broken" }],
    results: [
      { name: "image", value: `r.example.com/hello@${digest}` },
      { name: "members", value: "r.example.com/hello@sha256:a" },
      { name: "CHAINS-GIT_COMMIT", value: "c0ffee" },
    ],
    ...more,
  },
});
const task = (name: string, of: string, status: string): KubeObject => ({
  metadata: {
    name: `${of}-${name}`,
    creationTimestamp: "2024-01-01T00:00:00Z",
    labels: { "tekton.dev/pipelineTask": name, "tekton.dev/pipelineRun": of },
  },
  status: {
    podName: `${name}-pod`,
    conditions: [{ type: "Succeeded", status, message: "exited with code 1" }],
    steps: [
      status === "Unknown"
        ? { name: "build", container: "step-build", running: {} }
        : { name: "build", container: "step-build", terminated: { exitCode: status === "True" ? 0 : 1 } },
    ],
  },
});
const claim = (owner: string): KubeObject => ({
  metadata: {
    name: `of-${owner}`,
    labels: label,
    finalizers: ["kubernetes.io/pvc-protection"],
    ownerReferences: [{ uid: `uid-${owner}` }],
  },
});

let server: ApiServer;
/** What the stack's outputs are. */
let outputs: Record<string, unknown>;

beforeAll(() => {
  mkdirSync(join(folder, "bin"));
  const stub = join(folder, "bin", "pulumi");
  writeFileSync(stub, `#!/bin/sh\nexec '${process.execPath}' '${join(checkout, "test/review/pulumi-stub.mjs")}' "$@"\n`);
  chmodSync(stub, 0o755);
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(async () => {
  server = await new ApiServer().start();
  server.objects.set("/apis/tekton.dev/v1", { metadata: {} });
  server.put(`${tekton}/pipelines`, pipeline("hello"));
  server.put(`${tekton}/pipelines`, pipeline("other"));
  server.put(runs, run("hello-1", "True"));
  outputs = { kubeconfig: server.kubeconfig, buildNamespace: "builds", builds: { hello: { uid: "uid-hello-1" } } };
});
afterEach(() => server.stop());

const made = () => server.calls.filter((call) => /^(POST|PATCH|DELETE)/.test(call));

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the command line; `whenSaid` sends it the Ctrl-C of a terminal. */
function build(words: string[], env: NodeJS.ProcessEnv = {}, whenSaid?: string): Promise<Ended> {
  return command(["build", ...words], env, whenSaid);
}

function command(words: string[], env: NodeJS.ProcessEnv = {}, whenSaid?: string): Promise<Ended> {
  const child = spawn(process.execPath, ["--import", "tsx", join(checkout, "builds", "cli.ts"), ...words], {
    cwd: checkout,
    env: {
      PATH: `${folder}/bin:${dirname(process.execPath)}:/usr/bin:/bin`,
      HOME: folder,
      PULUMI_BACKEND_URL: "file:///nowhere",
      PULUMI_STACK: "dev",
      STUB_OUTPUTS: JSON.stringify(outputs),
      ...env,
    },
  });
  const ended: Ended = { code: null, stdout: "", stderr: "" };
  child.stdout.on("data", (text) => {
    ended.stdout += text;
  });
  child.stderr.on("data", (text) => {
    const before = ended.stderr;
    ended.stderr += text;
    if (whenSaid !== undefined && ended.stderr.includes(whenSaid) && !before.includes(whenSaid)) child.kill("SIGINT");
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ ...ended, code })));
}

/** Has a run that the command makes end so, with the tasks that it has then. */
function ends(status: string, tasks: KubeObject[] = []): void {
  server.plan(`GET ${runs}/hello-new1`, () => {
    for (const object of tasks) server.put(taskRuns, object);
    Object.assign(server.objects.get(`${runs}/hello-new1`), { status: run("hello-new1", status).status });
    return undefined;
  });
}

describe("starting a run", () => {
  it("prints what was pushed and nothing else, says each task's end, ends with 0, and frees the volumes of runs that are over", async () => {
    ends("True", [task("build-amd64", "hello-new1", "True"), task("build-arm64", "hello-new1", "True")]);
    server.put(claims, claim("hello-1"));
    server.put(claims, claim("hello-new1"));
    server.put(claims, claim("elsewhere"));
    const { code, stdout, stderr } = await build(["hello", "--revision", "fix/#123"]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `r.example.com/hello@${digest}\n` });
    expect(stderr).toBe(
      [
        "hello: started hello-new1, of revision fix/#123",
        "hello-new1: build-amd64: done in 0 s",
        "hello-new1: build-arm64: done in 0 s",
        "hello: done, commit c0ffee",
        "",
      ].join("\n"),
    );
    const object = server.objects.get(`${runs}/hello-new1`);
    expect(object.spec).toEqual({ ...run("", "").spec, params: [{ name: "revision", value: "fix/#123" }] });
    expect(object.metadata).toMatchObject({ labels: label, ownerReferences: [{ kind: "Pipeline", name: "hello", uid: "uid-hello" }] });
    expect(made().filter((call) => call.startsWith("DELETE"))).toEqual([`DELETE ${claims}/of-hello-1`, `DELETE ${claims}/of-hello-new1`]);
  });

  it("has the build's image made anew with --rebuild, of another revision, too", async () => {
    server.objects.get(`${tekton}/pipelines/hello`).spec.params.push({ name: "rebuild", default: "" });
    expect((await build(["hello", "--rebuild", "--revision", "v2", "--no-follow"])).code).toBe(0);
    expect(server.objects.get(`${runs}/hello-new1`).spec.params).toEqual([
      { name: "revision", value: "v2" },
      { name: "rebuild", value: expect.stringMatching(/^20\d\d-\d\d-\d\dT/) },
    ]);
  });

  it("says that its run was deleted, or that the cluster answers no more and how to go on, in the place of a stack trace", async () => {
    server.plan(`GET ${runs}/hello-new1`, () => ({ status: 404, body: { message: "not found" } }));
    expect(await build(["hello"])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /\nhello: its run hello-new1 was deleted while it was followed: nobody knows here what became of it\n$/,
      ),
    });
    server.plan(`GET ${runs}/hello-new2`, () => ({ status: 401, body: { message: "Unauthorized" } }));
    const { code, stderr } = await build(["hello"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /\nhello: Unauthorized\nhello: no longer followed; its run hello-new2 goes on\n {2}watch it: .*\n.*\n {2}cancel it: .*--cancel hello-new2\n$/,
    );
  });

  it("ends with 1, the failed step's log and the reason when the run fails, does not repeat it, and leaves its volume for a look", async () => {
    ends("False", [task("build-arm64", "hello-new1", "False")]);
    server.put(claims, claim("hello-new1"));
    server.logs.set(`${pods}/build-arm64-pod/log`, "gcc: no such file\n");
    const { code, stdout, stderr } = await build(["hello"]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("started hello-new1, of revision main\n");
    expect(stderr).toMatch(/last lines of step-build:\nhello-new1: gcc: no such file\n/);
    expect(stderr).toMatch(/hello-new1: task build-arm64 failed: exited with code 1\n$/);
    expect(made()).toEqual([`POST ${runs}`]);
  });

  it("says on Ctrl-C that the run goes on, how to watch and how to cancel it, leaves it alone and ends with 130", async () => {
    server.plan(`GET ${taskRuns}`, () => ({ body: { items: [task("clone", "hello-new1", "Unknown")] } }));
    const { code, stdout, stderr } = await build(["hello", "--stack", "dev"], {}, "clone: running");
    expect({ code, stdout }).toEqual({ code: 130, stdout: "" });
    expect(stderr).toContain("hello: no longer followed; its run hello-new1 goes on\n");
    expect(stderr).toContain("watch it:  npm run build -- --stack dev hello --watch hello-new1\n");
    expect(stderr).toContain("cancel it: npm run build -- --stack dev hello --cancel hello-new1\n");
    expect(made()).toEqual([`POST ${runs}`]);
  });

  it("leaves the run to itself with --no-follow, and names what it was called with by another program", async () => {
    const { code, stdout, stderr } = await build(["hello", "--no-follow"], { BUILD_COMMAND: "npm run rehearse -- build" });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "hello-new1\n" });
    expect(stderr).toContain("watch it:  npm run rehearse -- build hello --watch hello-new1\n");
    expect(server.calls.filter((call) => call.includes("taskruns"))).toEqual([]);
  });

  it("says that another run of the build is going on", async () => {
    server.put(runs, run("hello-busy", "Unknown"));
    const { stderr } = await build(["hello", "--no-follow"]);
    expect(stderr).toContain("hello: hello-busy is running too; the tag will name what is pushed last\n");
    expect(stderr).not.toContain("hello-1 is running");
  });
});

describe("a run that there is", () => {
  it.each([
    ["True", 0, `r.example.com/hello@${digest}\n`],
    ["False", 1, ""],
  ])("is watched to its end and never repeated: %s gives %i", async (status, expected, printed) => {
    server.put(runs, run("hello-2", status));
    const { code, stdout } = await build(["hello", "--watch", "hello-2"]);
    expect({ code, stdout }).toEqual({ code: expected, stdout: printed });
    expect(made()).toEqual([]);
  });

  it("is ended by --cancel, and its volume freed once no pod of it is left that writes", async () => {
    server.put(runs, run("hello-2", "Unknown"));
    server.put(claims, claim("hello-2"));
    const pod = (phase: string) => ({
      metadata: { name: "clone-pod", labels: { "tekton.dev/pipelineRun": "hello-2" } },
      status: { phase },
    });
    server.put(pods, pod("Running"));
    server.plan(`GET ${runs}/hello-2`, () => ({ body: run("hello-2", "False") }));
    server.plan(`GET ${pods}`, (call) => {
      if (call === 2) server.put(pods, pod("Failed"));
      return undefined;
    });
    const { code, stderr } = await build(["hello", "--cancel", "hello-2"]);
    expect(code).toBe(0);
    expect(stderr).toContain("hello-2: cancelled, its volume is freed\n");
    expect(stderr).not.toContain("stack's own");
    expect(made()).toEqual([`PATCH ${runs}/hello-2`, `DELETE ${claims}/of-hello-2`, `PATCH ${claims}/of-hello-2`]);
    expect(server.objects.get(`${runs}/hello-2`).spec.status).toBe("Cancelled");
    expect(server.calls.filter((call) => call.startsWith(`GET ${pods}`))).toHaveLength(2);
  });

  it("that is the stack's own is made again by the next update, which is said", async () => {
    server.put(runs, run("hello-1", "Unknown"));
    server.plan(`GET ${runs}/hello-1`, () => ({ body: run("hello-1", "False") }));
    expect((await build(["hello", "--cancel", "hello-1"])).stderr).toContain("the next `pulumi up` makes it again");
  });

  it("that has ended is not cancelled", async () => {
    const { code, stderr } = await build(["hello", "--cancel", "hello-1"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "hello-1 has succeeded already: nothing is left to cancel\n" });
    expect(made()).toEqual([]);
  });
});

describe("--newest", () => {
  it("prints the image of the newest run that ended well, and its commit beside it", async () => {
    const newer = run("hello-2", "True", { completionTime: "2024-01-01T02:00:00Z" });
    newer.status.results = newer.status.results.map((result: { name: string; value: string }) =>
      result.name === "image" ? { ...result, value: `r.example.com/hello@sha256:${"e".repeat(64)}` } : result,
    );
    server.put(runs, newer);
    const { code, stdout, stderr } = await build(["hello", "--newest"]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `r.example.com/hello@sha256:${"e".repeat(64)}\n` });
    expect(stderr).toBe("commit c0ffee, built by hello-2, which ended at 2024-01-01T02:00:00Z\n");
  });

  it("is not known when all runs that ended well were pruned: what the stack has built is told beside it, or that it is nothing", async () => {
    server.objects.delete(`${runs}/hello-1`);
    const built = {
      uid: "u",
      image: "r.example.com/hello@sha256:old",
      commit: "c1",
      run: "hello-0",
      members: [],
      architectures: ["amd64"],
    };
    outputs.builds = { hello: built };
    const unsure = await build(["hello", "--newest"]);
    expect(unsure).toMatchObject({ code: 1, stdout: "" });
    expect(unsure.stderr).toBe(
      "no run of hello that ended well is left: runs that were pruned may have moved the tag since. The stack's own run hello-0 has built commit c1: r.example.com/hello@sha256:old\n",
    );
    outputs.builds = {};
    expect(await build(["hello", "--newest"])).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringMatching(/^no run of hello has ended well/),
    });
  });
});

describe("a mistake has its cause and the way out, in one line, and exit code 2:", () => {
  const refused = async (words: string[], env: NodeJS.ProcessEnv = {}) => {
    const { code, stdout, stderr } = await build(words, env);
    expect({ code, stdout, lines: stderr.trim().split("\n").length }).toEqual({ code: 2, stdout: "", lines: 1 });
    expect(made()).toEqual([]);
    return stderr.trim();
  };

  it.each<[string[], RegExp]>([
    [[], /build takes the name of one build/],
    [["hello", "other"], /build takes the name of one build/],
    [["helo"], /there is no build "helo" in builds; did you mean hello\?/],
    [["something-else"], /there is no build "something-else" in builds; there are hello, other/],
    [["hello", "--watch", "hello-l"], /hello has no run "hello-l", or it was pruned; did you mean hello-1\?/],
    [["other", "--cancel", "hello-1"], /other has no run "hello-1", or it was pruned$/],
    [["hello", "--watch", "x", "--newest"], /--watch and --newest exclude each other/],
    [["hello", "--newest", "--no-follow"], /--newest starts nothing/],
    [["hello", "--rebuild", "--newest"], /--rebuild and --newest exclude each other/],
    [["hello", "--revision", "x", "--watch", "y"], /--revision and --watch exclude each other/],
    [["hello", "--revision=--upload-pack=x"], /--revision is "--upload-pack=x"; expected a branch, a tag or a commit/],
    [["hello", "--loud"], /'--loud'[\s\S]*see npm run build -- --help/],
    [["hello", "--stack", "deb"], /there is no stack deb in this backend \(PULUMI_BACKEND_URL\)\. Did you mean dev\?/],
  ])("%j", async (words, expected) => {
    expect(await refused(words)).toMatch(expected);
  });

  it("no stack is selected", async () => {
    expect(await refused(["hello"], { PULUMI_STACK: undefined })).toMatch(/name one by --stack.*Files of stacks: dev/);
  });

  it("the stack has no cluster yet", async () => {
    outputs = {};
    expect(await refused(["hello"])).toMatch(/the selected stack has no cluster yet.*`pulumi up` makes it/);
  });

  it("the cluster is gone, which is told at once", async () => {
    outputs.kubeconfig = server.kubeconfig.replace(/127\.0\.0\.1:\d+/, "127.0.0.1:1");
    expect(await refused(["hello"])).toMatch(/^the API server 127.0.0.1:1 cannot be reached.*VPN/);
  });

  it("the cluster does not know the administrator of the kubeconfig", async () => {
    outputs.kubeconfig = server.kubeconfig.replace(token, "another");
    expect(await refused(["hello", "--stack", "dev"])).toMatch(/does not take the kubeconfig that dev has in its outputs \(Unauthorized\)/);
  });

  it("there is no Tekton", async () => {
    server.objects.delete("/apis/tekton.dev/v1");
    expect(await refused(["hello"])).toMatch(/has no Tekton \(tekton.dev\/v1\): `pulumi up` installs/);
  });

  it("the stack has no build", async () => {
    for (const name of ["hello", "other"]) server.objects.delete(`${tekton}/pipelines/${name}`);
    expect(await refused(["hello"])).toMatch(/^builds has no build yet: an entry of `builds`/);
  });

  it("all runs were pruned, or are older than the Pipeline", async () => {
    server.objects.get(`${tekton}/pipelines/hello`).spec.tasks.push({ name: "build-arm64" });
    expect(await refused(["hello"])).toMatch(/say of no node for build-arm64: `pulumi up --refresh`/);
    server.objects.delete(`${runs}/hello-1`);
    expect(await refused(["hello"])).toMatch(/no run of hello is left.*`pulumi up --refresh`/);
  });
});

it("nothing that is said or printed has a part of the kubeconfig", async () => {
  const said = await Promise.all([build(["hello", "--no-follow"]), build(["hello", "--newest"]), build(["helo"])]);
  const broken = await build(["hello"], { STUB_OUTPUTS: `${server.kubeconfig}}` });
  expect(broken).toMatchObject({ code: 2, stderr: "pulumi stack output printed no JSON\n" });
  expect(leaks([...said, broken], { token })).toEqual([]);
});

describe("what Pipelines as Code needs of a build", () => {
  const pac = (...words: string[]) => command(["tekton", "--pac", ...words]);
  const named = (name: string, change: KubeObject) => ({ ...pipeline(name), spec: { ...pipeline(name).spec, params: change } });
  const url = { name: "url", default: "ssh://git@git.example.com:2222/team/app.git" };

  it("is printed as a Repository and a file for it: the stack's run, with the pushed commit, of the build's own branch and tags", async () => {
    const branch = { name: "revision", default: "topic/$(context.DOLLAR)(x)" };
    server.put(`${tekton}/pipelines`, named("hello", [url, branch, { name: "tags", default: ["{branch}", "1"] }]));
    server.objects.set("/apis/operator.tekton.dev/v1alpha1/tektonconfigs/config", { spec: { pruner: { keep: 7 } } });
    const cancelled = run("hello-1", "True");
    cancelled.spec.status = "Cancelled";
    server.put(runs, cancelled);
    const { code, stdout, stderr } = await pac("hello");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("\n---\n# For the repository, on its default branch: .tekton/hello.yaml\n");
    const [repository, file] = parseAllDocuments(stdout).map((document) => document.toJS());
    expect(repository).toEqual({
      apiVersion: "pipelinesascode.tekton.dev/v1alpha1",
      kind: "Repository",
      metadata: { name: expect.stringMatching(/^team-app-[0-9a-f]{6}$/), namespace: "builds" },
      spec: { url: "https://git.example.com/team/app", settings: { pipelinerun_provenance: "default_branch" } },
    });
    expect(file.metadata.annotations).toMatchObject({
      "pipelinesascode.tekton.dev/on-target-branch": "[refs/heads/topic/$(x)]",
      "pipelinesascode.tekton.dev/max-keep-runs": "7",
    });
    expect(file.spec).toEqual({
      taskRunSpecs: [{ pipelineTaskName: "clone" }],
      params: [
        { name: "revision", value: "{{ revision }}" },
        { name: "on-branch", value: "topic/$(context.DOLLAR)(x)" },
        { name: "tags", value: ["topic-x", "1"] },
      ],
      pipelineRef: expect.objectContaining({ resolver: "cluster" }),
    });
    expect(made()).toEqual([]);
  });

  it("is not there of a commit, nor of a build without a run, and says what to do", async () => {
    server.put(`${tekton}/pipelines`, named("hello", [url, { name: "revision", default: "a".repeat(40) }]));
    expect(await pac("hello")).toMatchObject({
      code: 2,
      stderr: `hello builds ${"a".repeat(40)}: only a branch is pushed to; name one in its \`revision\`\n`,
    });
    expect(await pac("other")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("no run of other is left to make another one like"),
    });
    expect(await pac("helo")).toMatchObject({ code: 2, stderr: expect.stringContaining("did you mean hello?") });
    expect(await pac("hello", "--out", "x")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^--pac and --out exclude each other/),
    });
    expect(await command(["tekton", "--stack", "dev"])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^--stack goes with --pac alone/),
    });
  });
});
