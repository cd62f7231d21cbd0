import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

/**
 * A file of a Debian package: the machine's own, or one that is unpacked beside it and not installed, as a service would be started.
 * Throws where there is neither.
 */
export function fromDebian(name: string, file: string): string {
  if (existsSync(file)) return file;
  const folder = join(__dirname, "../../../node_modules/.cache/debian", name);
  if (!existsSync(folder)) {
    const fresh = `${folder}.${process.pid}`;
    rmSync(fresh, { recursive: true, force: true });
    mkdirSync(fresh, { recursive: true });
    execFileSync("apt-get", ["-q", "download", name], { cwd: fresh, stdio: "pipe" });
    for (const archive of readdirSync(fresh)) {
      execFileSync("dpkg", ["--extract", join(fresh, archive), fresh], { stdio: "pipe" });
      rmSync(join(fresh, archive));
    }
    if (existsSync(folder)) rmSync(fresh, { recursive: true });
    else renameSync(fresh, folder);
  }
  return join(folder, file);
}
