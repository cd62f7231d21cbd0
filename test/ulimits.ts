import { execFileSync } from "node:child_process";

/**
 * containers.conf(5) for a buildah that is root and may not raise limits, as on a machine that is itself a container: it asks
 * for 1048576 open files and processes for a RUN. In a pod without SYS_ADMIN it takes what there is (buildah, run_linux.go, addRlimits).
 */
export function withinLimits(): string {
  const most = (letter: string) => execFileSync("bash", ["-c", `ulimit -H${letter}`], { encoding: "utf8" }).trim();
  const limits = Object.entries({ nofile: most("n"), nproc: most("u") }).filter(([, limit]) => Number(limit) < 1048576);
  return `[containers]\ndefault_ulimits = ${JSON.stringify(limits.map(([name, limit]) => `${name}=${limit}:${limit}`))}\n`;
}
