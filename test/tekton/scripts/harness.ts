import { execFileSync, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeEach } from "vitest";
import { places } from "../../../rehearsal/machine/places";
import { script } from "../../../tekton/steps/shared";
import { withinLimits } from "../../ulimits";

/** A folder of a test with what a step's pod has: a home, a shared volume, files for results. Made before each test. */
let work: string;
export const at = (...parts: string[]) => join(work, ...parts);
export const write = (path: string, content: string | Buffer, mode = 0o644) => {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), content);
  chmodSync(at(path), mode);
};
export const read = (path: string) => readFileSync(at(path), "utf8");
export const has = (path: string) => existsSync(at(path));

beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), "tasks-"));
  for (const folder of ["bin", "home", "shared", "results"]) mkdirSync(at(folder));
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

/** The buildah of the rehearsal's task image, where its toolchain is built: the version that Red Hat's image has. Else the machine's. */
const programs = mkdtempSync(join(tmpdir(), "tasks-programs-"));
// For steps that run as another user, too.
chmodSync(programs, 0o755);
const built = join(places.bin, "buildah");
if (existsSync(built)) symlinkSync(built, join(programs, "buildah"));
process.env.PATH = `${programs}:${process.env.PATH}`;
process.env.CONTAINERS_CONF = join(programs, "containers.conf");
// Debian's version asks for less by itself, and fails when it is told more.
writeFileSync(process.env.CONTAINERS_CONF, existsSync(built) ? withinLimits() : "");
afterAll(() => rmSync(programs, { recursive: true, force: true }));

/** The program that would run without what stands in the test's own folder. */
const real = (name: string) => execFileSync("bash", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim();

/** A program that stands first on PATH. `$real` is the one that it stands in front of, where there is one. */
export function program(name: string, body: string): void {
  let path = "";
  try {
    path = real(name);
  } catch {}
  write(`bin/${name}`, `#!/usr/bin/env bash\nreal=${path}\necho "${name} $*" >>"${at("calls")}"\n${body}\n`, 0o755);
}

/** The real program, which misbehaves when its arguments match a pattern of bash: `body` then runs in its place. */
export const misbehaves = (name: string, when: string, body: string) =>
  program(name, `if [[ " $* " == ${when} ]]; then ${body}; exit; fi\nexec "$real" "$@"`);

/** The real program, whose calls are noted. */
export const noted = (name: string) => program(name, `exec "$real" "$@"`);
export const calls = () => (has("calls") ? read("calls").trim().split("\n") : []);

/**
 * Runs the text that the Task holds, with only what it gives in its environment, and the machine's limits. `seconds`: after that it counts as hanging.
 * `as`: a program that runs another one with fewer rights.
 */
export function run(task: string, environment: Record<string, string>, args: string[] = [], seconds = 60, as: readonly string[] = []) {
  write("script.sh", script(task));
  return new Promise<{ status: number | null; log: string }>((resolve, reject) => {
    const child = spawn("timeout", [String(seconds), ...as, "bash", at("script.sh"), ...args], {
      env: {
        PATH: `${at("bin")}:${process.env.PATH}`,
        CONTAINERS_CONF: process.env.CONTAINERS_CONF,
        HOME: at("home"),
        // A pod has none of the machine's own settings of npm, such as a registry's authority.
        NPM_CONFIG_GLOBALCONFIG: at("no-npmrc"),
        SHARED: at("shared"),
        ...environment,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let log = "";
    child.stdout.on("data", (data) => {
      log += data;
    });
    child.stderr.on("data", (data) => {
      log += data;
    });
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, log }));
    // As a pod does: what the script leaves running is not waited for.
    child.on("exit", (status) => setTimeout(() => resolve({ status, log }), 1_000));
  });
}

const capabilities = (...names: string[]) => ["-all", ...names.map((name) => `+${name}`)].join(",");
/** A step's rights on OpenShift (setpriv(1)). Only root can give them away. */
export const rights = {
  /** CRI-O's default capabilities (cri-o, docs/crio.conf.5.md, default_capabilities) with SETFCAP; none that the Task drops. */
  build: [
    ..."setpriv --no-new-privs --inh-caps -all --bounding-set".split(" "),
    capabilities("chown", "dac_override", "fsetid", "fowner", "setgid", "setuid", "setpcap", "net_bind_service", "kill", "setfcap"),
  ],
  push: "setpriv --no-new-privs --reuid 65534 --regid 65534 --clear-groups --inh-caps -all --bounding-set -all".split(" "),
};

/** A volume as OpenShift's pods get it: of the pod's fsGroup, and setgid (kubernetes, pkg/volume/volume_linux.go, SetVolumeOwnership). */
export function asVolumeOfFsGroup(folder: string): void {
  mkdirSync(at(folder), { recursive: true });
  if (process.getuid?.() === 0) execFileSync("chgrp", ["1000710000", at(folder)]);
  execFileSync("chmod", ["2777", at(folder)]);
}

/** Folders and files below a folder that are setgid. */
export const setgid = (folder: string) =>
  execFileSync("find", [at(folder), "-perm", "-2000"], { encoding: "utf8" })
    .split("\n")
    .filter(Boolean);
