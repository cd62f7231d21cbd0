import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./exec";
import { hostState, recordHostState } from "./host-state";
import { UserError } from "./progress";

const folder = "/proc/sys/fs/binfmt_misc";
const entryName = "openshift-multiarch-arm64";

/** Debian's name for the interpreter; a program of that name is told its argv[0] by the kernel (flag P). */
const interpreters = ["/usr/libexec/qemu-binfmt/aarch64-binfmt-P", "/usr/bin/qemu-aarch64-static"];

/** ELF, 64 bit, little endian, executable or shared object, machine 183 (EM_AARCH64): as in Debian's /usr/lib/binfmt.d/qemu-aarch64.conf. */
const magic = "7f454c460201010000000000000000000200b700";
const mask = "ffffffffffffff00fffffffffffffffffeffffff";

/** Whether a binfmt_misc entry (its text) runs arm64 programs inside containers: flag F keeps the interpreter open, so that it need not exist there. */
export function runsArm64InContainers(entry: string): boolean {
  const line = (key: string) => entry.match(new RegExp(`^${key}:? (.*)$`, "m"))?.[1] ?? "";
  return /^enabled$/m.test(entry) && line("magic") === magic && line("flags").includes("F");
}

/** The line that registers `interpreter` for arm64 programs: open the program for it (O), fix the binary (F), and pass argv[0] on (P) if it knows how. */
export function registration(interpreter: string): string {
  const escaped = (hex: string) => hex.replace(/../g, (byte) => `\\x${byte}`);
  return `:${entryName}:M::${escaped(magic)}:${escaped(mask)}:${interpreter}:O${interpreter.endsWith("-P") ? "P" : ""}F`;
}

function workingEntry(): string | undefined {
  return readdirSync(folder)
    .filter((name) => name !== "register" && name !== "status")
    .find((name) => runsArm64InContainers(readFileSync(join(folder, name), "utf8")));
}

/** Makes the kernel run arm64 programs under qemu-user, inside containers too. Keeps an entry that does so already. */
export async function ensureEmulation(): Promise<void> {
  if (process.arch === "arm64") return;
  if (!existsSync(join(folder, "register"))) {
    recordHostState({ binfmtMounted: true });
    await run(["mount", "-t", "binfmt_misc", "binfmt_misc", folder]).catch((error) => {
      throw new UserError(`the kernel must offer binfmt_misc to run arm64 programs: ${error.message}`);
    });
  }
  if (workingEntry()) return;
  const interpreter = interpreters.find((file) => existsSync(file));
  if (!interpreter) throw new UserError("no emulator for arm64 programs: install the Debian package qemu-user-static");
  recordHostState({ binfmtEntry: entryName });
  const stale = join(folder, entryName);
  if (existsSync(stale)) writeFileSync(stale, "-1");
  writeFileSync(join(folder, "register"), registration(interpreter));
}

/** Takes back what `ensureEmulation` registered and mounted; leaves entries of others. */
export async function removeEmulation(): Promise<void> {
  const { binfmtEntry, binfmtMounted } = hostState();
  const entry = binfmtEntry && join(folder, binfmtEntry);
  if (entry && existsSync(entry)) writeFileSync(entry, "-1");
  if (binfmtMounted && existsSync(join(folder, "register"))) await run(["umount", folder]);
  recordHostState({ binfmtEntry: undefined, binfmtMounted: undefined });
}
