import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { start, stop } from "../machine/process";

/**
 * Configuration of an nginx that runs as a program of the rehearsal, with everything of its own below one folder. Pure.
 *
 * @param http what stands in its block `http`, indented by two.
 */
export function nginxConfig(folder: string, { workers, connections }: { workers: number; connections: number }, http: string): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (kind) => `  ${kind}_temp_path ${join(folder, `tmp-${kind}`)};`,
  );
  return `# Written by the rehearsal.
user root;
daemon off;
worker_processes ${workers};
pid ${join(folder, "nginx.pid")};
error_log stderr warn;
events { worker_connections ${connections}; }
http {
  access_log off;
${temporary.join("\n")}
${http}
}
`;
}

/** Starts nginx as the program `name`, or lets it run when it has this configuration already. The folder must be there. */
export async function startNginx(name: string, folder: string, config: string): Promise<void> {
  const file = join(folder, "nginx.conf");
  // Another version of this program may have left a configuration that the running nginx still has.
  if (existsSync(file) && readFileSync(file, "utf8") !== config) await stop(name);
  writeFileSync(file, config);
  start({ name, command: ["nginx", "-p", `${folder}/`, "-c", file, "-e", "stderr"] });
}
