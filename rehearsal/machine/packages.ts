import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CommandError, lastLines, onPath, run } from "./exec";
import { expectation } from "./first-run";
import { recordHostState } from "./host-state";
import type { Part } from "./parts";
import { places } from "./places";
import { step, UserError } from "./progress";

/** Debian packages, each with what needs it. */
const packages = [
  "binfmt-support", // runs arm64 programs by qemu
  "ca-certificates",
  "arch-test", // mmdebstrap asks it whether arm64 programs run
  "conntrack", // kube-proxy
  "containernetworking-plugins", // pod networks: bridge, host-local, portmap
  "curl",
  "docker-registry",
  "gcc", // buildah's C parts, and what they are linked with
  "git",
  "iproute2",
  "iptables", // CNI's masquerading
  "jq",
  "libc6-dev",
  "libseccomp-dev",
  "libsqlite3-dev",
  "netavark", // buildah builds nothing without, on the machine as in its image
  "mmdebstrap", // root file systems of both architectures
  "nftables", // kube-proxy
  "nginx-light", // in front of the registry and of the AWS emulator
  "openssl",
  "pkg-config",
  "procps",
  "python3-venv", // the AWS emulator
  "qemu-user-static",
  "runc",
  "shellcheck",
  "skopeo",
  "zstd", // packs the images' layers
] as const;

/** Their services would start by themselves at the next boot, on ports of their own. */
const services = ["nginx.service", "docker-registry.service"] as const;

/** The emulator's Python packages, each with the hashes of its files, and the environment that they are installed in. */
const requirements = join(__dirname, "..", "aws", "requirements.txt");
export const pythonVenv = join(places.cache, "python");

const log = join(places.cache, "log", "packages.log");

/** Debian packages that are not installed. */
export async function missingPackages(): Promise<string[]> {
  if (!(await onPath("dpkg-query"))) throw new UserError("this needs Debian 12 or a distribution like it: there is no dpkg");
  // dpkg-query fails when it does not know one of the names; what it prints about the others counts all the same.
  const known = await run([
    "sh",
    "-c",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
    "dpkg-query -W -f '${Package} ${db:Status-Status}\\n' \"$@\" 2>/dev/null || true",
    "sh",
    ...packages,
  ]);
  const installed = new Set(known.split("\n").flatMap((line) => (line.endsWith(" installed") ? [line.split(" ")[0]] : [])));
  return packages.filter((name) => !installed.has(name));
}

/** Whether the Python environment is complete. */
export function pythonReady(): boolean {
  const stamp = join(pythonVenv, "requirements");
  return existsSync(stamp) && readFileSync(stamp, "utf8") === readFileSync(requirements, "utf8");
}

/** Name of the part that installs Debian's packages. */
export const debianPackages = "Debian packages";

/** What installs what is missing: Debian packages, the Python environment. */
export async function packageParts(): Promise<Part[]> {
  const missing = await missingPackages();
  const parts: Part[] = [];
  if (missing.length > 0) {
    const all = expectation("machine", debianPackages);
    // A few packages take a part of the time of all.
    const share = missing.length / packages.length;
    const expected = { seconds: all.seconds * share, processor: all.processor * share };
    const work = () => step(`${debianPackages}: ${missing.join(" ")}`, expected.seconds, () => recordingEmulation(() => install(missing)));
    parts.push({ name: debianPackages, lane: "machine", after: [], expected, work });
  }
  if (!pythonReady()) {
    const [name, expected] = ["Python packages", expectation("machine", "Python packages")];
    parts.push({ name, lane: "machine", after: [debianPackages], expected, work: () => step(name, expected.seconds, makeVenv) });
  }
  return parts;
}

async function install(missing: readonly string[]): Promise<void> {
  const env = { DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C.UTF-8" };
  // Another apt may hold the lock for a while, on a fresh machine above all.
  const apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3"];
  await withoutServiceStarts(async () => {
    await run([...apt, "update"], { env, log }).catch((error) => {
      throw new UserError(`Debian's package registry does not answer as it should (apt-get update): ${error.message}`);
    });
    // dpkg goes on where a run that was killed left it; without that, apt installs nothing. While another apt is at work, apt waits.
    await run(["dpkg", "--configure", "-a"], { env, log, indivisible: true }).catch(() => "");
    const command = installation(missing, apt, existsSync("/run/systemd/system"));
    await run(command, { env, log, indivisible: true }).catch((error) => {
      const reason = error instanceof CommandError ? `apt-get install:\n${lastLines(error.stderr || error.stdout, 15)}` : error.message;
      throw new UserError(`Debian packages could not be installed (whole output: ${log}): ${reason}`);
    });
  });
}

/**
 * The command that installs packages and keeps their services from starting with the machine. One, as a run that is over by then starts
 * no second one, and the next run finds nothing that is missing. Pure.
 *
 * @param apt the program with the options that it always gets.
 */
export function installation(missing: readonly string[], apt: readonly string[], systemd: boolean): string[] {
  const kept = services.filter((service) => systemd && missing.some((name) => service.startsWith(name.replace(/-light$/, ""))));
  const script = 'services=$1; shift; "$@" || exit; for service in $services; do systemctl disable "$service" || true; done';
  return ["sh", "-c", script, "sh", kept.join(" "), ...apt, "install", "-y", "--no-install-recommends", ...missing];
}

/** While `work` runs, packages may not start services (policy-rc.d(8), invoke-rc.d asks it). A machine's own policy stays. */
async function withoutServiceStarts(work: () => Promise<void>): Promise<void> {
  const policy = "/usr/sbin/policy-rc.d";
  const text = "#!/bin/sh\n# Made by openshift-multiarch for the time of an installation.\nexit 101\n";
  const ours = !existsSync(policy) || readFileSync(policy, "utf8") === text;
  if (!ours) return work();
  const remove = () => rmSync(policy, { force: true });
  writeFileSync(policy, text, { mode: 0o755 });
  process.on("exit", remove);
  try {
    await work();
  } finally {
    remove();
    process.off("exit", remove);
  }
}

async function makeVenv(): Promise<void> {
  rmSync(pythonVenv, { recursive: true, force: true });
  mkdirSync(places.cache, { recursive: true });
  await run(["python3", "-m", "venv", pythonVenv], { log });
  const pip = [join(pythonVenv, "bin", "pip"), "install", "--quiet", "--no-input", "--retries", "5"];
  await run([...pip, "--require-hashes", "--requirement", requirements], { log }).catch((error) => {
    throw new UserError(`Python packages could not be installed (whole output: ${log}): ${error.message}`);
  });
  copyFileSync(requirements, join(pythonVenv, "requirements"));
}

const binfmt = "/proc/sys/fs/binfmt_misc";
const debianEntry = "qemu-aarch64";
const mounted = () => existsSync(join(binfmt, "register"));
const registered = () => existsSync(join(binfmt, debianEntry));

/** Debian's binfmt-support mounts and registers when it is installed: what was not there before is for `destroy` to take back. */
async function recordingEmulation(work: () => Promise<void>): Promise<void> {
  const before = { mounted: mounted(), registered: registered() };
  await work();
  if (!before.mounted && mounted()) recordHostState({ binfmtMounted: true });
  if (!before.registered && registered()) recordHostState({ binfmtEntry: debianEntry });
}
