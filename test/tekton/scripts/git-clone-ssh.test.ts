import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import { addSubmodules, clone, filesWith, gitIn, repository } from "./clone";
import { at, calls, noted, read, write } from "./harness";
import { keyPair, serveSsh, withNssWrapper } from "./ssh-server";

/** As OpenShift runs a pod: a user of the namespace's range, whom no file knows. */
const unknown = "setpriv --no-new-privs --reuid 1000710000 --regid 0 --clear-groups --inh-caps -all --bounding-set -all".split(" ");
const root = process.getuid?.() === 0;

let server: Awaited<ReturnType<typeof serveSsh>>;
let commit: string;
beforeEach(async () => {
  commit = repository("repositories/app", "file", "private");
  server = await serveSsh();
  // As a mounted Secret shows its files.
  for (const [name, from] of [
    ["ssh-privatekey", "client"],
    ["known_hosts", "known_hosts"],
  ] as const)
    write(`credentials/${name}`, readFileSync(at(from)), 0o644);
});
const address = (folder = "repositories/app") => `ssh://git@${server.host}${at(folder)}`;
const bound = () => ({ GIT_CREDENTIALS: at("credentials"), URL: address() });
const secret = () => read("client").split("\n")[1] ?? "";

describe("git-clone of a private repository over ssh", () => {
  it("reads it with the key, which is in no log, argument, archive or kept .git", async () => {
    for (const program of ["git", "ssh"]) noted(program);
    const { status, log } = await clone({ ...bound(), GIT_FOLDER: "true", GIT_ALLOW_PROTOCOL: "" });
    expect(log).toContain(`${commit} -> sources.tar.gz`);
    expect(status).toBe(0);
    expect(read("tree/file")).toBe("private");
    expect(read("results/url")).toBe(address());
    expect(secret().length).toBeGreaterThan(40);
    for (const text of [log, calls().join("\n")]) expect(text).not.toContain(secret());
    for (const folder of ["tree", "shared", "sources", "home"]) expect(filesWith(folder, secret())).toEqual([]);
    expect(gitIn("tree", "config", "--get-regexp", ".*")).not.toMatch(/ssh-privatekey|known_hosts/i);
    // What ssh is told, by its own words.
    const [call = ""] = calls().filter((line) => line.startsWith("ssh "));
    for (const option of ["BatchMode=yes", "StrictHostKeyChecking=yes", "IdentitiesOnly=yes", "GlobalKnownHostsFile=/dev/null"])
      expect(call).toContain(`-o ${option}`);
  });

  it.runIf(root)("works for a user whom /etc/passwd does not know, where the image has nss_wrapper", async () => {
    const { log, status } = await clone({ ...bound(), ...withNssWrapper() }, 60, unknown);
    expect(log).toContain(`${commit} -> sources.tar.gz`);
    expect(status).toBe(0);
  });

  it.runIf(root)("names what is missing where /etc/passwd does not know the user and the image has no nss_wrapper", async () => {
    const { log, status } = await clone(bound(), 60, unknown);
    expect(log).toContain("ssh refuses user 1000710000, who has no entry in /etc/passwd: the container runtime adds none (CRI-O does)");
    expect(log).not.toContain("trying again");
    expect(status).toBe(1);
  });

  it.runIf(root)("needs no nss_wrapper where the runtime has written the user into /etc/passwd, as CRI-O does", async () => {
    // utils.GeneratePasswd of CRI-O: the image's file and one line more, bound over it.
    const line = `1000710000:x:1000710000:0:1000710000 user:${at("home")}:/sbin/nologin`;
    write("passwd", `${readFileSync("/etc/passwd", "utf8")}${line}\n`);
    const inside = ["unshare", "--mount", "bash", "-c", `mount --bind ${at("passwd")} /etc/passwd && exec "$@"`, "bash", ...unknown];
    const { log, status } = await clone(bound(), 60, inside);
    expect(log).toContain(`${commit} -> sources.tar.gz`);
    expect(status).toBe(0);
  });

  it("tries again when nobody answers, and says why", async () => {
    const { log } = await clone({ ...bound(), URL: "ssh://git@127.0.0.1:1/a" });
    expect(log.match(/git ls-remote failed, trying again: ssh: connect to host 127.0.0.1 port 1: Connection refused/g)).toHaveLength(2);
    expect(log).toContain(
      "git-clone: cannot fetch from ssh://git@127.0.0.1:1/a: 127.0.0.1:1 cannot be reached from here: its name, or a firewall",
    );
  });

  it("reads submodules with the same key", async () => {
    const lib = repository("repositories/lib");
    addSubmodules("repositories/app", { lib: { url: "../lib", commit: lib } });
    expect(await clone(bound())).toMatchObject({ status: 0 });
    expect(read("tree/lib/inner")).toBe("deep");
  });

  it("reads no server that known_hosts does not have, or has with another key", async () => {
    write("credentials/known_hosts", `example.com ${read("server.pub")}`);
    const unknownHost = await clone(bound());
    expect(unknownHost.log).toContain(
      `cannot fetch from ${address()}: the knownHosts of gitCredentials lacks the key that ${server.host} shows`,
    );
    expect(unknownHost.log).not.toContain("trying again");
    write("credentials/known_hosts", read("known_hosts").replace(read("server.pub"), keyPair("impostor")));
    expect((await clone(bound())).log).toContain(`the knownHosts of gitCredentials lacks the key that ${server.host} shows`);
    expect(server.log()).not.toContain("Accepted publickey");
  });

  it("says when the server does not take the key, and when the repository is not there", async () => {
    expect((await clone({ ...bound(), URL: address("repositories/none") })).log).toContain(
      ": it does not exist, or the key of gitCredentials may not read it",
    );
    keyPair("stranger");
    write("credentials/ssh-privatekey", read("stranger"));
    const { log, status } = await clone(bound());
    expect(log).toContain(`${server.host} takes no key of gitCredentials. Add its public half there, as a deploy key`);
    expect(log).not.toContain("trying again");
    expect(status).toBe(1);
  });
});

