import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../machine/exec";
import { places, ports, registry } from "../machine/places";
import { runningPid, start, until } from "../machine/process";
import { nginxConfig, startNginx } from "./nginx";

/** Names of the two programs, as in `status` and `logs`. */
export const registryPrograms = ["registry", "registry-front"] as const;

/** What the registry serves; gone after `destroy`. The images that it starts with are kept, and pushed, by images/. */
const storage = join(places.run, "registry");

const folder = join(places.run, "registry-front");
const passwordFile = join(folder, "password");

/** The user that may push. */
const user = "builder";

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** User and password for pushes: made up once for an environment, readable by root alone. */
export function registryCredentials(): Credentials {
  if (!existsSync(passwordFile)) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(passwordFile, randomBytes(18).toString("base64url"), { mode: 0o600 });
  }
  return { username: user, password: readFileSync(passwordFile, "utf8") };
}

/** The credentials as a `.dockerconfigjson`. */
export function dockerConfig({ username, password }: Credentials): string {
  return JSON.stringify({ auths: { [registry]: { auth: Buffer.from(`${username}:${password}`).toString("base64") } } });
}

/**
 * Starts the registry: Debian's docker-registry on loopback, without a password, for the rehearsal's own programs; and nginx in
 * front of it on the bridge, where everybody may pull and only a user with a password may push. Needs the bridge.
 */
export async function startRegistry(): Promise<void> {
  mkdirSync(storage, { recursive: true });
  const { username, password } = registryCredentials();

  const backend = join(folder, "registry.json");
  // YAML is a superset of JSON.
  if (runningPid("registry") === undefined) writeFileSync(backend, JSON.stringify(backendConfig(), undefined, 2), { mode: 0o600 });
  start({ name: "registry", command: ["docker-registry", "serve", backend] });
  await until("the registry answers", 30, async () => (await fetch(`http://127.0.0.1:${ports.registryBackend}/v2/`)).status === 200);

  const htpasswd = join(folder, "htpasswd");
  if (!existsSync(htpasswd)) {
    const hash = await run(["openssl", "passwd", "-apr1", "-stdin"], { input: `${password}\n` });
    writeFileSync(htpasswd, `${username}:${hash.trim()}\n`, { mode: 0o600 });
  }
  await startNginx("registry-front", folder, frontConfig(folder, htpasswd));
  await until("the registry answers on the bridge", 30, async () => (await fetch(`http://${registry}/v2/`)).status === 401);
}

function backendConfig(): object {
  return {
    version: 0.1,
    log: { level: "warn", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: storage }, delete: { enabled: true } },
    http: { addr: `127.0.0.1:${ports.registryBackend}`, secret: randomBytes(16).toString("hex") },
  };
}

/**
 * nginx in front: anonymous GET and HEAD, a user for all that writes, and 401 for the API's root as private registries do, since
 * clients learn from it that (and how) to authenticate.
 */
export function frontConfig(prefix: string, htpasswd: string): string {
  return nginxConfig(
    prefix,
    { workers: 2, connections: 512 },
    `  # Layers are passed on as they come, however large.
  client_max_body_size 0;
  proxy_request_buffering off;
  proxy_buffering off;
  proxy_http_version 1.1;
  proxy_read_timeout 900s;
  proxy_send_timeout 900s;
  # The registry makes the URLs of uploads from these; it knows nothing of users.
  proxy_set_header Host $http_host;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_set_header Authorization "";
  add_header Docker-Distribution-Api-Version "registry/2.0" always;
  server {
    listen ${registry};
    location = /v2/ {
      auth_basic "rehearsal";
      auth_basic_user_file ${htpasswd};
      proxy_pass http://127.0.0.1:${ports.registryBackend};
    }
    location /v2/ {
      limit_except GET HEAD {
        auth_basic "rehearsal";
        auth_basic_user_file ${htpasswd};
      }
      proxy_pass http://127.0.0.1:${ports.registryBackend};
    }
    location / { return 404; }
  }`,
  );
}
