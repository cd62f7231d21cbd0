import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { deploy } from "../../review/deploy";
import { leaks, testSecret } from "../leaks";

const checkout = join(__dirname, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "openshift-multiarch-review-"));
const password = testSecret("kubeadmin password");
const environment = {
  PATH: `${folder}/bin:${dirname(process.execPath)}:/usr/bin:/bin`,
  HOME: folder,
  PULUMI_BACKEND_URL: "file:///nowhere",
  STUB_PASSWORD: password,
  // Refused at once.
  STUB_API_URL: "https://127.0.0.1:1",
};

beforeAll(() => {
  mkdirSync(join(folder, "bin"));
  const stub = join(folder, "bin", "pulumi");
  writeFileSync(stub, `#!/bin/sh\nexec '${process.execPath}' '${join(__dirname, "pulumi-stub.mjs")}' "$@"\n`);
  chmodSync(stub, 0o755);
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

function review(words: string[], env: NodeJS.ProcessEnv = {}, signalAt?: RegExp | string): Promise<Ended> {
  const child = spawn(process.execPath, ["--import", "tsx", join(checkout, "review", "cli.ts"), ...words], {
    cwd: checkout,
    env: { ...environment, ...env },
  });
  const ended: Ended = { code: null, stdout: "", stderr: "" };
  child.stdout.on("data", (text) => {
    ended.stdout += text;
    if (signalAt instanceof RegExp && signalAt.test(ended.stdout)) child.kill("SIGTERM");
  });
  // Or once a file is there.
  const poll = setInterval(() => {
    if (typeof signalAt !== "string" || !existsSync(signalAt)) return;
    clearInterval(poll);
    child.kill("SIGTERM");
  }, 20);
  child.stderr.on("data", (text) => {
    ended.stderr += text;
  });
  return new Promise((resolve) =>
    child.on("close", (code) => {
      clearInterval(poll);
      resolve({ ...ended, code });
    }),
  );
}

it("a preview that succeeds ends with 0, and its comment says that the cluster did not answer", async () => {
  const out = join(folder, "comment");
  const seconds = join(folder, "seconds");
  expect(await review(["preview", "dev", "--out", out], { STUB_TIMEOUT_FILE: seconds })).toMatchObject({ code: 0, stdout: "" });
  const comment = readFileSync(out, "utf8");
  expect(comment).toContain("**3 to update, 2 to replace**, 69 unchanged");
  expect(comment).toContain("https://127.0.0.1:1 does not answer here");
  expect(readFileSync(seconds, "utf8")).toBe("1");
});

it("without a cluster, or with a limit of the user's own, clients wait as long as they do", async () => {
  const seconds = join(folder, "seconds");
  await review(["preview", "dev"], { STUB_TIMEOUT_FILE: seconds, STUB_API_URL: undefined });
  expect(readFileSync(seconds, "utf8")).toBe("none");
  await review(["preview", "dev"], { STUB_TIMEOUT_FILE: seconds, PULUMI_K8S_CLIENT_TIMEOUT: "9" });
  expect(readFileSync(seconds, "utf8")).toBe("9");
});

it("a secret that the engine does not know as one is masked in all that is written", async () => {
  const saved = join(folder, "masked");
  const { stdout, stderr } = await review(["preview", "dev", "--save", saved]);
  expect(stdout).toContain('~ content: "[secret]" => "f6b3cd244aa97d9e"');
  const written = [stdout, stderr, readFileSync(join(saved, "dev.json"), "utf8")];
  expect(leaks(written, { token: "894c31799c5993a4", password })).toEqual([]);
  // So is one that is a part of an output, and printed as a part of a text.
  const inPart = await review(["preview", "dev"], { STUB_PRINTS: `\n    ~ text: "login ${password}"\n` });
  expect(inPart.stdout).toContain('~ text: "login [secret]"');
  // What is set in the open stays readable.
  expect(stdout).toContain("multiarch-skdkm");
});

it("a stack that fails makes the exit code 1, and the next one has its preview all the same", async () => {
  const { code, stdout } = await review(["preview", "nosuch", "refused", "dev"]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/### `nosuch`[\s\S]*no stack named 'nosuch' found\n> What to do: pulumi stack init nosuch[\s\S]*### `refused`/);
  expect(stdout).toMatch(/### `refused`[\s\S]*The cluster keeps what it was made with[\s\S]*### `dev`[\s\S]*3 to update/);
});

it("previews that several machines saved make the same comment as those of one", async () => {
  const saved = join(folder, "several");
  const whole = await review(["preview", "dev", "refused"]);
  await review(["preview", "refused", "--save", join(saved, "b")]);
  await review(["preview", "dev", "--save", join(saved, "a")]);
  const joined = await review(["preview", "--from", saved]);
  expect(joined.stdout).toBe(whole.stdout);
  expect(joined.code).toBe(1);
  const named = await review(["preview", "prod", "dev", "--from", saved]);
  expect(named.stdout).toMatch(/### `prod`[\s\S]*left no result[\s\S]*### `dev`/);
  expect(named.stdout).not.toContain("`refused`");
  expect(await review(["preview", "--from", join(folder, "bin")])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("has no result"),
  });
});

it("a result that a job has written in part is named, and does not hide the other stacks", async () => {
  const saved = join(folder, "parts");
  await review(["preview", "dev", "--save", saved]);
  const whole = readFileSync(join(saved, "dev.json"), "utf8");
  writeFileSync(join(saved, "prod.json"), whole.slice(0, 40));
  writeFileSync(join(saved, "qa.json"), "null");
  for (const names of [["prod", "qa", "dev"], []]) {
    const { code, stdout } = await review(["preview", ...names, "--from", saved]);
    expect(code).toBe(1);
    expect(stdout.match(/The result of its preview cannot be read/g)).toHaveLength(2);
    expect(stdout).toContain("**3 to update, 2 to replace**");
  }
});

it("what the comment has no room for is in the log, to the last line; without need nothing is said twice", async () => {
  const out = join(folder, "long");
  const lines = Array.from({ length: 3_000 }, (_, i) => `    ~ property${i}: 1 => 2`).join("\n");
  const { stderr } = await review(["preview", "dev", "--out", out], { STUB_PRINTS: `\n${lines}\n` });
  const written = readFileSync(out, "utf8");
  expect(written).toMatch(/\*\*Cut:\*\* \d+ of \d+ lines/);
  expect(written).not.toContain("property2999");
  expect(stderr).toContain("property2999: 1 => 2");
  expect(stderr).not.toContain("**Cut:**");
  expect((await review(["preview", "dev", "--out", out])).stderr).toBe("dev ...\n");
});

it("the comment names the commit that it is of, where the environment does", async () => {
  const { stdout } = await review(["preview", "dev"], { COMMIT: "0123456789abcdef0123456789abcdef01234567" });
  expect(stdout).toContain("\n## Preview of `0123456789`\n");
});

it("an answer of pulumi's that is no JSON fails its stack alone, and none of it is repeated", async () => {
  const { code, stdout, stderr } = await review(["preview", "dev"], { STUB_WORDS: password });
  expect([code, stdout]).toEqual([1, expect.stringContaining("dev: pulumi stack output --json printed no JSON")]);
  expect(leaks([stdout, stderr], { password })).toEqual([]);
});

it("what cannot be written, and options that nothing takes, are told before the work", async () => {
  for (const [words, right] of [
    [["preview", "dev", "--out", "/nowhere/out"], '"/nowhere/out" cannot be written: '],
    [["preview", "dev", "--save", join(folder, "bin", "pulumi", "x")], 'pulumi/x" cannot be written: ENOTDIR'],
    [["preview", "--from", folder, "--", "--refresh"], "--from runs no preview"],
    [["drift", "dev", "--out", ""], '"" cannot be written: '],
    [["drift", "dev", "--", "--policy-pack", "policy"], "drift has no options for pulumi"],
    [["deploy", "dev", "--minutes", "40000"], "--minutes takes a whole number, 9999 at most"],
    [["toString"], 'there is no command "toString"'],
  ] as const) {
    const { code, stdout, stderr } = await review([...words]);
    expect([code, stdout, stderr.split("\n").length, stderr]).toEqual([2, "", 2, expect.stringContaining(right)]);
  }
});

it("what is missing is named, with what would be right: a pulumi, a backend", async () => {
  const without = await review(["preview", "dev"], { PATH: "/nowhere" });
  expect(without).toMatchObject({ code: 1, stdout: expect.stringContaining("pulumi is not on PATH: install it") });
  const loggedOut = await review(["preview", "dev"], { PULUMI_BACKEND_URL: "" });
  expect(loggedOut.stdout).toContain("What to do: set PULUMI_BACKEND_URL");
  for (const command of ["deploy", "drift"]) {
    const { code, stderr, stdout } = await review([command, "nosuch"]);
    expect([command, code]).toEqual([command, 2]);
    expect(stderr + stdout).toContain("pulumi stack init nosuch");
  }
});

it("a comment is asked for before the previews, not found impossible after them", async () => {
  const { code, stderr } = await review(["preview", "dev", "--comment"], { GITHUB_REPOSITORY: "o/r" });
  expect([code, stderr]).toEqual([2, "PULL_REQUEST is not set: the number of the pull request to comment on\n"]);
});

it("the list of stacks is JSON and nothing else", async () => {
  const { code, stdout } = await review(["preview", "--list"]);
  expect([code, JSON.parse(stdout)]).toEqual([0, expect.arrayContaining(["dev"])]);
});

it("a deployment is pulumi up without questions, with the user's own options; its failure is that of the command", async () => {
  const { code, stdout } = await review(["deploy", "dev", "--", "--policy-pack", "policy"]);
  expect([code, stdout]).toEqual([0, "up --yes --stack dev --policy-pack policy --non-interactive --color never\n"]);
  const failed = await review(["deploy", "refused"]);
  expect(failed.code).toBe(2);
  expect(failed.stderr).toContain("error: update failed\nrefused: pulumi up failed (code 1), see above");
  for (const words of [[], ["dev", "prod"], ["dev", "--minutes", "soon"]]) expect((await review(["deploy", ...words])).code).toBe(2);
});

it("an interrupted deployment interrupts pulumi once and waits for its end", async () => {
  const { code, stdout, stderr } = await review(["deploy", "slow"], {}, /Updating/);
  // The Ctrl-C of a terminal would come a second time, and end it at once.
  expect(stdout).toContain("Updating in its own group");
  expect(code).toBe(2);
  expect(stderr).toContain("error: update canceled after 1 signal");
});

it("an interrupted preview is the last one: the stacks behind it are not begun", async () => {
  const began = join(folder, "began");
  const { code, stdout, stderr } = await review(["preview", "slow", "dev"], { STUB_TIMEOUT_FILE: began }, began);
  expect([code, stderr]).toEqual([1, "slow ...\ndev ...\n"]);
  expect(stdout).toMatch(/### `dev`[\s\S]*interrupted/);
  expect(stdout.split("### `dev`")[1]).not.toContain("3 to update");
});

it("a deployment that takes too long is interrupted in good order, and says that the next one goes on", async () => {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  try {
    await expect(deploy("slow", 0.02, [])).rejects.toThrow(
      "slow: not finished after 0.02 minutes, and interrupted. The next deployment goes on from here.",
    );
  } finally {
    vi.unstubAllEnvs();
  }
});

it("drift ends with 0 when there is none, 1 when there is, 2 when it cannot be told", async () => {
  const server = { STUB_API_URL: undefined };
  const none = await review(["drift", "dev"], server);
  expect([none.code, none.stdout.match(/no drift/g)?.length]).toEqual([0, 2]);
  const some = await review(["drift", "drifted"], server);
  expect(some.code).toBe(1);
  expect(some.stdout).toMatch(
    /compared with the state: \*\*drift\*\* \(\*\*2 to update\*\*, 72 unchanged\)[\s\S]*\*\*drift\*\* \(\*\*3 to update/,
  );
  const untold = await review(["drift", "drifted", "refused"], server);
  expect(untold.code).toBe(2);
  expect(untold.stdout).toMatch(
    /### `refused`\n\n.*\*\*could not be told\*\*\n\n```text\nerror: configured Kubernetes cluster is unreachable/,
  );
  const silent = await review(["drift", "dev"]);
  expect([silent.code, silent.stdout]).toEqual([2, expect.stringContaining("https://127.0.0.1:1 does not answer here")]);
});

it("drift asks the outputs which builds the stack knows: a pruned run of one of them is told, and no drift", async () => {
  const type = "kubernetes:tekton.dev/v1:PipelineRun";
  const STUB_GONE = [
    { resOutputsEvent: { metadata: { op: "delete", urn: `urn:pulumi:dev::p::${type}::htop-run`, type } } },
    { summaryEvent: { resourceChanges: { same: 73, delete: 1 } } },
  ]
    .map((event) => JSON.stringify(event))
    .join("\n");
  const built = { uid: "u", image: "r.example.com/htop@sha256:a", architectures: ["amd64"] };
  const of = (htop: object) => review(["drift", "dev"], { STUB_GONE, STUB_OUTPUTS: JSON.stringify({ builds: { htop } }) });
  const known = await of(built);
  expect([known.code, known.stdout]).toEqual([0, expect.stringContaining("`htop-run` was pruned")]);
  for (const other of [{ uid: "new", failure: "x", last: built }, {}]) expect((await of(other)).code).toBe(1);
});

it("the scripts of package.json lead here, and explain themselves", async () => {
  const { scripts } = JSON.parse(readFileSync(join(checkout, "package.json"), "utf8")) as { scripts: Record<string, string> };
  for (const command of ["preview", "deploy", "drift"]) {
    expect(scripts[command]).toBe(`node --import tsx review/cli.ts ${command}`);
    const { code, stdout } = await review([command, "--help"]);
    expect([code, stdout.split("\n")[0]]).toEqual([0, expect.stringContaining(`npm run ${command} -- `)]);
    expect(await review([command, "--nonsense"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`npm run ${command} -- --help`),
    });
  }
  expect((await review(["nonsense"])).stderr).toContain("there are preview, deploy, drift");
});