describe("git-clone and keys for ssh", () => {
  it("takes a key of ~/.ssh by its usual name, with other ends of lines or without the last", async () => {
    execFileSync("mv", [at("credentials/ssh-privatekey"), at("credentials/id_ed25519")]);
    write("credentials/id_ed25519", read("client").trimEnd().replaceAll("\n", "\r\n"));
    expect(await clone(bound())).toMatchObject({ status: 0 });
  });

  it.each([
    ["OpenSSH's form", []],
    ["the old form", ["-m", "PEM", "-t", "rsa"]],
    ["PKCS 8", ["-m", "PKCS8", "-t", "rsa"]],
  ])("refuses a key with a passphrase in %s, and takes the same without", async (_, form) => {
    keyPair("locked", "hunter2", ...form);
    write("credentials/ssh-privatekey", read("locked"));
    const { log, status } = await clone(bound());
    expect(log).toBe(
      "git-clone: the key ssh-privatekey of the workspace git-credentials has a passphrase, which nobody can type here: use a key without one, for this purpose alone\n",
    );
    expect(status).toBe(1);
    execFileSync("ssh-keygen", ["-q", "-p", "-P", "hunter2", "-N", "", "-f", at("locked"), ...form.slice(0, 2)]);
    write("credentials/ssh-privatekey", read("locked"));
    expect((await clone(bound())).log).toContain("takes no key of gitCredentials");
  });

  it("refuses a key without known_hosts, and what is no key", async () => {
    write("credentials/known_hosts", "");
    expect((await clone(bound())).log).toContain(
      "holds the key ssh-privatekey and no known_hosts: whoever answers would be taken for the server",
    );
    write("credentials/ssh-privatekey", read("client.pub"));
    expect((await clone(bound())).log).toContain("the file ssh-privatekey of the workspace git-credentials is no private key for ssh");
  });

  it.each(["ssh://git@example.com/team/app.git", "git@example.com:team/app.git"])(
    "says what %s needs, before it asks anybody",
    async (url) => {
      const { log, status } = await clone({ URL: url });
      expect(log).toBe(
        `git-clone: ${url} is read with a key: gitCredentials needs sshKey and knownHosts, or a line for https://example.com\n`,
      );
      expect(status).toBe(1);
    },
  );

  it("refuses a password in an address for ssh", async () => {
    const { log } = await clone({ ...bound(), URL: address().replace("git@", "git:hunter2@") });
    expect(log).toContain("the repository's URL holds a user, a password or a query");
    expect(log).not.toContain("hunter2");
  });
});
