import { execFile, spawn } from "node:child_process";
import { accessSync, chmodSync, constants, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** Whether this machine can mount by FUSE. */
export function canMount(): boolean {
  try {
    accessSync("/dev/fuse", constants.R_OK | constants.W_OK);
    return process.getuid?.() === 0;
  } catch {
    return false;
  }
}

/** Compiles the mount program as it is in the checkout. Returns its folder: `mount.efs`, and `mount` as another name of it. */
export async function buildMountProgram(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "openshift-multiarch-test-efs-"));
  const source = join(__dirname, "../../../rehearsal/toolchain/efs-mount");
  const env = { ...process.env, CGO_ENABLED: "0", GOWORK: "off", GOFLAGS: "-mod=mod -buildvcs=false" };
  await execute("go", ["build", "-o", join(folder, "mount.efs"), "."], { cwd: source, env });
  await execute("ln", ["-s", "mount.efs", join(folder, "mount")]);
  chmodSync(folder, 0o755);
  return folder;
}

export interface Mount {
  /** Where it is mounted. */
  readonly target: string;
  /** What the server keeps. */
  readonly data: string;
  unmount(): Promise<void>;
}

/**
 * Serves a folder.
 *
 * @param options.data a folder that is served already, by another client. @default a new one, with the mode that the StorageClass sets
 * @param options.export fields of the server's input
 */
export async function mount(program: string, options: { data?: string; export?: object } = {}): Promise<Mount> {
  const base = mkdtempSync(join(program, "mount-"));
  chmodSync(base, 0o755);
  const [data, target] = [options.data ?? join(base, "data"), join(base, "target")];
  if (!options.data) mkdirSync(data, { mode: 0o700 });
  mkdirSync(target);
  const server = spawn(join(program, "mount.efs"), ["serve", target], { stdio: ["pipe", "ignore", "pipe"] });
  const ended = new Promise((resolve) => server.once("exit", resolve));
  server.stdin.end(JSON.stringify({ Path: data, User: { UID: 0, GID: 0 }, ...options.export }));
  let said = "";
  server.stderr.on("data", (chunk) => {
    said += chunk;
  });
  // The server closes its standard error once it serves.
  await new Promise((resolve) => server.stderr.once("close", resolve));
  if (said) throw new Error(said);
  return {
    target,
    data,
    async unmount() {
      await execute("umount", [target]);
      await ended;
      rmSync(base, { recursive: true, force: true });
    },
  };
}

/**
 * Runs Python as an ordinary user with no rights: the uid that OpenShift gives a pod, group 0. Each line of `script` may call
 * `show(name, call)`; the answer has each call's value, or the name of its errno.
 */
export async function asPod(folder: string, script: string, uid = 1000710000): Promise<Record<string, unknown>> {
  const preamble = `
import os, errno, json, stat
answers = {}
def show(name, call):
    try: answers[name] = call()
    except OSError as error: answers[name] = errno.errorcode[error.errno]
`;
  const user = ["--reuid", String(uid), "--regid", "0", "--clear-groups", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"];
  const text = `${preamble}${script}\nprint(json.dumps(answers))`;
  const { stdout } = await execute("setpriv", [...user, "/usr/bin/python3", "-c", text], { cwd: folder });
  return JSON.parse(stdout);
}
