import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { basename, dirname } from "node:path";
import { afterEach } from "vitest";
import { fromDebian } from "./debian";
import { at, write } from "./harness";

const running: ChildProcess[] = [];
afterEach(() => {
  for (const server of running.splice(0)) server.kill();
});

const machine = { x64: "x86_64", arm64: "aarch64" }[process.arch as string] ?? process.arch;

/** A file of a Debian package where every user can read it. */
function forAll(name: string, file: string): string {
  const copy = at("debian", basename(file));
  mkdirSync(at("debian"), { recursive: true });
  // A program that runs has it open.
  if (!existsSync(copy)) copyFileSync(fromDebian(name, file), copy);
  chmodSync(copy, 0o755);
  return copy;
}

/** nss_wrapper as Debian has it: users by a file of one's own. */
const wrapper = () => forAll("libnss-wrapper", `/usr/lib/${machine}-linux-gnu/libnss_wrapper.so`);

/** Makes a key pair `name`, `name.pub` in the test's folder. */
export function keyPair(name: string, passphrase = "", ...more: string[]): string {
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", passphrase, "-C", "", "-f", at(name), ...more]);
  return readFileSync(at(`${name}.pub`), "utf8");
}

/**
 * A real sshd for `git@127.0.0.1` that lets in who has the key `client`, which it makes. It runs as an ordinary user, who needs neither a
 * folder of root's nor an account on the machine. Its host key is in `known_hosts`.
 */
export async function serveSsh(): Promise<{ host: string; log(): string }> {
  const port = await freePort();
  const client = keyPair("client");
  const server = keyPair("server");
  const uid = process.getuid?.() === 0 ? 65534 : process.getuid?.();
  write("known_hosts", `[127.0.0.1]:${port} ${server}`);
  write("sshd/authorized_keys", client);
  write("sshd/passwd", `git:x:${uid}:65534::${at("sshd")}:/bin/sh\n`);
  write("sshd/group", "git:x:65534:\n");
  write(
    "sshd/config",
    [
      `Port ${port}`,
      "ListenAddress 127.0.0.1",
      `HostKey ${at("server")}`,
      `AuthorizedKeysFile ${at("sshd/authorized_keys")}`,
      "PidFile none",
      "StrictModes no",
      "UsePAM no",
      "PasswordAuthentication no",
      "KbdInteractiveAuthentication no",
      "SetEnv GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0=*",
    ].join("\n"),
  );
  execFileSync("chmod", ["-R", "a+rX", at()]);
  if (process.getuid?.() === 0) execFileSync("chown", ["65534", at("server")]);
  chmodSync(at("server"), 0o600);
  const environment = {
    PATH: process.env.PATH,
    LD_LIBRARY_PATH: dirname(forAll("libwrap0", `/usr/lib/${machine}-linux-gnu/libwrap.so.0`)),
    LD_PRELOAD: wrapper(),
    NSS_WRAPPER_PASSWD: at("sshd/passwd"),
    NSS_WRAPPER_GROUP: at("sshd/group"),
  };
  const sshd = [forAll("openssh-server", "/usr/sbin/sshd"), "-D", "-e", "-f", at("sshd/config")];
  const as = process.getuid?.() === 0 ? ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"] : [];
  const [command = "", ...args] = [...as, "env", ...Object.entries(environment).map(([name, value]) => `${name}=${value}`), ...sshd];
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] });
  running.push(child);
  let log = "";
  await new Promise<void>((resolve, reject) => {
    child.stderr?.on("data", (data) => {
      log += data;
      if (log.includes("Server listening")) resolve();
    });
    child.on("close", () => reject(new Error(`sshd ended: ${log}`)));
  });
  return { host: `127.0.0.1:${port}`, log: () => log };
}

/** What finds nss_wrapper by its name, as in an image that has it. */
export const withNssWrapper = () => ({ LD_LIBRARY_PATH: dirname(wrapper()) });

export const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
