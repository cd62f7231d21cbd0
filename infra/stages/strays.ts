// Ends installers of an earlier run that nobody watches any more, and what they have started: they would go on making things in AWS. Arguments:
// beginnings of folders; a process is ours when it works in one of them. Out: nothing, or a line that names what was ended.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { main } from "./program";

interface Process {
  readonly id: number;
  readonly command: string;
}

/** Seconds. An installer stops its controllers within a minute (openshift/installer, pkg/clusterapi/system.go, Teardown). */
const patience = { installer: 65, other: 10, killed: 5 } as const;

const isInstaller = ({ command }: Process) => /(?:^|[\s/])openshift-install(?:\.ts)?\s/.test(command);

/**
 * Whether a process is an installer that was told to work there, or a program that it has unpacked there: etcd, kube-apiserver and controllers
 * in `cluster-api`, each in a process group of its own (openshift/installer, pkg/clusterapi), Terraform in 4.15.
 */
const isOurs = (one: Process, folders: readonly string[]) =>
  folders.some(
    (folder) =>
      one.command.startsWith(folder) || (isInstaller(one) && [" ", "="].some((gap) => one.command.includes(` --dir${gap}${folder}`))),
  );

/** All processes. One that has ended and waits for its parent has no command line. */
function processes(): Process[] {
  if (process.platform !== "linux") {
    const lines = execFileSync("ps", ["-axww", "-o", "pid=,command="], { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 }).split("\n");
    return lines.map((line) => ({ id: Number.parseInt(line, 10), command: line.trim().replace(/^\d+\s+/, "") }));
  }
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ id: Number(name), command: commandOf(name) }));
}

function commandOf(id: string): string {
  try {
    return readFileSync(`/proc/${id}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}

const wordsOf = (command: string) => {
  const [program = "", ...words] = command.slice(isInstaller({ id: 0, command }) ? command.search(/openshift-install/) : 0).split(" ");
  const named = words
    .slice(
      0,
      Math.max(
        0,
        words.findIndex((word) => word.startsWith("-")),
      ),
    )
    .filter((word) => /^[a-z-]+$/.test(word));
  return [basename(program), ...named].join(" ");
};

main(async () => {
  const folders = process.argv.slice(2);
  if (folders.length === 0 || folders.some((folder) => !/^\/.+\/.+/.test(folder)))
    throw new Error("strays.ts needs the beginnings of folders");
  const ours = () => processes().filter((one) => one.id !== process.pid && isOurs(one, folders));
  const signal = (one: Process, name: NodeJS.Signals) => {
    try {
      process.kill(one.id, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH")
        throw new Error(
          `${wordsOf(one.command)} (process ${one.id}) of an earlier run cannot be ended by this user: end it, then run this again`,
        );
    }
  };
  /** Ends some of ours: gently, then for good. */
  const end = async (which: (one: Process) => boolean, seconds: number) => {
    for (const [name, time] of [
      ["SIGTERM", seconds],
      ["SIGKILL", patience.killed],
    ] as const) {
      for (const one of ours().filter(which)) signal(one, name);
      for (const until = Date.now() + time * 1000; ours().some(which) && Date.now() < until; ) await sleep(100);
    }
  };
  const found = ours();
  if (found.length === 0) return "";
  // The installer first: it ends its own, in their order.
  await end(isInstaller, patience.installer);
  await end(() => true, patience.other);
  const left = ours();
  if (left.length > 0)
    throw new Error(
      `${left.map(({ id, command }) => `${wordsOf(command)} (process ${id})`).join(", ")} of an earlier run cannot be ended: end it, then run this again`,
    );
  return `Ended what an installer has left working on this machine: ${found.map(({ id, command }) => `${wordsOf(command)} (process ${id})`).join(", ")}\n`;
});
