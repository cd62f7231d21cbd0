import { rmSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import { addSubmodules, clone, filesWith, gitIn, repository } from "./clone";
import { serve } from "./git-server";
import { at, calls, has, noted, read, write } from "./harness";

const token = "Zq7-hunter2/Wx9";
const inAddress = encodeURIComponent(token);
const user = `me:${token}`;
/** Private repositories below /team, public ones beside it. */
const allowed = (path: string) => (path.startsWith("/team/") ? user : undefined);
const bound = { GIT_CREDENTIALS: "", TRUST: "" };
const credentials = (...lines: string[]) => write("credentials/.git-credentials", `${lines.join("\n")}\n`);

let commit: string;
beforeEach(() => {
  commit = repository("repositories/team/app", "file", "private");
  bound.GIT_CREDENTIALS = at("credentials");
  bound.TRUST = at("trust");
});

function expectSilence(log: string): void {
  const secrets = [token, inAddress, Buffer.from(user).toString("base64")];
  for (const secret of secrets) {
    expect(log).not.toContain(secret);
    expect(calls().join("\n")).not.toContain(secret);
    for (const folder of ["tree", "sources", "shared", "results", "home"]) expect(filesWith(folder, secret)).toEqual([]);
  }
}

describe("git-clone of a private repository over https", () => {
  it("reads it with the token of its host, which is in no log, argument, archive or kept .git", async () => {
    noted("git");
    const server = await serve({ allowed });
    credentials("https://x:y@example.com", `https://me:${inAddress}@${server.host}`);
    const { status, log } = await clone({ ...bound, URL: `${server.url}/team/app/.git`, GIT_FOLDER: "true" });
    expect(log).toContain(`${commit} -> sources.tar.gz`);
    expect(status).toBe(0);
    expect(read("tree/file")).toBe("private");
    expect(read("results/url")).toBe(`${server.url}/team/app/.git`);
    expect(gitIn("tree", "config", "remote.origin.url")).toBe(`${server.url}/team/app/.git`);
    expect(server.requests.filter((request) => request.user === user).length).toBeGreaterThan(0);
    expectSilence(log);
  });

  it("takes the user and the password of a Secret of type kubernetes.io/basic-auth for the repository's host", async () => {
    const server = await serve({ allowed });
    write("credentials/username", "me\n");
    write("credentials/password", token);
    const { status, log } = await clone({ ...bound, URL: `${server.url}/team/app/.git` });
    expect(status).toBe(0);
    expectSilence(log);
  });

  it("takes the entry with the longest path of the repository, and one without a path for all others", async () => {
    repository("repositories/team/lib.git/", "file", "lib");
    repository("repositories/other", "file", "other");
    const rights: Record<string, string> = { "/team/app": "app:1", "/team/lib.git": "team:2", "/other": "all:3" };
    const server = await serve({ allowed: (path) => Object.entries(rights).find(([start]) => path.startsWith(start))?.[1] });
    credentials(`https://app:1@${server.host}/team/app`, `https://team:2@${server.host}/team`, `https://all:3@${server.host}`);
    for (const path of ["team/app/.git", "team/lib.git/.git", "other/.git"])
      expect(await clone({ ...bound, URL: `${server.url}/${path}` })).toMatchObject({ status: 0 });
    credentials(`https://app:1@${server.host}/team/app`);
    const { log } = await clone({ ...bound, URL: `${server.url}/other/.git` });
    expect(log).toContain(`gitCredentials has no entry for ${server.host}`);
  });

  it("names what is missing: the workspace, an entry of the host, a right of the token", async () => {
    const server = await serve({ allowed });
    const address = { URL: `${server.url}/team/app/.git`, TRUST: bound.TRUST };
    const none = `cannot fetch from ${address.URL}: it does not exist or is not public, and gitCredentials has no entry for ${server.host}, a line https://USER:TOKEN@${server.host}`;
    expect((await clone(address)).log).toContain(none);
    credentials("https://me:secret@example.com");
    expect((await clone({ ...bound, ...address })).log).toContain(none);
    credentials(`https://me:stale@${server.host}`);
    const { log, status } = await clone({ ...bound, ...address });
    expect(log).toContain(
      `${server.host} refuses the entry that gitCredentials has for it, which may have expired or may not read this repository`,
    );
    expect(log).not.toContain("stale");
    expect(log).not.toContain("trying again");
    expect(status).toBe(1);
  });

  it("sends the token to no other host: neither after a redirect nor for a submodule", async () => {
    repository("repositories/team/lib");
    const other = await serve({ name: "localhost", allowed });
    const first = await serve({
      allowed,
      redirect: (path) => (path.startsWith("/moved/") ? `${other.url}${path.replace("/moved/", "/team/")}` : undefined),
    });
    const behind = await serve({ allowed: () => user, redirect: undefined });
    credentials(`https://me:${inAddress}@${first.host}`, `https://me:${inAddress}@${behind.host}`);
    const moved = await clone({ ...bound, URL: `${first.url}/moved/app/.git` });
    expect(moved.log).toContain("cannot fetch from");
    expect(other.requests.length).toBeGreaterThan(0);

    addSubmodules("repositories/team/app", { lib: { url: `${other.url}/team/lib/.git`, commit } });
    const { log } = await clone({ ...bound, URL: `${first.url}/team/app/.git` });
    expect(log).toContain(
      `cannot fetch the submodule 'lib' from ${other.url}/team/lib/.git: it does not exist or is not public, and gitCredentials has no entry for ${other.host}`,
    );
    expect(other.requests.filter((request) => request.user !== undefined)).toEqual([]);
  });

  it("does not carry a token that was asked for before a redirect to the host behind it", async () => {
    const other = await serve({ name: "localhost" });
    let asked = false;
    const first = await serve({
      allowed,
      redirect: (path) => {
        // Only who has shown the token is sent on.
        if (!asked && path.includes("info/refs")) {
          asked = true;
          return undefined;
        }
        return `${other.url}${path}`;
      },
    });
    credentials(`https://me:${inAddress}@${first.host}`);
    // git follows, but does not go on at the other host: it looks for a new address only in the answer to its first request.
    const { log } = await clone({ ...bound, URL: `${first.url}/team/app/.git` });
    expectSilence(log);
    expect(first.requests.some((request) => request.user === user)).toBe(true);
    expect(other.requests.length).toBeGreaterThan(0);
    expect(other.requests.filter((request) => request.user !== undefined)).toEqual([]);
  });

  it("reads private submodules of the host as well, those with an address for ssh included", async () => {
    const lib = repository("repositories/team/lib");
    const tool = repository("repositories/team/tool");
    const server = await serve({ allowed });
    credentials(`https://me:${inAddress}@${server.host}`);
    addSubmodules("repositories/team/app", {
      lib: { url: "../../lib/.git", commit: lib },
      tool: { url: `ssh://git@${server.host}/team/tool/.git`, commit: tool },
    });
    const { status, log } = await clone({ ...bound, URL: `${server.url}/team/app/.git`, GIT_ALLOW_PROTOCOL: "" });
    expect(log).toContain("-> sources.tar.gz");
    expect(status).toBe(0);
    expect(read("tree/lib/inner")).toBe("deep");
    expect(read("tree/tool/inner")).toBe("deep");
    expect(has("tree/lib/.git")).toBe(false);
    expectSilence(log);
  });

  it("shows no password that an address of .gitmodules holds", async () => {
    const server = await serve({ allowed });
    repository("repositories/app");
    addSubmodules("repositories/app", { lib: { url: `${server.url.replace("//", "//me:hunter2@")}/team/none/.git`, commit } });
    const { log } = await clone({ TRUST: bound.TRUST, URL: `${server.url}/app/.git` });
    expect(log).toContain(`cannot fetch the submodule 'lib' from ${server.url}/team/none/.git`);
    expect(log).not.toContain("hunter2");
  });
});

describe("git-clone and its workspaces", () => {
  it("trusts the authorities of the workspace trust beside the system's, and says when one is missing", async () => {
    const server = await serve();
    const { log } = await clone({ URL: `${server.url}/team/app/.git` });
    expect(log).toContain(`no authority that is trusted here has signed the certificate of ${server.host}. Add it to the trust bundle`);
    expect(log).not.toContain("trying again");
    expect(await clone({ URL: `${server.url}/team/app/.git`, TRUST: bound.TRUST })).toMatchObject({ status: 0 });
  });

  it("sends credentials over http:// only when it is told to", async () => {
    const server = await serve({ allowed, plain: true });
    credentials(`http://me:${inAddress}@${server.host}`);
    const address = { GIT_CREDENTIALS: bound.GIT_CREDENTIALS, URL: `${server.url}/team/app/.git` };
    expect((await clone(address)).log).toContain(`the credentials for ${server.host} would go over http://`);
    expect(server.requests).toEqual([]);
    expect(await clone({ ...address, INSECURE: "true" })).toMatchObject({ status: 0 });
  });

  it("builds by https:// though the credentials have lines for http://, of other hosts and of its own, and sends none of these", async () => {
    const server = await serve({ allowed });
    const open = await serve({ plain: true, name: "localhost" });
    credentials(`http://me:other-token@${open.host}`, `http://me:stale-token@${server.host}`, `https://me:${inAddress}@${server.host}`);
    expect(await clone({ ...bound, URL: `${server.url}/team/app/.git` })).toMatchObject({ status: 0 });
    expect(await clone({ ...bound, URL: `${open.url}/team/app/.git` })).toMatchObject({
      status: 1,
      log: expect.stringContaining(
        `would go over http://, for everybody on the way to read: use https://, or name ${open.host} in namespace.insecureRegistries`,
      ),
    });
    credentials(`http://me:other-token@example.com`);
    expect(await clone({ ...bound, URL: `${open.url}/team/app/.git` })).toMatchObject({ status: 0 });
    expect(JSON.stringify([...server.requests, ...open.requests])).not.toMatch(/stale-token|other-token/);
  });

  it.each([
    ["https://hunter2@example.com", 1],
    ["# mine\n\nhttps://me:hunter2example.com", 3],
    ["https://me:hunt/er2@example.com", 1],
    ["ssh://me:hunter2@example.com", 1],
    ["hunter2", 1],
  ])("refuses %j by its line, without showing it", async (text, line) => {
    credentials(text);
    const { status, log } = await clone({ GIT_CREDENTIALS: bound.GIT_CREDENTIALS });
    expect(status).toBe(1);
    expect(log).toContain(`line ${line} of .git-credentials in the workspace git-credentials is not https://USER:TOKEN@HOST`);
    expect(log).not.toMatch(/hunt|er2/);
  });

  it("refuses a workspace that holds nothing it knows", async () => {
    write("credentials/token", "x");
    expect((await clone({ GIT_CREDENTIALS: bound.GIT_CREDENTIALS })).log).toContain(
      "the workspace git-credentials holds neither .git-credentials,",
    );
    for (const name of ["password", "username"]) {
      rmSync(at("credentials"), { recursive: true });
      write(`credentials/${name}`, "x");
      const { log } = await clone({ GIT_CREDENTIALS: bound.GIT_CREDENTIALS, URL: "https://127.0.0.1:1/a" });
      expect(log).toBe("git-clone: the workspace git-credentials holds one of username and password without the other\n");
    }
  });
});
