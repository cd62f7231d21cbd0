import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { found, repositories, type Sources } from "../../preflight/repositories";
import { gitIn, isolated, repository } from "../tekton/scripts/clone";
import { serve } from "../tekton/scripts/git-server";
import { at, calls, has, noted, read, write } from "../tekton/scripts/harness";
import { freePort, serveSsh } from "../tekton/scripts/ssh-server";

/** Real Git servers: git-http-backend over https, git daemon, sshd. */

const secret = "hunter2-is-no-word-of-git";
const { PATH: path, TMPDIR: temporary } = process.env;
beforeEach(() => {
  // Of this test alone, as what is left there is looked at.
  write("tmp/.keep", "");
  process.env.TMPDIR = at("tmp");
  repository("repositories/app", "file", "text");
  for (const name of ["NO_PROXY", "no_proxy"]) process.env[name] = "127.0.0.1,localhost";
  process.env.PATH = `${at("bin")}:${path}`;
});
afterEach(() => {
  process.env.PATH = path;
  if (temporary === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = temporary;
});

const left = () => readdirSync(tmpdir()).filter((name) => name.startsWith("openshift-multiarch-preflight-"));

async function asked(address: string, change: Partial<Sources> = {}, revision = "main", patience?: number) {
  // The authority of the server over https, if the test has one.
  const trustBundle = has("trust/ca-bundle.crt") ? read("trust/ca-bundle.crt") : undefined;
  const sources = {
    builds: [{ name: "app", repository: address, revision }],
    namespace: { insecureRegistries: [], ...(trustBundle !== undefined && { trustBundle }) },
    buildGitCredentials: {},
    ...change,
  };
  const [finding, ...more] = await repositories(sources, patience);
  expect(more).toEqual([]);
  expect(JSON.stringify(finding)).not.toContain(secret);
  expect(left()).toEqual([]);
  return [finding?.outcome, finding?.says];
}
const line = (host: string, password = secret) => ({ ".git-credentials": `https://builder:${password}@${host}` });
const allowed = () => `builder:${secret}`;

describe("a repository over https", () => {
  it("is right when everybody may read it and it has the branch", async () => {
    const { url } = await serve();
    expect(await asked(`${url}/app/.git`)).toEqual(["ok", "it has refs/heads/main"]);
  });

  it("is right with the credentials of all builds, and with the build's own before these", async () => {
    const { url, host } = await serve({ allowed });
    expect(await asked(`${url}/app/.git`, { gitCredentials: line(host) })).toEqual(["ok", "it has refs/heads/main"]);
    const both = { gitCredentials: line(host, "wrong"), buildGitCredentials: { app: line(host) } };
    expect(await asked(`${url}/app/.git`, both)).toEqual(["ok", "it has refs/heads/main"]);
    const other = { gitCredentials: line(host, "wrong"), buildGitCredentials: { another: line(host) } };
    expect(await asked(`${url}/app/.git`, other)).toEqual(["problem", expect.anything()]);
  });

  it("is a problem with credentials that are refused, or with none, and nobody is asked for any", async () => {
    const { url, host } = await serve({ allowed });
    expect(await asked(`${url}/app/.git`, { gitCredentials: line(host, "wrong") })).toEqual([
      "problem",
      expect.stringContaining(`${host} refuses the entry that gitCredentials has for it`),
    ]);
    expect(await asked(`${url}/app/.git`)).toEqual([
      "problem",
      expect.stringContaining(`it does not exist or is not public, and gitCredentials has no entry for ${host}`),
    ]);
  });

  it("is a problem when there is none", async () => {
    const { url } = await serve();
    expect(await asked(`${url}/none/.git`)).toEqual(["problem", expect.stringContaining("it does not exist or is not public")]);
  });

  it("is a problem without the revision, with the branch that there is", async () => {
    const { url } = await serve();
    expect(await asked(`${url}/app/.git`, {}, "mian")).toEqual([
      "problem",
      "it has no branch, tag or commit mian; its default branch is main: set revision of the builds",
    ]);
    gitIn("repositories/app", "tag", "v1");
    expect(await asked(`${url}/app/.git`, {}, "v1")).toEqual(["ok", "it has refs/tags/v1"]);
  });

  it("is not checked when its server has a problem of its own", async () => {
    const server = createHttpServer((_, response) => response.writeHead(503).end()).listen(0, "127.0.0.1");
    await new Promise((done) => server.once("listening", done));
    const { port } = server.address() as { port: number };
    try {
      expect(await asked(`http://127.0.0.1:${port}/app`)).toEqual(["unchecked", expect.stringContaining("returned error: 503")]);
    } finally {
      server.close();
    }
  });

  it("is not checked when nobody here has signed its certificate", async () => {
    const { url } = await serve();
    const [outcome, says] = await asked(`${url}/app/.git`, { namespace: { insecureRegistries: [] } });
    expect([outcome, says]).toEqual(["unchecked", expect.stringContaining("no authority that is trusted here has signed the certificate")]);
  });

  it("is not asked with what this machine's user has, and its password stands in no argument", async () => {
    const { url, host, requests } = await serve({ allowed });
    process.env.GIT_CONFIG_GLOBAL = at("user.gitconfig");
    execFileSync("git", ["config", "--file", at("user.gitconfig"), "credential.helper", "!echo username=me; echo password=mine; :"]);
    noted("git");
    try {
      await asked(`${url}/app/.git`);
      expect(requests.map(({ user }) => user)).not.toContain("me:mine");
      await asked(`${url}/app/.git`, { gitCredentials: line(host) });
      expect(requests.at(-1)?.user).toBe(`builder:${secret}`);
      expect(calls().some((call) => call.startsWith("git ls-remote"))).toBe(true);
      expect(calls().join("\n")).not.toContain(secret);
    } finally {
      delete process.env.GIT_CONFIG_GLOBAL;
    }
  });
});

describe("a repository over git://", () => {
  let daemon: ChildProcess;
  let port: number;
  beforeEach(async () => {
    port = await freePort();
    const server = join(execFileSync("git", ["--exec-path"], { encoding: "utf8" }).trim(), "git-daemon");
    const options = ["--listen=127.0.0.1", `--port=${port}`, "--reuseaddr", "--export-all", `--base-path=${at("repositories")}`];
    daemon = spawn(server, options, { stdio: "ignore", env: { ...process.env, ...isolated } });
    const connects = () =>
      new Promise<boolean>((done) => {
        const socket = connect(port, "127.0.0.1", () => done(true));
        socket.on("error", () => done(false)).on("connect", () => socket.destroy());
      });
    await expect.poll(connects, { timeout: 9000 }).toBe(true);
  });
  afterEach(() => void daemon.kill());

  it("is right when the daemon has it, and a problem when it has not", async () => {
    expect(await asked(`git://127.0.0.1:${port}/app`)).toEqual(["ok", "it has refs/heads/main"]);
    expect(await asked(`git://127.0.0.1:${port}/none`)).toEqual([
      "problem",
      expect.stringContaining("has no such repository, or gives it to nobody"),
    ]);
  });

  it("is not checked when nobody answers", async () => {
    expect(await asked(`git://127.0.0.1:${await freePort()}/app`)).toEqual([
      "unchecked",
      expect.stringMatching(/^it cannot be asked from here: .*refused/i),
    ]);
  });
});

describe("a repository over ssh", () => {
  it("is right with a key that the server knows, and a problem with another one, or with none", async () => {
    const { host } = await serveSsh();
    const address = `ssh://git@${host}${at("repositories/app")}`;
    const files = { "ssh-privatekey": readFileSync(at("client"), "utf8"), known_hosts: read("known_hosts") };
    expect(await asked(address, { gitCredentials: files })).toEqual(["ok", "it has refs/heads/main"]);
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", at("other")]);
    expect(await asked(address, { gitCredentials: { ...files, "ssh-privatekey": read("other") } })).toEqual([
      "problem",
      expect.stringContaining("takes no key of gitCredentials"),
    ]);
    expect(await asked(address)).toEqual([
      "problem",
      expect.stringContaining("is read with a key: gitCredentials needs sshKey and knownHosts"),
    ]);
  });
});

describe("a repository is not checked", () => {
  it("when its server's name is not known", async () => {
    expect(await asked("https://git.invalid/app")).toEqual(["unchecked", expect.stringMatching(/resolve host: git\.invalid/)]);
  });

  it("when bash is too old for the task's script", async () => {
    // The script of a bash 3, but for its syntax, in which it would end a line later.
    write("bin/bash", `#!/bin/sh\nsed 's/BASH_VERSINFO.0./3/' "$1" >${at("old.sh")}\nexec /bin/bash ${at("old.sh")}\n`, 0o755);
    expect(await asked("https://git.invalid/app")).toEqual(["unchecked", expect.stringContaining("bash 4 or later is needed to ask")]);
  });

  it("when its server is silent, whatever it was started for is ended", async () => {
    const silent = createServer(() => {}).listen(0, "127.0.0.1");
    await new Promise((done) => silent.once("listening", done));
    const { port } = silent.address() as { port: number };
    try {
      expect(await asked(`git://127.0.0.1:${port}/app`, {}, "main", 2)).toEqual(["unchecked", "no answer in 2 s"]);
    } finally {
      silent.close();
    }
  });
});

it("one repository with one revision and one secret is asked once", async () => {
  const one = { repository: "https://git.invalid/app", revision: "main" };
  const builds = [
    { name: "a", ...one },
    { name: "b", ...one },
    { name: "c", ...one, revision: "v1" },
    { name: "d", ...one },
  ];
  noted("git");
  const findings = await repositories({
    builds,
    namespace: { insecureRegistries: [] },
    buildGitCredentials: { d: line("git.invalid") },
  });
  expect(findings).toHaveLength(3);
  expect(calls().filter((call) => call.startsWith("git ls-remote --symref"))).toHaveLength(3);
});

const listed = "ref: refs/heads/main\tHEAD\n1111\tHEAD\n1111\trefs/heads/main\n2222\trefs/tags/main\n";
it.each([
  ["main", "ok", "it has refs/tags/main"],
  ["HEAD", "ok", "it has HEAD"],
  ["refs/heads/main", "ok", "it has refs/heads/main"],
  ["heads/main", "ok", "it has refs/heads/main"],
  ["c0ffee1", "ok", "it can be read; whether it has the commit c0ffee1, only a fetch would tell"],
  ["none", "problem", "it has no branch, tag or commit none; its default branch is main: set revision of the builds"],
])("what is listed has %s: %s", (revision, outcome, says) => {
  expect(found("x", revision, listed)).toEqual({ what: "x", outcome, says });
});

it("a repository without a commit is a problem", () => {
  expect(found("x", "main", "").says).toBe("it has no branch, tag or commit main, and is empty");
});
